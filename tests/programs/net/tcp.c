/* TCP over loopback: connecting, ending, resetting, addresses and ports. */
#define _GNU_SOURCE
#include "../shared/asleep.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY(call) say(#call, call)
static volatile int pipes;
static char bytes[1 << 20];
static int family;

union any {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static long say(const char *what, long result)
{
    if (result < 0)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s = %ld\n", what, result);
    return result;
}

static void on_pipe(int sig) { pipes++; }

static union any address(const char *text, int port)
{
    union any a = {0};
    a.any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
    if (a.any.sa_family == AF_INET) {
        inet_pton(AF_INET, text, &a.v4.sin_addr);
        a.v4.sin_port = htons(port);
    } else {
        inet_pton(AF_INET6, text, &a.v6.sin6_addr);
        a.v6.sin6_port = htons(port);
    }
    return a;
}

static socklen_t size_of(const union any *a)
{
    return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

static int bind_to(int fd, const char *text, int port)
{
    union any a = address(text, port);
    return bind(fd, &a.any, size_of(&a));
}

static int connect_to(int fd, const char *text, int port)
{
    union any a = address(text, port);
    return connect(fd, &a.any, size_of(&a));
}

static int port_of(int fd)
{
    union any a;
    socklen_t size = sizeof(a);
    if (getsockname(fd, &a.any, &size))
        return -1;
    return ntohs(a.v4.sin_port);
}

static void tell(const char *what, int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
    union any a;
    char text[64];
    socklen_t size = sizeof(a);
    if (get(fd, &a.any, &size)) {
        printf("%s: %s\n", what, strerror(errno));
        return;
    }
    inet_ntop(a.any.sa_family, a.any.sa_family == AF_INET ? (void *)&a.v4.sin_addr : &a.v6.sin6_addr, text, sizeof(text));
    printf("%s: %s, port %s, %d bytes\n", what, text, a.v4.sin_port ? "set" : "0", (int)size);
}

static int events(int fd, int wanted)
{
    struct pollfd p = {fd, wanted, 0};
    int ready = poll(&p, 1, 0);
    printf("  poll %d: %#x\n", ready, p.revents);
    return p.revents;
}

static int so_error(int fd)
{
    int error = -1;
    socklen_t size = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    printf("  SO_ERROR %s\n", strerror(error));
    return error;
}

static int listening(const char *text, int backlog)
{
    int fd = socket(family, SOCK_STREAM, 0);
    if (bind_to(fd, text, 0) || listen(fd, backlog))
        printf("listening: %s\n", strerror(errno));
    return fd;
}

static const char *loopback(void) { return family == AF_INET ? "127.0.0.1" : "::1"; }
static const char *any(void) { return family == AF_INET ? "0.0.0.0" : "::"; }

/* A connected pair. */
static void pair(int *ends)
{
    int l = listening(loopback(), 1);
    ends[0] = socket(family, SOCK_STREAM, 0);
    if (connect_to(ends[0], loopback(), port_of(l)))
        printf("pair: %s\n", strerror(errno));
    ends[1] = accept(l, 0, 0);
    close(l);
}

static void creating(void)
{
    SAY(socket(family, SOCK_STREAM, IPPROTO_UDP));
    SAY(socket(family, SOCK_DGRAM, IPPROTO_TCP));
    SAY(socket(family, SOCK_SEQPACKET, 0));
    int a = socket(family, SOCK_STREAM, IPPROTO_TCP);
    events(a, POLLIN | POLLOUT | POLLRDHUP);
    tell("fresh", a, getsockname);
    tell("fresh peer", a, getpeername);
    SAY(read(a, bytes, 1));
    SAY(write(a, "x", 1));
    printf("SIGPIPE %d\n", pipes);
    SAY(shutdown(a, SHUT_WR));
    SAY(accept(a, 0, 0));
    SAY(bind_to(a, "1.2.3.4", 0));
    SAY(bind_to(a, "2001:db8::1", 0));
    SAY(bind(a, (struct sockaddr *)bytes, 1));
    SAY(bind_to(a, loopback(), 0));
    SAY(bind_to(a, loopback(), 0));
    tell("bound", a, getsockname);
    int b = socket(family, SOCK_STREAM, 0);
    SAY(bind_to(b, loopback(), port_of(a)));
    SAY(connect_to(b, loopback(), port_of(a)));
    SAY(listen(a, 1));
    SAY(listen(a, 2));
    SAY(connect_to(a, loopback(), port_of(a)));
    events(a, POLLIN | POLLOUT);
    SAY(read(a, bytes, 1));
    SAY(connect_to(b, loopback(), port_of(a)));
    SAY(connect_to(b, loopback(), port_of(a)));
    events(a, POLLIN | POLLOUT);
    union any from;
    socklen_t size = sizeof(from);
    int c = accept4(a, &from.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    printf("from %d bytes, family %d, port %d\n", (int)size, from.any.sa_family, ntohs(from.v4.sin_port) == port_of(b));
    printf("flags %x %x\n", fcntl(c, F_GETFD), fcntl(c, F_GETFL) & O_NONBLOCK);
    tell("accepted", c, getsockname);
    tell("its peer", c, getpeername);
    tell("client", b, getsockname);
    SAY(read(c, bytes, 1));
    close(a);
    close(b);
    SAY(read(c, bytes, 1));
    close(c);
}

static void moving(void)
{
    int ends[2], waiting;
    printf("-- moving\n");
    pair(ends);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(send(ends[0], "hello ", 6, MSG_MORE));
    SAY(send(ends[0], "world", 5, 0));
    SAY(ioctl(ends[1], FIONREAD, &waiting));
    printf("%d waiting\n", waiting);
    SAY(recv(ends[1], bytes, 3, MSG_PEEK));
    SAY(recv(ends[1], bytes, 11, MSG_PEEK | MSG_WAITALL));
    SAY(recv(ends[1], bytes, 4, 0));
    SAY(recv(ends[1], bytes, 100, 0));
    SAY(recv(ends[1], bytes, 100, MSG_DONTWAIT));
    SAY(recv(ends[1], bytes, 0, MSG_DONTWAIT));
    union any from;
    socklen_t size = sizeof(from);
    write(ends[0], "x", 1);
    SAY(recvfrom(ends[1], bytes, 10, 0, &from.any, &size));
    printf("from %d bytes\n", (int)size);
    from = address(loopback(), 1);
    SAY(sendto(ends[0], "to", 2, 0, &from.any, size_of(&from)));
    SAY(read(ends[1], bytes, 10));
    SAY(send(ends[0], (char *)8, 10, 0));
    fflush(stdout);
    if (!fork()) {
        for (int i = 0; i < 5; i++) {
            usleep(10000);
            write(ends[0], "12345", 5);
        }
        _exit(0);
    }
    SAY(recv(ends[1], bytes, 25, MSG_WAITALL));
    wait(0);
    close(ends[0]);
    close(ends[1]);
}

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

static void sharing(void)
{
    int on = 1, off = 0;
    printf("-- sharing ports\n");
    int l = listening(any(), 5), port = port_of(l);
    int b = socket(family, SOCK_STREAM, 0);
    SAY(bind_to(b, loopback(), port));
    SAY(setsockopt(b, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
    SAY(bind_to(b, loopback(), port));
    SAY(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
    SAY(bind_to(b, loopback(), port));
    close(b);
    b = socket(family, SOCK_STREAM, 0);
    SAY(setsockopt(b, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)));
    SAY(bind_to(b, loopback(), port));
    close(b);
    SAY(connect_to(b = socket(family, SOCK_STREAM, 0), any(), port));
    tell("to any", b, getpeername);
    close(b);
    close(l);
    l = socket(family, SOCK_STREAM, 0);
    setsockopt(l, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    bind_to(l, any(), 0);
    listen(l, 5);
    b = socket(family, SOCK_STREAM, 0);
    setsockopt(b, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    SAY(bind_to(b, any(), port_of(l)));
    SAY(listen(b, 5));
    close(l);
    close(b);
    /* Both families at one port. */
    int six = socket(AF_INET6, SOCK_STREAM, 0), four = socket(AF_INET, SOCK_STREAM, 0);
    SAY(bind_to(six, "::", 0));
    SAY(bind_to(four, "0.0.0.0", port_of(six)));
    SAY(listen(six, 3));
    SAY(connect_to(four, "127.0.0.1", port_of(six)));
    int c = accept(six, 0, 0);
    tell("mapped", c, getpeername);
    close(c);
    close(four);
    SAY(setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
    close(six);
    six = socket(AF_INET6, SOCK_STREAM, 0);
    SAY(setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
    SAY(bind_to(six, "::", 0));
    four = socket(AF_INET, SOCK_STREAM, 0);
    SAY(bind_to(four, "0.0.0.0", port_of(six)));
    SAY(listen(six, 3));
    SAY(listen(four, 3));
    int client = socket(AF_INET6, SOCK_STREAM, 0);
    SAY(connect_to(client, "::ffff:127.0.0.1", port_of(six)));
    tell("mapped", client, getsockname);
    SAY((c = accept(four, 0, 0)) >= 0);
    tell("seen from v4", c, getpeername);
    close(client);
    client = socket(AF_INET, SOCK_STREAM, 0);
    SAY(connect_to(client, "::1", port_of(six)));
    SAY(connect_to(client, "127.1.2.3", port_of(six)));
    tell("another loopback", client, getpeername);
    tell("from", client, getsockname);
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
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGPIPE, on_pipe);
    for (int i = 0; i < 2; i++) {
        family = i ? AF_INET6 : AF_INET;
        printf("== %s\n", i ? "IPv6" : "IPv4");
        creating();
        moving();
        ending();
        not_waiting();
        sharing();
        waiting();
    }
    return 0;
}
