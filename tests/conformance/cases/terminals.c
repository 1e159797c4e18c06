/* Pseudo terminals: pairs, line discipline, sizes, sessions. */
#include "case.h"
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;

static void open_pair(void)
{
    int unlocked = 0, number = -1;
    char path[32];
    master = MUST(open("/dev/ptmx", O_RDWR | O_NOCTTY));
    MUST(ioctl(master, TIOCSPTLCK, &unlocked));
    MUST(ioctl(master, TIOCGPTN, &number));
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    slave = MUST(open(path, O_RDWR | O_NOCTTY));
}

static void raw(void)
{
    struct termios mode;
    MUST(tcgetattr(slave, &mode));
    cfmakeraw(&mode);
    MUST(tcsetattr(slave, TCSANOW, &mode));
}

CASE(not_terminals, "ioctl")
{
    struct termios mode;
    struct winsize size;
    int fd = file_with("f", "");
    T(tcgetattr(fd, &mode));
    T(ioctl(fd, TIOCGWINSZ, &size));
    T(ioctl(0, TIOCGPGRP, &size));
    T(isatty(fd));
    int terminal = open("/dev/tty", O_RDWR);
    IS(terminal >= 0 || errno == ENXIO);
}

CASE(default_modes, "ioctl")
{
    struct termios mode;
    open_pair();
    T(tcgetattr(slave, &mode));
    say("%o %o %o %o", mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag);
    say("%d %d %d %d", mode.c_cc[VINTR], mode.c_cc[VERASE], mode.c_cc[VEOF], mode.c_cc[VMIN]);
    T(isatty(slave));
    T(isatty(master));
}

CASE(canonical_lines, "read write ioctl")
{
    char text[32] = "";
    open_pair();
    T(write(master, "ab\177c\nnext", 9));
    T(read(slave, text, 31));
    say("%s", text);
    int count = -1;
    T(ioctl(slave, FIONREAD, &count));
    N(count);
    T(write(master, "\4", 1));
    memset(text, 0, sizeof text);
    T(read(slave, text, 31));
    say("%s", text);
    T(write(master, "\4", 1));
    T(read(slave, text, 31));
}

CASE(echo_and_output, "read write")
{
    char text[32] = "";
    open_pair();
    T(write(master, "x\n", 2));
    T(read(master, text, 31));
    IS(!strcmp(text, "x\r\n"));
    T(write(slave, "a\nb", 3));
    memset(text, 0, sizeof text);
    T(read(master, text, 31));
    IS(!strcmp(text, "a\r\nb"));
    raw();
    T(write(slave, "a\nb", 3));
    memset(text, 0, sizeof text);
    T(read(master, text, 31));
    IS(!strcmp(text, "a\nb"));
}

CASE(raw_reads, "read ioctl poll")
{
    char text[8] = "";
    open_pair();
    raw();
    struct pollfd poller = {slave, POLLIN, 0};
    T(poll(&poller, 1, 0));
    T(write(master, "\3\4", 2));
    T(poll(&poller, 1, 0));
    T(read(slave, text, 8));
    say("%d %d", text[0], text[1]);
    struct termios mode;
    T(tcgetattr(slave, &mode));
    mode.c_cc[VMIN] = 0, mode.c_cc[VTIME] = 0;
    T(tcsetattr(slave, TCSANOW, &mode));
    T(read(slave, text, 8));
    mode.c_cc[VTIME] = 1;
    T(tcsetattr(slave, TCSANOW, &mode));
    T(read(slave, text, 8));
}

CASE(window_sizes, "ioctl")
{
    struct winsize size = {1, 2, 3, 4};
    open_pair();
    T(ioctl(slave, TIOCGWINSZ, &size));
    say("%d %d", size.ws_row, size.ws_col);
    size = (struct winsize){24, 80, 0, 0};
    T(ioctl(master, TIOCSWINSZ, &size));
    size = (struct winsize){0};
    T(ioctl(slave, TIOCGWINSZ, &size));
    say("%d %d", size.ws_row, size.ws_col);
    T(ioctl(slave, TIOCGWINSZ, (void *)8));
}

