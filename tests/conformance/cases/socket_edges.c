/* Sockets at their edges: half-closed and reset connections, urgent data, options, full queues, interfaces. */
#include "case.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int port_of(int fd)
{
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    MUST(getsockname(fd, (void *)&at, &size));
    return ntohs(at.sin_port);
}

static int bound(int type)
{
    int fd = MUST(socket(AF_INET, type, 0));
    struct sockaddr_in at = loopback(0);
    MUST(bind(fd, (void *)&at, sizeof at));
    return fd;
}

static int connected_to(int listener, int flags)
{
    struct sockaddr_in at = loopback(port_of(listener));
    int fd = MUST(socket(AF_INET, SOCK_STREAM | flags, 0));
    if (connect(fd, (void *)&at, sizeof at) && errno != EINPROGRESS)
        MUST(-1);
    return fd;
}

static void tcp_pair(int pair[2])
{
    int listener = bound(SOCK_STREAM);
    MUST(listen(listener, 5));
    pair[0] = connected_to(listener, 0);
    pair[1] = MUST(accept(listener, 0, 0));
    close(listener);
}

static void say_events(const char *what, int fd)
{
    struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
    poll(&p, 1, 0);
    say("%s:%s%s%s%s%s%s", what, p.revents & POLLIN ? " in" : "", p.revents & POLLOUT ? " out" : "", p.revents & POLLPRI ? " pri" : "",
        p.revents & POLLRDHUP ? " rdhup" : "", p.revents & POLLHUP ? " hup" : "", p.revents & POLLERR ? " err" : "");
}

static long number(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, name, &value, &size) ? -1 : value;
}

static long set_number(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

CASE(half_closed, "shutdown read write poll")
{
    int pair[2];
    char text[8];
    signal(SIGPIPE, SIG_IGN);
    tcp_pair(pair);
    say_events("new", pair[0]);
    T(shutdown(pair[0], SHUT_WR));
    sleep_ms(5);
    say_events("closed for writing", pair[0]);
    say_events("the other", pair[1]);
    T(read(pair[1], text, 8));
    T(write(pair[0], "x", 1));
    T(write(pair[1], "back", 4));
    sleep_ms(5);
    say_events("closed for writing", pair[0]);
    T(read(pair[0], text, 8));
    T(shutdown(pair[1], SHUT_WR));
    sleep_ms(5);
    say_events("both closed", pair[0]);
    T(read(pair[0], text, 8));
    T(shutdown(pair[0], SHUT_RDWR));
    tcp_pair(pair);
    T(shutdown(pair[0], SHUT_RD));
    say_events("closed for reading", pair[0]);
    T(read(pair[0], text, 8));
    T(write(pair[1], "x", 1));
    T(shutdown(pair[0], 3));
}

CASE(reset_connections, "setsockopt close read write poll getsockopt")
{
    int pair[2];
    char text[8];
    signal(SIGPIPE, SIG_IGN);
    tcp_pair(pair);
    MUST(setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)));
    MUST(write(pair[1], "text", 4));
    sleep_ms(5);
    MUST(close(pair[1]));
    sleep_ms(5);
    say_events("reset", pair[0]);
    N(number(pair[0], SOL_SOCKET, SO_ERROR) == ECONNRESET);
    N(number(pair[0], SOL_SOCKET, SO_ERROR));
    say_events("asked", pair[0]);
    T(read(pair[0], text, 8));
    T(write(pair[0], "x", 1));
    T(shutdown(pair[0], SHUT_WR));
    tcp_pair(pair);
    MUST(write(pair[0], "unread", 6));
    sleep_ms(5);
    MUST(close(pair[1]));
    sleep_ms(5);
    T(write(pair[0], "x", 1));
    T(write(pair[0], "x", 1));
    T(read(pair[0], text, 8));
    tcp_pair(pair);
    MUST(close(pair[1]));
    sleep_ms(5);
    say_events("closed", pair[0]);
    T(write(pair[0], "x", 1));
    sleep_ms(5);
    say_events("and written to", pair[0]);
    T(write(pair[0], "x", 1));
    T(read(pair[0], text, 8));
}

