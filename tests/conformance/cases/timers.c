/* Sleeping, clocks, interval timers, POSIX timers, timer descriptors. */
#include "case.h"
#include <sys/times.h>

static volatile int count, last_code, last_value;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    count++;
    last_code = info->si_code;
    last_value = info->si_value.sival_int;
}

static void handle(int signal)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    MUST(sigaction(signal, &action, 0));
}

static void until(int wanted)
{
    for (int i = 0; i < 5000 && count < wanted; i++)
        sleep_ms(1);
}

CASE(sleeping, "nanosleep")
{
    struct timespec wrong = {0, 1000000000}, negative = {-1, 0}, none = {0, 0}, brief = {0, 20000000};
    long long start = now_ms();
    T(nanosleep(&brief, 0));
    IS(now_ms() - start >= 19);
    T(nanosleep(&none, 0));
    T(nanosleep(&wrong, 0));
    T(nanosleep(&negative, 0));
    T(syscall(SYS_nanosleep, (void *)8, 0));
}

CASE(sleeping_until, "clock_nanosleep")
{
    struct timespec at, wrong = {0, -1};
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += 20000000;
    if (at.tv_nsec >= 1000000000)
        at.tv_sec++, at.tv_nsec -= 1000000000;
    N(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0));
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    IS(now.tv_sec > at.tv_sec || (now.tv_sec == at.tv_sec && now.tv_nsec >= at.tv_nsec));
    N(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, 0));
    N(clock_nanosleep(CLOCK_REALTIME, 0, &wrong, 0));
    T(syscall(SYS_clock_nanosleep, 99, 0, &at, 0));
    T(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &at, 0));
    T(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (void *)8, 0));
}

CASE(clocks, "clock_gettime clock_getres")
{
    static const int ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
                              CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME};
    struct timespec at;
    for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
        T(syscall(SYS_clock_gettime, ids[i], &at));
        IS(at.tv_nsec >= 0 && at.tv_nsec < 1000000000);
        T(syscall(SYS_clock_getres, ids[i], &at));
    }
    T(syscall(SYS_clock_gettime, 99, &at));
    T(syscall(SYS_clock_gettime, -1, &at));
    T(syscall(SYS_clock_getres, 99, &at));
    T(syscall(SYS_clock_getres, CLOCK_MONOTONIC, 0));
    T(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)8));
}

CASE(clocks_go_forward, "clock_gettime gettimeofday time")
{
    struct timespec a, b, real;
    struct timeval day;
    int backwards = 0;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < 1000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &b);
        backwards += b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec);
        a = b;
    }
    N(backwards);
    clock_gettime(CLOCK_REALTIME, &real);
    T(gettimeofday(&day, 0));
    IS(day.tv_sec - real.tv_sec < 10 && day.tv_usec < 1000000);
    IS(syscall(SYS_time, 0) - real.tv_sec < 10 && real.tv_sec > 1600000000);
    T(syscall(SYS_gettimeofday, (void *)8, 0));
    T(syscall(SYS_time, (void *)8));
}

CASE(setting_the_clock_wrongly, "clock_settime")
{
    T(syscall(SYS_clock_settime, CLOCK_MONOTONIC, (&(struct timespec){1, 0})));
    T(syscall(SYS_clock_settime, 99, (&(struct timespec){1, 0})));
    T(syscall(SYS_clock_settime, CLOCK_REALTIME, (&(struct timespec){1, -1})));
    T(syscall(SYS_clock_settime, CLOCK_REALTIME, (void *)8));
}

CASE(processor_time, "clock_gettime times getrusage")
{
    struct timespec before, after;
    struct tms usage;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    for (volatile int i = 0; i < 2000000; i++)
        ;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    IS(after.tv_sec > before.tv_sec || after.tv_nsec > before.tv_nsec);
    IS(times(&usage) > 0);
    IS(usage.tms_utime >= 0 && usage.tms_stime >= 0);
    IS(syscall(SYS_times, 0) > 0);
    T(syscall(SYS_times, (void *)8) > 0);
}