CASE(hanging_up, "read close poll")
{
    char byte;
    open_pair();
    close(slave);
    T(read(master, &byte, 1));
    struct pollfd poller = {master, POLLIN, 0};
    T(poll(&poller, 1, 0));
    say("%x", poller.revents);
    open_pair();
    close(master);
    T(read(slave, &byte, 1));
    T(write(slave, "x", 1));
}

CASE(controlling_terminal, "setsid ioctl")
{
    open_pair();
    int group = 0, session = 0;
    CHILD(
        T(ioctl(slave, TIOCGPGRP, &group));
        setsid();
        T(ioctl(slave, TIOCSCTTY, 0));
        T(ioctl(slave, TIOCGPGRP, &group));
        IS(group == getpid());
        T(ioctl(slave, TIOCGSID, &session));
        IS(session == getpid());
        IS(open("/dev/tty", O_RDWR) >= 0);
        signal(SIGHUP, SIG_IGN);
        T(ioctl(slave, TIOCNOTTY, 0));
        IS(open("/dev/tty", O_RDWR) == -1 && errno == ENXIO));
}

static volatile int seen;

static void note(int signal)
{
    seen = signal;
}

CASE(keys_send_signals, "write kill ioctl")
{
    open_pair();
    CHILD(
        setsid();
        MUST(ioctl(slave, TIOCSCTTY, 0));
        signal(SIGINT, note);
        signal(SIGQUIT, note);
        signal(SIGWINCH, note);
        (void)!write(master, "\3", 1);
        for (int i = 0; i < 2000 && !seen; i++) sleep_ms(1);
        N(seen);
        seen = 0;
        (void)!write(master, "\34", 1);
        for (int i = 0; i < 2000 && !seen; i++) sleep_ms(1);
        N(seen);
        seen = 0;
        MUST(ioctl(master, TIOCSWINSZ, (&(struct winsize){5, 6, 0, 0})));
        for (int i = 0; i < 2000 && !seen; i++) sleep_ms(1);
        N(seen));
}

CASE(background_groups, "read ioctl setpgid")
{
    open_pair();
    CHILD(
        int status;
        setsid();
        MUST(ioctl(slave, TIOCSCTTY, 0));
        pid_t child = fork();
        if (!child) {
            char byte;
            setpgid(0, 0);
            (void)!read(slave, &byte, 1);
            _exit(7);
        }
        waitpid(child, &status, WUNTRACED);
        say_status("reader", status);
        T(tcsetpgrp(slave, child));
        kill(child, SIGCONT);
        (void)!write(master, "x\n", 2);
        waitpid(child, &status, 0);
        say_status("reader", status));
}

/* The structure from before termios: 16 bits of every flag word, and eight characters. */
CASE(old_settings, "ioctl")
{
    struct {
        unsigned short flags[4];
        unsigned char discipline, characters[8];
    } old;
    struct termios now;
    open_pair();
    T(ioctl(0x7fff, TCGETA, &old));
    T(ioctl(slave, TCGETA, 0));
    T(ioctl(slave, TCGETA, &old));
    say("%o %o %o %o %d", old.flags[0], old.flags[1], old.flags[2], old.flags[3], old.discipline);
    for (int i = 0; i < 8; i++)
        N(old.characters[i]);
    MUST(tcgetattr(slave, &now));
    now.c_iflag |= IUTF8;
    now.c_lflag |= IEXTEN;
    now.c_cc[VLNEXT] = 5;
    MUST(tcsetattr(slave, TCSANOW, &now));
    for (int i = 0; i < 3; i++) {
        old.flags[0] ^= ICRNL;
        old.flags[3] ^= ECHO;
        old.characters[VERASE] = 'a' + i;
        T(ioctl(slave, TCSETA + i, &old));
        MUST(tcgetattr(slave, &now));
        say("%o %o %o %o %d %d", now.c_iflag, now.c_oflag, now.c_cflag, now.c_lflag, now.c_cc[VERASE], now.c_cc[VLNEXT]);
    }
    T(ioctl(slave, TCSETA, 0));
    T(ioctl(master, TCGETA, &old));
    say("%o %d", old.flags[3], old.characters[VERASE]);
    int null = MUST(open("/dev/null", O_RDWR));
    T(ioctl(null, TCGETA, &old));
}
