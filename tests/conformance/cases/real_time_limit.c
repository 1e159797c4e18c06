/* How long a thread may compute in real time: RLIMIT_RTTIME. */
#include "inheritance.h"

static volatile int told;

static void count(int number)
{
    (void)number;
    told++;
}

static struct rlimit stretch_limit(void)
{
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_RTTIME, &limit));
    return limit;
}

static void spin_until_told(int times, int limit_ms)
{
    long long end = now_ms() + limit_ms;
    while (told < times && now_ms() < end)
        ;
}

CASE(a_stretch_of_real_time, "setrlimit sched_setscheduler")
{
    ROOT_ONLY;
    MUST(setrlimit(RLIMIT_RTTIME, &(struct rlimit){200000, 3000000}));
    signal(SIGXCPU, count);
    spin_until_told(1, 300);
    say("not in real time: %d", told);
    set_policy(0, SCHED_FIFO, 10);
    long long start = now_ms();
    for (int i = 0; i < 3; i++) { /* a pause begins a new stretch */
        long long end = now_ms() + 120;
        while (now_ms() < end)
            ;
        sleep_ms(5);
    }
    say("with pauses: %d", told);
    start = now_ms();
    spin_until_told(1, 900);
    say("without: %d, %s", told, now_ms() - start >= 190 ? "not before it was due" : "too early");
    N(stretch_limit().rlim_cur);
    spin_until_told(2, 1900);
    say("after a second: %d", told);
    N(stretch_limit().rlim_cur);
    set_policy(0, SCHED_OTHER, 0);
}

CASE(too_long_a_stretch, "setrlimit sched_setscheduler")
{
    ROOT_ONLY;
    for (int i = 0; i < 2; i++) {
        pid_t child = MUST(fork());
        if (!child) {
            if (i)
                signal(SIGXCPU, count);
            MUST(setrlimit(RLIMIT_RTTIME, &(struct rlimit){60000, i ? 300000 : 5000000}));
            set_policy(0, SCHED_RR, 10);
            spin_until_told(9, 4000);
            _exit(told);
        }
        say_status("child", wait_for(child));
    }
}
