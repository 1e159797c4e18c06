/* Waiting at its edges: epoll with copies of descriptors and processes, timers, signals of children. */
#include "case.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int watch(int epoll, int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    return epoll_ctl(epoll, operation, fd, &event);
}

static void say_ready(int epoll)
{
    struct epoll_event events[8];
    int count = epoll_wait(epoll, events, 8, 0);
    if (count <= 0)
        say("ready: %d", count);
    for (int i = 0; i < count; i++)
        say("ready: %x", events[i].events);
}

CASE(epoll_and_copies, "epoll_ctl epoll_wait dup close fork")
{
    int epoll = MUST(epoll_create1(0)), ends[2];
    MUST(pipe(ends));
    T(watch(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN));
    int twin = dup(ends[0]);
    T(watch(epoll, EPOLL_CTL_ADD, twin, EPOLLIN));
    MUST(write(ends[1], "x", 1));
    say_ready(epoll);
    T(watch(epoll, EPOLL_CTL_DEL, twin, 0));
    close(ends[0]);
    say_ready(epoll); /* the description lives on */
    T(watch(epoll, EPOLL_CTL_DEL, ends[0], 0));
    T(watch(epoll, EPOLL_CTL_MOD, twin, EPOLLIN));
    close(twin);
    say_ready(epoll);
    MUST(pipe(ends));
    T(watch(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN));
    pid_t child = MUST(fork());
    if (!child) {
        sleep_ms(60);
        _exit(0);
    }
    close(ends[0]);
    MUST(write(ends[1], "x", 1));
    say_ready(epoll);
    wait_for(child);
    say_ready(epoll);
    int both = MUST(dup(epoll));
    MUST(pipe(ends));
    T(watch(both, EPOLL_CTL_ADD, ends[0], EPOLLIN));
    T(watch(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN));
    CHILD(T(watch(epoll, EPOLL_CTL_DEL, ends[0], 0)));
    T(watch(epoll, EPOLL_CTL_DEL, ends[0], 0));
}

CASE(epoll_flags, "epoll_ctl epoll_wait")
{
    int epoll = MUST(epoll_create1(0)), fd = MUST(eventfd(0, 0)), other = MUST(epoll_create1(0));
    T(watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE));
    T(watch(epoll, EPOLL_CTL_MOD, fd, EPOLLIN));
    T(watch(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLEXCLUSIVE));
    T(watch(epoll, EPOLL_CTL_DEL, fd, 0));
    T(watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
    T(watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLET | EPOLLWAKEUP));
    T(watch(epoll, EPOLL_CTL_DEL, fd, 0));
    T(watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN));
    T(watch(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLEXCLUSIVE));
    T(watch(epoll, EPOLL_CTL_ADD, other, EPOLLIN | EPOLLEXCLUSIVE));
    T(watch(epoll, EPOLL_CTL_DEL, fd, 0));
    T(watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET | EPOLLONESHOT));
    MUST(eventfd_write(fd, 1));
    say_ready(epoll);
    MUST(eventfd_write(fd, 1));
    say_ready(epoll);
    T(watch(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET | EPOLLONESHOT));
    say_ready(epoll);
    T(watch(epoll, EPOLL_CTL_MOD, fd, EPOLLOUT | EPOLLET));
    say_ready(epoll);
    say_ready(epoll);
    T(watch(epoll, EPOLL_CTL_MOD, fd, 0));
    say_ready(epoll);
    T(watch(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN));
    T(watch(epoll, EPOLL_CTL_ADD, other, EPOLLIN));
    T(watch(other, EPOLL_CTL_ADD, epoll, EPOLLIN));
    T(watch(epoll, EPOLL_CTL_ADD, file_with("f", ""), EPOLLIN));
    T(watch(fd, EPOLL_CTL_ADD, fd, EPOLLIN));
    T(watch(epoll, 9, fd, EPOLLIN));
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, MUST(eventfd(0, 0)), 0));
    struct epoll_event event;
    T(epoll_wait(epoll, &event, 0, 0));
    T(epoll_wait(epoll, &event, -1, 0));
    T(epoll_wait(fd, &event, 1, 0));
    int chain = other;
    for (int i = 0; i < 6; i++) {
        int next = MUST(epoll_create1(0));
        say("%d: %s", i, watch(next, EPOLL_CTL_ADD, chain, EPOLLIN) ? error_name(errno) : "ok");
        chain = next;
    }
}

