/* The line discipline: names, editing, flags, output. */
#include "pty_line.h"
#include <poll.h>
#include <sys/ioctl.h>

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

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"names", names}, {"editing", editing}, {"flags", flags}, {"output", output}};

    return run_parts(argc, argv, parts, sizeof parts / sizeof *parts);
}
