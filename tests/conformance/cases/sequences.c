/* Restartable sequences: registering, and what interrupts one. */
#include "case.h"
#include <pthread.h>
#include <sys/auxv.h>

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
