/* Threads: what they share, how they end, what is their own. */
#include "case.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/auxv.h>

CASE(creating_and_joining, "clone futex exit")
{
    void *double_it(void *value);
    pthread_t threads[10];
    long sum = 0;
    for (long i = 0; i < 10; i++)
        pthread_create(&threads[i], 0, double_it, (void *)i);
    for (int i = 0; i < 10; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    N(sum);
}

void *double_it(void *value)
{
    return (void *)((long)value * 2);
}

static void *tell_ids(void *leader)
{
    long self = syscall(SYS_gettid);
    IS(getpid() == *(pid_t *)leader);
    IS(self != getpid());
    return 0;
}

CASE(numbers_of_threads, "gettid getpid")
{
    pthread_t thread;
    pid_t self = getpid();
    pthread_create(&thread, 0, tell_ids, &self);
    pthread_join(thread, 0);
    IS(syscall(SYS_gettid) == self);
}

static __thread int own = 5;

static void *change_own(void *unused)
{
    (void)unused;
    N(own);
    own = 6;
    return 0;
}

CASE(thread_local_storage, "arch_prctl clone")
{
    pthread_t thread;
    own = 7;
    pthread_create(&thread, 0, change_own, 0);
    pthread_join(thread, 0);
    N(own);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;

static void *count(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
    return 0;
}

CASE(mutexes, "futex")
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], 0, count, 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], 0);
    N(counter);
}

static void *wait_for_turn(void *turn)
{
    pthread_mutex_lock(&mutex);
    while (counter != (long)turn)
        pthread_cond_wait(&condition, &mutex);
    say("turn %ld", counter);
    counter++;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    return 0;
}

CASE(conditions, "futex")
{
    pthread_t threads[5];
    counter = -1;
    for (long i = 0; i < 5; i++)
        pthread_create(&threads[i], 0, wait_for_turn, (void *)i);
    pthread_mutex_lock(&mutex);
    counter = 0;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 5; i++)
        pthread_join(threads[i], 0);
}

CASE(timed_waits, "futex")
{
    struct timespec past;
    clock_gettime(CLOCK_REALTIME, &past);
    pthread_mutex_lock(&mutex);
    N(pthread_cond_timedwait(&condition, &mutex, &past));
    past.tv_nsec += 20000000;
    if (past.tv_nsec >= 1000000000)
        past.tv_sec++, past.tv_nsec -= 1000000000;
    N(pthread_cond_timedwait(&condition, &mutex, &past));
    pthread_mutex_unlock(&mutex);
}

static void *leave_all(void *unused)
{
    (void)unused;
    _exit(12);
}

static void *leave_alone(void *unused)
{
    (void)unused;
    pthread_exit((void *)3);
}

CASE(exit_of_one_and_all, "exit exit_group")
{
    CHILD(
        pthread_t thread;
        pthread_create(&thread, 0, leave_all, 0);
        for (;;) pause());
    CHILD(
        pthread_t thread;
        pthread_create(&thread, 0, leave_alone, 0);
        pthread_join(thread, 0);
        say("joined");
        _exit(4));
}

/* What is left of a process whose leader has gone before its threads. */
static void *outlive(void *way)
{
    char text[2048] = "", path[64];
    pid_t self = getpid();
    while (state_of(self) != 'Z')
        sleep_ms(1);
    say("the leader is gone");
    T(syscall(SYS_tgkill, self, self, SIGTERM));
    T(syscall(SYS_tkill, self, 0));
    T(kill(self, 0));
    IS(syscall(SYS_gettid) != self && getpid() == self);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", self);
    T(access(path, F_OK));
    int fd = MUST(open("/proc/self/status", O_RDONLY));
    MUST(read(fd, text, sizeof text - 1));
    IS(strstr(text, "State:\tZ (zombie)") && strstr(text, "Threads:\t2\n"));
    IS(!strstr(text, "VmSize:"));
    close(fd);
    fd = MUST(open("/proc/self/comm", O_RDONLY));
    memset(text, 0, sizeof text);
    MUST(read(fd, text, 64));
    say("%s", text);
    if (*(const char *)way == 'a')
        _exit(8);
    if (*(const char *)way == 'e')
        execl("/proc/self/exe", "again", "no such case", (char *)0);
    return 0;
}

