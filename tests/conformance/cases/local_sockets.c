/* AF_UNIX: streams, datagrams, sequenced packets, names, options. */
#include "case.h"
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un named(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, name);
    return address;
}

static int bound(int type, const char *name)
{
    struct sockaddr_un address = named(name);
    int fd = MUST(socket(AF_UNIX, type, 0));
    MUST(bind(fd, (void *)&address, sizeof address));
    return fd;
}

static long connect_to(int fd, const char *name)
{
    struct sockaddr_un address = named(name);
    return connect(fd, (void *)&address, sizeof address);
}

static void pair_of(int type, int pair[2])
{
    MUST(socketpair(AF_UNIX, type, 0, pair));
}

CASE(socket_arguments, "socket socketpair")
{
    int pair[2];
    T(socket(AF_UNIX, SOCK_STREAM, 0));
    T(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    T(fcntl(4, F_GETFD));
    T(socket(AF_UNIX, SOCK_STREAM, 9));
    T(socket(AF_UNIX, SOCK_RDM, 0));
    T(socket(99, SOCK_STREAM, 0));
    T(socket(-1, SOCK_STREAM, 0));
    T(socket(AF_UNIX, 99, 0));
    T(socket(AF_INET, SOCK_STREAM, 99));
    T(socket(AF_INET, SOCK_SEQPACKET, 0));
    T(socketpair(AF_INET, SOCK_STREAM, 0, pair));
    T(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
    T(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, (void *)8));
}

CASE(stream_pairs, "socketpair read write sendto recvfrom")
{
    char text[16] = "";
    int pair[2];
    pair_of(SOCK_STREAM, pair);
    T(write(pair[0], "hello", 5));
    T(send(pair[0], " you", 4, 0));
    T(recv(pair[1], text, 15, MSG_PEEK));
    T(read(pair[1], text, 7));
    T(recv(pair[1], text, 15, 0));
    T(recv(pair[1], text, 15, MSG_DONTWAIT));
    T(lseek(pair[0], 0, SEEK_SET));
    T(pread(pair[0], text, 1, 0));
    close(pair[0]);
    T(read(pair[1], text, 1));
    T(send(pair[1], "x", 1, MSG_NOSIGNAL));
    CHILD(send(pair[1], "x", 1, 0));
}

CASE(listening_and_connecting, "bind listen connect accept accept4 getsockname getpeername")
{
    struct sockaddr_un address = {0};
    socklen_t size = sizeof address;
    int server = bound(SOCK_STREAM, "s"), client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    T(connect_to(client, "s"));
    T(listen(server, 1));
    T(connect_to(client, "s"));
    T(connect_to(client, "s"));
    int peer = T(accept4(server, (void *)&address, &size, SOCK_CLOEXEC));
    N(size);
    T(fcntl(peer, F_GETFD));
    size = sizeof address;
    T(getpeername(client, (void *)&address, &size));
    say("%u %s", size, address.sun_path);
    size = sizeof address;
    T(getsockname(client, (void *)&address, &size));
    N(size);
    T(write(client, "x", 1));
    char byte;
    T(read(peer, &byte, 1));
    T(accept4(server, 0, 0, 77));
    T(fcntl(server, F_SETFL, O_NONBLOCK));
    T(accept(server, 0, 0));
    T(accept(client, 0, 0));
    T(accept(0, 0, 0));
    T(listen(client, 1));
    T(getpeername(server, (void *)&address, &size));
}

CASE(names_in_the_file_system, "bind connect unlink")
{
    struct stat info;
    struct sockaddr_un address = named("s");
    int server = bound(SOCK_STREAM, "s"), other = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    T(stat("s", &info));
    IS(S_ISSOCK(info.st_mode));
    T(bind(other, (void *)&address, sizeof address));
    T(bind(server, (void *)&address, sizeof address));
    T(open("s", O_RDONLY));
    T(connect_to(other, "missing"));
    close(file_with("f", ""));
    T(connect_to(other, "f"));
    T(listen(server, 1));
    T(unlink("s"));
    T(connect_to(other, "s"));
    address = named("d/s");
    T(bind(other, (void *)&address, sizeof address));
    T(bind(other, (void *)&address, 1));
    T(bind(other, (void *)&address, 200));
    address.sun_family = AF_INET;
    T(bind(other, (void *)&address, sizeof address));
    T(connect(other, (void *)8, sizeof address));
}

CASE(abstract_names, "bind connect getsockname")
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0conformance"};
    socklen_t size = sizeof(sa_family_t) + 12;
    int server = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    T(bind(server, (void *)&address, size));
    T(listen(server, 1));
    T(connect(client, (void *)&address, size - 1));
    T(connect(client, (void *)&address, size));
    T(bind(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&address, size));
    socklen_t found = sizeof address;
    T(getsockname(server, (void *)&address, &found));
    N(found);
    close(server);
    T(connect(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&address, size));
    int anonymous = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    T(bind(anonymous, (void *)&address, sizeof(sa_family_t)));
    found = sizeof address;
    T(getsockname(anonymous, (void *)&address, &found));
    N(found);
}

