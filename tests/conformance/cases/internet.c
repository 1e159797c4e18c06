/* TCP and UDP over the loopback interface. */
#include "case.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static struct sockaddr_in local(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    MUST(getsockname(fd, (void *)&address, &size));
    return ntohs(address.sin_port);
}

static int bound(int type)
{
    struct sockaddr_in address = local(0);
    int fd = MUST(socket(AF_INET, type, 0));
    MUST(bind(fd, (void *)&address, sizeof address));
    return fd;
}

static long connect_to(int fd, int port)
{
    struct sockaddr_in address = local(port);
    return connect(fd, (void *)&address, sizeof address);
}

/* Two ends of a connection; the second is the accepted one. */
static void connected(int pair[2])
{
    int server = bound(SOCK_STREAM);
    MUST(listen(server, 5));
    pair[0] = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(connect_to(pair[0], port_of(server)));
    pair[1] = MUST(accept(server, 0, 0));
    close(server);
}

CASE(tcp_talks, "socket bind listen connect accept read write")
{
    char text[16] = "";
    int pair[2];
    connected(pair);
    T(write(pair[0], "hello", 5));
    T(read(pair[1], text, 15));
    say("%s", text);
    T(write(pair[1], "back", 4));
    T(recv(pair[0], text, 15, MSG_PEEK));
    T(recv(pair[0], text, 15, 0));
    T(recv(pair[0], text, 15, MSG_DONTWAIT));
    close(pair[0]);
    T(read(pair[1], text, 1));
}

CASE(tcp_names, "getsockname getpeername accept")
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int server = bound(SOCK_STREAM), client = MUST(socket(AF_INET, SOCK_STREAM, 0));
    IS(port_of(server) > 0);
    T(getpeername(client, (void *)&address, &size));
    T(listen(server, 1));
    T(connect_to(client, port_of(server)));
    int peer = MUST(accept(server, (void *)&address, &size));
    IS(ntohs(address.sin_port) == port_of(client) && address.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    N(size);
    size = 4;
    T(getpeername(peer, (void *)&address, &size));
    N(size);
    size = -1;
    T(getpeername(peer, (void *)&address, &size));
    T(getpeername(peer, (void *)8, &size));
    T(getsockname(0, (void *)&address, &size));
}

CASE(tcp_refused, "connect")
{
    int closed = bound(SOCK_STREAM), client = MUST(socket(AF_INET, SOCK_STREAM, 0)), port = port_of(closed);
    close(closed);
    T(connect_to(client, port));
    T(connect_to(client, port));
    int value = 0;
    socklen_t size = sizeof value;
    T(getsockopt(client, SOL_SOCKET, SO_ERROR, &value, &size));
    N(value);
    T(send(client, "x", 1, MSG_NOSIGNAL));
    T(recv(client, &value, 1, 0));
}

CASE(tcp_nonblocking_connect, "connect poll getsockopt")
{
    int server = bound(SOCK_STREAM), client = MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), value = 9;
    socklen_t size = sizeof value;
    MUST(listen(server, 1));
    long result = connect_to(client, port_of(server));
    IS(result == 0 || errno == EINPROGRESS);
    struct pollfd poller = {client, POLLOUT, 0};
    T(poll(&poller, 1, 5000));
    say("%x", poller.revents);
    T(getsockopt(client, SOL_SOCKET, SO_ERROR, &value, &size));
    N(value);
    T(connect_to(client, port_of(server)) == 0 || errno == EISCONN);
}

