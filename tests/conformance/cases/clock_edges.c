/* Clocks at their edges: timers of processor time, and asking about the clock. */
#include "case.h"
#include <sys/timex.h>
#include <sys/times.h>

CASE(timers_of_processor_time, "timer_create timer_settime timer_getoverrun clock_gettime")
{
    timer_t timer;
    sigset_t set;
    siginfo_t info;
    struct itimerspec every = {{0, 3000000}, {0, 3000000}};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    T(timer_create(99, 0, &timer));
    T(timer_create(CLOCK_MONOTONIC, &(struct sigevent){.sigev_notify = 77}, &timer));
    T(timer_create(CLOCK_MONOTONIC, &(struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 99}, &timer));
    MUST(timer_create(CLOCK_PROCESS_CPUTIME_ID, &(struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 5}, &timer));
    T(timer_settime(timer, 0, &every, 0));
    for (volatile long long end = now_ms() + 40; now_ms() < end;)
        ;
    T(sigwaitinfo(&set, &info) == SIGUSR1);
    say("%d %d", info.si_code, info.si_value.sival_int);
    IS(info.si_overrun > 0);
    IS(timer_getoverrun(timer) == info.si_overrun);
    every = (struct itimerspec){{0, 0}, {0, 0}};
    T(timer_settime(timer, 0, &every, 0));
    T(timer_settime(timer, 2, &every, 0));
    T(timer_delete(timer));
    T(timer_delete(timer));
    clockid_t clock;
    T(clock_getcpuclockid(getpid(), &clock));
    struct timespec one, two;
    T(clock_gettime(clock, &one));
    T(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &two));
    IS(two.tv_sec * 1000000000LL + two.tv_nsec >= one.tv_sec * 1000000000LL + one.tv_nsec);
    T(clock_getcpuclockid(0x3ffffe, &clock) == ESRCH);
    T(clock_settime(CLOCK_PROCESS_CPUTIME_ID, &one));
    T(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &one, 0) == EINVAL);
    T(clock_nanosleep(99, 0, &one, 0) == EINVAL);
}

CASE(asking_about_the_clock, "adjtimex clock_gettime times")
{
    struct timex t = {0};
    IS(adjtimex(&t) >= 0);
    IS(t.tick == 10000);
    IS(t.time.tv_sec > 1000000000);
    t.modes = 0x10000;
    errno = 0;
    IS(adjtimex(&t) >= 0 || errno == EINVAL || errno == EPERM);
    struct timespec raw, coarse, fine, boot, tai, real;
    MUST(clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse));
    MUST(clock_gettime(CLOCK_MONOTONIC, &fine));
    MUST(clock_gettime(CLOCK_BOOTTIME, &boot));
    MUST(clock_gettime(CLOCK_MONOTONIC_RAW, &raw));
    MUST(clock_gettime(CLOCK_TAI, &tai));
    MUST(clock_gettime(CLOCK_REALTIME, &real));
    IS(coarse.tv_sec < fine.tv_sec || (coarse.tv_sec == fine.tv_sec && coarse.tv_nsec <= fine.tv_nsec));
    IS(boot.tv_sec >= fine.tv_sec);
    IS(tai.tv_sec - real.tv_sec < 60 && tai.tv_sec - real.tv_sec >= -1);
    struct tms used;
    IS(times(&used) != -1);
    IS(times(0) != -1);
}
