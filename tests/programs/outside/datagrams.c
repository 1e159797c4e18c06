/* datagrams ADDRESS PORT NOBODY: UDP to a peer on another machine that sends everything back
   (tests/support/peers.py). Run natively and in a guest, it prints the same. */
#include "../net/net.h"
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

static char bytes[65536], back[65536];
static struct sockaddr_in peer, nobody;

static int ready(int fd, int events, int ms)
{
    struct pollfd p = {fd, events, 0};
    return poll(&p, 1, ms) ? p.revents : 0;
}

static void connected(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), n = -1;
    SAY(connect(fd, (void *)&peer, sizeof(peer)));
    struct sockaddr_in name;
    socklen_t size = sizeof(name);
    SAY(getpeername(fd, (void *)&name, &size));
    SAY(send(fd, "hello", 5, 0));
    printf("readable: %x\n", ready(fd, POLLIN | POLLOUT, 5000) & POLLIN ? 1 : ready(fd, POLLIN, 5000));
    SAY(ioctl(fd, FIONREAD, &n));
    printf("%d\n", n);
    SAY(recv(fd, back, 3, MSG_PEEK));
    SAY(recv(fd, back, 3, MSG_PEEK | MSG_TRUNC));
    SAY(recv(fd, back, 3, 0));
    SAY(recv(fd, back, 3, MSG_DONTWAIT));
    printf("%.3s\n", back);
    SAY(send(fd, "", 0, 0));
    SAY(recv(fd, back, 10, 0));
    SAY(send(fd, bytes, 60000, 0));
    SAY(recv(fd, back, sizeof(back), 0));
    SAY(memcmp(bytes, back, 60000));
    SAY(send(fd, bytes, 65508, 0));
    struct timeval limit = {0, 30000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    SAY(recv(fd, back, 10, 0));
    limit = (struct timeval){0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    SAY(connect(fd, (void *)&nobody, sizeof(nobody)));
    SAY(send(fd, "x", 1, 0));
    printf("events: %x\n", ready(fd, POLLIN, 5000) & POLLERR);
    SAY(recv(fd, back, 10, MSG_DONTWAIT));
    SAY(send(fd, "x", 1, 0));
    ready(fd, POLLIN, 5000);
    int error = 0;
    size = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    printf("%s\n", strerror(error));
    SAY(connect(fd, (void *)&(struct sockaddr){AF_UNSPEC}, sizeof(struct sockaddr)));
    SAY(send(fd, "x", 1, 0));
    SAY(connect(fd, (void *)&peer, sizeof(peer)));
    SAY(send(fd, "again", 5, 0));
    SAY(recv(fd, back, 10, 0));
    SAY(shutdown(fd, SHUT_WR));
    SAY(send(fd, "x", 1, MSG_NOSIGNAL));
    close(fd);
}

static void unconnected(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
    struct sockaddr_in from;
    struct mmsghdr many[4] = {0};
    struct iovec parts[4][2];
    struct epoll_event e = {EPOLLIN | EPOLLET};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
    SAY(recv(fd, back, 10, 0));
    for (int i = 0; i < 4; i++) {
        parts[i][0] = (struct iovec){"part", 4};
        parts[i][1] = (struct iovec){"12345", i + 1};
        many[i].msg_hdr = (struct msghdr){&peer, sizeof(peer), parts[i], 2};
    }
    SAY(sendmmsg(fd, many, 4, 0));
    int got = 0;
    while (got < 4 && epoll_wait(epoll, &e, 1, 5000) == 1) {
        socklen_t size = sizeof(from);
        long n;
        while ((n = recvfrom(fd, back, sizeof(back), 0, (void *)&from, &size)) >= 0) {
            printf("%ld bytes: %.*s, from the peer: %d\n", n, (int)n, back,
                   from.sin_addr.s_addr == peer.sin_addr.s_addr && from.sin_port == peer.sin_port);
            got++;
        }
    }
    SAY(sendto(fd, "x", 1, 0, (void *)&nobody, sizeof(nobody)));
    SAY(sendto(fd, "y", 1, 0, (void *)&peer, sizeof(peer)));
    printf("readable: %d\n", ready(fd, POLLIN, 5000) & POLLIN);
    SAY(recv(fd, back, 10, 0));
    struct sockaddr_in name;
    socklen_t size = sizeof(name);
    SAY(getsockname(fd, (void *)&name, &size));
    printf("a port: %d, an address: %d\n", name.sin_port != 0, name.sin_addr.s_addr != 0);
    close(fd);
    close(epoll);
}

int main(int argc, char **argv)
{
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = i * 2654435761u >> 24;
    peer.sin_family = AF_INET;
    inet_pton(AF_INET, argv[1], &peer.sin_addr);
    nobody = peer;
    peer.sin_port = htons(atoi(argv[2]));
    nobody.sin_port = htons(atoi(argv[3]));
    connected();
    unconnected();
    return 0;
}