CASE(tcp_addresses, "bind connect")
{
    struct sockaddr_in address = local(0);
    int server = bound(SOCK_STREAM), other = MUST(socket(AF_INET, SOCK_STREAM, 0)), port = port_of(server);
    address.sin_port = htons(port);
    T(bind(other, (void *)&address, sizeof address));
    T(bind(server, (void *)&address, sizeof address));
    T(bind(other, (void *)&address, 4));
    address.sin_family = AF_UNIX;
    T(bind(other, (void *)&address, sizeof address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(0xc0000201);
    T(bind(other, (void *)&address, sizeof address));
    T(connect(other, (void *)&address, 4));
    T(bind(0, (void *)&address, sizeof address));
    T(bind(77, (void *)&address, sizeof address));
    T(bind(other, (void *)8, sizeof address));
    T(listen(other, 1));
    IS(port_of(other) > 0);
}

CASE(tcp_shutdown, "shutdown")
{
    char byte;
    int pair[2];
    connected(pair);
    T(shutdown(pair[0], SHUT_WR));
    T(read(pair[1], &byte, 1));
    T(send(pair[0], "x", 1, MSG_NOSIGNAL));
    T(write(pair[1], "y", 1));
    T(read(pair[0], &byte, 1));
    T(shutdown(pair[0], 7));
    T(shutdown(MUST(socket(AF_INET, SOCK_STREAM, 0)), SHUT_WR));
}

CASE(tcp_reset, "close read setsockopt")
{
    char byte;
    int pair[2];
    struct linger now = {1, 0};
    connected(pair);
    T(setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &now, sizeof now));
    close(pair[0]);
    T(read(pair[1], &byte, 1));
    T(send(pair[1], "x", 1, MSG_NOSIGNAL));
}

CASE(tcp_options, "setsockopt getsockopt")
{
    static const int flags[][2] = {{SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_REUSEPORT},
                                   {IPPROTO_TCP, TCP_NODELAY}, {SOL_SOCKET, SO_OOBINLINE}};
    int fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++) {
        int value = 1;
        socklen_t size = sizeof value;
        T(setsockopt(fd, flags[i][0], flags[i][1], &value, sizeof value));
        value = 77;
        T(getsockopt(fd, flags[i][0], flags[i][1], &value, &size));
        IS(value != 0);
        value = 0;
        T(setsockopt(fd, flags[i][0], flags[i][1], &value, sizeof value));
        T(getsockopt(fd, flags[i][0], flags[i][1], &value, &size));
        N(value);
    }
    int value = 0;
    socklen_t size = sizeof value;
    T(setsockopt(fd, IPPROTO_TCP, 9999, &value, sizeof value));
    T(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &size));
    N(value);
}

CASE(tcp_large, "write read")
{
    static char data[300000];
    int pair[2], wrong = 0, total = 0;
    connected(pair);
    pid_t child = fork();
    if (!child) {
        close(pair[1]);
        for (int i = 0; i < (int)sizeof data; i++)
            data[i] = i / 1000;
        _exit(write(pair[0], data, sizeof data) == sizeof data ? 0 : 1);
    }
    close(pair[0]);
    for (ssize_t size; (size = read(pair[1], data, 9999)) > 0; total += size)
        for (int i = 0; i < size; i++)
            wrong += data[i] != (char)((total + i) / 1000);
    say("%d bytes, %d wrong", total, wrong);
    say_status("child", wait_for(child));
}

CASE(tcp_backlog_and_poll, "listen poll accept")
{
    int server = bound(SOCK_STREAM), client = MUST(socket(AF_INET, SOCK_STREAM, 0));
    T(listen(server, 1));
    struct pollfd poller = {server, POLLIN, 0};
    T(poll(&poller, 1, 0));
    T(connect_to(client, port_of(server)));
    T(poll(&poller, 1, 5000));
    say("%x", poller.revents);
    T(fcntl(server, F_SETFL, O_NONBLOCK));
    OK(accept(server, 0, 0));
    T(accept(server, 0, 0));
    T(accept(client, 0, 0));
    T(accept(MUST(socket(AF_INET, SOCK_DGRAM, 0)), 0, 0));
}

CASE(tcp_wakes_readers, "read write")
{
    int pair[2];
    connected(pair);
    pid_t child = fork();
    if (!child) {
        char byte = 0;
        _exit(read(pair[1], &byte, 1) == 1 ? byte : 99);
    }
    until_asleep(child);
    T(write(pair[0], "\7", 1));
    say_status("child", wait_for(child));
}

