/* Pointers that lead astray: sockets, their names, options and messages. */
#include "pointers.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

enum { ONE = 100, OTHER = 101, LISTENER = 102, FAR = 103 };

static void begin_pair(int type)
{
    int ends[2];
    MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends));
    MUST(dup2(ends[0], ONE));
    MUST(dup2(ends[1], OTHER));
    close(ends[0]);
    close(ends[1]);
}

static void empty(int fd)
{
    char waste[PAGE];
    while (recv(fd, waste, sizeof waste, MSG_DONTWAIT) > 0)
        ;
}

static void both_empty(void)
{
    empty(ONE);
    empty(OTHER);
}

static void one_waits(void)
{
    struct pollfd arrival = {ONE, POLLIN, 0};
    both_empty();
    send(OTHER, "abcdefghijklmnopqrstuvwxyz", 26, 0);
    poll(&arrival, 1, 1000);
}

/* Two connected sockets over the loopback. */
static void begin_internet(int type)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int first = MUST(socket(AF_INET, type, 0));
    MUST(bind(first, (void *)&at, size));
    MUST(getsockname(first, (void *)&at, &size));
    if (type == SOCK_STREAM)
        MUST(listen(first, 8));
    int second = MUST(socket(AF_INET, type, 0));
    MUST(connect(second, (void *)&at, size));
    MUST(dup2(second, OTHER));
    close(second);
    if (type == SOCK_STREAM) {
        MUST(dup2(MUST(accept(first, 0, 0)), ONE));
        MUST(dup2(first, LISTENER));
    } else {
        MUST(getsockname(OTHER, (void *)&at, &size));
        MUST(connect(first, (void *)&at, size));
        MUST(dup2(first, ONE));
    }
    MUST(fcntl(ONE, F_SETFL, O_NONBLOCK));
    MUST(fcntl(OTHER, F_SETFL, O_NONBLOCK));
}

static void begin_alone(int family, int type) { MUST(dup2(MUST(socket(family, type, 0)), ONE)); }

static struct sockaddr_un listening;

static void begin_listener(void)
{
    listening = (struct sockaddr_un){AF_UNIX, "listener"};
    MUST(dup2(MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)), LISTENER));
    MUST(bind(LISTENER, (void *)&listening, sizeof listening));
    MUST(listen(LISTENER, 100));
}

static void one_more_comes(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    dup2(fd, FAR);
    close(fd);
    connect(FAR, (void *)&listening, sizeof listening);
}

static void nobody_comes(void)
{
    int fd;
    while ((fd = accept(LISTENER, 0, 0)) >= 0)
        close(fd);
}

CASE(socketpair, "socketpair") { BAD(socketpair, AF_UNIX, SOCK_STREAM, 0, BUF); }
CASE(socketpair_of_no_kind, "socketpair") { BAD(socketpair, AF_INET, SOCK_STREAM, 0, BUF); }
CASE(bind_local, "bind") { begin_alone(AF_UNIX, SOCK_STREAM); BAD(bind, ONE, BUF, 16); }
CASE(bind_internet, "bind") { begin_alone(AF_INET, SOCK_DGRAM); BAD(bind, ONE, BUF, 16); }
CASE(bind_too_long, "bind") { begin_alone(AF_INET, SOCK_DGRAM); BAD(bind, ONE, BUF, 129); }
CASE(bind_nothing, "bind") { begin_alone(AF_INET, SOCK_DGRAM); BAD(bind, ONE, BUF, 0); }
CASE(bind_no_socket, "bind") { BAD(bind, 0, BUF, 16); BAD(bind, -1, BUF, 16); }
CASE(connect_local, "connect") { begin_alone(AF_UNIX, SOCK_STREAM); BAD(connect, ONE, BUF, 16); }
CASE(connect_internet, "connect") { begin_alone(AF_INET, SOCK_DGRAM); BAD(connect, ONE, BUF, 16); }
CASE(accept_local, "accept") { begin_listener(); AFTER(one_more_comes, accept, LISTENER, BUF, LENGTH); }
CASE(accept_nobody, "accept") { begin_listener(); AFTER(nobody_comes, accept, LISTENER, BUF, LENGTH); }
CASE(accept4_local, "accept4") { begin_listener(); AFTER(one_more_comes, accept4, LISTENER, BUF, LENGTH, 0); }
CASE(accept4_bad_flags, "accept4") { begin_listener(); AFTER(nobody_comes, accept4, LISTENER, BUF, LENGTH, 1); }
CASE(getsockname_internet, "getsockname") { begin_alone(AF_INET, SOCK_DGRAM); BAD(getsockname, ONE, BUF, LENGTH); }
CASE(getsockname_local, "getsockname") { begin_pair(SOCK_STREAM); BAD(getsockname, ONE, BUF, LENGTH); }
CASE(getpeername_local, "getpeername") { begin_pair(SOCK_STREAM); BAD(getpeername, ONE, BUF, LENGTH); }
CASE(getpeername_of_nobody, "getpeername") { begin_alone(AF_INET, SOCK_STREAM); BAD(getpeername, ONE, BUF, LENGTH); }

