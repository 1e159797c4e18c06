/* Options of sockets, and ports that are shared. */
#include "loopback.h"
#include <netinet/tcp.h>

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

CASE(options_seldom_asked_for, "getsockopt setsockopt")
{
    static const struct { const char *name; int option, value; } options[] = {
        {"bsdcompat", 14, 1}, {"wifi status", 41, 5}, {"nofcs", 43, 5}, {"error queue", 45, 5}, {"pacing rate", 47, 12345},
        {"extensions", 48, 1}, {"marks", 75, 5}, {"peek offset", SO_PEEK_OFF, 3},
    };
    int fds[3] = {MUST(socket(AF_INET, SOCK_STREAM, 0)), MUST(socket(AF_INET6, SOCK_DGRAM, 0)), MUST(socket(AF_UNIX, SOCK_DGRAM, 0))};
    for (int i = 0; i < 3; i++)
        for (unsigned n = 0; n < sizeof options / sizeof *options; n++) {
            long first = number(fds[i], SOL_SOCKET, options[n].option);
            int why = set_number(fds[i], SOL_SOCKET, options[n].option, options[n].value) ? errno : 0;
            say("%s: %ld, %s, %ld", options[n].name, first, error_name(why), number(fds[i], SOL_SOCKET, options[n].option));
        }
    struct sockaddr_in at = {0};
    socklen_t size = sizeof at;
    int pair[2], udp = bound(SOCK_DGRAM);
    T(getsockopt(fds[0], SOL_SOCKET, SO_PEERNAME, &at, &size));
    tcp_pair(pair);
    size = sizeof at;
    T(getsockopt(pair[0], SOL_SOCKET, SO_PEERNAME, &at, &size));
    say("%u, %s", size, ntohs(at.sin_port) == port_of(pair[1]) ? "the peer's" : "another");
    size = sizeof at;
    T(getsockopt(pair[0], SOL_SOCKET, SO_BINDTODEVICE, &at, &size));
    N(size);
    T(number(fds[0], IPPROTO_IP, IP_MTU));
    T(number(pair[0], IPPROTO_IP, IP_MTU));
    T(number(udp, IPPROTO_IP, IP_MTU));
    at = loopback(9);
    MUST(connect(udp, (void *)&at, sizeof at));
    T(number(udp, IPPROTO_IP, IP_MTU));
    T(number(fds[1], IPPROTO_IPV6, IPV6_MTU));
    T(number(fds[1], IPPROTO_IPV6, 70)); /* flow labels of its own */
}
