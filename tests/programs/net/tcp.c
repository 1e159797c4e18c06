/* TCP over loopback: connecting, moving bytes, sharing addresses and ports. */
#include "tcp.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static void creating(void)
{
    SAY(socket(family, SOCK_STREAM, IPPROTO_UDP));
    SAY(socket(family, SOCK_DGRAM, IPPROTO_TCP));
    SAY(socket(family, SOCK_SEQPACKET, 0));
    int a = socket(family, SOCK_STREAM, IPPROTO_TCP);
    events(a, POLLIN | POLLOUT | POLLRDHUP);
    tell("fresh", a, getsockname);
    tell("fresh peer", a, getpeername);
    SAY(read(a, bytes, 1));
    SAY(write(a, "x", 1));
    printf("SIGPIPE %d\n", pipes);
    SAY(shutdown(a, SHUT_WR));
    SAY(accept(a, 0, 0));
    SAY(bind_to(a, "1.2.3.4", 0));
    SAY(bind_to(a, "2001:db8::1", 0));
    SAY(bind(a, (struct sockaddr *)bytes, 1));
    SAY(bind_to(a, loopback(), 0));
    SAY(bind_to(a, loopback(), 0));
    tell("bound", a, getsockname);
    int b = socket(family, SOCK_STREAM, 0);
    SAY(bind_to(b, loopback(), port_of(a)));
    SAY(connect_to(b, loopback(), port_of(a)));
    SAY(listen(a, 1));
    SAY(listen(a, 2));
    SAY(connect_to(a, loopback(), port_of(a)));
    events(a, POLLIN | POLLOUT);
    SAY(read(a, bytes, 1));
    SAY(connect_to(b, loopback(), port_of(a)));
    SAY(connect_to(b, loopback(), port_of(a)));
    events(a, POLLIN | POLLOUT);
    union any from;
    socklen_t size = sizeof(from);
    int c = accept4(a, &from.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    printf("from %d bytes, family %d, port %d\n", (int)size, from.any.sa_family, ntohs(from.v4.sin_port) == port_of(b));
    printf("flags %x %x\n", fcntl(c, F_GETFD), fcntl(c, F_GETFL) & O_NONBLOCK);
    tell("accepted", c, getsockname);
    tell("its peer", c, getpeername);
    tell("client", b, getsockname);
    SAY(read(c, bytes, 1));
    close(a);
    close(b);
    SAY(read(c, bytes, 1));
    close(c);
}

static void moving(void)
{
    int ends[2], waiting;
    printf("-- moving\n");
    pair(ends);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(send(ends[0], "hello ", 6, MSG_MORE));
    SAY(send(ends[0], "world", 5, 0));
    SAY(ioctl(ends[1], FIONREAD, &waiting));
    printf("%d waiting\n", waiting);
    SAY(recv(ends[1], bytes, 3, MSG_PEEK));
    SAY(recv(ends[1], bytes, 11, MSG_PEEK | MSG_WAITALL));
    SAY(recv(ends[1], bytes, 4, 0));
    SAY(recv(ends[1], bytes, 100, 0));
    SAY(recv(ends[1], bytes, 100, MSG_DONTWAIT));
    SAY(recv(ends[1], bytes, 0, MSG_DONTWAIT));
    union any from;
    socklen_t size = sizeof(from);
    write(ends[0], "x", 1);
    SAY(recvfrom(ends[1], bytes, 10, 0, &from.any, &size));
    printf("from %d bytes\n", (int)size);
    from = address(loopback(), 1);
    SAY(sendto(ends[0], "to", 2, 0, &from.any, size_of(&from)));
    SAY(read(ends[1], bytes, 10));
    SAY(send(ends[0], (char *)8, 10, 0));
    fflush(stdout);
    if (!fork()) {
        for (int i = 0; i < 5; i++) {
            usleep(10000);
            write(ends[0], "12345", 5);
        }
        _exit(0);
    }
    SAY(recv(ends[1], bytes, 25, MSG_WAITALL));
    wait(0);
    close(ends[0]);
    close(ends[1]);
}

static void sharing(void)
{
    int on = 1;
    printf("-- sharing ports\n");
    int l = listening(any(), 5), port = port_of(l);
    int b = socket(family, SOCK_STREAM, 0);
    SAY(bind_to(b, loopback(), port));
    SAY(setsockopt(b, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
    SAY(bind_to(b, loopback(), port));
    SAY(setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
    SAY(bind_to(b, loopback(), port));
    close(b);
    b = socket(family, SOCK_STREAM, 0);
    SAY(setsockopt(b, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)));
    SAY(bind_to(b, loopback(), port));
    close(b);
    SAY(connect_to(b = socket(family, SOCK_STREAM, 0), any(), port));
    tell("to any", b, getpeername);
    close(b);
    close(l);
    l = socket(family, SOCK_STREAM, 0);
    setsockopt(l, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    bind_to(l, any(), 0);
    listen(l, 5);
    b = socket(family, SOCK_STREAM, 0);
    setsockopt(b, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    SAY(bind_to(b, any(), port_of(l)));
    SAY(listen(b, 5));
    close(l);
    close(b);
    /* Both families at one port. */
    int six = socket(AF_INET6, SOCK_STREAM, 0), four = socket(AF_INET, SOCK_STREAM, 0);
    SAY(bind_to(six, "::", 0));
    SAY(bind_to(four, "0.0.0.0", port_of(six)));
    SAY(listen(six, 3));
    SAY(connect_to(four, "127.0.0.1", port_of(six)));
    int c = accept(six, 0, 0);
    tell("mapped", c, getpeername);
    close(c);
    close(four);
    SAY(setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
    close(six);
    six = socket(AF_INET6, SOCK_STREAM, 0);
    SAY(setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
    SAY(bind_to(six, "::", 0));
    four = socket(AF_INET, SOCK_STREAM, 0);
    SAY(bind_to(four, "0.0.0.0", port_of(six)));
    SAY(listen(six, 3));
    SAY(listen(four, 3));
    int client = socket(AF_INET6, SOCK_STREAM, 0);
    SAY(connect_to(client, "::ffff:127.0.0.1", port_of(six)));
    tell("mapped", client, getsockname);
    SAY((c = accept(four, 0, 0)) >= 0);
    tell("seen from v4", c, getpeername);
    close(client);
    client = socket(AF_INET, SOCK_STREAM, 0);
    SAY(connect_to(client, "::1", port_of(six)));
    SAY(connect_to(client, "127.1.2.3", port_of(six)));
    tell("another loopback", client, getpeername);
    tell("from", client, getsockname);
}

int main(void)
{
    static void (*const parts[])(void) = {creating, moving, sharing};
    over_both(parts, sizeof parts / sizeof *parts);
    return 0;
}
