/* Pseudo-terminals: names, settings and the line discipline. */
#define _GNU_SOURCE
#include "say.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

static int master, slave;
static struct termios usual;

static void open_pair(void)
{
    master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) || unlockpt(master))
        die("posix_openpt");
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (slave < 0)
        die("open slave");
    tcgetattr(slave, &usual);
}

static void close_pair(void)
{
    close(slave);
    close(master);
}

/* A kernel may work on input behind the scenes; asking whether there is any waits for that. */
static void settle(void)
{
    struct pollfd p[2] = {{slave, POLLIN, 0}, {master, POLLIN, 0}};

    poll(p, 1, 0);
    poll(p + 1, 1, 0);
}

static void type(const char *keys)
{
    if (write(master, keys, strlen(keys)) != (long)strlen(keys))
        die("type");
    settle();
}

static void screen(void)
{
    char text[4096];
    settle();
    show("  screen", text, read(master, text, sizeof text));
}

static void reads(unsigned long most)
{
    char text[4096];
    show("  read", text, read(slave, text, most));
}

/* Type, then say what the screen shows and what can be read, until nothing is left. */
static void session(const char *title, const char *keys)
{
    char text[8192];
    long n;

    printf("%s\n", title);
    type(keys);
    screen();
    for (int i = 0; i < 6 && (n = read(slave, text, sizeof text)) >= 0; i++)
        show("  read", text, n);
}

static void set(tcflag_t iflag, tcflag_t oflag, tcflag_t lflag)
{
    struct termios t = usual;
    t.c_iflag = iflag;
    t.c_oflag = oflag;
    t.c_lflag = lflag;
    if (tcsetattr(slave, TCSANOW, &t))
        die("tcsetattr");
}

static void names(void)
{
    char name[64];
    struct stat by_name, by_fd;
    int lock = -1, value, other;

    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    SAY(ioctl(master, TIOCGPTLCK, &lock));
    printf("locked %d\n", lock);
    SAY(ptsname_r(master, name, sizeof name));
    SAY(open(name, O_RDWR | O_NOCTTY));
    SAY(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
    SAY(unlockpt(master));
    slave = open(name, O_RDWR | O_NOCTTY);
    SAY(isatty(slave));
    SAY(isatty(master));
    SAY(strcmp(ttyname(slave), name));
    stat(name, &by_name);
    fstat(slave, &by_fd);
    printf("major %d, same %d, character device %d\n", (int)(by_fd.st_rdev >> 8 & 0xfff),
           by_fd.st_rdev == by_name.st_rdev && by_fd.st_ino == by_name.st_ino, S_ISCHR(by_fd.st_mode));
    other = SAY(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY) >= 0);
    SAY(ioctl(slave, TIOCGPTN, &value));
    SAY(ioctl(slave, TIOCGPGRP, &value));
    SAY(ioctl(slave, TIOCGSID, &value));
    SAY(ioctl(master, TIOCGSID, &value));
    value = -1;
    SAY(ioctl(master, TIOCGPGRP, &value));
    printf("foreground %d\n", value);
    SAY(ioctl(slave, TIOCSTI, "x"));
    SAY(ioctl(slave, TIOCGETD, &value));
    SAY(ioctl(slave, 0x5499, &value));
    SAY(ioctl(slave, TCGETS, 8));
    SAY(ioctl(slave, TIOCGWINSZ, 8));
    SAY(lseek(slave, 0, SEEK_SET));
    SAY(tcflush(slave, 7));
    SAY(tcflow(slave, 7));
    SAY(tcsendbreak(slave, 0));
    SAY(tcdrain(slave));
    (void)other;
    tcflush(slave, TCIFLUSH);
    tcgetattr(slave, &usual);
    printf("settings %o %o %o %o\n", usual.c_iflag, usual.c_oflag, usual.c_cflag, usual.c_lflag);
    show("characters", usual.c_cc, 19);
    printf("speeds %d %d\n", cfgetispeed(&usual) == B38400, cfgetospeed(&usual) == B38400);
    struct winsize size = {1, 2, 3, 4};
    SAY(ioctl(slave, TIOCGWINSZ, &size));
    printf("size %d %d %d %d\n", size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);
    size = (struct winsize){24, 80, 5, 6};
    SAY(ioctl(master, TIOCSWINSZ, &size));
    size = (struct winsize){0, 0, 0, 0};
    SAY(ioctl(slave, TIOCGWINSZ, &size));
    printf("size %d %d %d %d\n", size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);
    close(slave);
    close(master);
    SAY(open(name, O_RDWR | O_NOCTTY));
}