static void leave(const char *way)
{
    pthread_t thread;
    pthread_create(&thread, 0, outlive, (void *)way);
    syscall(SYS_exit, 5);
}

CASE(leader_leaves_first, "exit wait4 tgkill tkill")
{
    CHILD(leave("all"));
    CHILD(leave("one"));
    CHILD(leave("exec"));
    siginfo_t info;
    pid_t child = MUST(fork());
    if (!child)
        leave("one");
    MUST(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    say("%d %d", info.si_code == CLD_EXITED, info.si_status);
    N(state_of(child));
    T(syscall(SYS_tgkill, child, child, 0));
    T(syscall(SYS_tkill, child, SIGTERM));
    say_status("child", wait_for(child));
    T(syscall(SYS_tkill, child, 0));
}

static void *fault(void *unused)
{
    (void)unused;
    *(volatile int *)8 = 1;
    return 0;
}

CASE(fault_of_one_ends_all, "rt_sigaction exit_group")
{
    CHILD(
        pthread_t thread;
        pthread_create(&thread, 0, fault, 0);
        for (;;) pause());
}

static void *fork_here(void *unused)
{
    (void)unused;
    CHILD(IS(getpid() == syscall(SYS_gettid)); _exit(2));
    return 0;
}

CASE(fork_from_a_thread, "fork wait4")
{
    pthread_t thread;
    pthread_create(&thread, 0, fork_here, 0);
    pthread_join(thread, 0);
}

static void *wait_here(void *child)
{
    int status;
    IS(waitpid(*(pid_t *)child, &status, 0) == *(pid_t *)child);
    say_status("child", status);
    return 0;
}

CASE(wait_from_another_thread, "wait4")
{
    pthread_t thread;
    pid_t child = fork();
    if (!child)
        _exit(7);
    pthread_create(&thread, 0, wait_here, &child);
    pthread_join(thread, 0);
}

static sem_t semaphore;

static void *post(void *unused)
{
    (void)unused;
    sem_post(&semaphore);
    return 0;
}

CASE(semaphores, "futex")
{
    pthread_t thread;
    sem_init(&semaphore, 0, 0);
    T(sem_trywait(&semaphore));
    pthread_create(&thread, 0, post, 0);
    T(sem_wait(&semaphore));
    pthread_join(thread, 0);
}

CASE(semaphores_of_processes, "futex mmap")
{
    sem_t *shared = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    sem_init(shared, 1, 0);
    pid_t child = fork();
    if (!child) {
        sem_wait(shared);
        _exit(5);
    }
    until_asleep(child);
    MUST(sem_post(shared));
    say_status("child", wait_for(child));
}

static void *sleep_long(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

CASE(cancelling, "tgkill tkill rt_sigaction")
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, 0, sleep_long, 0);
    N(pthread_cancel(thread));
    N(pthread_join(thread, &result));
    IS(result == PTHREAD_CANCELED);
}

CASE(robust_mutexes, "set_robust_list get_robust_list futex")
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t *shared = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(shared, &attributes);
    CHILD(pthread_mutex_lock(shared));
    IS(pthread_mutex_lock(shared) == EOWNERDEAD);
    N(pthread_mutex_consistent(shared));
    N(pthread_mutex_unlock(shared));
    N(pthread_mutex_lock(shared));
    struct { long list[3]; } head = {{0}};
    size_t size = 0;
    void *found = 0;
    T(syscall(SYS_set_robust_list, &head, 24));
    T(syscall(SYS_set_robust_list, &head, 23));
    T(syscall(SYS_get_robust_list, 0, &found, &size));
    IS(found == &head && size == 24);
    T(syscall(SYS_get_robust_list, 0x7ffffff, &found, &size));
}

static void *change_directory(void *unused)
{
    (void)unused;
    T(chdir("d"));
    umask(077);
    close(5);
    return 0;
}

CASE(shared_between_threads, "chdir umask close")
{
    pthread_t thread;
    T(mkdir("d", 0755));
    T(dup2(1, 5));
    pthread_create(&thread, 0, change_directory, 0);
    pthread_join(thread, 0);
    T(access("../d", F_OK));
    T(umask(022));
    T(fcntl(5, F_GETFD));
}

