/* TCP at its edges: half-closed and reset connections, urgent data, states, full queues. */
#include "loopback.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>

static void say_events(const char *what, int fd)
{
    struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
    poll(&p, 1, 0);
    say("%s:%s%s%s%s%s%s", what, p.revents & POLLIN ? " in" : "", p.revents & POLLOUT ? " out" : "", p.revents & POLLPRI ? " pri" : "",
        p.revents & POLLRDHUP ? " rdhup" : "", p.revents & POLLHUP ? " hup" : "", p.revents & POLLERR ? " err" : "");
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
