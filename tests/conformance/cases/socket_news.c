/* What sockets tell beside the data: when it came, what became of it, and how far it has been peeked at. */
#include "loopback.h"
#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/un.h>

enum { TIMES_NS_NEW = 64 }; /* SO_TIMESTAMPNS_NEW */

static union {
    struct cmsghdr first;
    char bytes[512];
} control;
static char content[2048];
static struct sockaddr_storage name;
static struct iovec vector = {content, sizeof content};
static struct msghdr message;

static long receive(int fd, int flags)
{
    memset(&control, 0, sizeof control);
    memset(content, 0, sizeof content);
    message = (struct msghdr){
        .msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    return recvmsg(fd, &message, flags | MSG_DONTWAIT);
}

/* The control messages, and whether times in them are from now. */
static void show_control(void)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        long size = (long)(c->cmsg_len - sizeof *c), value[2] = {0, 0};
        say("level %d type %d size %ld", c->cmsg_level, c->cmsg_type, size);
        if (c->cmsg_level != SOL_SOCKET || size != sizeof value)
            continue;
        memcpy(value, CMSG_DATA(c), sizeof value);
        long now = (long)time(0);
        IS(value[0] >= now - 20 && value[0] <= now + 1);
        IS(value[1] >= 0 && value[1] < 1000000000);
        if (c->cmsg_type == SO_TIMESTAMP)
            IS(value[1] < 1000000);
    }
}

CASE(times_of_datagrams, "setsockopt getsockopt recvmsg")
{
    int receiver = bound(SOCK_DGRAM), sender = MUST(socket(AF_INET, SOCK_DGRAM, 0));
    struct sockaddr_in at = loopback(port_of(receiver));
    static const int options[] = {SO_TIMESTAMP, SO_TIMESTAMPNS};
    MUST(connect(sender, (void *)&at, sizeof at));
    for (int i = 0; i < 2; i++) {
        MUST(write(sender, "a", 1));
        T(set_number(receiver, SOL_SOCKET, options[i], 7));
        N(number(receiver, SOL_SOCKET, SO_TIMESTAMP));
        N(number(receiver, SOL_SOCKET, SO_TIMESTAMPNS));
        MUST(write(sender, "b", 1));
        sleep_ms(2);
        for (int n = 0; n < 2; n++) {
            T(receive(receiver, n ? 0 : MSG_PEEK));
            show_control();
        }
        T(receive(receiver, 0));
        show_control();
    }
    MUST(set_number(receiver, IPPROTO_IP, IP_PKTINFO, 1));
    MUST(write(sender, "c", 1));
    sleep_ms(2);
    T(receive(receiver, 0));
    show_control();
    T(set_number(receiver, SOL_SOCKET, SO_TIMESTAMP, 0));
    N(number(receiver, SOL_SOCKET, SO_TIMESTAMPNS));
    MUST(write(sender, "d", 1));
    sleep_ms(2);
    T(receive(receiver, 0));
    show_control();
    T(set_number(receiver, SOL_SOCKET, TIMES_NS_NEW, 1));
    N(number(receiver, SOL_SOCKET, SO_TIMESTAMPNS));
    N(number(receiver, SOL_SOCKET, TIMES_NS_NEW));
    MUST(write(sender, "e", 1));
    sleep_ms(2);
    T(receive(receiver, 0));
    show_control();
}

CASE(times_of_other_sockets, "setsockopt recvmsg")
{
    static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM};
    int pair[2];
    for (int i = 0; i < 3; i++) {
        MUST(socketpair(AF_UNIX, types[i], 0, pair));
        T(set_number(pair[1], SOL_SOCKET, SO_TIMESTAMP, 1));
        T(set_number(pair[1], SOL_SOCKET, SO_PASSCRED, 1));
        MUST(write(pair[0], "x", 1));
        T(receive(pair[1], 0));
        show_control();
    }
    tcp_pair(pair);
    T(set_number(pair[1], SOL_SOCKET, SO_TIMESTAMPNS, 1));
    sleep_ms(5);
    MUST(write(pair[0], "x", 1));
    sleep_ms(5);
    T(receive(pair[1], 0));
    show_control();
}

static void look(int fd, int size, int flags)
{
    memset(content, 0, sizeof content);
    T(recv(fd, content, (size_t)size, flags | MSG_DONTWAIT));
    say("'%s', then at %ld", content, number(fd, SOL_SOCKET, SO_PEEK_OFF));
}

static void peek(int fd, int size) { look(fd, size, MSG_PEEK); }
static void take(int fd, int size) { look(fd, size, 0); }

static void peek_around(int from, int to)
{
    N(number(to, SOL_SOCKET, SO_PEEK_OFF));
    T(set_number(to, SOL_SOCKET, SO_PEEK_OFF, 1));
    MUST(write(from, "abcde", 5));
    MUST(write(from, "fgh", 3));
    sleep_ms(2);
    peek(to, 2);
    peek(to, 2);
    peek(to, 100);
    peek(to, 100);
    T(set_number(to, SOL_SOCKET, SO_PEEK_OFF, 2));
    take(to, 4);
    peek(to, 100);
    take(to, 100);
    T(set_number(to, SOL_SOCKET, SO_PEEK_OFF, 0));
    MUST(write(from, "ijkl", 4));
    sleep_ms(2);
    peek(to, 1);
    T(set_number(to, SOL_SOCKET, SO_PEEK_OFF, -3));
    peek(to, 100);
    peek(to, 2);
    take(to, 100);
}

