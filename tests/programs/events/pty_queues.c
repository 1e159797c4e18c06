/* Pseudo-terminals: queues, timing, packet mode, ends. */
#include "pty_line.h"
#include <poll.h>
#include <sys/ioctl.h>

static void queues(void)
{
    char big[6000], back[8192];
    int n;
    struct pollfd p[2];

    open_pair();
    p[0] = (struct pollfd){master, POLLIN | POLLOUT | POLLPRI, 0};
    p[1] = (struct pollfd){slave, POLLIN | POLLOUT | POLLPRI, 0};
#define POLL() settle(), printf("poll %d: %x %x\n", poll(p, 2, 0), p[0].revents, p[1].revents)
    POLL();
    type("abc");
    POLL();
    SAY(ioctl(slave, FIONREAD, &n));
    printf("waiting %d\n", n);
    type("d\n");
    POLL();
    SAY(ioctl(slave, FIONREAD, &n));
    printf("waiting %d\n", n);
    reads(10);
    type("e\x04");
    SAY(ioctl(slave, FIONREAD, &n));
    printf("waiting %d\n", n);
    SAY(ioctl(slave, TIOCOUTQ, &n));
    printf("output %d\n", n);
    SAY(tcflush(slave, TCIFLUSH));
    POLL();
    reads(10);
    screen();
    type("more\n");
    SAY(tcflush(master, TCIFLUSH));
    POLL();
    reads(10);
    SAY(tcflush(slave, TCOFLUSH));
    struct termios t = usual;
    type("dropped\n");
    SAY(tcsetattr(slave, TCSAFLUSH, &t));
    screen();
    reads(10);
    printf("a line that is too long\n");
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\n';
    set(usual.c_iflag, usual.c_oflag, usual.c_lflag & ~ECHO);
    SAY(write(master, big, sizeof big));
    long got = SAY(read(slave, back, sizeof back));
    printf("ends with a newline %d\n", got > 0 && back[got - 1] == '\n');
    reads(10);
    printf("many lines\n");
    for (int i = 0; i < 1000; i++)
        if (write(master, "ten bytes\n", 10) != 10)
            die("write");
    long lines = 0, total = 0;
    while ((got = read(slave, back, sizeof back)) > 0 || (lines < 1000 && errno == EAGAIN && poll(p + 1, 1, 1000) > 0)) {
        lines += got > 0;
        total += got > 0 ? got : 0;
    }
    printf("lines %ld bytes %ld\n", lines, total);
    close_pair();
}

static void timing(void)
{
    struct termios t;
    struct pollfd p;

    open_pair();
    fcntl(slave, F_SETFL, 0);
    t = usual;
    cfmakeraw(&t);
    static const struct {
        int min, time;
        const char *keys;
    } cases[] = {{0, 0, ""}, {0, 0, "abc"}, {0, 1, ""}, {0, 1, "a"}, {3, 0, "abcd"}, {5, 1, "ab"}, {1, 0, "abc"}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        t.c_cc[VMIN] = cases[i].min;
        t.c_cc[VTIME] = cases[i].time;
        tcsetattr(slave, TCSAFLUSH, &t);
        if (*cases[i].keys)
            type(cases[i].keys);
        printf("min %d time %d\n", cases[i].min, cases[i].time);
        p = (struct pollfd){slave, POLLIN, 0};
        poll(&p, 1, *cases[i].keys ? 1000 : 0);
        printf("poll %x\n", p.revents);
        reads(100);
    }
    t.c_cc[VMIN] = 4;
    t.c_cc[VTIME] = 0;
    tcsetattr(slave, TCSAFLUSH, &t);
    type("ab");
    p = (struct pollfd){slave, POLLIN, 0};
    printf("too few: poll %d\n", poll(&p, 1, 50));
    fcntl(slave, F_SETFL, O_NONBLOCK);
    reads(100);
    reads(100);
    close_pair();
}

static void packets(void)
{
    int on = 1, off = 0;

    open_pair();
    SAY(ioctl(master, TIOCPKT, &on));
    SAY(ioctl(slave, TIOCPKT, &on));
    SAY(write(slave, "data", 4));
    screen();
    SAY(tcflush(slave, TCIOFLUSH));
    struct pollfd p = {master, POLLIN | POLLPRI, 0};
    SAY(poll(&p, 1, 1000));
    printf("events %x\n", p.revents);
    screen();
    SAY(tcflow(slave, TCOOFF));
    screen();
    SAY(tcflow(slave, TCOON));
    screen();
    set(usual.c_iflag & ~IXON, usual.c_oflag, usual.c_lflag);
    screen();
    set(usual.c_iflag, usual.c_oflag, usual.c_lflag);
    screen();
    screen();
    SAY(ioctl(master, TIOCPKT, &off));
    SAY(write(slave, "plain", 5));
    screen();
    close_pair();
}

static void ends(void)
{
    char name[64];
    struct pollfd p[2];

    open_pair();
    strcpy(name, ptsname(master));
    SAY(write(slave, "last words", 10));
    close(slave);
    p[0] = (struct pollfd){master, POLLIN | POLLOUT, 0};
    SAY(poll(p, 1, 1000));
    printf("events %x\n", p[0].revents);
    screen();
    screen();
    SAY(poll(p, 1, 1000));
    printf("events %x\n", p[0].revents);
    slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
    SAY(poll(p, 1, 0));
    printf("events %x\n", p[0].revents);
    screen();
    type("unread\n");
    close(master);
    p[0] = (struct pollfd){slave, POLLIN | POLLOUT, 0};
    SAY(poll(p, 1, 0));
    printf("events %x\n", p[0].revents);
    reads(10);
    SAY(write(slave, "x", 1));
    struct winsize size;
    int value = 1;
    SAY(ioctl(slave, TIOCGWINSZ, &size));
    SAY(ioctl(slave, TIOCSPGRP, &value));
    SAY(isatty(slave));
    SAY(open(name, O_RDWR | O_NOCTTY) < 0);
    close(slave);
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"queues", queues}, {"timing", timing}, {"packets", packets}, {"ends", ends}};

    return run_parts(argc, argv, parts, sizeof parts / sizeof *parts);
}
