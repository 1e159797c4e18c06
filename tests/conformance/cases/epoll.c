/* epoll: levels, edges, and descriptors that come and go. */
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
    sigset_t none;
    int epoll = MUST(epoll_create1(0));
    sigemptyset(&none);
    hold_back(SIGUSR1);
    T(syscall(SYS_epoll_pwait, epoll, events, 2, 10, 0, 8));
    T(syscall(SYS_epoll_pwait, epoll, events, 2, 1000, &none, 8));
    T(syscall(SYS_epoll_pwait, epoll, events, 2, 10, &none, 4));
    T(syscall(441, epoll, events, 2, &brief, 0, 8));
    T(syscall(441, epoll, events, 2, &wrong, 0, 8));
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
