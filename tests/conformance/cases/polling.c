/* poll, select, epoll and eventfd. */
#include "case.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>

static void show_events(const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++)
        say("event %x data %llu", events[i].events, (unsigned long long)events[i].data.u64);
}

static int epoll_with(int fd, uint32_t events)
{
    int epoll = MUST(epoll_create1(0));
    struct epoll_event event = {events, {.u64 = 7}};
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    return epoll;
}

CASE(poll_pipes, "poll")
{
    int ends[2];
    MUST(pipe(ends));
    struct pollfd both[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 9}};
    T(poll(both, 3, 0));
    say("%x %x %x", both[0].revents, both[1].revents, both[2].revents);
    T(write(ends[1], "x", 1));
    T(poll(both, 3, -1));
    say("%x %x", both[0].revents, both[1].revents);
    close(ends[1]);
    T(poll(both, 1, 0));
    say("%x", both[0].revents);
    char byte;
    T(read(ends[0], &byte, 1));
    T(poll(both, 1, 0));
    say("%x", both[0].revents);
    T(poll(both, 2, 0));
    say("%x", both[1].revents);
    T(poll(both, 0, 10));
    T(syscall(SYS_poll, (void *)8, 1, 0));
    T(syscall(SYS_poll, both, 1u << 31, 0));
}

CASE(poll_broken, "poll")
{
    int ends[2];
    MUST(pipe(ends));
    close(ends[0]);
    struct pollfd writer = {ends[1], 0, 0};
    T(poll(&writer, 1, 0));
    say("%x", writer.revents);
    writer.events = POLLOUT;
    T(poll(&writer, 1, 0));
    say("%x", writer.revents);
}

CASE(poll_files, "poll")
{
    struct pollfd file = {file_with("f", ""), POLLIN | POLLOUT | POLLPRI, 0};
    T(poll(&file, 1, 0));
    say("%x", file.revents);
    file.fd = open("/dev/null", O_RDWR);
    T(poll(&file, 1, 0));
    say("%x", file.revents);
    file.fd = open(".", O_RDONLY);
    T(poll(&file, 1, 0));
    say("%x", file.revents);
}

CASE(poll_waits, "poll")
{
    int ends[2];
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        struct pollfd reader = {ends[0], POLLIN, 0};
        int ready = poll(&reader, 1, 10000);
        _exit(ready == 1 && reader.revents == POLLIN ? 0 : 1);
    }
    until_asleep(child);
    T(write(ends[1], "x", 1));
    say_status("child", wait_for(child));
    long long start = now_ms();
    char byte;
    MUST(read(ends[0], &byte, 1));
    struct pollfd reader = {ends[0], POLLIN, 0};
    T(poll(&reader, 1, 30));
    IS(now_ms() - start >= 29);
}

static void nothing(int signal)
{
    (void)signal;
}

CASE(ppoll_masks, "ppoll")
{
    sigset_t set, none;
    struct timespec brief = {0, 10000000}, wrong = {0, -1};
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, 0);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    T(ppoll(0, 0, &brief, 0));
    T(ppoll(0, 0, &brief, &none));
    T(ppoll(0, 0, &brief, &none));
    T(ppoll(0, 0, &wrong, 0));
    T(syscall(SYS_ppoll, 0, 0, &brief, &none, 4));
    T(syscall(SYS_ppoll, 0, 0, (void *)8, 0, 8));
}

CASE(select_sets, "select")
{
    int ends[2];
    fd_set in, out;
    MUST(pipe(ends));
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(ends[0], &in);
    FD_SET(ends[1], &out);
    struct timeval none = {0, 0};
    T(select(ends[1] + 1, &in, &out, 0, &none));
    say("%d %d", !!FD_ISSET(ends[0], &in), !!FD_ISSET(ends[1], &out));
    T(write(ends[1], "x", 1));
    FD_SET(ends[0], &in);
    T(select(ends[1] + 1, &in, &out, 0, 0));
    say("%d %d", !!FD_ISSET(ends[0], &in), !!FD_ISSET(ends[1], &out));
    FD_SET(50, &in);
    T(select(51, &in, 0, 0, &none));
    T(select(-1, 0, 0, 0, &none));
    none.tv_usec = 20000;
    T(select(0, 0, 0, 0, &none));
    say("%ld %ld", (long)none.tv_sec, (long)none.tv_usec);
    none.tv_usec = -1;
    T(syscall(SYS_select, 0, 0, 0, 0, &none));
    T(syscall(SYS_select, 1, (void *)8, 0, 0, 0));
}