static void editing(void)
{
    open_pair();
    session("a line", "hello\n");
    session("carriage return", "hello\r");
    session("unfinished", "abc");
    session("finished", "def\n");
    session("erase", "abx\x7f" "c\n");
    session("erase all and more", "ab\x7f\x7f\x7f\x7f" "c\n");
    session("kill", "wrong line\x15right\n");
    session("word erase", "one two_2  three  \x17\x17more\n");
    session("word erase, punctuation", "a.b-c/d\x17x\n");
    session("control characters", "a\x01\x02" "b\x7f\x7f" "c\n");
    session("tabs", "a\tb\x7f\x7fz\n");
    session("tab after text and tab", "\tab\t\x7f\x7f\x7fq\n");
    session("literal", "a\x16\x03" "b\x16\x7f" "c\x16\x16\n");
    session("reprint", "abc\x12" "d\n");
    session("end of input", "\x04");
    session("end of a partial line", "partial\x04");
    session("two lines", "one\ntwo\n");
    session("lines and ends", "one\n\x04two\x04three\n");
    printf("short reads\n");
    type("abcdef\n");
    screen();
    reads(3);
    reads(2);
    reads(10);
    type("abc\x04");
    screen();
    reads(3);
    reads(10);
    session("second line ends", "x\n");
    usual.c_cc[VEOL] = ';';
    usual.c_cc[VEOL2] = '!';
    tcsetattr(slave, TCSANOW, &usual);
    session("other line ends", "a;b!c\n");
    usual.c_cc[VEOL] = usual.c_cc[VEOL2] = 0;
    session("zero bytes are input", "a");
    write(master, "\0b\n", 3);
    screen();
    reads(10);
    close_pair();
}