CASE(datagrams, "sendto recvfrom connect bind")
{
    char text[16] = "";
    struct sockaddr_un address = named("a"), from = {0};
    socklen_t size = sizeof from;
    int a = bound(SOCK_DGRAM, "a"), b = bound(SOCK_DGRAM, "b");
    T(sendto(b, "hello", 5, 0, (void *)&address, sizeof address));
    T(sendto(b, "", 0, 0, (void *)&address, sizeof address));
    T(recvfrom(a, text, 3, MSG_TRUNC, (void *)&from, &size));
    say("%s", from.sun_path);
    T(recv(a, text, 16, 0));
    T(recv(a, text, 16, MSG_DONTWAIT));
    T(send(b, "x", 1, 0));
    T(connect_to(b, "a"));
    T(send(b, "one", 3, 0));
    T(send(b, "two", 3, 0));
    T(read(a, text, 16));
    T(read(a, text, 16));
    T(connect_to(a, "b"));
    int c = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
    T(connect_to(c, "a"));
    close(a);
    T(send(b, "x", 1, 0));
    T(listen(b, 1));
}

CASE(sequenced_packets, "socketpair sendto recvmsg")
{
    char text[16] = "";
    int pair[2];
    pair_of(SOCK_SEQPACKET, pair);
    T(send(pair[0], "first", 5, 0));
    T(send(pair[0], "second", 6, 0));
    struct iovec part = {text, 3};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    T(recvmsg(pair[1], &message, 0));
    IS(message.msg_flags & MSG_TRUNC);
    T(recv(pair[1], text, 16, 0));
    close(pair[0]);
    T(recv(pair[1], text, 16, 0));
}

CASE(shutting_down, "shutdown")
{
    char byte;
    int pair[2];
    pair_of(SOCK_STREAM, pair);
    T(shutdown(pair[0], SHUT_WR));
    T(send(pair[0], "x", 1, MSG_NOSIGNAL));
    T(read(pair[1], &byte, 1));
    T(write(pair[1], "y", 1));
    T(read(pair[0], &byte, 1));
    T(shutdown(pair[0], SHUT_RD));
    T(read(pair[0], &byte, 1));
    T(send(pair[1], "z", 1, MSG_NOSIGNAL));
    T(shutdown(pair[0], 9));
    T(shutdown(0, SHUT_RD));
    T(shutdown(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), SHUT_RDWR));
}

CASE(options_of_sockets, "getsockopt setsockopt")
{
    int pair[2], value = 0;
    socklen_t size = sizeof value;
    pair_of(SOCK_STREAM, pair);
    T(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, &size));
    N(value);
    T(getsockopt(pair[0], SOL_SOCKET, SO_DOMAIN, &value, &size));
    N(value);
    T(getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &value, &size));
    N(value);
    T(getsockopt(pair[0], SOL_SOCKET, SO_ACCEPTCONN, &value, &size));
    N(value);
    T(getsockopt(pair[0], SOL_SOCKET, 9999, &value, &size));
    T(getsockopt(pair[0], 77, 1, &value, &size));
    size = 1;
    T(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, &size));
    N(size);
    T(setsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, sizeof value));
    T(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &value, 1));
    T(setsockopt(0, SOL_SOCKET, SO_PASSCRED, &value, sizeof value));
    T(syscall(SYS_getsockopt, pair[0], SOL_SOCKET, SO_TYPE, (void *)8, &size));
    struct timeval limit = {0, 20000};
    T(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    T(read(pair[0], &value, 1));
}

CASE(streams_fill_up, "sendto recvfrom poll")
{
    static char data[4096];
    int pair[2];
    long sent = 0, received = 0, size;
    pair_of(SOCK_STREAM, pair);
    while ((size = send(pair[0], data, sizeof data, MSG_DONTWAIT)) > 0)
        sent += size;
    IS(size == -1 && errno == EAGAIN && sent >= 65536);
    struct pollfd writer = {pair[0], POLLOUT, 0};
    T(poll(&writer, 1, 0));
    while ((size = recv(pair[1], data, sizeof data, MSG_DONTWAIT)) > 0)
        received += size;
    IS(received == sent);
    T(poll(&writer, 1, 0));
}

CASE(accepting_later, "accept connect")
{
    int server = bound(SOCK_STREAM, "s");
    MUST(listen(server, 5));
    pid_t child = fork();
    if (!child) {
        char byte = 0;
        int fd = accept(server, 0, 0);
        _exit(read(fd, &byte, 1) == 1 ? byte : 99);
    }
    until_asleep(child);
    int client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    T(connect_to(client, "s"));
    T(write(client, "\5", 1));
    say_status("child", wait_for(child));
}

CASE(unread_data_resets, "close read")
{
    char byte;
    int pair[2];
    pair_of(SOCK_STREAM, pair);
    T(write(pair[0], "x", 1));
    close(pair[1]);
    T(read(pair[0], &byte, 1));
    T(read(pair[0], &byte, 1));
}

CASE(bytes_waiting, "ioctl")
{
    int pair[2], count = -1;
    pair_of(SOCK_STREAM, pair);
    T(write(pair[0], "abc", 3));
    T(ioctl(pair[1], FIONREAD, &count));
    N(count);
}