CASE(pselect_masks, "pselect6")
{
    struct timespec brief = {0, 10000000};
    sigset_t set, none;
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, 0);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    struct { const sigset_t *set; size_t size; } mask = {&none, 8};
    T(syscall(SYS_pselect6, 0, 0, 0, 0, &brief, 0));
    T(syscall(SYS_pselect6, 0, 0, 0, 0, &brief, &mask));
    mask.size = 4;
    T(syscall(SYS_pselect6, 0, 0, 0, 0, &brief, &mask));
    T(syscall(SYS_pselect6, 0, 0, 0, 0, &brief, (void *)8));
}

CASE(epoll_level, "epoll_create1 epoll_ctl epoll_wait")
{
    int ends[2];
    struct epoll_event events[4];
    MUST(pipe(ends));
    int epoll = epoll_with(ends[0], EPOLLIN);
    T(epoll_wait(epoll, events, 4, 0));
    T(write(ends[1], "xy", 2));
    show_events(events, T(epoll_wait(epoll, events, 4, 0)));
    show_events(events, T(epoll_wait(epoll, events, 4, -1)));
    char bytes[4];
    T(read(ends[0], bytes, 4));
    T(epoll_wait(epoll, events, 4, 10));
    close(ends[1]);
    show_events(events, T(epoll_wait(epoll, events, 4, 0)));
}

CASE(epoll_edge, "epoll_ctl epoll_wait")
{
    int ends[2];
    struct epoll_event events[4];
    char bytes[4];
    MUST(pipe(ends));
    int epoll = epoll_with(ends[0], EPOLLIN | EPOLLET);
    T(write(ends[1], "xy", 2));
    show_events(events, T(epoll_wait(epoll, events, 4, 0)));
    T(epoll_wait(epoll, events, 4, 0));
    T(read(ends[0], bytes, 1));
    T(epoll_wait(epoll, events, 4, 0));
    T(write(ends[1], "z", 1));
    show_events(events, T(epoll_wait(epoll, events, 4, 0)));
    T(epoll_wait(epoll, events, 4, 0));
}

CASE(epoll_one_shot, "epoll_ctl epoll_wait")
{
    int ends[2];
    struct epoll_event events[4], event = {EPOLLIN | EPOLLONESHOT, {.u64 = 9}};
    MUST(pipe(ends));
    int epoll = epoll_with(ends[0], EPOLLIN | EPOLLONESHOT);
    T(write(ends[1], "x", 1));
    T(epoll_wait(epoll, events, 4, 0));
    T(epoll_wait(epoll, events, 4, 0));
    T(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event));
    show_events(events, T(epoll_wait(epoll, events, 4, 0)));
}

CASE(epoll_ctl_errors, "epoll_ctl epoll_create")
{
    int ends[2];
    struct epoll_event event = {EPOLLIN, {.u64 = 1}};
    MUST(pipe(ends));
    int epoll = T(syscall(SYS_epoll_create, 1));
    T(syscall(SYS_epoll_create, 0));
    T(syscall(SYS_epoll_create1, 1));
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
    T(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[1], &event));
    T(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[1], &event));
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event));
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, 77, &event));
    T(epoll_ctl(77, EPOLL_CTL_ADD, ends[1], &event));
    T(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event));
    T(epoll_ctl(epoll, 9, ends[1], &event));
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, file_with("f", ""), &event));
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, open(".", O_RDONLY), &event));
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], (void *)8));
    T(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], 0));
    T(epoll_wait(epoll, &event, 0, 0));
    T(epoll_wait(epoll, &event, -1, 0));
    T(epoll_wait(ends[0], &event, 1, 0));
    T(epoll_wait(77, &event, 1, 0));
}

CASE(epoll_closed, "epoll_wait close dup")
{
    int ends[2];
    struct epoll_event events[4];
    MUST(pipe(ends));
    int epoll = epoll_with(ends[0], EPOLLIN), copy = dup(ends[0]);
    T(write(ends[1], "x", 1));
    T(close(ends[0]));
    T(epoll_wait(epoll, events, 4, 0));
    T(close(copy));
    T(epoll_wait(epoll, events, 4, 0));
}

CASE(epoll_many, "epoll_wait")
{
    struct epoll_event events[8];
    int epoll = MUST(epoll_create1(EPOLL_CLOEXEC)), seen = 0;
    for (int i = 0; i < 6; i++) {
        int fd = MUST(eventfd(1, 0));
        struct epoll_event event = {EPOLLIN, {.u64 = i}};
        MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    }
    T(epoll_wait(epoll, events, 4, 0));
    for (int i = 0; i < 4; i++)
        seen |= 1 << events[i].data.u64;
    T(epoll_wait(epoll, events, 4, 0));
    for (int i = 0; i < 4; i++)
        seen |= 1 << events[i].data.u64;
    N(seen);
    T(fcntl(epoll, F_GETFD));
}

