/* Secure computing: strict mode, and calls that begin again in it. */
#include "secure_computing.h"

CASE(strictly, "seccomp prctl")
{
    CHILD(
        T(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0));
        (void)!write(1, "writes\n", 7);
        (void)!read(0, &(char){0}, 1);
        syscall(SYS_exit, 7));
    CHILD(MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0)); syscall(SYS_exit_group, 7));
    CHILD(MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 1, 2, 3)); syscall(SYS_getpid));
    CHILD(MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0)); syscall(999));
    CHILD(MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0)); prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    T(prctl(PR_SET_SECCOMP, 3, 0, 0, 0));
    T(prctl(PR_SET_SECCOMP, SECCOMP_MODE_DISABLED, 0, 0, 0));
    T(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 8, 0, 0));
    no_new_privileges();
    CHILD(
        MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 3)));
        T(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0)));
    CHILD(
        struct sock_filter filter[] = {ABOUT(getppid, SECCOMP_RET_ERRNO | 3)};
        struct sock_fprog program = {L(filter), filter};
        T(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0));
        T(syscall(SYS_getppid)));
}

/* Which calls go on by another call when the process has been stopped and continued. */
static void stopped_in(const char *name, long number, long a, long b, long c, long d, long e)
{
    pid_t child = MUST(fork());
    if (!child) {
        no_new_privileges();
        MUST(INSTALL(ABOUT(restart_syscall, SECCOMP_RET_ERRNO | 77)));
        errno = 0;
        long result = syscall(number, a, b, c, d, e, 0);
        say("%s: %ld, error %d", name, result, errno);
        _exit(0);
    }
    until_asleep(child);
    MUST(kill(child, SIGSTOP));
    int status;
    MUST(waitpid(child, &status, WUNTRACED));
    MUST(kill(child, SIGCONT));
    say_status(name, wait_for(child));
}

CASE(calls_that_restart, "restart_syscall nanosleep clock_nanosleep poll ppoll select futex epoll_wait")
{
    struct timespec wait = {1, 0};
    struct timeval as_long = {1, 0};
    unsigned word = 0;
    int epoll = MUST(syscall(SYS_epoll_create1, 0));
    T(syscall(SYS_restart_syscall));
    stopped_in("nanosleep", SYS_nanosleep, (long)&wait, 0, 0, 0, 0);
    stopped_in("clock_nanosleep", SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&wait, 0, 0);
    stopped_in("poll", SYS_poll, 0, 0, 1000, 0, 0);
    stopped_in("ppoll", SYS_ppoll, 0, 0, (long)&wait, 0, 0);
    stopped_in("select", SYS_select, 0, 0, 0, 0, (long)&as_long);
    stopped_in("futex", SYS_futex, (long)&word, 0, 0, (long)&wait, 0);
    stopped_in("epoll_wait", SYS_epoll_wait, epoll, (long)&(char[64]){0}, 1, 1000, 0);
}

static volatile int handled;

static void handles(int signal) { handled = signal; }

/* Stopped and continued twice, a sleep is as long as it was to be; a handler ends it. */
CASE(sleeping_on, "restart_syscall nanosleep poll")
{
    signal(SIGUSR1, handles);
    for (int kind = 0; kind < 3; kind++) {
        pid_t child = MUST(fork());
        if (!child) {
            long long before = now_ms();
            struct timespec wait = {0, 900000000}, left = {9, 9};
            T(kind == 1 ? poll(0, 0, 900) : nanosleep(&wait, &left));
            IS(now_ms() - before >= 890 || handled);
            IS(now_ms() - before < 9000);
            if (kind == 2)
                T(syscall(SYS_restart_syscall));
            IS(kind != 2 || (left.tv_sec == 0 && left.tv_nsec > 0));
            _exit(0);
        }
        until_asleep(child);
        for (int i = 0; i < 2; i++) {
            int status;
            MUST(kill(child, SIGSTOP));
            MUST(waitpid(child, &status, WUNTRACED));
            MUST(kill(child, SIGCONT));
            until_asleep(child);
        }
        if (kind == 2)
            MUST(kill(child, SIGUSR1));
        say_status("child", wait_for(child));
    }
}

CASE(handlers_in_strict_mode, "seccomp rt_sigreturn")
{
    CHILD(
        sigaction(SIGALRM, &(struct sigaction){.sa_handler = nothing}, 0);
        setitimer(ITIMER_REAL, &(struct itimerval){{0, 20000}, {0, 20000}}, 0);
        int ends[2];
        MUST(pipe(ends));
        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0));
        char byte;
        long got = read(ends[0], &byte, 1);
        (void)got;
        syscall(SYS_exit, 3));
}
