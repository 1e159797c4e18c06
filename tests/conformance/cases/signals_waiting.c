/* Signals: queues, waiting for them, and the calls they interrupt. */
#include "signals.h"

CASE(real_time_queue, "rt_sigqueueinfo rt_sigprocmask")
{
    sigset_t set = set_of(40, 41);
    handle_info(40, 0);
    handle_info(41, 0);
    sigprocmask(SIG_BLOCK, &set, 0);
    for (int i = 0; i < 3; i++)
        T(sigqueue(getpid(), 41, (union sigval){.sival_int = i}));
    T(sigqueue(getpid(), 40, (union sigval){.sival_int = 9}));
    siginfo_t info;
    struct timespec none = {0, 0};
    for (int i = 0; i < 5; i++) {
        T(sigtimedwait(&set, &info, &none));
        say("%d %d", info.si_signo, info.si_value.sival_int);
    }
}

CASE(queue_errors, "rt_sigqueueinfo rt_tgsigqueueinfo tgkill tkill")
{
    siginfo_t info = {.si_code = SI_QUEUE};
    T(syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info));
    T(syscall(SYS_rt_sigqueueinfo, getpid(), 65, &info));
    T(syscall(SYS_rt_sigqueueinfo, 0x7ffffff, SIGUSR1, &info));
    T(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, (void *)8));
    info.si_code = SI_USER;
    T(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info));
    info.si_code = SI_QUEUE;
    handle_info(SIGUSR1, 0);
    T(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info));
    N(last_code);
    T(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
    N(last_code);
    T(syscall(SYS_tkill, getpid(), SIGUSR1));
    T(syscall(SYS_tgkill, getpid(), 0x7ffffff, SIGUSR1));
    T(syscall(SYS_tgkill, 0x7ffffff, getpid(), SIGUSR1));
    T(syscall(SYS_tgkill, -1, getpid(), SIGUSR1));
    T(syscall(SYS_tgkill, getpid(), -1, SIGUSR1));
    T(syscall(SYS_tkill, 0, SIGUSR1));
    T(syscall(SYS_tkill, 0x7ffffff, 0));
}

CASE(timed_waiting, "rt_sigtimedwait")
{
    sigset_t set = set_of(SIGUSR1, 0);
    siginfo_t info;
    struct timespec short_time = {0, 10000000}, wrong = {0, 1000000000};
    sigprocmask(SIG_BLOCK, &set, 0);
    T(sigtimedwait(&set, &info, &short_time));
    raise(SIGUSR1);
    T(sigtimedwait(&set, &info, 0));
    say("%d %d", info.si_signo, info.si_code);
    T(syscall(SYS_rt_sigtimedwait, &set, 0, &wrong, 8));
    T(syscall(SYS_rt_sigtimedwait, &set, 0, &short_time, 4));
    T(syscall(SYS_rt_sigtimedwait, (void *)8, 0, &short_time, 8));
    handle(SIGALRM, 0, note);
    POKED(SIGALRM, syscall(SYS_rt_sigtimedwait, &set, 0, 0, 8));
}

CASE(suspending, "rt_sigsuspend pause")
{
    sigset_t set = set_of(SIGUSR1, 0), none, now;
    sigemptyset(&none);
    handle(SIGUSR1, 0, note);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    N(count);
    T(sigsuspend(&none));
    N(count);
    sigprocmask(SIG_BLOCK, 0, &now);
    N(sigismember(&now, SIGUSR1));
    handle(SIGALRM, 0, note);
    POKED(SIGALRM, pause());
    N(last_signal);
    T(syscall(SYS_rt_sigsuspend, &none, 4));
    T(syscall(SYS_rt_sigsuspend, (void *)8, 8));
}

CASE(restart_or_not, "read rt_sigaction wait4")
{
    char byte;
    int ends[2];
    MUST(pipe(ends));
    handle(SIGALRM, 0, note);
    POKED(SIGALRM, read(ends[0], &byte, 1));
    handle(SIGALRM, SA_RESTART, note);
    pid_t parent = getpid(), child = poking(SIGALRM);
    if (!child) {
        sleep_ms(20);
        until_asleep(parent);
        (void)!write(ends[1], "x", 1);
        _exit(0);
    }
    T(read(ends[0], &byte, 1));
    N(count);
    wait_for(child);
    child = poking(SIGALRM);
    if (!child) {
        sleep_ms(20);
        until_asleep(parent);
        _exit(3);
    }
    int status;
    IS(waitpid(child, &status, 0) == child);
    N(count);
}

CASE(never_restarted, "poll select nanosleep epoll_wait")
{
    struct pollfd none = {-1, 0, 0};
    struct timespec left, ten = {10, 0};
    handle(SIGALRM, SA_RESTART, note);
    POKED(SIGALRM, poll(&none, 1, 10000));
    POKED(SIGALRM, nanosleep(&ten, &left));
    IS(left.tv_sec >= 5 && left.tv_sec <= 10);
    POKED(SIGALRM, select(0, 0, 0, 0, (&(struct timeval){10, 0})));
    N(count);
}

CASE(signal_descriptors, "signalfd4 signalfd")
{
    sigset_t set = set_of(SIGUSR1, 40);
    uint8_t data[256];
    sigprocmask(SIG_BLOCK, &set, 0);
    int fd = T(syscall(SYS_signalfd4, -1, &set, 8, O_NONBLOCK | O_CLOEXEC));
    T(read(fd, data, sizeof data));
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigqueue(getpid(), 40, (union sigval){.sival_int = 7});
    struct pollfd poller = {fd, POLLIN, 0};
    T(poll(&poller, 1, 0));
    T(read(fd, data, 100));
    T(read(fd, data, sizeof data));
    N(*(uint32_t *)data);
    N(*(int32_t *)(data + 8));
    T(read(fd, data, sizeof data));
    T(poll(&poller, 1, 0));
    T(syscall(SYS_signalfd4, fd, &set, 8, 0));
    T(syscall(SYS_signalfd4, 0, &set, 8, 0));
    T(syscall(SYS_signalfd4, -1, &set, 4, 0));
    T(syscall(SYS_signalfd4, -1, &set, 8, 1));
    T(syscall(SYS_signalfd4, -1, (void *)8, 8, 0));
    T(syscall(SYS_signalfd, -1, &set, 8));
}