static volatile int urgent;

static void on_urgent(int number)
{
    (void)number;
    urgent++;
}

CASE(urgent_data, "sendto recvfrom ioctl fcntl poll")
{
    int pair[2], mark = -1;
    char text[16] = "";
    signal(SIGURG, on_urgent);
    tcp_pair(pair);
    T(recv(pair[1], text, 1, MSG_OOB));
    MUST(fcntl(pair[1], F_SETOWN, getpid()));
    T(send(pair[0], "ab!", 3, MSG_OOB));
    sleep_ms(5);
    N(urgent);
    say_events("with one", pair[1]);
    T(ioctl(pair[1], SIOCATMARK, &mark));
    N(mark);
    T(recv(pair[1], text, 16, 0));
    T(ioctl(pair[1], SIOCATMARK, &mark));
    N(mark);
    T(recv(pair[1], text, 16, MSG_OOB));
    say("%c", text[0]);
    T(recv(pair[1], text, 16, MSG_OOB));
    T(set_number(pair[1], SOL_SOCKET, SO_OOBINLINE, 1));
    T(send(pair[0], "c", 1, 0));
    T(send(pair[0], "?", 1, MSG_OOB));
    T(send(pair[0], "d", 1, 0));
    sleep_ms(5);
    T(recv(pair[1], text, 16, 0));
    T(recv(pair[1], text, 16, MSG_OOB));
    T(recv(pair[1], text, 16, 0));
    say("%.2s", text);
}

CASE(options_of_tcp, "getsockopt setsockopt")
{
    static const struct { const char *name; int option, low, high; } options[] = {
        {"nodelay", TCP_NODELAY, 0, 1}, {"cork", TCP_CORK, 0, 1}, {"keepidle", TCP_KEEPIDLE, 0, 32768},
        {"keepintvl", TCP_KEEPINTVL, 0, 32768}, {"keepcnt", TCP_KEEPCNT, 0, 128}, {"syncnt", TCP_SYNCNT, 0, 128},
        {"linger2", TCP_LINGER2, -1, 30}, {"user timeout", TCP_USER_TIMEOUT, -1, 5000},
        {"quickack", TCP_QUICKACK, 0, 1}, {"lowat", TCP_NOTSENT_LOWAT, 5, 16384}, {"fastopen connect", TCP_FASTOPEN_CONNECT, 0, 2},
    };
    int fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
    for (unsigned i = 0; i < sizeof options / sizeof *options; i++) {
        long first = number(fd, SOL_TCP, options[i].option), low, high, after;
        low = set_number(fd, SOL_TCP, options[i].option, options[i].low) ? errno : 0;
        high = set_number(fd, SOL_TCP, options[i].option, options[i].high) ? errno : 0;
        after = number(fd, SOL_TCP, options[i].option);
        say("%s: %ld, %s, %s, %ld", options[i].name, first, error_name((int)low), error_name((int)high), after);
    }
    char text[32] = "";
    socklen_t size = sizeof text;
    T(getsockopt(fd, SOL_TCP, TCP_CONGESTION, text, &size));
    IS(text[0] != 0);
    T(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "none such", 9));
    struct tcp_info info;
    size = sizeof info;
    T(getsockopt(fd, SOL_TCP, TCP_INFO, &info, &size));
    N(info.tcpi_state);
    N(number(fd, SOL_TCP, 999));
    T(set_number(fd, SOL_TCP, 999, 1));
    T(setsockopt(fd, SOL_TCP, TCP_NODELAY, text, 1));
    T(set_number(fd, 999, 1, 1));
    N(number(fd, SOL_TCP, TCP_MAXSEG));
    int pair[2];
    tcp_pair(pair);
    size = sizeof info;
    T(getsockopt(pair[0], SOL_TCP, TCP_INFO, &info, &size));
    N(info.tcpi_state);
    size = 1;
    T(getsockopt(pair[0], SOL_TCP, TCP_INFO, &info, &size));
    N(size);
    close(pair[1]);
    sleep_ms(5);
    size = sizeof info;
    MUST(getsockopt(pair[0], SOL_TCP, TCP_INFO, &info, &size));
    N(info.tcpi_state);
}