CASE(general_options, "getsockopt setsockopt")
{
    static const int names[] = {SO_REUSEADDR, SO_SNDBUF, SO_KEEPALIVE, SO_LINGER, SO_RCVTIMEO, SO_PRIORITY, SO_RCVLOWAT};
    begin_alone(AF_INET, SOCK_STREAM);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        say("option %d", names[i]);
        BAD(getsockopt, ONE, SOL_SOCKET, names[i], BUF, LENGTH);
        BAD(setsockopt, ONE, SOL_SOCKET, names[i], BUF, 16);
        BAD(setsockopt, ONE, SOL_SOCKET, names[i], BUF, 4);
    }
    BAD(getsockopt, ONE, SOL_SOCKET, SO_TYPE, BUF, LENGTH);
    BAD(getsockopt, ONE, SOL_SOCKET, 9999, BUF, LENGTH);
    BAD(setsockopt, ONE, SOL_SOCKET, 9999, BUF, 4);
    BAD(setsockopt, ONE, SOL_SOCKET, SO_TYPE, BUF, 4);
}

CASE(options_of_protocols, "getsockopt setsockopt")
{
    static const int options[][2] = {
        {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_IP, IP_TOS}, {IPPROTO_IP, IP_TTL},
        {IPPROTO_TCP, 9999},        {IPPROTO_IP, 9999},
    };
    begin_alone(AF_INET, SOCK_STREAM);
    for (unsigned i = 0; i < sizeof options / sizeof *options; i++) {
        say("level %d, option %d", options[i][0], options[i][1]);
        BAD(getsockopt, ONE, options[i][0], options[i][1], BUF, LENGTH);
        BAD(setsockopt, ONE, options[i][0], options[i][1], BUF, 4);
    }
    begin_alone(AF_INET6, SOCK_STREAM);
    BAD(getsockopt, ONE, IPPROTO_IPV6, IPV6_V6ONLY, BUF, LENGTH);
    BAD(setsockopt, ONE, IPPROTO_IPV6, IPV6_V6ONLY, BUF, 4);
}

CASE(credentials_option, "getsockopt") { begin_pair(SOCK_STREAM); BAD(getsockopt, ONE, SOL_SOCKET, SO_PEERCRED, BUF, LENGTH); }

/* All ways of sending and receiving on two connected sockets. */
static void every_way(void)
{
    say("sendto");
    COUNT(both_empty, sendto, ONE, BUF, 16, MSG_DONTWAIT, 0, 0);
    say("recvfrom");
    COUNT(one_waits, recvfrom, ONE, BUF, 64, MSG_DONTWAIT, BUF, LENGTH);
    COUNT(both_empty, recvfrom, ONE, BUF, 64, MSG_DONTWAIT, BUF, LENGTH);
    say("write and read");
    COUNT(both_empty, write, ONE, BUF, 64);
    COUNT(one_waits, read, ONE, BUF, 64);
    COUNT(both_empty, read, ONE, BUF, 64);
    COUNT(both_empty, writev, ONE, VEC, 1);
    COUNT(one_waits, readv, ONE, VEC, 1);
}

static void messages(void)
{
    say("sendmsg");
    COUNT(both_empty, sendmsg, ONE, MESSAGE, MSG_DONTWAIT);
    say("recvmsg");
    COUNT(one_waits, recvmsg, ONE, MESSAGE, MSG_DONTWAIT);
    COUNT(both_empty, recvmsg, ONE, MESSAGE, MSG_DONTWAIT);
}

CASE(local_streams, "sendto recvfrom read write") { begin_pair(SOCK_STREAM); every_way(); }
CASE(local_datagrams, "sendto recvfrom read write") { begin_pair(SOCK_DGRAM); every_way(); }
CASE(local_packets, "sendto recvfrom read write") { begin_pair(SOCK_SEQPACKET); every_way(); }
CASE(local_stream_messages, "sendmsg recvmsg") { begin_pair(SOCK_STREAM); messages(); }
CASE(local_datagram_messages, "sendmsg recvmsg") { begin_pair(SOCK_DGRAM); messages(); }
CASE(local_packet_messages, "sendmsg recvmsg") { begin_pair(SOCK_SEQPACKET); messages(); }
CASE(tcp_connections, "sendto recvfrom read write") { begin_internet(SOCK_STREAM); every_way(); }
CASE(udp_connections, "sendto recvfrom read write") { begin_internet(SOCK_DGRAM); every_way(); }
CASE(tcp_messages, "sendmsg recvmsg") { begin_internet(SOCK_STREAM); messages(); }
CASE(udp_messages, "sendmsg recvmsg") { begin_internet(SOCK_DGRAM); messages(); }