CASE(alarms, "alarm")
{
    handle(SIGALRM);
    T(alarm(100));
    IS(alarm(50) >= 99);
    IS(alarm(0) >= 49);
    T(alarm(0));
    T(alarm(1));
    T(pause());
    N(count);
    CHILD(T(alarm(0)));
}

CASE(real_interval_timer, "setitimer getitimer")
{
    struct itimerval every = {{0, 5000}, {0, 5000}}, now;
    handle(SIGALRM);
    T(setitimer(ITIMER_REAL, &every, 0));
    until(3);
    IS(count >= 3);
    T(getitimer(ITIMER_REAL, &now));
    N(now.it_interval.tv_usec);
    IS(now.it_value.tv_usec <= 5000);
    T(setitimer(ITIMER_REAL, &(struct itimerval){0}, &now));
    N(now.it_interval.tv_usec);
    T(getitimer(ITIMER_REAL, &now));
    say("%ld %ld", (long)now.it_value.tv_sec, (long)now.it_value.tv_usec);
    N(last_code);
    T(setitimer(9, &every, 0));
    T(getitimer(9, &now));
    every.it_value.tv_usec = 1000000;
    T(setitimer(ITIMER_REAL, &every, 0));
    T(syscall(SYS_setitimer, ITIMER_REAL, (void *)8, 0));
    T(syscall(SYS_getitimer, ITIMER_REAL, (void *)8));
}

CASE(processor_interval_timers, "setitimer")
{
    handle(SIGVTALRM);
    T(setitimer(ITIMER_VIRTUAL, &(struct itimerval){.it_value = {0, 10000}}, 0));
    for (long long end = now_ms() + 10000; !count && now_ms() < end;)
        ;
    N(count);
    handle(SIGPROF);
    T(setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {0, 10000}}, 0));
    for (long long end = now_ms() + 10000; count < 2 && now_ms() < end;)
        ;
    N(count);
}

CASE(posix_timers, "timer_create timer_settime timer_gettime timer_delete")
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 5};
    struct itimerspec once = {{0, 0}, {0, 10000000}}, now;
    handle(SIGUSR1);
    T(timer_create(CLOCK_MONOTONIC, &event, &timer));
    T(timer_gettime(timer, &now));
    say("%ld %ld", (long)now.it_value.tv_sec, now.it_value.tv_nsec);
    T(timer_settime(timer, 0, &once, 0));
    until(1);
    say("%d code %d value %d", count, last_code, last_value);
    once.it_value.tv_sec = 100;
    T(timer_settime(timer, 0, &once, 0));
    T(timer_gettime(timer, &now));
    IS(now.it_value.tv_sec >= 99);
    once.it_value.tv_nsec = -1;
    T(timer_settime(timer, 0, &once, 0));
    T(timer_delete(timer));
    T(syscall(SYS_timer_delete, 12345));
    T(syscall(SYS_timer_gettime, 12345, &now));
    T(timer_create(99, &event, &timer));
    event.sigev_signo = 100;
    T(timer_create(CLOCK_MONOTONIC, &event, &timer));
    event.sigev_notify = 77;
    T(timer_create(CLOCK_MONOTONIC, &event, &timer));
}

CASE(posix_timers_absolute, "timer_settime timer_getoverrun")
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    struct itimerspec at = {{0, 1000000}, {1, 0}};
    T(timer_create(CLOCK_MONOTONIC, &event, &timer));
    T(timer_settime(timer, TIMER_ABSTIME, &at, 0));
    T(timer_delete(timer));
    T(syscall(SYS_timer_getoverrun, 12345));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, 40);
    sigprocmask(SIG_BLOCK, &set, 0);
    event.sigev_notify = SIGEV_SIGNAL, event.sigev_signo = 40;
    T(timer_create(CLOCK_REALTIME, &event, &timer));
    at.it_value = (struct timespec){0, 1000000};
    T(timer_settime(timer, 0, &at, 0));
    sleep_ms(30);
    siginfo_t info;
    T(sigwaitinfo(&set, &info));
    IS(timer_getoverrun(timer) >= 5);
    IS(info.si_code == SI_TIMER);
    T(timer_delete(timer));
    CHILD(T(timer_getoverrun(timer)));
}