CASE(segment_bases, "arch_prctl")
{
    unsigned long base = 0, other = 0;
    T(syscall(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &base));
    IS(base != 0);
    T(syscall(SYS_arch_prctl, 0x1001 /* ARCH_SET_GS */, &base));
    T(syscall(SYS_arch_prctl, 0x1004 /* ARCH_GET_GS */, &other));
    IS(other == (unsigned long)&base);
    unsigned long through = 0;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(through));
    IS(through == base);
    T(syscall(SYS_arch_prctl, 0x1001, 1ul << 63));
    T(syscall(SYS_arch_prctl, 0x1003, 8));
    T(syscall(SYS_arch_prctl, 0x9999, 0));
}

/* struct rseq, and what its user says of a critical section (linux/rseq.h). */
struct sequence_area {
    uint32_t start, cpu;
    uint64_t sequence;
    uint32_t flags, node, concurrency, pad;
} __attribute__((aligned(32)));

struct sequence {
    uint32_t version, flags;
    uint64_t start, length, abort;
} __attribute__((aligned(32)));

#define SIGNATURE 0x53053053u
static __thread struct sequence_area area;

static long register_area(void)
{
    return syscall(SYS_rseq, &area, 32, 0, SIGNATURE);
}

/* All threads on one processor: one that runs takes it from another. */
static void share_a_processor(void)
{
    cpu_set_t set, one;
    int cpu = 0;
    MUST(sched_getaffinity(0, sizeof set, &set));
    while (!CPU_ISSET(cpu, &set))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    MUST(sched_setaffinity(0, sizeof one, &one));
}

CASE(sequences, "rseq")
{
    share_a_processor();
    area.cpu = 99;
    area.sequence = 8;
    T(syscall(SYS_rseq, &area, 32, 0, SIGNATURE));
    IS(area.cpu == area.start && area.cpu != 99);
    N(area.sequence);
    N(area.node);
    N(area.concurrency);
    T(syscall(SYS_rseq, &area, 32, 0, SIGNATURE));
    T(syscall(SYS_rseq, &area, 32, 0, 0x11));
    T(syscall(SYS_rseq, &area, 64, 0, SIGNATURE));
    T(syscall(SYS_rseq, &area + 1, 32, 0, SIGNATURE));
    T(syscall(SYS_rseq, &area, 32, 1, 0x11));
    T(syscall(SYS_rseq, &area, 64, 1, SIGNATURE));
    T(syscall(SYS_rseq, &area + 1, 32, 1, SIGNATURE));
    T(syscall(SYS_rseq, &area, 32, 3, SIGNATURE));
    T(syscall(SYS_rseq, &area, 32, 1, SIGNATURE));
    IS(area.cpu == (uint32_t)-1);
    N(area.start);
    T(syscall(SYS_rseq, &area, 32, 1, SIGNATURE));
    T(syscall(SYS_rseq, (char *)&area + 1, 32, 0, SIGNATURE));
    T(syscall(SYS_rseq, &area, 8, 0, SIGNATURE));
    T(syscall(SYS_rseq, &area, 32, 2, SIGNATURE));
    T(syscall(SYS_rseq, 0x10000000000000ul, 32, 0, SIGNATURE));
    T(syscall(SYS_rseq, 32, 32, 0, SIGNATURE));
    IS(getauxval(27 /* AT_RSEQ_FEATURE_SIZE */) >= 20 && getauxval(28 /* AT_RSEQ_ALIGN */) == 32);
}

static void *register_here(void *unused)
{
    (void)unused;
    T(register_area());
    return 0;
}

CASE(sequences_of_others, "rseq fork clone execve")
{
    if (getenv("CASE_AGAIN")) {
        T(register_area());
        return;
    }
    pthread_t thread;
    T(register_area());
    CHILD(T(register_area()));
    pthread_create(&thread, 0, register_here, 0);
    pthread_join(thread, 0);
    T(register_area());
    setenv("CASE_AGAIN", "1", 1);
    execl("/proc/self/exe", "again", "--body", "sequences_of_others", (char *)0);
}

/* In the middle of a sequence, until the kernel says no: 2 is where it stays, 4 where it is sent. */
__attribute__((noinline)) static void stay_in_sequence(void)
{
    __asm__ volatile(
        ".pushsection .data.rel, \"aw\"\n"
        ".balign 32\n"
        "1: .long 0, 0\n"
        ".quad 2f, 3f - 2f, 4f\n"
        ".popsection\n"
        "lea 1b(%%rip), %%rax\n"
        "mov %%rax, %0\n"
        "2: jmp 2b\n"
        "3: ud2\n"
        ".long 0x53053053\n"
        "4:\n"
        : "=m"(area.sequence)
        :
        : "rax", "cc", "memory");
}