CASE(options_of_all_sockets, "getsockopt setsockopt")
{
    int tcp = MUST(socket(AF_INET, SOCK_STREAM, 0)), udp = MUST(socket(AF_INET, SOCK_DGRAM, 0));
    N(number(tcp, SOL_SOCKET, SO_DOMAIN));
    N(number(tcp, SOL_SOCKET, SO_PROTOCOL));
    N(number(udp, SOL_SOCKET, SO_PROTOCOL));
    N(number(udp, SOL_SOCKET, SO_TYPE));
    N(number(tcp, SOL_SOCKET, SO_ACCEPTCONN));
    N(number(tcp, SOL_SOCKET, SO_RCVLOWAT));
    T(set_number(tcp, SOL_SOCKET, SO_RCVLOWAT, 5));
    N(number(tcp, SOL_SOCKET, SO_RCVLOWAT));
    N(number(tcp, SOL_SOCKET, SO_SNDLOWAT));
    T(set_number(tcp, SOL_SOCKET, SO_SNDLOWAT, 5));
    T(set_number(udp, SOL_SOCKET, SO_RCVBUF, 1));
    N(number(udp, SOL_SOCKET, SO_RCVBUF));
    T(set_number(udp, SOL_SOCKET, SO_SNDBUF, 1));
    N(number(udp, SOL_SOCKET, SO_SNDBUF));
    T(set_number(udp, SOL_SOCKET, SO_RCVBUF, 10000));
    N(number(udp, SOL_SOCKET, SO_RCVBUF));
    N(number(udp, SOL_SOCKET, SO_PRIORITY));
    T(set_number(udp, SOL_SOCKET, SO_PRIORITY, 5));
    N(number(udp, SOL_SOCKET, SO_PRIORITY));
    T(set_number(udp, SOL_SOCKET, SO_BROADCAST, 7));
    N(number(udp, SOL_SOCKET, SO_BROADCAST));
    T(set_number(udp, SOL_SOCKET, SO_TYPE, 1));
    T(set_number(udp, SOL_SOCKET, SO_ERROR, 1));
    N(number(udp, SOL_SOCKET, SO_PEEK_OFF));
    N(number(udp, SOL_SOCKET, SO_REUSEPORT));
    N(number(udp, SOL_SOCKET, SO_TIMESTAMP));
    N(number(udp, SOL_SOCKET, SO_RXQ_OVFL));
    N(number(udp, SOL_SOCKET, SO_MARK));
    N(number(udp, SOL_SOCKET, SO_DONTROUTE));
    N(number(udp, SOL_SOCKET, SO_NO_CHECK));
    N(number(udp, SOL_SOCKET, SO_ZEROCOPY));
    N(number(udp, SOL_SOCKET, 999));
    T(set_number(udp, SOL_SOCKET, 999, 1));
    N(number(udp, IPPROTO_IP, IP_TTL));
    N(number(udp, IPPROTO_IP, IP_TOS));
    T(set_number(udp, IPPROTO_IP, IP_TTL, 0));
    T(set_number(udp, IPPROTO_IP, IP_TTL, 256));
    T(set_number(udp, IPPROTO_IP, IP_TTL, 7));
    T(set_number(udp, IPPROTO_IP, IP_TTL, -1));
    N(number(udp, IPPROTO_IP, IP_TTL));
    T(set_number(udp, IPPROTO_IP, IP_TOS, 0x10));
    N(number(udp, IPPROTO_IP, IP_TOS));
    N(number(udp, IPPROTO_IP, IP_MTU_DISCOVER));
    N(number(udp, IPPROTO_IP, IP_MULTICAST_TTL));
    N(number(udp, IPPROTO_IP, IP_MULTICAST_LOOP));
    N(number(udp, IPPROTO_IP, IP_PKTINFO));
    N(number(udp, IPPROTO_IP, IP_RECVERR));
    N(number(udp, IPPROTO_IP, IP_FREEBIND));
    N(number(udp, IPPROTO_IP, 99));
    struct linger l;
    socklen_t size = sizeof l;
    T(getsockopt(tcp, SOL_SOCKET, SO_LINGER, &l, &size));
    say("%d %d", l.l_onoff, l.l_linger);
    struct timeval t = {1, 500000};
    T(setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
    size = sizeof t;
    T(getsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &t, &size));
    say("%ld %s", (long)t.tv_sec, t.tv_usec >= 500000 && t.tv_usec < 510000 ? "and a half" : "and what?");
    t.tv_usec = 1000000;
    T(setsockopt(tcp, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
}

CASE(flags_of_receiving, "recvfrom recvmsg sendto")
{
    int pair[2];
    char text[16] = "";
    tcp_pair(pair);
    T(recv(pair[1], text, 16, MSG_DONTWAIT));
    MUST(write(pair[0], "0123456789", 10));
    sleep_ms(5);
    T(recv(pair[1], text, 4, MSG_PEEK));
    T(recv(pair[1], text, 4, MSG_TRUNC));
    T(recv(pair[1], text, 16, MSG_PEEK | MSG_DONTWAIT));
    say("%.6s", text);
    T(recv(pair[1], text, 4, MSG_WAITALL));
    T(send(pair[0], "more", 4, MSG_MORE));
    T(send(pair[0], "!", 1, 0));
    T(recv(pair[1], text, 7, MSG_WAITALL));
    struct iovec v = {text, 16};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_name = text, .msg_namelen = 8, .msg_flags = -1};
    T(send(pair[0], "m", 1, MSG_EOR));
    T(recvmsg(pair[1], &m, 0));
    N(m.msg_flags);
    N(m.msg_namelen);
    MUST(close(pair[1]));
    sleep_ms(5);
    T(recv(pair[0], text, 16, MSG_WAITALL));
    T(recv(pair[0], text, 0, 0));
    int idle[2];
    tcp_pair(idle);
    MUST(setsockopt(idle[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 20000}, sizeof(struct timeval)));
    T(recv(idle[0], text, 16, 0));
    MUST(write(idle[1], "ab", 2));
    T(recv(idle[0], text, 16, MSG_WAITALL));
    T(send(idle[0], "x", 1, 0x10000000));
    struct sockaddr_in at = loopback(9);
    T(sendto(idle[0], "x", 1, 0, (void *)&at, sizeof at));
    T(send(MUST(socket(AF_INET, SOCK_STREAM, 0)), "x", 1, MSG_NOSIGNAL));
    T(recv(MUST(socket(AF_INET, SOCK_STREAM, 0)), text, 1, 0));
}

CASE(states_that_do_not_allow, "connect accept listen bind")
{
    int listener = bound(SOCK_STREAM), fresh = MUST(socket(AF_INET, SOCK_STREAM, 0)), pair[2];
    struct sockaddr_in at = loopback(port_of(listener)), none = {.sin_family = AF_UNSPEC}, zero = loopback(0);
    T(accept(fresh, 0, 0));
    T(accept(listener, 0, 0));
    T(connect(fresh, (void *)&at, sizeof at));
    T(listen(listener, -1));
    T(connect(listener, (void *)&at, sizeof at));
    T(bind(listener, (void *)&zero, sizeof zero));
    T(connect(fresh, (void *)&at, sizeof at));
    T(connect(fresh, (void *)&at, sizeof at));
    T(listen(fresh, 1));
    T(bind(fresh, (void *)&zero, sizeof zero));
    T(connect(fresh, (void *)&none, sizeof none));
    T(getpeername(fresh, (void *)&at, &(socklen_t){sizeof at}));
    at = loopback(port_of(listener));
    T(connect(fresh, (void *)&at, sizeof at));
    T(connect(fresh, (void *)&at, 8));
    at.sin_family = 99;
    T(connect(MUST(socket(AF_INET, SOCK_STREAM, 0)), (void *)&at, sizeof at));
    T(bind(MUST(socket(AF_INET, SOCK_STREAM, 0)), (void *)&at, sizeof at));
    T(listen(MUST(socket(AF_INET, SOCK_DGRAM, 0)), 1));
    T(accept4(listener, 0, 0, 1));
    T(shutdown(MUST(socket(AF_INET, SOCK_STREAM, 0)), SHUT_WR));
    T(shutdown(listener, SHUT_RD));
    T(accept(listener, 0, 0));
    at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x08080808)};
    T(bind(MUST(socket(AF_INET, SOCK_STREAM, 0)), (void *)&at, sizeof at));
    at.sin_addr.s_addr = htonl(0x7f010203);
    T(bind(MUST(socket(AF_INET, SOCK_STREAM, 0)), (void *)&at, sizeof at));
    tcp_pair(pair);
    T(connect(pair[0], (void *)&none, sizeof none));
    sleep_ms(5);
    char byte;
    T(read(pair[1], &byte, 1));
    T(write(pair[0], "x", 1));
    int name = MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    MUST(bind(name, (void *)&zero, sizeof zero));
    MUST(listen(name, 1));
    T(accept(name, 0, 0));
    connected_to(name, 0);
    sleep_ms(5);
    int taken = MUST(accept(name, 0, 0));
    N(fcntl(taken, F_GETFL) & O_NONBLOCK);
}

