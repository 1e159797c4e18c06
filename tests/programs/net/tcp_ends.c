/* TCP over loopback: ends of connections, resets, not waiting and waiting. */
#include "tcp.h"
#include "../shared/asleep.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>

static void ending(void)
{
    int ends[2];
    struct linger now = {1, 0};
    printf("-- half-close\n");
    pair(ends);
    write(ends[0], "last", 4);
    SAY(shutdown(ends[0], SHUT_WR));
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    events(ends[1], POLLIN | POLLOUT | POLLRDHUP);
    SAY(read(ends[1], bytes, 100));
    SAY(read(ends[1], bytes, 100));
    SAY(write(ends[0], "x", 1));
    printf("SIGPIPE %d\n", pipes);
    SAY(send(ends[1], "answer", 6, MSG_NOSIGNAL));
    SAY(read(ends[0], bytes, 100));
    SAY(shutdown(ends[1], SHUT_WR));
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(read(ends[0], bytes, 100));
    close(ends[0]);
    close(ends[1]);

    printf("-- reading shut\n");
    pair(ends);
    SAY(shutdown(ends[0], SHUT_RD));
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(read(ends[0], bytes, 100));
    SAY(write(ends[1], "still", 5));
    SAY(read(ends[0], bytes, 100));
    events(ends[1], POLLIN | POLLOUT | POLLRDHUP);
    close(ends[0]);
    close(ends[1]);

    printf("-- closed\n");
    pair(ends);
    write(ends[1], "last", 4);
    close(ends[1]);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(read(ends[0], bytes, 100));
    SAY(read(ends[0], bytes, 100));
    tell("peer", ends[0], getpeername);
    SAY(write(ends[0], "x", 1));
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(write(ends[0], "x", 1));
    printf("SIGPIPE %d\n", pipes);
    so_error(ends[0]);
    SAY(write(ends[0], "x", 1));
    SAY(read(ends[0], bytes, 100));
    tell("peer", ends[0], getpeername);
    close(ends[0]);

    printf("-- closed with unread data\n");
    pair(ends);
    write(ends[0], "unread", 6);
    write(ends[1], "for you", 7);
    close(ends[1]);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(read(ends[0], bytes, 100));
    SAY(read(ends[0], bytes, 100));
    SAY(read(ends[0], bytes, 100));
    close(ends[0]);
    pair(ends);
    write(ends[0], "unread", 6);
    close(ends[1]);
    SAY(write(ends[0], "x", 1));
    SAY(write(ends[0], "x", 1));
    printf("SIGPIPE %d\n", pipes);
    SAY(read(ends[0], bytes, 100));
    tell("peer", ends[0], getpeername);
    close(ends[0]);

    printf("-- reset\n");
    pair(ends);
    setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(ends[1]);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    so_error(ends[0]);
    so_error(ends[0]);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(read(ends[0], bytes, 100));
    close(ends[0]);

    printf("-- listener closed\n");
    int l = listening(loopback(), 5), c = socket(family, SOCK_STREAM, 0);
    connect_to(c, loopback(), port_of(l));
    close(l);
    SAY(read(c, bytes, 100));
    SAY(read(c, bytes, 100));
    close(c);

    printf("-- reset before it was accepted\n");
    l = listening(loopback(), 5);
    c = socket(family, SOCK_STREAM, 0);
    connect_to(c, loopback(), port_of(l));
    write(c, "data", 4);
    setsockopt(c, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(c);
    union any from;
    socklen_t size = sizeof(from);
    c = accept(l, &from.any, &size);
    printf("accepted %d, from %d bytes\n", c >= 0, (int)size);
    tell("peer", c, getpeername);
    SAY(read(c, bytes, 100));
    SAY(read(c, bytes, 100));
    close(c);
    close(l);
}

static void not_waiting(void)
{
    printf("-- without waiting\n");
    int l = listening(loopback(), 5), port = port_of(l);
    int c = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SAY(connect_to(c, loopback(), port));
    events(c, POLLIN | POLLOUT);
    so_error(c);
    SAY(connect_to(c, loopback(), port));
    SAY(connect_to(c, loopback(), port));
    int a = accept(l, 0, 0);
    while (send(c, bytes, sizeof(bytes), 0) > 0)
        ;
    printf("full: %s\n", strerror(errno));
    events(c, POLLOUT);
    while (recv(a, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        ;
    close(a);
    close(c);
    close(l);
    c = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SAY(connect_to(c, loopback(), port));
    events(c, POLLIN | POLLOUT | POLLRDHUP);
    SAY(connect_to(c, loopback(), port));
    SAY(connect_to(c, loopback(), port));
    events(c, POLLIN | POLLOUT);
    so_error(c);
    SAY(connect_to(c, loopback(), port));
    close(c);
    l = listening(loopback(), 5);
    SAY(fcntl(l, F_SETFL, O_NONBLOCK));
    SAY(accept(l, 0, 0));
    SAY(shutdown(l, SHUT_RD));
    SAY(accept(l, 0, 0));
    close(l);
}

static void await(int fd)
{
    char byte;
    if (read(fd, &byte, 1) != 1)
        _exit(1);
}

static void waiting(void)
{
    printf("-- epoll\n");
    int l = listening(loopback(), 5), ends[2], go[2], n;
    int ep = epoll_create1(0);
    struct epoll_event e = {EPOLLIN, {.u32 = 1}}, out[4];
    if (pipe(go))
        exit(1);
    epoll_ctl(ep, EPOLL_CTL_ADD, l, &e);
    printf("%d\n", epoll_wait(ep, out, 4, 0));
    ends[0] = socket(family, SOCK_STREAM, 0);
    fflush(stdout);
    pid_t parent = getpid(), child = fork();
    if (!child) {
        /* Each when the parent waits for it, which looks at what was before in the meantime. */
        until_asleep(parent);
        connect_to(ends[0], loopback(), port_of(l));
        await(go[0]);
        until_asleep(parent);
        write(ends[0], "x", 1);
        await(go[0]);
        until_asleep(parent);
        shutdown(ends[0], SHUT_WR);
        await(go[0]);
        _exit(0);
    }
    n = epoll_wait(ep, out, 4, 10000);
    printf("%d: %u %#x\n", n, out[0].data.u32, out[0].events);
    ends[1] = accept(l, 0, 0);
    e = (struct epoll_event){EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u32 = 2}};
    epoll_ctl(ep, EPOLL_CTL_ADD, ends[1], &e);
    for (int i = 0; i < 3; i++) {
        n = epoll_wait(ep, out, 4, 10000);
        printf("%d: %u %#x\n", n, out[0].data.u32, out[0].events);
        if (i < 2)
            write(go[1], "x", 1);
    }
    printf("again %d\n", epoll_wait(ep, out, 4, 5));
    write(go[1], "x", 1);
    waitpid(child, 0, 0);
    close(go[0]);
    close(go[1]);
    close(ends[0]);
    close(ends[1]);
    close(l);
    close(ep);
}

int main(void)
{
    static void (*const parts[])(void) = {ending, not_waiting, waiting};
    over_both(parts, sizeof parts / sizeof *parts);
    return 0;
}
