/* POSIX timers: one signal at a time, and how many expirations it stands for. */
#define _GNU_SOURCE
#include "say.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#define MS 1000000L

static sigset_t set;

static timer_t make(int clock, int notify, int sig, int value)
{
    timer_t timer = 0;
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = sig, .sigev_value.sival_int = value};
    printf("timer_create %d %d %d: %s\n", clock, notify, sig, outcome(timer_create(clock, &event, &timer)));
    return timer;
}

static void arm(timer_t timer, int flags, long first, long again)
{
    struct itimerspec spec = {{again / 1000, again % 1000 * MS}, {first / 1000, first % 1000 * MS}};
    if (timer_settime(timer, flags, &spec, 0))
        die("timer_settime");
}

/* What is pending, or comes within so many seconds. */
static void taken(const char *what, int seconds)
{
    siginfo_t info;
    int sig = sigtimedwait(&set, &info, &(struct timespec){seconds, 0});
    if (sig < 0)
        printf("%s: %s\n", what, outcome(sig));
    else
        printf("%s: signal %d code %d value %d overrun %d\n", what, sig, info.si_code, info.si_value.sival_int,
               info.si_overrun > 0);
}

static void pause_ms(long ms) { nanosleep(&(struct timespec){0, ms * MS}, 0); }

int main(void)
{
    struct itimerspec left;
    timer_t timer;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, 0);
    make(77, SIGEV_SIGNAL, SIGUSR1, 0);
    make(CLOCK_MONOTONIC, 99, SIGUSR1, 0);
    make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 99, 0);

    /* Many expirations, one signal, also of a kind that would queue. */
    timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 7);
    arm(timer, 0, 1, 1);
    pause_ms(20);
    taken("first", 5);
    printf("overrun %d\n", timer_getoverrun(timer) >= 5);
    pause_ms(5);
    arm(timer, 0, 0, 0);
    taken("of what is set anew", 0);
    arm(timer, 0, 1, 0);
    taken("single", 5);
    printf("overrun %d\n", timer_getoverrun(timer));
    SAY(timer_gettime(timer, &left));
    printf("left %ld %ld\n", (long)left.it_value.tv_sec, left.it_value.tv_nsec);
    SAY(timer_delete(timer));
    SAY(timer_delete(timer));
    SAY(timer_settime(timer, 0, &left, 0));

    timer = make(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 8);
    arm(timer, TIMER_ABSTIME, 1000, 0); /* long ago */
    taken("the past", 5);
    arm(timer, 0, 100000, 3000);
    SAY(timer_gettime(timer, &left));
    printf("left %d, interval %ld\n", left.it_value.tv_sec >= 98 && left.it_value.tv_sec <= 100,
           (long)left.it_interval.tv_sec);
    timer_delete(timer);

    timer = make(CLOCK_BOOTTIME, SIGEV_NONE, 0, 0);
    arm(timer, 0, 1, 0);
    pause_ms(5);
    taken("silent", 0);
    SAY(timer_gettime(timer, &left));
    printf("left %ld %ld\n", (long)left.it_value.tv_sec, left.it_value.tv_nsec);
    timer_delete(timer);
    return 0;
}
