/* UDP over loopback, and the options of sockets. */
#include "net.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

static char bytes[70000];

static struct sockaddr_in v4(const char *text, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, text, &a.sin_addr);
    return a;
}

static struct sockaddr_in6 v6(const char *text, int port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    inet_pton(AF_INET6, text, &a.sin6_addr);
    return a;
}

static int port_of(int fd)
{
    struct sockaddr_in6 a;
    socklen_t size = sizeof(a);
    getsockname(fd, (struct sockaddr *)&a, &size);
    return ntohs(a.sin6_port);
}

static long bind4(int fd, const char *text, int port)
{
    struct sockaddr_in a = v4(text, port);
    return bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static long connect4(int fd, const char *text, int port)
{
    struct sockaddr_in a = v4(text, port);
    return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static long send4(int fd, const char *text, int port, int size)
{
    struct sockaddr_in a = v4(text, port);
    return sendto(fd, bytes, size, 0, (struct sockaddr *)&a, sizeof(a));
}

static void tell(const char *what, int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_in a;
    socklen_t size = sizeof(a);
    if (get(fd, (struct sockaddr *)&a, &size))
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: %s, port %s\n", what, inet_ntoa(a.sin_addr), a.sin_port ? "set" : "0");
}

static void receive(int fd, int room, int flags, int from_port)
{
    struct sockaddr_in6 from;
    char text[64];
    socklen_t size = sizeof(from);
    long got = recvfrom(fd, bytes, room, flags, (struct sockaddr *)&from, &size);
    if (got < 0) {
        printf("receive: %s\n", strerror(errno));
        return;
    }
    void *at = from.sin6_family == AF_INET ? (void *)&((struct sockaddr_in *)&from)->sin_addr : &from.sin6_addr;
    inet_ntop(from.sin6_family, at, text, sizeof(text));
    printf("receive %ld from %s, %d bytes, right port %d\n", got, text, (int)size, ntohs(from.sin6_port) == from_port);
}

static void datagrams(void)
{
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), waiting, n;
    events(a, POLLIN | POLLOUT);
    tell("fresh", a, getsockname);
    SAY(send(a, "x", 1, 0));
    SAY(recv(a, bytes, 1, MSG_DONTWAIT));
    SAY(listen(a, 1));
    SAY(accept(a, 0, 0));
    SAY(bind4(a, "9.9.9.9", 0));
    SAY(bind4(a, "127.0.0.1", 0));
    SAY(bind4(a, "127.0.0.1", 0));
    int port = port_of(a);
    SAY(bind4(b, "127.0.0.1", port));
    SAY(send4(b, "127.0.0.1", port, 10));
    tell("chosen", b, getsockname);
    SAY(send4(b, "127.0.0.1", port, 0));
    SAY(send4(b, "127.0.0.1", 0, 5));
    SAY(send4(b, "127.0.0.1", port, 65507));
    SAY(send4(b, "127.0.0.1", port, 65508));
    SAY(send4(b, "127.0.0.1", port, 65536));
    SAY(ioctl(a, FIONREAD, &waiting));
    printf("%d waiting\n", waiting);
    receive(a, 4, MSG_PEEK | MSG_TRUNC, port_of(b));
    receive(a, 4, MSG_TRUNC, port_of(b));
    receive(a, 10, 0, port_of(b));
    receive(a, 70000, 0, port_of(b));
    receive(a, 10, MSG_DONTWAIT, 0);
    struct sockaddr_in odd = v4("127.0.0.1", port);
    SAY(sendto(b, "x", 1, 0, (struct sockaddr *)&odd, 8));
    odd.sin_family = AF_INET6;
    SAY(sendto(b, "x", 1, 0, (struct sockaddr *)&odd, sizeof(odd)));
    SAY(connect4(b, "127.0.0.1", port));
    tell("connected", b, getsockname);
    tell("to", b, getpeername);
    SAY(send(b, "connected", 9, 0));
    receive(a, 10, 0, port_of(b));
    SAY(connect4(a, "127.0.0.1", port_of(b)));
    int c = socket(AF_INET, SOCK_DGRAM, 0);
    SAY(send4(c, "127.0.0.1", port, 3));
    receive(a, 10, MSG_DONTWAIT, 0);
    close(a);
    SAY(send(b, "x", 1, 0));
    events(b, POLLIN | POLLOUT);
    SAY(send(b, "x", 1, 0));
    SAY(send(b, "x", 1, 0));
    SAY(recv(b, bytes, 1, MSG_DONTWAIT));
    SAY(recv(b, bytes, 1, MSG_DONTWAIT));
    SAY(send4(c, "127.0.0.1", port, 3));
    SAY(recv(c, bytes, 1, MSG_DONTWAIT));
    struct sockaddr none = {AF_UNSPEC};
    SAY(connect(b, &none, sizeof(none)));
    tell("to", b, getpeername);
    tell("disconnected", b, getsockname);
    SAY(shutdown(b, SHUT_WR));
    connect4(b, "127.0.0.1", port);
    SAY(shutdown(b, SHUT_RDWR));
    events(b, POLLIN | POLLOUT | POLLRDHUP);
    SAY(recv(b, bytes, 1, 0));
    SAY(send(b, "x", 1, 0));
    close(b);
    close(c);
    /* Datagrams for which there is no room are lost. */
    a = socket(AF_INET, SOCK_DGRAM, 0);
    bind4(a, "0.0.0.0", 0);
    tell("any", a, getsockname);
    for (n = 0; n < 10000 && send4(a, "127.0.0.1", port_of(a), 100) == 100; n++)
        ;
    printf("%d sent\n", n);
    for (n = 0; recv(a, bytes, 100, MSG_DONTWAIT) == 100; n++)
        ;
    printf("some lost %d\n", n > 50 && n < 10000);
    close(a);
    /* IPv6, and IPv4 through it. */
    a = socket(AF_INET6, SOCK_DGRAM, 0);
    b = socket(AF_INET6, SOCK_DGRAM, 0);
    c = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in6 here = v6("::", 0), there;
    SAY(bind(a, (struct sockaddr *)&here, sizeof(here)));
    there = v6("::1", port_of(a));
    SAY(sendto(b, "six", 3, 0, (struct sockaddr *)&there, sizeof(there)));
    receive(a, 10, 0, port_of(b));
    there = v6("::ffff:127.0.0.1", port_of(a));
    SAY(sendto(c, "x", 1, 0, (struct sockaddr *)&there, sizeof(there)));
    SAY(send4(c, "127.0.0.1", port_of(a), 4));
    receive(a, 10, 0, port_of(c));
    close(a);
    close(b);
    close(c);
}

static void option(const char *name, int fd, int level, int number, int value)
{
    char read_back[256];
    socklen_t size = sizeof(read_back);
    printf("%s: ", name);
    if (getsockopt(fd, level, number, read_back, &size))
        printf("%s", strerror(errno));
    else
        printf("%d (%d bytes)", *(int *)read_back, (int)size);
    if (setsockopt(fd, level, number, &value, sizeof(value)))
        printf(", set %d: %s\n", value, strerror(errno));
    else if (size = sizeof(read_back), !getsockopt(fd, level, number, read_back, &size))
        printf(", set %d: %d\n", value, *(int *)read_back);
    else
        printf(", set\n");
}
#define OPTION(fd, level, name, value) option(#name, fd, level, name, value)

static void options(const char *what, int fd)
{
    printf("-- options of %s\n", what);
    OPTION(fd, SOL_SOCKET, SO_TYPE, 1);
    OPTION(fd, SOL_SOCKET, SO_DOMAIN, 1);
    OPTION(fd, SOL_SOCKET, SO_PROTOCOL, 1);
    OPTION(fd, SOL_SOCKET, SO_ERROR, 1);
    OPTION(fd, SOL_SOCKET, SO_ACCEPTCONN, 1);
    OPTION(fd, SOL_SOCKET, SO_REUSEADDR, 5);
    OPTION(fd, SOL_SOCKET, SO_REUSEPORT, 5);
    OPTION(fd, SOL_SOCKET, SO_KEEPALIVE, 5);
    OPTION(fd, SOL_SOCKET, SO_BROADCAST, 5);
    OPTION(fd, SOL_SOCKET, SO_OOBINLINE, 5);
    OPTION(fd, SOL_SOCKET, SO_DONTROUTE, 1);
    OPTION(fd, SOL_SOCKET, SO_PRIORITY, 3);
    OPTION(fd, SOL_SOCKET, SO_RCVLOWAT, 7);
    OPTION(fd, SOL_SOCKET, SO_RCVLOWAT, 0);
    OPTION(fd, SOL_SOCKET, SO_SNDLOWAT, 7);
    OPTION(fd, SOL_SOCKET, SO_PASSCRED, 1);
    OPTION(fd, SOL_SOCKET, SO_SNDBUF, 10000);
    OPTION(fd, SOL_SOCKET, SO_RCVBUF, 10000);
    OPTION(fd, SOL_SOCKET, SO_SNDBUF, 1);
    OPTION(fd, SOL_SOCKET, SO_RCVBUF, 1);
    OPTION(fd, SOL_SOCKET, 9999, 1);
    OPTION(fd, 77, 1, 1);
    OPTION(fd, IPPROTO_TCP, TCP_NODELAY, 5);
    OPTION(fd, IPPROTO_TCP, TCP_KEEPIDLE, 0);
    OPTION(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    OPTION(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    OPTION(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    OPTION(fd, IPPROTO_TCP, TCP_KEEPCNT, 300);
    OPTION(fd, IPPROTO_TCP, TCP_CORK, 1);
    OPTION(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000);
    OPTION(fd, IPPROTO_TCP, 999, 1);
    OPTION(fd, IPPROTO_IP, IP_TTL, 30);
    OPTION(fd, IPPROTO_IP, IP_TTL, 300);
    OPTION(fd, IPPROTO_IP, IP_TTL, 0);
    OPTION(fd, IPPROTO_IP, IP_TOS, 16);
    OPTION(fd, IPPROTO_IP, IP_PKTINFO, 1);
    OPTION(fd, IPPROTO_IP, IP_RECVERR, 1);
    OPTION(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    OPTION(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 20);
    OPTION(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    struct linger linger = {1, 3};
    struct timeval time = {1, 500000}, bad = {1, 2000000};
    socklen_t size = sizeof(linger);
    SAY(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
    memset(&linger, 0, sizeof(linger));
    SAY(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size));
    printf("linger %d %d, %d bytes\n", linger.l_onoff, linger.l_linger, (int)size);
    SAY(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, 4));
    SAY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &linger, 3));
    SAY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, (void *)8, 4));
    SAY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &linger, -1));
    SAY(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)));
    size = sizeof(time);
    SAY(getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, &size));
    printf("time %ld %ld, %d bytes\n", (long)time.tv_sec, (long)time.tv_usec, (int)size);
    SAY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bad, sizeof(bad)));
    size = 2;
    SAY(getsockopt(fd, SOL_SOCKET, SO_TYPE, bytes, &size));
    printf("%d bytes\n", (int)size);
    size = -1;
    SAY(getsockopt(fd, SOL_SOCKET, SO_TYPE, bytes, &size));
    SAY(getsockopt(fd, SOL_SOCKET, SO_TYPE, bytes, (void *)8));
    close(fd);
}