CASE(peeking_further_in_streams, "setsockopt getsockopt recvfrom")
{
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    peek_around(pair[0], pair[1]);
    tcp_pair(pair);
    peek_around(pair[0], pair[1]);
}

CASE(peeking_further_in_packets, "setsockopt getsockopt recvfrom")
{
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    peek_around(pair[0], pair[1]);
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
    peek_around(pair[0], pair[1]);
    int receiver = bound(SOCK_DGRAM), sender = MUST(socket(AF_INET, SOCK_DGRAM, 0));
    struct sockaddr_in at = loopback(port_of(receiver));
    MUST(connect(sender, (void *)&at, sizeof at));
    peek_around(sender, receiver);
    T(set_number(receiver, SOL_SOCKET, SO_PEEK_OFF, 0));
    MUST(write(sender, "", 0));
    MUST(write(sender, "xy", 2));
    sleep_ms(2);
    peek(receiver, 10);
    peek(receiver, 10);
    peek(receiver, 10);
    T(receive(receiver, MSG_PEEK | MSG_TRUNC));
}

static void show_error(int fd)
{
    struct pollfd at = {.fd = fd, .events = 0};
    poll(&at, 1, 0);
    N(at.revents);
    T(receive(fd, MSG_ERRQUEUE));
    say("flags %#x, name %u, '%.10s'", message.msg_flags, message.msg_namelen, content);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        struct sock_extended_err e;
        memcpy(&e, CMSG_DATA(c), sizeof e);
        say("level %d type %d size %ld: %s of %u, %u/%u, %u %u, family %d", c->cmsg_level, c->cmsg_type,
            (long)(c->cmsg_len - sizeof *c), error_name((int)e.ee_errno), e.ee_origin, e.ee_type, e.ee_code, e.ee_info,
            e.ee_data, *(unsigned short *)(CMSG_DATA(c) + sizeof e));
    }
}

static struct sockaddr_in unused(void)
{
    int fd = bound(SOCK_DGRAM);
    struct sockaddr_in at = loopback(port_of(fd));
    close(fd);
    return at;
}

CASE(datagrams_that_come_back, "setsockopt recvmsg sendto")
{
    struct sockaddr_in nobody = unused();
    int fd = bound(SOCK_DGRAM);
    T(sendto(fd, "first", 5, 0, (void *)&nobody, sizeof nobody));
    sleep_ms(2);
    show_error(fd);
    T(set_number(fd, IPPROTO_IP, IP_RECVERR, 1));
    N(number(fd, IPPROTO_IP, IP_RECVERR));
    T(sendto(fd, "second", 6, 0, (void *)&nobody, sizeof nobody));
    sleep_ms(2);
    T(sendto(fd, "third", 5, 0, (void *)&nobody, sizeof nobody));
    T(sendto(fd, "fourth", 6, 0, (void *)&nobody, sizeof nobody));
    sleep_ms(2);
    show_error(fd);
    N(((struct sockaddr_in *)&name)->sin_port == nobody.sin_port);
    N(number(fd, SOL_SOCKET, SO_ERROR));
    show_error(fd);
    show_error(fd);
    T(receive(fd, 0));
    memset(content, 'x', sizeof content);
    T(sendto(fd, content, 2000, 0, (void *)&nobody, sizeof nobody));
    sleep_ms(2);
    show_error(fd);
    T(sendto(fd, "fifth", 5, 0, (void *)&nobody, sizeof nobody));
    sleep_ms(2);
    T(set_number(fd, IPPROTO_IP, IP_RECVERR, 0));
    show_error(fd);
    N(number(fd, SOL_SOCKET, SO_ERROR));
    MUST(connect(fd, (void *)&nobody, sizeof nobody));
    T(set_number(fd, IPPROTO_IP, IP_RECVERR, 1));
    T(send(fd, "sixth", 5, 0));
    sleep_ms(2);
    T(receive(fd, 0));
    show_error(fd);
    N(number(fd, SOL_SOCKET, SO_ERROR));
}

CASE(datagrams_that_come_back_six, "setsockopt recvmsg sendto")
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    socklen_t size = sizeof at;
    int other = MUST(socket(AF_INET6, SOCK_DGRAM, 0)), fd = MUST(socket(AF_INET6, SOCK_DGRAM, 0));
    MUST(bind(other, (void *)&at, sizeof at));
    MUST(getsockname(other, (void *)&at, &size));
    close(other);
    T(set_number(fd, IPPROTO_IPV6, IPV6_RECVERR, 1));
    T(sendto(fd, "six", 3, 0, (void *)&at, sizeof at));
    sleep_ms(2);
    show_error(fd);
    memset(content, 'x', sizeof content);
    T(sendto(fd, content, 2000, 0, (void *)&at, sizeof at));
    sleep_ms(2);
    show_error(fd);
    int tcp = MUST(socket(AF_INET, SOCK_STREAM, 0)), pair[2];
    T(receive(tcp, MSG_ERRQUEUE));
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    MUST(write(pair[0], "x", 1));
    T(receive(pair[1], MSG_ERRQUEUE));
}
