/* Threads: what they share, how they end, what is their own. */
#include "case.h"
#include <pthread.h>
#include <semaphore.h>

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

static void *outlive(void *unused)
{
    (void)unused;
    while (state_of(getpid()) != 'Z')
        sleep_ms(1);
    say("the leader is gone");
    _exit(8);
}

CASE(leader_leaves_first, "exit wait4")
{
    CHILD(
        pthread_t thread;
        pthread_create(&thread, 0, outlive, 0);
        syscall(SYS_exit, 5));
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

CASE(sequences, "rseq")
{
    static struct { uint32_t start, id; uint64_t cs; uint32_t flags, node, mm, pad; } area __attribute__((aligned(32)));
    T(syscall(SYS_rseq, &area, 32, 0, 0x53053053));
    IS(area.id == area.start);
    T(syscall(SYS_rseq, &area, 32, 0, 0x53053053));
    T(syscall(SYS_rseq, &area, 32, 1, 0x11));
    T(syscall(SYS_rseq, &area, 32, 1, 0x53053053));
    T(syscall(SYS_rseq, (char *)&area + 1, 32, 0, 0x53053053));
    T(syscall(SYS_rseq, &area, 8, 0, 0x53053053));
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