CASE(sharing_a_port, "bind setsockopt listen connect")
{
    int one = MUST(socket(AF_INET, SOCK_STREAM, 0)), two = MUST(socket(AF_INET, SOCK_STREAM, 0)), plain = MUST(socket(AF_INET, SOCK_STREAM, 0));
    struct sockaddr_in at = loopback(0);
    MUST(set_number(one, SOL_SOCKET, SO_REUSEPORT, 1));
    MUST(set_number(two, SOL_SOCKET, SO_REUSEPORT, 1));
    T(bind(one, (void *)&at, sizeof at));
    at = loopback(port_of(one));
    T(bind(plain, (void *)&at, sizeof at));
    T(bind(two, (void *)&at, sizeof at));
    T(listen(one, 64));
    T(listen(two, 64));
    for (int i = 0; i < 32; i++)
        connected_to(one, 0);
    int count[2] = {0, 0};
    sleep_ms(5);
    for (int i = 0; i < 2; i++) {
        int fd = i ? two : one;
        MUST(fcntl(fd, F_SETFL, O_NONBLOCK));
        while (accept(fd, 0, 0) >= 0)
            count[i]++;
    }
    say("%d together, each some: %s", count[0] + count[1], count[0] && count[1] ? "yes" : "no");
    int udp[2], total = 0;
    at = loopback(0);
    for (int i = 0; i < 2; i++) {
        udp[i] = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
        MUST(set_number(udp[i], SOL_SOCKET, SO_REUSEPORT, 1));
        MUST(bind(udp[i], (void *)&at, sizeof at));
        at = loopback(port_of(udp[0]));
    }
    for (int i = 0; i < 32; i++)
        MUST(sendto(MUST(socket(AF_INET, SOCK_DGRAM, 0)), "x", 1, 0, (void *)&at, sizeof at));
    sleep_ms(5);
    for (int i = 0; i < 2; i++)
        for (char byte; read(udp[i], &byte, 1) == 1;)
            total++;
    N(total);
    int reuse[2];
    for (int i = 0; i < 2; i++) {
        reuse[i] = MUST(socket(AF_INET, SOCK_STREAM, 0));
        MUST(set_number(reuse[i], SOL_SOCKET, SO_REUSEADDR, 1));
        at = loopback(i ? port_of(reuse[0]) : 0);
        T(bind(reuse[i], (void *)&at, sizeof at));
    }
    T(listen(reuse[0], 1));
    T(listen(reuse[1], 1));
}