CASE(one_of_many_is_woken, "epoll_ctl epoll_wait")
{
    int fd = MUST(eventfd(0, EFD_SEMAPHORE)), woken = 0;
    for (int i = 0; i < 3; i++) {
        pid_t child = MUST(fork());
        if (!child) {
            int epoll = MUST(epoll_create1(0));
            struct epoll_event event;
            MUST(watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE));
            _exit(epoll_wait(epoll, &event, 1, 300) == 1);
        }
        until_asleep(child);
    }
    MUST(eventfd_write(fd, 1));
    for (int i = 0; i < 3; i++)
        woken += WEXITSTATUS(wait_for(-1));
    IS(woken >= 1);
}

CASE(timers_of_descriptors, "timerfd_create timerfd_settime read poll")
{
    int fd = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    struct itimerspec once = {{0, 0}, {0, 10000000}}, wrong = {{0, 0}, {0, 1000000000}}, past = {{0, 0}, {0, 1}}, now;
    uint64_t count = 0;
    T(read(fd, &count, 8));
    T(read(fd, &count, 7));
    T(timerfd_settime(fd, 0, &wrong, 0));
    T(timerfd_settime(fd, 8, &once, 0));
    T(timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, 0));
    T(read(fd, &count, 8));
    N(count);
    past.it_interval.tv_sec = 1000000;
    T(timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, 0));
    T(timerfd_gettime(fd, &now));
    IS(now.it_interval.tv_sec == 1000000 && now.it_value.tv_sec > 0);
    T(timerfd_settime(fd, 0, &once, &now));
    IS(now.it_interval.tv_sec == 1000000);
    N(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000));
    T(timerfd_settime(fd, 0, &once, 0)); /* what has expired before is forgotten */
    T(read(fd, &count, 8));
    T(timerfd_settime(fd, TFD_TIMER_CANCEL_ON_SET, &once, 0));
    T(write(fd, &count, 8));
    T(lseek(fd, 0, SEEK_SET));
    T(timerfd_create(99, 0));
    T(timerfd_create(CLOCK_MONOTONIC, 1));
    T(timerfd_create(CLOCK_THREAD_CPUTIME_ID, 0));
    OK(timerfd_create(CLOCK_BOOTTIME, 0));
    int real = MUST(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
    struct itimerspec far = {{0, 0}, {4000000000, 0}};
    T(timerfd_settime(real, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, 0));
    T(read(real, &count, 8));
    T(timerfd_settime(MUST(eventfd(0, 0)), 0, &once, 0));
    T(timerfd_gettime(file_with("f", ""), &once));
    once = (struct itimerspec){{0, 2000000}, {0, 2000000}};
    MUST(timerfd_settime(fd, 0, &once, 0));
    sleep_ms(21);
    T(read(fd, &count, 8));
    IS(count >= 9 && count < 2000);
}

CASE(counters_that_are_full, "eventfd2 write read poll")
{
    int fd = MUST(eventfd(0, EFD_NONBLOCK));
    uint64_t value = -1;
    T(write(fd, &value, 8));
    value = -2;
    T(write(fd, &value, 8));
    struct pollfd p = {fd, POLLIN | POLLOUT, 0};
    poll(&p, 1, 0);
    N(p.revents);
    value = 1;
    T(write(fd, &value, 8));
    T(write(fd, &value, 4));
    T(read(fd, &value, 4));
    T(read(fd, &value, 8));
    N(value == (uint64_t)-2);
    T(eventfd(0, 0x10));
    T(pread(fd, &value, 8, 0));
}