CASE(timers_do_not_survive_fork, "timer_create setitimer fork")
{
    timer_t timer;
    struct itimerval now;
    T(timer_create(CLOCK_MONOTONIC, 0, &timer));
    T(setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {100, 0}}, 0));
    CHILD(
        T(timer_delete(timer));
        T(getitimer(ITIMER_REAL, &now));
        N(now.it_value.tv_sec));
    T(timer_delete(timer));
}

CASE(timer_descriptors, "timerfd_create timerfd_settime timerfd_gettime")
{
    struct itimerspec once = {{0, 0}, {0, 10000000}}, now;
    uint64_t expirations = 0;
    int fd = T(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK | O_CLOEXEC));
    T(read(fd, &expirations, 8));
    T(syscall(SYS_timerfd_settime, fd, 0, &once, 0));
    struct pollfd poller = {fd, POLLIN, 0};
    T(poll(&poller, 1, 5000));
    T(read(fd, &expirations, 4));
    T(read(fd, &expirations, 8));
    N(expirations);
    T(read(fd, &expirations, 8));
    once.it_interval.tv_nsec = 5000000;
    T(syscall(SYS_timerfd_settime, fd, 0, &once, &now));
    say("%ld %ld", (long)now.it_value.tv_sec, now.it_value.tv_nsec);
    sleep_ms(60);
    T(read(fd, &expirations, 8));
    IS(expirations >= 5);
    T(syscall(SYS_timerfd_gettime, fd, &now));
    N(now.it_interval.tv_nsec);
    once = (struct itimerspec){{0, 0}, {1, 0}};
    T(syscall(SYS_timerfd_settime, fd, 1 /* TFD_TIMER_ABSTIME */, &once, 0));
    T(read(fd, &expirations, 8));
    N(expirations);
    T(write(fd, &expirations, 8));
    T(lseek(fd, 0, SEEK_SET));
    T(syscall(SYS_timerfd_create, 99, 0));
    T(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 1));
    T(syscall(SYS_timerfd_settime, 0, 0, &once, 0));
    T(syscall(SYS_timerfd_settime, fd, 64, &once, 0));
    once.it_value.tv_nsec = 1000000000;
    T(syscall(SYS_timerfd_settime, fd, 0, &once, 0));
    T(syscall(SYS_timerfd_gettime, fd, (void *)8));
}

/* However many timers there are, and however short their periods: programs go on. */
CASE(crowds_of_timers, "timerfd_settime timer_settime")
{
    enum { COUNT = 40 };
    struct itimerspec often = {{0, 1000}, {0, 1000}};
    uint64_t expirations = 0;
    int fds[COUNT];
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, 0);
    for (int i = 0; i < COUNT; i++) {
        fds[i] = MUST(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0));
        MUST(syscall(SYS_timerfd_settime, fds[i], 0, &often, 0));
    }
    for (int i = 0; i < COUNT; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
        int timer;
        MUST(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer));
        MUST(syscall(SYS_timer_settime, timer, 0, &often, 0));
    }
    for (long long start = now_ms(); now_ms() < start + 40;)
        ;
    T(read(fds[COUNT - 1], &expirations, 8));
    IS(expirations >= 39000);
    T(syscall(SYS_timerfd_gettime, fds[0], &often));
    N(often.it_interval.tv_nsec);
    IS(often.it_value.tv_nsec <= 1000 && !often.it_value.tv_sec);
    T(sigtimedwait(&blocked, 0, &(struct timespec){0, 0}));
}