CASE(backlogs_that_are_full, "listen connect poll")
{
    int listener = bound(SOCK_STREAM), fds[4];
    MUST(listen(listener, 1));
    for (int i = 0; i < 4; i++)
        fds[i] = connected_to(listener, SOCK_NONBLOCK);
    sleep_ms(20);
    for (int i = 0; i < 4; i++)
        say("%d: %s", i, poll(&(struct pollfd){fds[i], POLLOUT, 0}, 1, 0) == 1 ? "connected" : "not yet");
    MUST(accept(listener, 0, 0));
    MUST(accept(listener, 0, 0));
    close(listener);
}

CASE(datagrams_at_their_edges, "sendto recvfrom recvmsg connect ioctl")
{
    int one = bound(SOCK_DGRAM), two = bound(SOCK_DGRAM), three = bound(SOCK_DGRAM), waiting = -1;
    struct sockaddr_in at = loopback(port_of(two)), zero = loopback(0), none = {.sin_family = AF_UNSPEC};
    static char big[70000];
    char text[16] = "";
    T(sendto(one, "", 0, 0, (void *)&at, sizeof at));
    T(recv(two, text, 16, 0));
    T(sendto(one, "0123456789", 10, 0, (void *)&at, sizeof at));
    T(sendto(one, "second", 6, 0, (void *)&at, sizeof at));
    T(ioctl(two, FIONREAD, &waiting));
    N(waiting);
    T(recv(two, text, 4, MSG_PEEK | MSG_TRUNC));
    T(recv(two, text, 4, 0));
    struct iovec v = {text, 3};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    T(recvmsg(two, &m, 0));
    N(m.msg_flags == MSG_TRUNC);
    T(sendto(one, big, 65507, 0, (void *)&at, sizeof at));
    T(sendto(one, big, 65508, 0, (void *)&at, sizeof at));
    T(recv(two, big, sizeof big, 0));
    T(sendto(one, "x", 1, 0, (void *)&zero, sizeof zero));
    T(send(one, "x", 1, 0));
    T(connect(two, (void *)&none, sizeof none));
    struct sockaddr_in first = loopback(port_of(one));
    T(connect(two, (void *)&first, sizeof first));
    T(sendto(three, "stray", 5, 0, (void *)&at, sizeof at));
    T(recv(two, text, 16, MSG_DONTWAIT));
    T(sendto(two, "elsewhere", 9, 0, (void *)&(struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port_of(three)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, sizeof at));
    T(recv(three, text, 16, 0));
    T(connect(two, (void *)&none, sizeof none));
    T(getpeername(two, (void *)&zero, &(socklen_t){sizeof zero}));
    T(listen(two, 1));
    T(send(three, "x", 1, MSG_OOB));
    T(shutdown(one, SHUT_WR));
    T(connect(one, (void *)&at, sizeof at));
    T(shutdown(one, SHUT_RD));
    T(recv(one, text, 1, 0));
}

CASE(what_comes_with_datagrams, "recvmsg setsockopt")
{
    int one = bound(SOCK_DGRAM), two = bound(SOCK_DGRAM);
    struct sockaddr_in at = loopback(port_of(two));
    char text[16], control[256];
    T(set_number(two, IPPROTO_IP, IP_PKTINFO, 1));
    T(set_number(two, IPPROTO_IP, IP_RECVTTL, 1));
    T(set_number(two, IPPROTO_IP, IP_RECVTOS, 1));
    MUST(sendto(one, "x", 1, 0, (void *)&at, sizeof at));
    struct iovec v = {text, 16};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    T(recvmsg(two, &m, 0));
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *info = (void *)CMSG_DATA(c);
            say("packet for %s on interface %d", inet_ntoa(info->ipi_addr), info->ipi_ifindex);
        } else {
            say("%d %d, %d bytes, first %d", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len - 16, c->cmsg_level == SOL_SOCKET ? -1 : CMSG_DATA(c)[0]);
        }
    }
}

