/* Pointers that lead astray: signals, times, timers. */
#include "pointers.h"

enum { FD = 100, PROCESS = 101 };

CASE(settimeofday, "settimeofday")
{
    prepare();
    (void)!setuid(65534);
    BAD(settimeofday, BUF, BUF);
    BAD(settimeofday, BUF, 0);
    BAD(settimeofday, 0, BUF);
}

CASE(rt_sigaction, "rt_sigaction") { BAD(rt_sigaction, SIGUSR1, BUF, BUF, 8); BAD(rt_sigaction, SIGKILL, BUF, BUF, 8); }
CASE(rt_sigaction_wrong_size, "rt_sigaction") { BAD(rt_sigaction, SIGUSR1, BUF, BUF, 4); BAD(rt_sigaction, 65, BUF, BUF, 8); }
CASE(rt_sigprocmask, "rt_sigprocmask") { BAD(rt_sigprocmask, 0, BUF, BUF, 8); BAD(rt_sigprocmask, 9, BUF, BUF, 8); }
CASE(rt_sigpending, "rt_sigpending") { BAD(rt_sigpending, BUF, 8); BAD(rt_sigpending, BUF, 4); BAD(rt_sigpending, BUF, 9); }
CASE(rt_sigtimedwait, "rt_sigtimedwait") { BAD(rt_sigtimedwait, BUF, BUF, TIMEOUT, 8); }

static void pending(void) { raise(SIGUSR1); }

CASE(rt_sigtimedwait_for_one, "rt_sigtimedwait")
{
    uint64_t set = 1UL << (SIGUSR1 - 1);
    MUST(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8));
    prepare();
    for (int i = 0; i < 5; i++) {
        char *to[] = {0, (char *)8, closed, read_only, last_page + PAGE - 127};
        pending();
        T(syscall(SYS_rt_sigtimedwait, &set, to[i], &(struct timespec){0}, 8));
        T(syscall(SYS_rt_sigtimedwait, &set, 0, &(struct timespec){0}, 8));
    }
}

CASE(rt_sigqueueinfo, "rt_sigqueueinfo")
{
    signal(SIGUSR1, SIG_IGN);
    BAD(rt_sigqueueinfo, getpid(), SIGUSR1, BUF);
    BAD(rt_sigqueueinfo, 1 << 30, 0, BUF);
    BAD(rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, BUF);
}

CASE(rt_tgsigqueueinfo, "rt_tgsigqueueinfo") { BAD(rt_tgsigqueueinfo, 1 << 30, 1 << 30, 0, BUF); }
CASE(rt_sigsuspend_wrong_size, "rt_sigsuspend") { BAD(rt_sigsuspend, BUF, 4); }

CASE(rt_sigsuspend, "rt_sigsuspend")
{
    prepare();
    char *at[] = {0, (char *)8, (char *)0xffff888000001000, (char *)-1, closed, last_page + PAGE - 7};
    for (unsigned i = 0; i < sizeof at / sizeof *at; i++)
        T(syscall(SYS_rt_sigsuspend, at[i], 8));
}

CASE(pidfd_send_signal, "pidfd_send_signal")
{
    signal(SIGUSR1, SIG_IGN);
    MUST(dup2(MUST(syscall(SYS_pidfd_open, getpid(), 0)), PROCESS));
    BAD(pidfd_send_signal, PROCESS, SIGUSR1, BUF, 0);
    BAD(pidfd_send_signal, -1, SIGUSR1, BUF, 0);
}

CASE(sigaltstack, "sigaltstack") { BAD(sigaltstack, BUF, BUF); }
CASE(sigaltstack_only_told, "sigaltstack") { BAD(sigaltstack, 0, BUF); }
CASE(signalfd, "signalfd") { BAD(signalfd, -1, BUF, 8); BAD(signalfd, -1, BUF, 4); }
CASE(signalfd4, "signalfd4") { BAD(signalfd4, -1, BUF, 8, 0); BAD(signalfd4, -1, BUF, 8, 1); }

static void a_timer(void)
{
    int number;
    static int made;
    if (!made)
        made = !syscall(SYS_timer_create, 1, &(struct sigevent){.sigev_notify = SIGEV_NONE}, &number);
}

static void no_timer(void) { for (int i = 0; i < 90; i++) syscall(SYS_timer_delete, i); }

CASE(getitimer, "getitimer") { BAD(getitimer, 0, BUF); BAD(getitimer, 9, BUF); }
CASE(setitimer, "setitimer") { BAD(setitimer, 0, BUF, BUF); BAD(setitimer, 9, BUF, BUF); }
CASE(timer_create, "timer_create") { AFTER(no_timer, timer_create, 1, BUF, BUF); AFTER(no_timer, timer_create, 99, BUF, BUF); }
CASE(timer_settime, "timer_settime") { AFTER(a_timer, timer_settime, 0, 0, BUF, BUF); BAD(timer_settime, 999, 0, BUF, BUF); }
CASE(timer_gettime, "timer_gettime") { AFTER(a_timer, timer_gettime, 0, BUF); BAD(timer_gettime, 999, BUF); }

CASE(timerfd, "timerfd_settime timerfd_gettime")
{
    MUST(dup2(MUST(syscall(SYS_timerfd_create, 1, 0)), FD));
    BAD(timerfd_settime, FD, 0, BUF, BUF);
    BAD(timerfd_settime, -1, 0, BUF, BUF);
    BAD(timerfd_settime, FD, 99, BUF, BUF);
    BAD(timerfd_gettime, FD, BUF);
    BAD(timerfd_gettime, -1, BUF);
}

CASE(nanosleep, "nanosleep") { BAD(nanosleep, BUF, BUF); }
CASE(clock_nanosleep, "clock_nanosleep") { BAD(clock_nanosleep, 1, 0, BUF, BUF); BAD(clock_nanosleep, 99, 0, BUF, BUF); }
CASE(clock_gettime, "clock_gettime") { BAD(clock_gettime, 1, BUF); BAD(clock_gettime, 99, BUF); }
CASE(clock_getres, "clock_getres") { BAD(clock_getres, 1, BUF); BAD(clock_getres, 99, BUF); }
CASE(clock_settime, "clock_settime") { BAD(clock_settime, 1, BUF); BAD(clock_settime, 99, BUF); }
CASE(gettimeofday, "gettimeofday") { BAD(gettimeofday, BUF, BUF); }
CASE(time, "time") { BAD(time, BUF); }
CASE(times, "times") { BAD(times, BUF); }
CASE(adjtimex, "adjtimex") { BAD(adjtimex, BUF); }
CASE(clock_adjtime, "clock_adjtime") { BAD(clock_adjtime, 0, BUF); BAD(clock_adjtime, 99, BUF); }
