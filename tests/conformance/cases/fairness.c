/* One processor, and much that wants it: nobody is left out, and the more important get more. */
#include "real_time.h"
#include <linux/futex.h>
#include <sys/timerfd.h>

enum { MANY = 3 };

/* What the processes of a case share. */
struct stage {
    volatile int over;
    unsigned word; /* of a futex; 0 */
    volatile unsigned long work[2];
};

static struct stage *one_stage(void)
{
    one_processor();
    return MUST(mmap(0, sizeof(struct stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

/* A child that does this again and again until it is over. */
#define BESIDE(stage, ...)                                                              \
    ({                                                                                  \
        pid_t child_ = MUST(fork());                                                    \
        if (!child_) {                                                                  \
            while (!(stage)->over)                                                      \
                __VA_ARGS__;                                                            \
            _exit(0);                                                                   \
        }                                                                               \
        child_;                                                                         \
    })

/* Who computes comes to an end, whatever the others do. */
static void work_beside(struct stage *stage, const char *what)
{
    for (volatile int work = 0; work < 300000; work++)
        ;
    stage->over = 1;
    while (wait(0) > 0)
        ;
    stage->over = 0;
    say("beside %s: done", what);
}

static const struct timespec shortest = {0, 1000};

CASE(short_waits, "nanosleep futex timerfd_settime")
{
    struct stage *stage = one_stage();
    for (int i = 0; i < MANY; i++)
        BESIDE(stage, nanosleep(&shortest, 0));
    work_beside(stage, "sleeps");
    for (int i = 0; i < MANY; i++)
        BESIDE(stage, syscall(SYS_futex, &stage->word, FUTEX_WAIT, 0, &shortest, 0, 0));
    work_beside(stage, "locks");
    for (int i = 0; i < MANY; i++) {
        int timer = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
        uint64_t times;
        MUST(timerfd_settime(timer, 0, &(struct itimerspec){shortest, shortest}, 0));
        BESIDE(stage, (void)!read(timer, &times, sizeof times));
        close(timer);
    }
    work_beside(stage, "timers");
}

CASE(storms_of_signals, "setitimer timer_create kill")
{
    struct stage *stage = one_stage();
    signal(SIGALRM, nothing);
    for (int i = 0; i < MANY; i++)
        BESIDE(stage, ({
            setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, 1}}, 0);
            usleep(50000);
        }));
    work_beside(stage, "alarms");
    for (int i = 0; i < MANY; i++) {
        pid_t child = MUST(fork());
        if (!child) {
            timer_t timers[4];
            for (int j = 0; j < 4; j++) {
                struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
                MUST(timer_create(CLOCK_MONOTONIC, &event, &timers[j]));
                MUST(timer_settime(timers[j], 0, &(struct itimerspec){{0, 50000}, {0, 50000}}, 0));
            }
            while (!stage->over)
                usleep(50000);
            _exit(0);
        }
    }
    work_beside(stage, "timers");
    pid_t last = BESIDE(stage, usleep(50000));
    for (int i = 0; i < MANY; i++)
        BESIDE(stage, kill(last, SIGALRM));
    work_beside(stage, "signals");
}

CASE(storms_of_children, "fork wait4 sched_yield")
{
    struct stage *stage = one_stage();
    for (int i = 0; i < MANY; i++)
        BESIDE(stage, ({
            pid_t child = fork();
            if (!child)
                _exit(0);
            waitpid(child, 0, 0);
        }));
    work_beside(stage, "forks");
    for (int i = 0; i < MANY; i++)
        BESIDE(stage, sched_yield());
    work_beside(stage, "the polite");
}

static double cpu_ms(pid_t process)
{
    clockid_t clock;
    struct timespec used = {0};
    if (!clock_getcpuclockid(process, &clock))
        clock_gettime(clock, &used);
    return used.tv_sec * 1e3 + used.tv_nsec / 1e6;
}

/* Two that mostly wait for each other are not made to wait for a third every time. */
CASE(turns_beside_work, "pipe read write")
{
    struct stage *stage = one_stage();
    int there[2], back[2];
    char byte = 0;
    MUST(pipe(there));
    MUST(pipe(back));
    pid_t third = BESIDE(stage, stage->work[0]++);
    pid_t other = BESIDE(stage, ({
        if (read(there[0], &byte, 1) == 1)
            (void)!write(back[1], &byte, 1);
    }));
    double before = cpu_ms(third), own = cpu_ms(0) + cpu_ms(other);
    for (int i = 0; i < 300; i++) {
        MUST(write(there[1], &byte, 1));
        MUST(read(back[0], &byte, 1));
    }
    double its = cpu_ms(third) - before, ours = cpu_ms(0) + cpu_ms(other) - own;
    IS(its < 4 * ours + 100);
    stage->over = 1;
    MUST(write(there[1], &byte, 1));
    while (wait(0) > 0)
        ;
}

/* Does the first of two get so many times done what the second does? What else the machine has to do blurs that,
   for a while. */
static int shares(struct stage *stage, int nice, int policy, double least, double most)
{
    int fits = 0;
    stage->work[0] = stage->work[1] = 0;
    BESIDE(stage, stage->work[0]++);
    pid_t second = BESIDE(stage, stage->work[1]++);
    MUST(setpriority(PRIO_PROCESS, second, nice));
    MUST(set_policy(second, policy, 0));
    for (int i = 0; i < 20 && !fits; i++) {
        sleep_ms(200);
        double first = stage->work[0], other = stage->work[1];
        fits = first > least * other && first < most * (other + 1);
    }
    stage->over = 1;
    while (wait(0) > 0)
        ;
    stage->over = 0;
    return fits;
}

CASE(shares, "setpriority sched_setscheduler")
{
    struct stage *stage = one_stage();
    IS(shares(stage, 0, SCHED_OTHER, 0.6, 1.6));
    IS(shares(stage, 0, SCHED_BATCH, 0.6, 1.6));
    IS(shares(stage, 5, SCHED_OTHER, 1.5, 8));
    IS(shares(stage, 19, SCHED_OTHER, 20, 200));
    IS(shares(stage, 0, SCHED_IDLE, 20, 1e12));
}
