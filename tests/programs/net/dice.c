/* A long random program of socket calls, none of which waits: the same dice for the same argument, so
   what it prints must be the same everywhere. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SLOTS = 12, NAMES = 4, STEPS = 3000 };

static int fd[SLOTS], kind[SLOTS];  /* kind: 0 closed, else which protocol */
static uint64_t state;
static char bytes[4096];
static in_port_t port[NAMES];  /* of inet sockets that are bound: 0 none */
static const struct { int family, type; } kinds[] = {
    {0, 0}, {AF_UNIX, SOCK_STREAM}, {AF_UNIX, SOCK_DGRAM}, {AF_UNIX, SOCK_SEQPACKET},
    {AF_INET, SOCK_STREAM}, {AF_INET, SOCK_DGRAM},
};

static unsigned dice(unsigned sides)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 20) % sides;
}

static int step, broken_pipes;

static void on_pipe(int sig) { broken_pipes++; }

static void say(const char *what, int slot, long result)
{
    if (result < 0)
        printf("%d %s %d/%d: %s\n", step, what, slot, kind[slot], strerror(errno));
    else
        printf("%d %s %d/%d = %ld\n", step, what, slot, kind[slot], result);
}

/* One of a few addresses of the slot's family. */
static socklen_t address(int slot, struct sockaddr_storage *out, int name)
{
    memset(out, 0, sizeof(*out));
    if (kinds[kind[slot]].family == AF_INET) {
        struct sockaddr_in *a = (struct sockaddr_in *)out;
        *a = (struct sockaddr_in){AF_INET, port[name], {htonl(INADDR_LOOPBACK)}};
        return sizeof(*a);
    }
    struct sockaddr_un *a = (struct sockaddr_un *)out;
    a->sun_family = AF_UNIX;
    return offsetof(struct sockaddr_un, sun_path) + 1 +
           sprintf(a->sun_path + 1, "dice-%d-%d", getpid(), name);
}

static int fresh(void)
{
    int slot = dice(SLOTS);
    if (kind[slot]) {
        say("close", slot, close(fd[slot]));
        kind[slot] = 0;
    }
    return slot;
}

static void make(void)
{
    int slot = fresh(), which = 1 + dice(5);
    fd[slot] = socket(kinds[which].family, kinds[which].type | SOCK_NONBLOCK, 0);
    kind[slot] = which;
    say("socket", slot, fd[slot] >= 0);
}

static void make_pair(void)
{
    int a = fresh(), b = fresh(), which = 1 + dice(3), ends[2];
    if (a == b)
        return;
    socketpair(kinds[which].family, kinds[which].type | SOCK_NONBLOCK, 0, ends);
    fd[a] = ends[0];
    fd[b] = ends[1];
    kind[a] = kind[b] = which;
    say("pair", a, b);
}

static void bind_slot(int slot)
{
    struct sockaddr_storage a;
    int name = dice(NAMES);
    socklen_t size = address(slot, &a, name);
    if (kinds[kind[slot]].family == AF_INET) {
        /* Which port is free is the kernel's choice. */
        ((struct sockaddr_in *)&a)->sin_port = 0;
        int result = bind(fd[slot], (struct sockaddr *)&a, size);
        say("bind", slot, result);
        if (!result && !getsockname(fd[slot], (struct sockaddr *)&a, &size))
            port[name] = ((struct sockaddr_in *)&a)->sin_port;
        return;
    }
    say("bind", slot, bind(fd[slot], (struct sockaddr *)&a, size));
}

static void connect_slot(int slot)
{
    struct sockaddr_storage a;
    int name = dice(NAMES);
    socklen_t size = address(slot, &a, name);
    if (kinds[kind[slot]].family == AF_INET && !port[name])
        return;
    if (dice(12) == 0)
        a.ss_family = AF_UNSPEC;
    struct sockaddr_in own = {0};
    socklen_t own_size = sizeof(own);
    if (a.ss_family == AF_INET && !getsockname(fd[slot], (struct sockaddr *)&own, &own_size) &&
        own.sin_port == ((struct sockaddr_in *)&a)->sin_port)
        return; /* a socket that calls itself */
    if (a.ss_family == AF_UNSPEC && kinds[kind[slot]].type != SOCK_DGRAM)
        return;
    say("connect", slot, connect(fd[slot], (struct sockaddr *)&a, size));
}

static void accept_slot(int slot)
{
    int to = dice(SLOTS);
    if (to == slot || kind[to])
        return;
    int got = accept4(fd[slot], 0, 0, SOCK_NONBLOCK);
    say("accept", slot, got >= 0 ? 1 : -1);
    if (got >= 0) {
        fd[to] = got;
        kind[to] = kind[slot];
    }
}

