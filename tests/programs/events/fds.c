/* timerfd, signalfd and eventfd, waited for by read, poll and epoll. */
#define _GNU_SOURCE
#include "say.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#define MS 1000000L

static long ticks(int fd)
{
    uint64_t n = 0;
    long got = read(fd, &n, sizeof n);
    return got == sizeof n ? (long)n : -1;
}

static void timers(void)
{
    static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};
    struct itimerspec spec = {{0, 0}, {0, 0}}, old;
    struct timespec now;
    char small[4];
    int fd;

    SAY(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
    SAY(timerfd_create(CLOCK_MONOTONIC_RAW, 0));
    SAY(timerfd_create(99, 0));
    SAY(timerfd_create(CLOCK_MONOTONIC, 0x100));
    for (int i = 0; i < 3; i++) {
        fd = timerfd_create(clocks[i], TFD_NONBLOCK | TFD_CLOEXEC);
        printf("clock %d: flags %x %x\n", clocks[i], fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
        SAY(ticks(fd));
        printf("poll %x\n", polled(fd));
        spec = (struct itimerspec){{0, 0}, {0, MS}};
        SAY(timerfd_settime(fd, 0, &spec, &old));
        printf("old %d %d\n", (int)old.it_value.tv_sec, (int)old.it_value.tv_nsec);
        struct pollfd p = {fd, POLLIN, 0};
        SAY(poll(&p, 1, 5000));
        SAY(read(fd, small, sizeof small));
        SAY(ticks(fd));
        SAY(ticks(fd));
        SAY(timerfd_gettime(fd, &old));
        printf("left %d %d\n", (int)old.it_value.tv_sec, (int)old.it_value.tv_nsec);
        /* An absolute time that has passed is due at once. */
        spec = (struct itimerspec){{0, 0}, {1, 0}};
        SAY(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, 0));
        SAY(poll(&p, 1, 5000));
        SAY(ticks(fd));
        clock_gettime(clocks[i], &now);
        spec.it_value = (struct timespec){now.tv_sec + 100, 0};
        spec.it_interval = (struct timespec){7, 8};
        SAY(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, 0));
        SAY(timerfd_gettime(fd, &old));
        printf("left %d, interval %d %d\n", old.it_value.tv_sec >= 98 && old.it_value.tv_sec <= 100,
               (int)old.it_interval.tv_sec, (int)old.it_interval.tv_nsec);
        spec = (struct itimerspec){{0, 0}, {0, 0}};
        SAY(timerfd_settime(fd, 0, &spec, 0));
        SAY(timerfd_gettime(fd, &old));
        printf("off %d %d\n", (int)old.it_value.tv_sec, (int)old.it_value.tv_nsec);
        close(fd);
    }
    fd = timerfd_create(CLOCK_REALTIME, 0);
    spec = (struct itimerspec){{0, 2 * MS}, {0, MS}};
    SAY(timerfd_settime(fd, TFD_TIMER_CANCEL_ON_SET | TFD_TIMER_ABSTIME, &spec, 0));
    SAY(ticks(fd) >= 1);
    SAY(ticks(fd) >= 1);
    nanosleep(&(struct timespec){0, 20 * MS}, 0);
    SAY(ticks(fd) >= 5);
    SAY(timerfd_settime(fd, 16, &spec, 0));
    SAY(timerfd_settime(fd, 0, (void *)8, 0));
    spec.it_value.tv_nsec = 1000 * MS;
    SAY(timerfd_settime(fd, 0, &spec, 0));
    spec.it_value.tv_nsec = -1;
    SAY(timerfd_settime(fd, 0, &spec, 0));
    SAY(timerfd_gettime(fd, (void *)8));
    SAY(timerfd_gettime(0, &old));
    SAY(timerfd_gettime(77, &old));
    SAY(write(fd, "12345678", 8));
    SAY(lseek(fd, 0, SEEK_CUR));
    uint64_t set = 5;
    SAY(ioctl(fd, 0x40085400, &set) == 0 || errno == ENOTTY);
    close(fd);

    /* Edge-triggered: one event for each expiration that is new. */
    int ep = epoll_create1(0);
    struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 42}}, got[4];
    fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    SAY(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
    SAY(epoll_wait(ep, got, 4, 0));
    spec = (struct itimerspec){{0, 0}, {0, MS}};
    timerfd_settime(fd, 0, &spec, 0);
    SAY(epoll_wait(ep, got, 4, 5000));
    SAY(epoll_wait(ep, got, 4, 5));
    timerfd_settime(fd, 0, &spec, 0);
    SAY(epoll_wait(ep, got, 4, 5000));
    SAY(ticks(fd));
    close(fd);
    close(ep);
}