CASE(signals_by_descriptor, "signalfd4 read poll")
{
    sigset_t set;
    struct signalfd_siginfo info[3];
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, 0);
    int fd = MUST(signalfd(-1, &set, SFD_NONBLOCK));
    T(read(fd, info, sizeof info));
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 8});
    T(read(fd, info, sizeof *info - 1));
    T(read(fd, info, 2 * sizeof *info));
    say("%d %d, %d %d %d", info[0].ssi_signo == SIGUSR1, info[0].ssi_code, info[1].ssi_signo == SIGRTMIN, info[1].ssi_code, info[1].ssi_int);
    CHILD(N(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0)); T(read(fd, info, sizeof *info)));
    sigdelset(&set, SIGRTMIN);
    T(signalfd(fd, &set, 0));
    T(read(fd, info, sizeof info));
    T(signalfd(MUST(eventfd(0, 0)), &set, 0));
    T(signalfd(99, &set, 0));
    T(signalfd(-1, &set, 0x10));
    T(write(fd, "x", 1));
}

CASE(arguments_of_polling, "poll ppoll select")
{
    struct pollfd p[3] = {{-1, POLLIN, 77}, {99, POLLIN, 0}, {file_with("f", ""), POLLIN | POLLOUT | POLLPRI, 0}};
    T(poll(p, 3, 0));
    say("%d %d %d", p[0].revents, p[1].revents, p[2].revents);
    T(poll(0, 0, 10));
    MUST(setrlimit(RLIMIT_NOFILE, &(struct rlimit){20, 20}));
    T(poll(p, 21, 0));
    T(ppoll(p, 1, &(struct timespec){0, -1}, 0));
    fd_set set;
    FD_ZERO(&set);
    T(select(-1, &set, 0, 0, 0));
    FD_SET(15, &set);
    T(select(16, &set, 0, 0, 0));
    struct timeval t = {0, 30000};
    T(select(0, 0, 0, 0, &t));
    say("%ld %ld", (long)t.tv_sec, (long)t.tv_usec);
    T(select(0, 0, 0, 0, &(struct timeval){-1, 0}));
}

static volatile int told, code;

static void on_child(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    told++;
    code = info->si_code;
}

CASE(only_when_children_end, "rt_sigaction kill wait4")
{
    struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_NOCLDSTOP | SA_RESTART};
    sigaction(SIGCHLD, &action, 0);
    for (int i = 0; i < 2; i++) {
        told = 0;
        pid_t child = MUST(fork());
        if (!child) {
            raise(SIGSTOP);
            _exit(3);
        }
        int status;
        waitpid(child, &status, WUNTRACED);
        sleep_ms(5);
        say_status("child", status);
        N(told);
        kill(child, SIGCONT);
        waitpid(child, &status, 0);
        sleep_ms(5);
        IS(told >= 1 && code == CLD_EXITED);
        action.sa_flags = SA_SIGINFO | SA_RESTART;
        sigaction(SIGCHLD, &action, 0);
    }
}

CASE(groups_without_parents, "setpgid kill exit")
{
    /* A stopped process whose group is orphaned is hung up on, and goes on. */
    MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
    pid_t middle = MUST(fork());
    if (!middle) {
        setsid();
        pid_t last = fork();
        if (!last) {
            setpgid(0, 0);
            signal(SIGHUP, SIG_DFL);
            raise(SIGSTOP);
            _exit(0);
        }
        int status;
        waitpid(last, &status, WUNTRACED);
        _exit(WIFSTOPPED(status) ? 0 : 1);
    }
    say_status("middle", wait_for(middle));
    say_status("last", wait_for(-1));
    pid_t lonely = MUST(fork());
    if (!lonely) {
        MUST(setsid());
        raise(SIGTSTP); /* nobody could continue it: not stopped */
        _exit(7);
    }
    say_status("lonely", wait_for(lonely));
}