static void interfaces(void)
{
    struct ifaddrs *all;
    char text[64];
    printf("-- interfaces\n");
    SAY(getifaddrs(&all));
    for (struct ifaddrs *i = all; i; i = i->ifa_next) {
        if (strcmp(i->ifa_name, "lo") || !i->ifa_addr || i->ifa_addr->sa_family == AF_PACKET)
            continue;
        int four = i->ifa_addr->sa_family == AF_INET;
        printf("%s %s\n", i->ifa_name,
               inet_ntop(i->ifa_addr->sa_family,
                         four ? (void *)&((struct sockaddr_in *)i->ifa_addr)->sin_addr : &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr,
                         text, sizeof(text)));
    }
    freeifaddrs(all);
    printf("lo is %u\n", if_nametoindex("lo"));
    printf("1 is %s\n", if_indextoname(1, text));
    printf("missing is %u\n", if_nametoindex("missing0"));
    struct ifreq r = {"lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    SAY(ioctl(fd, SIOCGIFFLAGS, &r));
    printf("flags %x\n", r.ifr_flags);
    SAY(ioctl(fd, SIOCGIFMTU, &r));
    printf("mtu %d\n", r.ifr_mtu);
    SAY(ioctl(fd, SIOCGIFADDR, &r));
    printf("%s\n", inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
    SAY(ioctl(fd, TCGETS, &r));
    SAY(ioctl(fd, 0x12345678, 0));
}

int main(void)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    datagrams();
    options("TCP", socket(AF_INET, SOCK_STREAM, 0));
    options("TCP over IPv6", socket(AF_INET6, SOCK_STREAM, 0));
    options("UDP", socket(AF_INET, SOCK_DGRAM, 0));
    options("UDP over IPv6", socket(AF_INET6, SOCK_DGRAM, 0));
    options("AF_UNIX", socket(AF_UNIX, SOCK_STREAM, 0));
    options("AF_UNIX datagrams", socket(AF_UNIX, SOCK_DGRAM, 0));
    interfaces();
    return 0;
}