static volatile sig_atomic_t handled;
static volatile uint64_t sequence_in_handler = 1;

static void note(int signal)
{
    (void)signal;
    sequence_in_handler = area.sequence;
    handled++;
}

static void alarm_soon(void)
{
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 20000}}, 0);
}

CASE(sequences_and_signals, "rseq rt_sigreturn setitimer")
{
    signal(SIGALRM, note);
    T(register_area());
    alarm_soon();
    while (!handled)
        stay_in_sequence();
    N(handled);
    N(sequence_in_handler);
    N(area.sequence);
}

static void *spin(void *end)
{
    while (!__atomic_load_n((int *)end, __ATOMIC_RELAXED))
        ;
    return 0;
}

CASE(sequences_and_other_threads, "rseq sched_setaffinity")
{
    pthread_t thread;
    int end = 0;
    share_a_processor();
    T(register_area());
    pthread_create(&thread, 0, spin, &end);
    stay_in_sequence();
    N(area.sequence);
    __atomic_store_n(&end, 1, __ATOMIC_RELAXED);
    pthread_join(thread, 0);
}

CASE(sequences_that_are_wrong, "rseq")
{
    static struct sequence made;
    signal(SIGALRM, note);
    CHILD(syscall(SYS_rseq, &area, 32, 0, 0x12345678); alarm_soon(); stay_in_sequence());
    CHILD(register_area(); area.flags = 8; alarm_soon(); stay_in_sequence());
    CHILD(register_area(); area.sequence = 8; alarm_soon(); pause(); pause());
    CHILD(register_area(); area.sequence = 1ul << 63; alarm_soon(); pause(); pause());
    made = (struct sequence){.version = 1};
    CHILD(register_area(); area.sequence = (uintptr_t)&made; alarm_soon(); pause(); pause());
    made = (struct sequence){.start = 1ul << 62};
    CHILD(register_area(); area.sequence = (uintptr_t)&made; alarm_soon(); pause(); pause());
    made = (struct sequence){.start = (uintptr_t)pause, .length = 64, .abort = (uintptr_t)pause + 8};
    CHILD(register_area(); area.sequence = (uintptr_t)&made; alarm_soon(); pause(); pause());
}

/* count++ of all threads together, as one sequence that takes its time. */
__attribute__((noinline)) static int increment(volatile long *count)
{
    int aborted = 0;
    __asm__ volatile(
        ".pushsection .data.rel, \"aw\"\n"
        ".balign 32\n"
        "1: .long 0, 0\n"
        ".quad 2f, 3f - 2f, 4f\n"
        ".popsection\n"
        "lea 1b(%%rip), %%rax\n"
        "mov %%rax, %0\n"
        "2: mov (%2), %%rax\n"
        "mov $300, %%ecx\n"
        "5: dec %%ecx\n"
        "jnz 5b\n"
        "inc %%rax\n"
        "mov %%rax, (%2)\n"
        "3: jmp 6f\n"
        ".long 0x53053053\n"
        "4: mov $1, %1\n"
        "6:\n"
        : "=m"(area.sequence), "+r"(aborted)
        : "r"(count)
        : "rax", "rcx", "cc", "memory");
    return aborted;
}

static volatile long shared_count;

static void *increment_often(void *aborts)
{
    register_area();
    for (int i = 0; i < 5000; i++)
        while (increment(&shared_count))
            __atomic_fetch_add((int *)aborts, 1, __ATOMIC_RELAXED);
    return 0;
}

CASE(sequences_count_right, "rseq sched_setaffinity")
{
    pthread_t threads[4];
    int aborts = 0;
    share_a_processor();
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], 0, increment_often, &aborts);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], 0);
    N(shared_count);
}

static void *die(void *unused)
{
    (void)unused;
    return 0;
}

CASE(very_many_in_turn, "clone exit")
{
    pthread_t thread;
    int failed = 0;
    for (int i = 0; i < 100; i++)
        failed += pthread_create(&thread, 0, die, 0) || pthread_join(thread, 0);
    N(failed);
}