CASE(udp_talks, "sendto recvfrom")
{
    char text[16] = "";
    int a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM);
    struct sockaddr_in address = local(port_of(a)), from;
    socklen_t size = sizeof from;
    T(sendto(b, "hello", 5, 0, (void *)&address, sizeof address));
    T(sendto(b, "", 0, 0, (void *)&address, sizeof address));
    T(recvfrom(a, text, 3, MSG_TRUNC, (void *)&from, &size));
    IS(ntohs(from.sin_port) == port_of(b));
    T(recv(a, text, 15, 0));
    T(recv(a, text, 15, MSG_DONTWAIT));
    T(send(b, "x", 1, 0));
    T(sendto(b, "x", 1, 0, (void *)&address, 4));
    T(sendto(b, "x", 1, 0, (void *)8, sizeof address));
    address.sin_port = 0;
    T(sendto(b, "x", 1, 0, (void *)&address, sizeof address));
}

CASE(udp_connected, "connect sendto getpeername")
{
    char text[16];
    int a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM), c = bound(SOCK_DGRAM);
    struct sockaddr_in address = local(port_of(b));
    T(connect_to(b, port_of(a)));
    T(send(b, "x", 1, 0));
    T(recv(a, text, 16, 0));
    T(sendto(c, "stranger", 8, 0, (void *)&address, sizeof address));
    T(recv(b, text, 16, MSG_DONTWAIT));
    address.sin_family = AF_UNSPEC;
    T(connect(b, (void *)&address, sizeof address));
    T(send(b, "x", 1, 0));
}

CASE(udp_refused, "sendto recvfrom")
{
    char text[4];
    int gone = bound(SOCK_DGRAM), fd = MUST(socket(AF_INET, SOCK_DGRAM, 0)), port = port_of(gone);
    close(gone);
    T(connect_to(fd, port));
    T(send(fd, "x", 1, 0));
    T(recv(fd, text, 4, MSG_DONTWAIT));
    T(recv(fd, text, 4, MSG_DONTWAIT));
}

CASE(udp_sizes, "sendto recvmsg ioctl")
{
    static char data[70000];
    int a = bound(SOCK_DGRAM), b = MUST(socket(AF_INET, SOCK_DGRAM, 0)), count = -1;
    T(connect_to(b, port_of(a)));
    T(send(b, data, 65508, 0));
    T(send(b, data, 65507, 0));
    T(ioctl(a, FIONREAD, &count));
    N(count);
    T(recv(a, data, sizeof data, 0));
    T(listen(a, 1));
    T(shutdown(a, SHUT_RD));
}

CASE(version_six, "socket bind sendto setsockopt")
{
    char text[8];
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof address;
    int a = T(socket(AF_INET6, SOCK_DGRAM, 0)), b = T(socket(AF_INET6, SOCK_DGRAM, 0)), on = 1;
    T(setsockopt(b, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on));
    T(bind(a, (void *)&address, sizeof address));
    T(getsockname(a, (void *)&address, &size));
    T(sendto(b, "six", 3, 0, (void *)&address, sizeof address));
    T(recv(a, text, 8, 0));
    T(bind(a, (void *)&address, sizeof(struct sockaddr_in)));
}

CASE(version_four_through_six, "connect accept getpeername")
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6}, from;
    socklen_t size = sizeof address;
    int server = MUST(socket(AF_INET6, SOCK_STREAM, 0)), client = MUST(socket(AF_INET, SOCK_STREAM, 0));
    T(bind(server, (void *)&address, sizeof address));
    T(listen(server, 1));
    T(getsockname(server, (void *)&address, &size));
    T(connect_to(client, ntohs(address.sin6_port)));
    size = sizeof from;
    OK(accept(server, (void *)&from, &size));
    IS(IN6_IS_ADDR_V4MAPPED(&from.sin6_addr));
}
