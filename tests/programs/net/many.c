/* Very many sockets, and programs that let their queues fill: the limits hold and nothing leaks. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS 450
static int client[CONNECTIONS], server[CONNECTIONS];
static char bytes[1 << 16];

static int free_kb(void)
{
    char text[2000] = {0};
    int fd = open("/proc/meminfo", O_RDONLY);
    read(fd, text, sizeof(text) - 1);
    close(fd);
    return atoi(strstr(text, "MemFree:") + 8);
}

/* Hundreds of connections at a time, each used once, watched by one epoll. */
static void connections(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    int l = socket(AF_INET, SOCK_STREAM, 0), ep = epoll_create1(0);
    bind(l, (struct sockaddr *)&a, sizeof(a));
    getsockname(l, (struct sockaddr *)&a, &size);
    listen(l, CONNECTIONS);
    for (int i = 0; i < CONNECTIONS; i++) {
        client[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (client[i] < 0 || connect(client[i], (struct sockaddr *)&a, sizeof(a)))
            printf("%d: %s\n", i, strerror(errno));
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        struct epoll_event e = {EPOLLIN, {.u32 = i}};
        server[i] = accept(l, 0, 0);
        epoll_ctl(ep, EPOLL_CTL_ADD, server[i], &e);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        write(client[i], &i, sizeof(i));
    int seen = 0, value, n;
    struct epoll_event out[64];
    while (seen < CONNECTIONS && (n = epoll_wait(ep, out, 64, 1000)) > 0)
        for (int i = 0; i < n; i++)
            seen += read(server[out[i].data.u32], &value, sizeof(value)) == sizeof(value);
    printf("%d connections answered\n", seen);
    for (int i = 0; i < CONNECTIONS; i++) {
        close(client[i]);
        close(server[i]);
    }
    close(l);
    close(ep);
}

/* Pairs full of data that nobody reads, again and again. */
static void full_pairs(void)
{
    for (int round = 0; round < 4; round++) {
        int n = 0;
        int *fds = client; /* 40 pairs of them */
        while (n < 80 && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds + n))
            n += 2;
        for (int i = 0; i < n; i++)
            while (write(fds[i], bytes, sizeof(bytes)) > 0)
                ;
        for (int i = 0; i < n; i++)
            close(fds[i]);
    }
}

static long send_fd(int fd, int other)
{
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {"x", 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &other, sizeof(int));
    return sendmsg(fd, &m, MSG_DONTWAIT);
}

/* Sockets that only hold each other, without end. */
static void lost(void)
{
    int made = 0;
    for (; made < 3000; made++) {
        int x[2], y[2];
        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, x) || socketpair(AF_UNIX, SOCK_STREAM, 0, y))
            break;
        if (send_fd(x[0], y[1]) < 0 || send_fd(y[0], x[1]) < 0 || send_fd(x[0], x[0]) < 0)
            break;
        for (int i = 0; i < 2; i++) {
            close(x[i]);
            close(y[i]);
        }
    }
    printf("%d rings\n", made);
}

/* With an argument: does the machine get its memory back? Natively others use it, too. */
int main(int argc, char **argv)
{
    struct rlimit limit;
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 1000;
    setrlimit(RLIMIT_NOFILE, &limit);
    connections();
    int before = free_kb();
    connections();
    full_pairs();
    lost();
    connections();
    int grown = before - free_kb();
    if (argc > 1)
        printf("%d kB are missing\n", grown < 1000 ? 0 : grown);
    return 0;
}
