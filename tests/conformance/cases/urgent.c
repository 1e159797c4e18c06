/* Urgent data of TCP: one byte beside the stream. */
#include "loopback.h"
#include "urgent.h"

static void connect_ends(void) { tcp_pair(ends); }

CASE(urgent_byte_out_of_line, "sendto recvfrom ioctl poll")
{
    connect_ends();
    take(MSG_OOB);
    T(send(ends[0], "abc", 3, 0));
    T(send(ends[0], "def", 3, MSG_OOB));
    T(send(ends[0], "ghi", 3, 0));
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
}

CASE(urgent_byte_alone, "sendto recvfrom ioctl poll")
{
    struct msghdr message = {0};
    connect_ends();
    T(send(ends[0], "!", 1, MSG_OOB));
    show_state();
    T(recvmsg(ends[1], &message, MSG_OOB));
    IS(message.msg_flags == (MSG_OOB | MSG_TRUNC));
    T(send(ends[0], "?", 1, MSG_OOB));
    show_state();
    take(0);
    show_state();
    take(MSG_OOB);
}

CASE(urgent_byte_replaced, "sendto recvfrom")
{
    connect_ends();
    T(send(ends[0], "1", 1, MSG_OOB));
    T(send(ends[0], "2", 1, MSG_OOB));
    show_state();
    take(MSG_OOB);
    take(0);
    T(send(ends[0], "a3", 2, MSG_OOB));
    T(send(ends[0], "b4", 2, MSG_OOB));
    show_state();
    take(MSG_OOB);
    take(0);
    take(0);
}

CASE(urgent_byte_in_line, "setsockopt sendto recvfrom ioctl")
{
    int on = 1;
    connect_ends();
    MUST(setsockopt(ends[1], SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
    T(send(ends[0], "abc", 3, MSG_OOB));
    T(send(ends[0], "d", 1, 0));
    show_state();
    take(MSG_OOB);
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

CASE(urgent_signal, "fcntl sendto recvfrom rt_sigaction")
{
    connect_ends();
    MUST(signal(SIGURG, count) == SIG_ERR ? -1 : 0);
    T(send(ends[0], "1", 1, MSG_OOB));
    N(signals);
    T(fcntl(ends[1], F_SETOWN, getpid()));
    T(send(ends[0], "2", 1, MSG_OOB));
    N(signals);
    take(MSG_OOB);
    T(send(ends[0], "plain", 5, 0));
    N(signals);
    T(fcntl(ends[1], F_SETOWN, -getpgrp()));
    T(send(ends[0], "3", 1, MSG_OOB));
    N(signals);
}

CASE(urgent_wakes, "poll sendto select")
{
    connect_ends();
    pid_t child = MUST(fork());
    if (!child) {
        sleep_ms(20);
        send(ends[0], "!", 1, MSG_OOB);
        _exit(0);
    }
    struct pollfd at = {.fd = ends[1], .events = POLLPRI};
    T(poll(&at, 1, 10000));
    IS(at.revents == POLLPRI);
    wait_for(child);
    show_state();
}

CASE(urgent_and_the_end, "sendto recvfrom shutdown")
{
    connect_ends();
    T(send(ends[0], "ab", 2, MSG_OOB));
    T(shutdown(ends[0], SHUT_WR));
    show_state();
    take(0);
    take(0);
    take(MSG_OOB);
    T(send(ends[0], "x", 1, MSG_OOB | MSG_NOSIGNAL));
}
