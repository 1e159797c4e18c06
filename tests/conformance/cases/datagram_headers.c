/* What the header of a datagram says, as control messages; and UDP-Lite. */
#include "case.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif
enum { SEND_COVERAGE = 10, RECEIVE_COVERAGE = 11 };

static int sender, receiver;
static char text[32];

/* A receiver on loopback, and a sender connected to it. */
static void connect_ends(int family, int protocol)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    void *address = family == AF_INET6 ? (void *)&six : (void *)&four;
    socklen_t size = family == AF_INET6 ? sizeof six : sizeof four;
    receiver = MUST(socket(family, SOCK_DGRAM, protocol));
    MUST(bind(receiver, address, size));
    MUST(getsockname(receiver, address, &size));
    sender = MUST(socket(family, SOCK_DGRAM, protocol));
    MUST(connect(sender, address, size));
}

static void ask(int level, int name)
{
    int on = 1;
    MUST(setsockopt(receiver, level, name, &on, sizeof on));
}

/* Everything a datagram came with, byte for byte; `room` for control messages. */
static void show_next(size_t room)
{
    char control[256];
    struct iovec part = {text, sizeof text};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    T(recvmsg(receiver, &message, MSG_DONTWAIT));
    say("control %zu%s", (size_t)message.msg_controllen, message.msg_flags & MSG_CTRUNC ? ", cut short" : "");
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&message); one; one = CMSG_NXTHDR(&message, one)) {
        char bytes[128] = "";
        for (size_t i = 0; i < one->cmsg_len - CMSG_LEN(0) && i < 24; i++)
            sprintf(bytes + 3 * i, " %02x", CMSG_DATA(one)[i]);
        say("level %d type %d:%s", one->cmsg_level, one->cmsg_type, bytes);
    }
}

/* Send one datagram with one control message. */
static long send_with(int level, int type, const void *data, size_t size)
{
    char control[64] __attribute__((aligned(8))) = "";
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(size)};
    struct cmsghdr *one = CMSG_FIRSTHDR(&message);
    *one = (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};
    memcpy(CMSG_DATA(one), data, size);
    return sendmsg(sender, &message, 0);
}

CASE(headers_of_version_six, "recvmsg setsockopt")
{
    int hops = 9;
    connect_ends(AF_INET6, 0);
    MUST(send(sender, "a", 1, 0));
    show_next(256);
    ask(IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
    ask(IPPROTO_IPV6, IPV6_RECVTCLASS);
    ask(IPPROTO_IPV6, IPV6_RECVPKTINFO);
    MUST(send(sender, "b", 1, 0));
    MUST(setsockopt(sender, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops));
    MUST(setsockopt(sender, IPPROTO_IPV6, IPV6_TCLASS, &hops, sizeof hops));
    MUST(send(sender, "c", 1, 0));
    show_next(256);
    show_next(256);
    for (size_t room = 0; room < 90; room += 7) {
        MUST(send(sender, "d", 1, 0));
        show_next(room);
    }
}

CASE(headers_of_version_four, "recvmsg setsockopt")
{
    int hops = 9;
    connect_ends(AF_INET, 0);
    ask(IPPROTO_IP, IP_RECVTTL);
    ask(IPPROTO_IP, IP_RECVTOS);
    ask(IPPROTO_IP, IP_PKTINFO);
    MUST(send(sender, "a", 1, 0));
    MUST(setsockopt(sender, IPPROTO_IP, IP_TTL, &hops, sizeof hops));
    MUST(setsockopt(sender, IPPROTO_IP, IP_TOS, &hops, sizeof hops));
    MUST(send(sender, "b", 1, 0));
    show_next(256);
    show_next(256);
}

CASE(header_of_one_datagram_six, "sendmsg recvmsg")
{
    int own = -1, hops = 7, traffic = 33, large = 256;
    connect_ends(AF_INET6, 0);
    ask(IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
    ask(IPPROTO_IPV6, IPV6_RECVTCLASS);
    T(send_with(IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof hops));
    show_next(256);
    T(send_with(IPPROTO_IPV6, IPV6_TCLASS, &traffic, sizeof traffic));
    show_next(256);
    T(send_with(IPPROTO_IPV6, IPV6_HOPLIMIT, &own, sizeof own));
    show_next(256);
    T(send_with(IPPROTO_IPV6, IPV6_HOPLIMIT, &large, sizeof large));
    T(send_with(IPPROTO_IPV6, IPV6_TCLASS, &traffic, 1));
    T(send_with(IPPROTO_IPV6, 99, &traffic, sizeof traffic));
    T(send_with(IPPROTO_IP, IP_TTL, &hops, sizeof hops));
    show_next(256);
}

CASE(header_of_one_datagram_four, "sendmsg recvmsg")
{
    int own = -1, hops = 7, traffic = 33, large = 256;
    char byte = 44;
    connect_ends(AF_INET, 0);
    ask(IPPROTO_IP, IP_RECVTTL);
    ask(IPPROTO_IP, IP_RECVTOS);
    T(send_with(IPPROTO_IP, IP_TTL, &hops, sizeof hops));
    show_next(256);
    T(send_with(IPPROTO_IP, IP_TOS, &traffic, sizeof traffic));
    show_next(256);
    T(send_with(IPPROTO_IP, IP_TOS, &byte, sizeof byte));
    show_next(256);
    T(send_with(IPPROTO_IP, IP_TTL, &own, sizeof own));
    T(send_with(IPPROTO_IP, IP_TTL, &large, sizeof large));
    T(send_with(IPPROTO_IP, IP_TTL, &byte, sizeof byte));
    T(send_with(IPPROTO_IP, 99, &traffic, sizeof traffic));
}

CASE(light_datagrams, "socket sendto recvfrom setsockopt getsockopt")
{
    int value, cut = 9, all = 200;
    socklen_t size = sizeof value;
    T(socket(AF_INET, SOCK_STREAM, IPPROTO_UDPLITE));
    connect_ends(AF_INET, IPPROTO_UDPLITE);
    T(getsockopt(receiver, SOL_SOCKET, SO_PROTOCOL, &value, &size));
    N(value);
    static const int tried[] = {0, 1, 8, 20, 70000, -1};
    for (unsigned i = 0; i < sizeof tried / sizeof *tried; i++) {
        T(setsockopt(sender, IPPROTO_UDPLITE, SEND_COVERAGE, &tried[i], sizeof tried[i]));
        T(getsockopt(sender, IPPROTO_UDPLITE, SEND_COVERAGE, &value, &size));
        N(value);
    }
    MUST(setsockopt(sender, IPPROTO_UDPLITE, SEND_COVERAGE, &cut, sizeof cut));
    T(send(sender, "0123456789", 10, 0));
    show_next(0);
    MUST(setsockopt(receiver, IPPROTO_UDPLITE, RECEIVE_COVERAGE, &all, sizeof all));
    T(send(sender, "0123456789", 10, 0));
    show_next(0);
    T(send(sender, "0", 1, 0));
    show_next(0);
    int plain = MUST(socket(AF_INET, SOCK_DGRAM, 0));
    T(setsockopt(plain, IPPROTO_UDPLITE, SEND_COVERAGE, &cut, sizeof cut));
    struct sockaddr_in address;
    size = sizeof address;
    MUST(getsockname(receiver, (void *)&address, &size));
    OK(bind(plain, (void *)&address, size));
}