CASE(bytes_on_the_way, "ioctl")
{
    int pair[2], value = -1;
    tcp_pair(pair);
    MUST(write(pair[0], "12345", 5));
    sleep_ms(5);
    T(ioctl(pair[1], FIONREAD, &value));
    N(value);
    T(ioctl(pair[0], SIOCOUTQ, &value));
    N(value);
    T(ioctl(bound(SOCK_STREAM), SIOCOUTQ, &value));
    int listener = bound(SOCK_STREAM);
    MUST(listen(listener, 1));
    T(ioctl(listener, FIONREAD, &value));
}

CASE(the_loopback_interface, "ioctl socket")
{
    int fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));
    struct ifreq r = {.ifr_name = "lo"};
    T(ioctl(fd, SIOCGIFFLAGS, &r));
    say("%s%s%s", r.ifr_flags & IFF_UP ? "up " : "", r.ifr_flags & IFF_LOOPBACK ? "loopback " : "", r.ifr_flags & IFF_RUNNING ? "running" : "");
    T(ioctl(fd, SIOCGIFADDR, &r));
    say("%s", inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
    T(ioctl(fd, SIOCGIFNETMASK, &r));
    say("%s", inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
    T(ioctl(fd, SIOCGIFMTU, &r));
    N(r.ifr_mtu);
    T(ioctl(fd, SIOCGIFINDEX, &r));
    N(r.ifr_ifindex);
    T(ioctl(fd, SIOCGIFHWADDR, &r));
    N(r.ifr_hwaddr.sa_family);
    r.ifr_ifindex = 1;
    T(ioctl(fd, SIOCGIFNAME, &r));
    say("%s", r.ifr_name);
    r.ifr_ifindex = 4321;
    T(ioctl(fd, SIOCGIFNAME, &r));
    strcpy(r.ifr_name, "none");
    T(ioctl(fd, SIOCGIFFLAGS, &r));
    T(ioctl(fd, SIOCGIFTXQLEN, (strcpy(r.ifr_name, "lo"), &r)));
    char buffer[4096];
    struct ifconf all = {.ifc_len = sizeof buffer, .ifc_buf = buffer};
    T(ioctl(fd, SIOCGIFCONF, &all));
    say("first: %s", all.ifc_len ? all.ifc_req[0].ifr_name : "none");
    T(if_nametoindex("lo"));
    struct ifaddrs *list = 0;
    T(getifaddrs(&list));
    for (struct ifaddrs *at = list; at; at = at->ifa_next) {
        char text[64] = "";
        if (strcmp(at->ifa_name, "lo") || !at->ifa_addr)
            continue;
        if (at->ifa_addr->sa_family == AF_INET)
            inet_ntop(AF_INET, &((struct sockaddr_in *)at->ifa_addr)->sin_addr, text, sizeof text);
        if (at->ifa_addr->sa_family == AF_INET6)
            inet_ntop(AF_INET6, &((struct sockaddr_in6 *)at->ifa_addr)->sin6_addr, text, sizeof text);
        say("family %d %s, %s", at->ifa_addr->sa_family, text, at->ifa_flags & IFF_LOOPBACK ? "loopback" : "no loopback");
    }
}

static void ask(int fd, int type, int flags, void *body, int size)
{
    struct { struct nlmsghdr head; char body[64]; } request = {{NLMSG_LENGTH((unsigned)size), (uint16_t)type, (uint16_t)(NLM_F_REQUEST | flags), 7, 0}, {0}};
    memcpy(request.body, body, (size_t)size);
    T(send(fd, &request, request.head.nlmsg_len, 0));
}

CASE(asking_about_interfaces, "socket sendto recvfrom bind getsockname")
{
    int fd = MUST(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    struct sockaddr_nl name = {.nl_family = AF_NETLINK};
    char buffer[32768] __attribute__((aligned(8)));
    T(bind(fd, (void *)&name, sizeof name));
    socklen_t size = sizeof name;
    MUST(getsockname(fd, (void *)&name, &size));
    IS(name.nl_pid == (uint32_t)getpid());
    struct ifinfomsg one = {.ifi_index = 1};
    ask(fd, RTM_GETLINK, 0, &one, sizeof one);
    T(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0);
    struct nlmsghdr *h = (void *)buffer;
    say("%d, sequence %u", h->nlmsg_type, h->nlmsg_seq);
    if (h->nlmsg_type == RTM_NEWLINK) {
        struct ifinfomsg *info = NLMSG_DATA(h);
        say("index %d, type %d, %s", info->ifi_index, info->ifi_type, info->ifi_flags & IFF_UP ? "up" : "down");
        int left = (int)IFLA_PAYLOAD(h);
        for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
            if (a->rta_type == IFLA_IFNAME)
                say("name %s", (char *)RTA_DATA(a));
            if (a->rta_type == IFLA_MTU)
                say("mtu %u", *(unsigned *)RTA_DATA(a));
        }
    }
    one.ifi_index = 4321;
    ask(fd, RTM_GETLINK, 0, &one, sizeof one);
    MUST(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
    say("%d: %s", h->nlmsg_type, h->nlmsg_type == NLMSG_ERROR ? error_name(-((struct nlmsgerr *)NLMSG_DATA(h))->error) : "");
    struct rtmsg route = {.rtm_family = AF_INET};
    ask(fd, RTM_GETROUTE, NLM_F_DUMP, &route, sizeof route);
    int done = 0, routes = 0;
    while (!done) {
        int left = (int)MUST(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
        for (h = (void *)buffer; NLMSG_OK(h, (unsigned)left); h = NLMSG_NEXT(h, left)) {
            done |= h->nlmsg_type == NLMSG_DONE;
            routes += h->nlmsg_type == RTM_NEWROUTE;
        }
    }
    say("%s", routes >= 0 ? "all routes" : "");
    h = (void *)buffer;
    ask(fd, RTM_GETROUTE + 100, 0, &route, sizeof route);
    MUST(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
    say("%d: %s", h->nlmsg_type, h->nlmsg_type == NLMSG_ERROR ? error_name(-((struct nlmsgerr *)NLMSG_DATA(h))->error) : "");
    T(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
    T(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE));
    T(socket(AF_NETLINK, SOCK_RAW, 99));
}

CASE(of_version_six, "setsockopt getsockopt bind recvmsg")
{
    int fd = MUST(socket(AF_INET6, SOCK_DGRAM, 0)), tcp = MUST(socket(AF_INET6, SOCK_STREAM, 0));
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    N(number(fd, IPPROTO_IPV6, IPV6_V6ONLY));
    N(number(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
    T(set_number(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256));
    T(set_number(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1));
    T(set_number(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
    N(number(fd, IPPROTO_IPV6, IPV6_TCLASS));
    N(number(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS));
    N(number(fd, IPPROTO_IPV6, 199));
    T(bind(fd, (void *)&at, sizeof at));
    T(set_number(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    T(bind(tcp, (void *)&at, 20));
    socklen_t size = sizeof at;
    MUST(getsockname(fd, (void *)&at, &size));
    T(sendto(fd, "x", 1, 0, (void *)&at, sizeof at));
    char text[16], control[128];
    struct iovec v = {text, 16};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    T(recvmsg(fd, &m, 0));
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c)
        say("%d %d, %d bytes, interface %d", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len - 16, ((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex);
    int both = MUST(socket(AF_INET6, SOCK_STREAM, 0)), four = MUST(socket(AF_INET, SOCK_STREAM, 0));
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    MUST(bind(both, (void *)&any, sizeof any));
    size = sizeof any;
    MUST(getsockname(both, (void *)&any, &size));
    struct sockaddr_in same = {.sin_family = AF_INET, .sin_port = any.sin6_port};
    T(bind(four, (void *)&same, sizeof same));
    struct sockaddr_in6 far = {.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr.s6_addr = {0x20, 1, 0xd, 0xb8, [15] = 1}};
    T(bind(MUST(socket(AF_INET6, SOCK_DGRAM, 0)), (void *)&far, sizeof far));
    T(connect(MUST(socket(AF_INET, SOCK_DGRAM, 0)), (void *)&far, sizeof far));
}