static void send_slot(int slot)
{
    struct sockaddr_storage a;
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {bytes, dice(3) ? dice(200) : dice(sizeof(bytes))};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    int name = dice(NAMES), other = dice(SLOTS), rights = dice(6) == 0;
    if (kinds[kind[slot]].type == SOCK_DGRAM && dice(2) && (kinds[kind[slot]].family == AF_UNIX || port[name])) {
        m.msg_namelen = address(slot, &a, name);
        m.msg_name = &a;
    }
    /* When the kernel finds out that sockets only hold each other is its own business. */
    if (rights && kinds[kind[other]].family == AF_INET && kinds[kind[slot]].family == AF_UNIX) {
        struct cmsghdr *c = (struct cmsghdr *)control;
        m.msg_control = control;
        m.msg_controllen = sizeof(control);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd[other], sizeof(int));
    }
    say("send", slot, sendmsg(fd[slot], &m, 0));
}

static void receive_slot(int slot)
{
    char control[CMSG_SPACE(sizeof(int) * 4)] = {0};
    struct iovec part = {bytes, dice(3) ? dice(200) : sizeof(bytes)};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    int to = dice(SLOTS), flags = (dice(5) ? 0 : MSG_PEEK) | (dice(5) ? 0 : MSG_TRUNC) | (dice(5) ? 0 : MSG_WAITALL);
    if (kinds[kind[slot]].type == SOCK_STREAM)
        flags &= ~MSG_TRUNC;
    long received = recvmsg(fd[slot], &m, flags);
    printf("flags %x, room %zu: ", flags, part.iov_len);
    say("receive", slot, received);
    for (struct cmsghdr *c = received < 0 ? 0 : CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        int *got = (int *)CMSG_DATA(c), which = 0;
        socklen_t size = sizeof(int);
        int family = 0, type = 0;
        getsockopt(*got, SOL_SOCKET, SO_DOMAIN, &family, &size);
        getsockopt(*got, SOL_SOCKET, SO_TYPE, &type, &size);
        for (int i = 1; i < 6; i++)
            which = kinds[i].family == family && kinds[i].type == type ? i : which;
        if (kind[to] || to == slot || !which) {
            close(*got);
        } else {
            fd[to] = *got;
            kind[to] = which;
            say("got", to, m.msg_flags);
        }
    }
}

static void ask(int slot)
{
    struct pollfd p = {fd[slot], POLLIN | POLLOUT | POLLRDHUP, 0};
    int value = 0;
    socklen_t size = sizeof(value);
    poll(&p, 1, 0);
    say("poll", slot, p.revents);
    switch (dice(4)) {
    case 0:
        getsockopt(fd[slot], SOL_SOCKET, SO_ERROR, &value, &size);
        say("error", slot, value);
        return;
    case 1:
        if (!ioctl(fd[slot], FIONREAD, &value))
            say("waiting", slot, value);
        return;
    case 2:
        getsockopt(fd[slot], SOL_SOCKET, SO_ACCEPTCONN, &value, &size);
        say("listens", slot, value);
        return;
    }
    struct sockaddr_storage a;
    size = sizeof(a);
    say("peer", slot, getpeername(fd[slot], (struct sockaddr *)&a, &size));
}

/* What an epoll that watches everything says. */
static void watch(void)
{
    struct epoll_event e = {EPOLLIN | EPOLLOUT | EPOLLRDHUP}, out[SLOTS];
    int ep = epoll_create1(0);
    for (int slot = 0; slot < SLOTS; slot++)
        if (kind[slot]) {
            e.data.u32 = slot;
            epoll_ctl(ep, EPOLL_CTL_ADD, fd[slot], &e);
        }
    int n = epoll_wait(ep, out, SLOTS, 0);
    printf("%d epoll:", step);
    for (int i = 0; i < n; i++)
        printf(" %u/%d=%x", out[i].data.u32, kind[out[i].data.u32], out[i].events);
    printf("\n");
    close(ep);
}

int main(int argc, char **argv)
{
    state = 88172645463325252u + 7919 * (argc > 1 ? atoi(argv[1]) : 0);
    signal(SIGPIPE, on_pipe);
    for (step = 0; step < STEPS; step++) {
        int slot = dice(SLOTS);
        switch (kind[slot] ? dice(26) : dice(2)) {
        case 0:
            make();
            break;
        case 1:
            make_pair();
            break;
        case 2: case 3:
            bind_slot(slot);
            break;
        case 4:
            say("listen", slot, listen(fd[slot], dice(3)));
            break;
        case 5: case 6: case 7:
            connect_slot(slot);
            break;
        case 8: case 9:
            accept_slot(slot);
            break;
        case 10: case 11: case 12: case 13: case 14:
            send_slot(slot);
            break;
        case 15: case 16: case 17: case 18:
            receive_slot(slot);
            break;
        case 19:
            if (dice(3) == 0)
                say("shutdown", slot, shutdown(fd[slot], dice(3)));
            break;
        case 20:
            say("close", slot, close(fd[slot]));
            kind[slot] = 0;
            break;
        case 21:
            watch();
            break;
        default:
            ask(slot);
        }
    }
    printf("%d broken pipes\n", broken_pipes);
    return 0;
}