static void flags(void)
{
    static const struct {
        const char *title;
        tcflag_t iclear, iset, oclear, oset, lclear, lset;
        const char *keys;
    } cases[] = {
        {"no echo", 0, 0, 0, 0, ECHO, 0, "abc\x7f" "d\n"},
        {"newlines only", 0, 0, 0, 0, ECHO, ECHONL, "abc\n"},
        {"no ECHOE", 0, 0, 0, 0, ECHOE, 0, "abc\x7f\x7f" "d\x15" "e\n"},
        {"no ECHOKE", 0, 0, 0, 0, ECHOKE, 0, "abc\x15" "d\n"},
        {"no ECHOK", 0, 0, 0, 0, ECHOK | ECHOKE, 0, "abc\x15" "d\n"},
        {"ECHOPRT", 0, 0, 0, 0, 0, ECHOPRT, "abcd\x7f\x7f" "e\x15" "f\n"},
        {"no ECHOCTL", 0, 0, 0, 0, ECHOCTL, 0, "a\x01" "b\x7f\x7f" "c\n"},
        {"no ICRNL", ICRNL, 0, 0, 0, 0, 0, "a\rb\n"},
        {"IGNCR", 0, IGNCR, 0, 0, 0, 0, "a\rb\n"},
        {"INLCR", ICRNL, INLCR, 0, 0, 0, 0, "a\nb\x04"},
        {"ISTRIP", 0, ISTRIP, 0, 0, 0, 0, "\xe1\xe2\n"},
        {"IUCLC", 0, IUCLC, 0, 0, 0, 0, "ABCdef\n"},
        {"IUTF8", 0, IUTF8, 0, 0, 0, 0, "a\xc3\xa9\x7f" "b\n"},
        {"no IUTF8", 0, 0, 0, 0, 0, 0, "a\xc3\xa9\x7f" "b\n"},
        {"no OPOST", 0, 0, OPOST, 0, 0, 0, "a\n"},
        {"no ONLCR", 0, 0, ONLCR, 0, 0, 0, "a\n"},
        {"OLCUC", 0, 0, 0, OLCUC, 0, 0, "abC\n"},
        {"no IEXTEN", 0, 0, 0, 0, IEXTEN, 0, "a b\x17\x16" "c\x12\n"},
        {"no ISIG", 0, 0, 0, 0, ISIG, 0, "a\x03" "b\n"},
        {"raw", ~0u, 0, ~0u, 0, ~0u, 0, "a\x03\r\n\x04\x7f"},
        {"raw with echo", ~0u, 0, ~0u, 0, ~0u, ECHO, "a\x03\r\n\x04\x7f"},
        {"raw with echoed controls", ~0u, 0, ~0u, 0, ~0u, ECHO | ECHOCTL, "a\x03\r\n\t\x04\x7f"},
    };

    open_pair();
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        set((usual.c_iflag & ~cases[i].iclear) | cases[i].iset, (usual.c_oflag & ~cases[i].oclear) | cases[i].oset,
            (usual.c_lflag & ~cases[i].lclear) | cases[i].lset);
        session(cases[i].title, cases[i].keys);
    }
    set(usual.c_iflag, usual.c_oflag, usual.c_lflag);
    session("from canonical", "abc\n");
    type("left over");
    screen();
    set(0, 0, 0);
    printf("to raw\n");
    reads(100);
    type("raw text");
    set(usual.c_iflag, usual.c_oflag, usual.c_lflag);
    printf("to canonical\n");
    screen();
    reads(100);
    session("and on", "more\n");
    close_pair();
}

static void output(void)
{
    static const struct {
        const char *title;
        tcflag_t oflag;
    } cases[] = {
        {"usual", OPOST | ONLCR}, {"plain", 0}, {"OCRNL", OPOST | OCRNL}, {"ONOCR", OPOST | ONOCR},
        {"ONLRET", OPOST | ONLRET}, {"XTABS", OPOST | ONLCR | XTABS}, {"OLCUC", OPOST | OLCUC},
    };
    static const char text[] = "\rab\tc\n\td\b\te\r\rX\n";

    open_pair();
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        printf("%s\n", cases[i].title);
        set(usual.c_iflag, cases[i].oflag, usual.c_lflag);
        SAY(write(slave, text, sizeof text - 1));
        screen();
    }
    set(usual.c_iflag, usual.c_oflag, usual.c_lflag);
    printf("flow\n");
    type("\x13");
    SAY(write(slave, "held", 4));
    screen();
    struct pollfd p = {slave, POLLOUT | POLLIN, 0};
    SAY(poll(&p, 1, 0));
    type("\x11");
    SAY(poll(&p, 1, 0));
    SAY(write(slave, "free", 4));
    screen();
    SAY(tcflow(slave, TCOOFF));
    SAY(write(slave, "held", 4));
    SAY(tcflow(slave, TCOON));
    SAY(write(slave, "free", 4));
    screen();
    SAY(tcflow(slave, TCIOFF));
    screen();
    SAY(tcflow(slave, TCION));
    screen();
    type("\x13");
    set(usual.c_iflag & ~IXON, usual.c_oflag, usual.c_lflag);
    SAY(write(slave, "free", 4));
    screen();
    close_pair();
}

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
    static const struct part parts[] = {{"names", names}, {"editing", editing}, {"flags", flags}, {"output", output}, {"queues", queues},
                 {"timing", timing}, {"packets", packets}, {"ends", ends}};

    return run_parts(argc, argv, parts, sizeof parts / sizeof *parts);
}