CASE(epoll_nested, "epoll_ctl epoll_wait poll")
{
    struct epoll_event events[2];
    int fd = MUST(eventfd(0, 0)), inner = epoll_with(fd, EPOLLIN), outer = epoll_with(inner, EPOLLIN);
    struct pollfd poller = {outer, POLLIN, 0};
    T(poll(&poller, 1, 0));
    T(eventfd_write(fd, 1));
    T(poll(&poller, 1, 0));
    show_events(events, T(epoll_wait(outer, events, 2, 0)));
    struct epoll_event event = {EPOLLIN, {0}};
    T(epoll_ctl(inner, EPOLL_CTL_ADD, outer, &event));
}

CASE(epoll_sockets, "epoll_wait shutdown")
{
    int pair[2];
    struct epoll_event events[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    int epoll = epoll_with(pair[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    show_events(events, T(epoll_wait(epoll, events, 2, 0)));
    T(write(pair[1], "x", 1));
    show_events(events, T(epoll_wait(epoll, events, 2, 0)));
    T(shutdown(pair[1], SHUT_WR));
    show_events(events, T(epoll_wait(epoll, events, 2, 0)));
    close(pair[1]);
    show_events(events, T(epoll_wait(epoll, events, 2, 0)));
}

CASE(epoll_pwait_times, "epoll_pwait epoll_pwait2")
{
    struct epoll_event events[2];
    struct timespec brief = {0, 10000000}, wrong = {0, -1};
    sigset_t set, none;
    int epoll = MUST(epoll_create1(0));
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, 0);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    T(syscall(SYS_epoll_pwait, epoll, events, 2, 10, 0, 8));
    T(syscall(SYS_epoll_pwait, epoll, events, 2, 1000, &none, 8));
    T(syscall(SYS_epoll_pwait, epoll, events, 2, 10, &none, 4));
    T(syscall(441, epoll, events, 2, &brief, 0, 8));
    T(syscall(441, epoll, events, 2, &wrong, 0, 8));
}

CASE(eventfd_counts, "eventfd eventfd2 read write")
{
    uint64_t value = 5;
    int fd = T(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
    T(read(fd, &value, 8));
    N(value);
    T(read(fd, &value, 8));
    T(eventfd_write(fd, 2));
    T(eventfd_write(fd, 3));
    T(read(fd, &value, 16));
    N(value);
    T(read(fd, &value, 4));
    T(write(fd, &value, 4));
    T(eventfd_write(fd, 0));
    value = ~0ull;
    T(write(fd, &value, 8));
    value = ~0ull - 1;
    T(write(fd, &value, 8));
    T(eventfd_write(fd, 1));
    struct pollfd poller = {fd, POLLIN | POLLOUT, 0};
    T(poll(&poller, 1, 0));
    say("%x", poller.revents);
    T(syscall(SYS_eventfd, 1));
    T(syscall(SYS_eventfd2, 1, 2));
    T(lseek(fd, 0, SEEK_SET));
}

CASE(eventfd_semaphore, "eventfd2 read")
{
    uint64_t value = 0;
    int fd = T(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
    T(read(fd, &value, 8));
    N(value);
    T(read(fd, &value, 8));
    T(read(fd, &value, 8));
}

CASE(eventfd_wakes, "eventfd2 read")
{
    int fd = T(eventfd(0, 0));
    pid_t child = fork();
    if (!child) {
        uint64_t value = 0;
        _exit(read(fd, &value, 8) == 8 ? (int)value : 99);
    }
    until_asleep(child);
    T(eventfd_write(fd, 6));
    say_status("child", wait_for(child));
}

CASE(eventfd_edge, "eventfd2 epoll_wait")
{
    struct epoll_event events[2];
    int fd = MUST(eventfd(0, EFD_NONBLOCK)), epoll = epoll_with(fd, EPOLLIN | EPOLLET);
    T(eventfd_write(fd, 1));
    T(epoll_wait(epoll, events, 2, 0));
    T(epoll_wait(epoll, events, 2, 0));
    T(eventfd_write(fd, 1));
    T(epoll_wait(epoll, events, 2, 0));
}

/* A number that many watched files have had, one after the other: each is found by it while it bears it. */
CASE(epoll_reused_descriptors, "epoll_ctl dup2")
{
    enum { FILES = 12, AT = 50 };
    int epoll = MUST(epoll_create1(0)), files[FILES];
    struct epoll_event event = {EPOLLIN, {.u64 = 1}};
    for (int i = 0; i < FILES; i++) {
        files[i] = MUST(eventfd(0, 0));
        MUST(dup2(files[i], AT));
        MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, AT, &event));
    }
    for (int i = 0; i < FILES; i++) {
        MUST(dup2(files[i], AT));
        T(epoll_ctl(epoll, EPOLL_CTL_ADD, AT, &event));
        T(epoll_ctl(epoll, EPOLL_CTL_MOD, AT, &event));
        T(epoll_ctl(epoll, EPOLL_CTL_DEL, AT, 0));
    }
}