static void show_info(int fd)
{
    struct signalfd_siginfo i[4];
    long n = read(fd, i, sizeof i);

    if (n < 0) {
        printf("read: %s\n", outcome(n));
        return;
    }
    for (int k = 0; k < n / (long)sizeof *i; k++)
        printf("signal %u code %d errno %d pid %d uid %d status %d int %d ptr %llx overrun %u tid %u addr %llx fd %d\n", i[k].ssi_signo,
               i[k].ssi_code, i[k].ssi_errno, i[k].ssi_pid ? i[k].ssi_pid == (unsigned)getpid() ? 1 : 2 : 0, i[k].ssi_uid == getuid(),
               i[k].ssi_status, i[k].ssi_int, (unsigned long long)i[k].ssi_ptr, i[k].ssi_overrun, i[k].ssi_tid,
               (unsigned long long)i[k].ssi_addr, i[k].ssi_fd);
    if (n == 0)
        printf("read: 0\n");
}

static void *other_thread(void *fd)
{
    show_info((int)(long)fd);
    return 0;
}

static void signals(void)
{
    sigset_t set, more;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGRTMIN + 1);
    sigaddset(&set, SIGALRM);
    sigaddset(&set, SIGKILL);
    sigprocmask(SIG_BLOCK, &set, 0);
    SAY(signalfd(-1, &set, 0x1000000));
    SAY(signalfd(0, &set, 0));
    SAY(signalfd(77, &set, 0));
    SAY(syscall(SYS_signalfd4, -1, &set, 4, 0));
    SAY(syscall(SYS_signalfd4, -1, 8, 8, 0));
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    printf("flags %x %x\n", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
    show_info(fd);
    printf("poll %x\n", polled(fd));
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    printf("poll %x\n", polled(fd));
    char small[64];
    SAY(read(fd, small, sizeof small));
    show_info(fd);
    show_info(fd);
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 5});
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 6});
    raise(SIGUSR1);
    show_info(fd);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid)
        _exit(3);
    waitid(P_PID, pid, 0, WEXITED | WNOWAIT);
    show_info(fd);
    waitpid(pid, 0, 0);
    if (!fork())
        _exit(kill(getppid(), SIGUSR1));
    wait(0);
    show_info(fd);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 77};
    struct itimerspec spec = {{0, 0}, {0, MS}};
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &spec, 0);
    struct pollfd p = {fd, POLLIN, 0};
    SAY(poll(&p, 1, 5000));
    show_info(fd);
    timer_delete(timer);
    /* A signal that is asked for later on is seen by those who wait already. */
    sigemptyset(&more);
    sigaddset(&more, SIGUSR2);
    sigprocmask(SIG_BLOCK, &more, 0);
    kill(getpid(), SIGUSR2);
    printf("poll %x\n", polled(fd));
    SAY(signalfd(fd, &more, 0) == fd);
    printf("poll %x\n", polled(fd));
    show_info(fd);
    /* epoll hears of arrivals; what another thread is sent, only that thread reads. */
    int ep = epoll_create1(0);
    struct epoll_event watch = {EPOLLIN, {.u64 = 1}}, got;
    SAY(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &watch));
    SAY(epoll_wait(ep, &got, 1, 0));
    raise(SIGUSR2);
    SAY(epoll_wait(ep, &got, 1, 5000));
    pthread_t thread;
    fflush(stdout);
    pthread_create(&thread, 0, other_thread, (void *)(long)fd);
    pthread_join(thread, 0);
    show_info(fd);
    SAY(epoll_wait(ep, &got, 1, 0));
    /* A blocking read. */
    fcntl(fd, F_SETFL, 0);
    fflush(stdout);
    pid = getpid();
    if (!fork())
        _exit(kill(pid, SIGUSR2));
    show_info(fd);
    wait(0);
    SAY(write(fd, small, sizeof small));
    close(fd);
    close(ep);
}

static void counters(void)
{
    uint64_t n;
    int fd = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);

    printf("semaphore\n");
    for (int i = 0; i < 4; i++)
        SAY(ticks(fd));
    printf("poll %x\n", polled(fd));
    close(fd);
    fd = eventfd(0, EFD_NONBLOCK);
    n = UINT64_MAX;
    SAY(write(fd, &n, 8));
    n = UINT64_MAX - 1;
    SAY(write(fd, &n, 8));
    printf("poll %x\n", polled(fd));
    n = 1;
    SAY(write(fd, &n, 8));
    n = 0;
    SAY(write(fd, &n, 8));
    SAY(write(fd, &n, 4));
    SAY(read(fd, &n, 7));
    SAY(read(fd, &n, 8));
    printf("read %d\n", n == UINT64_MAX - 1);
    SAY(read(fd, &n, 8));
    SAY(eventfd(0, 0x100));
    /* Edge-triggered: every write is an event. */
    int ep = epoll_create1(0);
    struct epoll_event event = {EPOLLIN | EPOLLET, {0}}, got[2];
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
    n = 1;
    write(fd, &n, 8);
    SAY(epoll_wait(ep, got, 2, 0));
    SAY(epoll_wait(ep, got, 2, 0));
    write(fd, &n, 8);
    SAY(epoll_wait(ep, got, 2, 0));
    close(fd);
    close(ep);
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"timers", timers}, {"signals", signals}, {"counters", counters}};

    return run_parts(argc, argv, parts, sizeof parts / sizeof *parts);
}
