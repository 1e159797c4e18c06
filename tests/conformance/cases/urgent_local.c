/* Urgent data between local sockets: much as TCP's, and not quite. */
#include "urgent.h"

static void connect_ends(void) { MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends)); }

static void put(const char *bytes, int flags) { T(send(ends[0], bytes, strlen(bytes), flags)); }

CASE(local_urgent_byte, "sendto recvfrom ioctl poll")
{
    connect_ends();
    take(MSG_OOB);
    put("abc", 0);
    put("def", MSG_OOB);
    put("ghi", 0);
    show_state();
    take(MSG_OOB | MSG_PEEK);
    take(MSG_PEEK);
    take(0);
    show_state();
    take(MSG_OOB);
    take(MSG_OOB);
    show_state();
    take(MSG_PEEK);
    take(0);
    show_state();
    take(MSG_OOB);
    take(0);
}

CASE(local_urgent_byte_not_asked_for, "sendto recvfrom ioctl poll")
{
    connect_ends();
    put("ab!", MSG_OOB);
    put("cd", 0);
    take(0);
    show_state();
    skipped = 1;
    take(0);
    show_state();
    take(MSG_OOB);
    put("x", MSG_OOB);
    show_state();
    take(0);
    show_state();
    take(MSG_OOB);
}

CASE(local_urgent_bytes_in_a_row, "sendto recvfrom ioctl poll")
{
    connect_ends();
    put("a1", MSG_OOB);
    put("b2", MSG_OOB);
    show_state();
    take(0);
    show_state();
    take(MSG_OOB);
    take(0);
    show_state();
    put("c3", MSG_OOB);
    take(MSG_OOB);
    put("d4", MSG_OOB);
    show_state();
    take(MSG_PEEK);
    take(0);
    show_state();
    take(MSG_OOB);
    show_state();
    put("e", 0);
    take(0);
    put("f5", MSG_OOB);
    take(MSG_OOB);
    put("g6", MSG_OOB);
    take(MSG_OOB);
    put("h", 0);
    show_state();
    take(0);
    take(0);
    take(0);
    show_state();
}

CASE(local_urgent_byte_in_line, "sendto recvfrom setsockopt ioctl")
{
    int on = 1;
    connect_ends();
    MUST(setsockopt(ends[1], SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
    put("abc", MSG_OOB);
    put("de", 0);
    show_state();
    take(MSG_OOB);
    take(MSG_PEEK);
    take(0);
    show_state();
    take(0);
    show_state();
}

static volatile int signals;
static void count(int sig)
{
    (void)sig;
    signals++;
}

CASE(local_urgent_signals, "sendto fcntl")
{
    connect_ends();
    signal(SIGURG, count);
    put("a", MSG_OOB);
    N(signals);
    T(fcntl(ends[1], F_SETOWN, getpid()));
    put("b", MSG_OOB);
    N(signals);
    struct msghdr message = {0};
    T(recvmsg(ends[1], &message, MSG_OOB));
    IS(message.msg_flags == MSG_OOB);
}

CASE(local_urgent_bytes_elsewhere, "sendto recvfrom close")
{
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    T(send(pair[0], "x", 1, MSG_OOB));
    T(recv(pair[1], text, 1, MSG_OOB | MSG_DONTWAIT));
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
    T(send(pair[0], "x", 1, MSG_OOB));
    T(recv(pair[1], text, 1, MSG_OOB | MSG_DONTWAIT));
    connect_ends();
    T(send(ends[0], "", 0, MSG_OOB));
    put("!", MSG_OOB);
    close(ends[0]);
    show_state();
    take(MSG_OOB);
    take(0);
    connect_ends();
    put("!", MSG_OOB);
    close(ends[1]);
    T(recv(ends[0], text, 1, MSG_DONTWAIT));
    connect_ends();
    put("!", MSG_OOB);
    take(MSG_OOB);
    close(ends[1]);
    T(recv(ends[0], text, 1, MSG_DONTWAIT));
}