CASE(sendto_an_address, "sendto")
{
    begin_alone(AF_INET, SOCK_DGRAM);
    BAD(sendto, ONE, BUF, 4, MSG_DONTWAIT, BUF, 16);
    BAD(sendto, ONE, BUF, 4, MSG_DONTWAIT, BUF, 129);
    BAD(sendto, 0, BUF, 4, MSG_DONTWAIT, BUF, 16);
    BAD(sendto, -1, BUF, 4, MSG_DONTWAIT, BUF, 16);
    BAD(recvfrom, 0, BUF, 4, MSG_DONTWAIT, BUF, LENGTH);
    begin_alone(AF_UNIX, SOCK_DGRAM);
    BAD(sendto, ONE, BUF, 4, MSG_DONTWAIT, BUF, 16);
}

CASE(many_messages, "sendmmsg recvmmsg")
{
    begin_pair(SOCK_DGRAM);
    COUNT(both_empty, sendmmsg, ONE, MESSAGE, 1, MSG_DONTWAIT);
    COUNT(one_waits, recvmmsg, ONE, MESSAGE, 1, MSG_DONTWAIT, TIMEOUT);
    COUNT(both_empty, recvmmsg, ONE, MESSAGE, 1, MSG_DONTWAIT, TIMEOUT);
    begin_pair(SOCK_STREAM);
    COUNT(both_empty, sendmmsg, ONE, MESSAGE, 1, MSG_DONTWAIT);
    COUNT(one_waits, recvmmsg, ONE, MESSAGE, 1, MSG_DONTWAIT, TIMEOUT);
}

/* What is left behind by transfers over several pages of which the last is missing. */
static void long_way(void)
{
    static char text[6 * PAGE];
    char *room = MUST(mmap(0, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    static const int sizes[] = {1, 300, PAGE, 2 * PAGE + 77, 4 * PAGE};
    MUST(munmap(room + 4 * PAGE, PAGE));
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *at = room + 4 * PAGE - sizes[i];
        struct iovec two[2] = {{text, 33}, {at, 3 * PAGE}};
        say("the last %d bytes", sizes[i]);
        both_empty();
        T(write(ONE, at, 5 * PAGE));
        T(writev(ONE, two, 2));
        both_empty();
        MUST(write(OTHER, text, 5000));
        MUST(write(OTHER, text, 100));
        T(read(ONE, at, 5 * PAGE));
        T(read(ONE, text, sizeof text));
        T(read(ONE, text, sizeof text));
    }
}

CASE(long_ways_of_streams, "read write") { begin_pair(SOCK_STREAM); long_way(); }
CASE(long_ways_of_datagrams, "read write") { begin_pair(SOCK_DGRAM); long_way(); }
CASE(long_ways_of_packets, "read write") { begin_pair(SOCK_SEQPACKET); long_way(); }
CASE(long_ways_of_udp, "read write") { begin_internet(SOCK_DGRAM); long_way(); }

/* A descriptor on its way, when only part of what tells of it can be written or read. */
static void rights_wait(void)
{
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {"x", 1};
    struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    both_empty();
    sendmsg(OTHER, &m, 0);
}

CASE(descriptors_in_messages, "recvmsg")
{
    begin_pair(SOCK_STREAM);
    COUNT(rights_wait, recvmsg, ONE, MESSAGE, MSG_DONTWAIT);
    begin_pair(SOCK_DGRAM);
    COUNT(rights_wait, recvmsg, ONE, MESSAGE, MSG_DONTWAIT);
}

CASE(control_data_too_short, "sendmsg")
{
    begin_pair(SOCK_STREAM);
    for (int size = 0; size <= 40; size += 4) {
        char *at = MUST(mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        struct cmsghdr head = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        struct iovec data = {"x", 1};
        struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = at + PAGE - size, .msg_controllen = 24};
        MUST(munmap(at + PAGE, PAGE));
        memcpy(at + PAGE - size, &head, size < (int)sizeof head ? size : (int)sizeof head);
        T(syscall(SYS_sendmsg, ONE, &m, MSG_DONTWAIT));
        m.msg_controllen = size;
        T(syscall(SYS_sendmsg, ONE, &m, MSG_DONTWAIT));
    }
}
