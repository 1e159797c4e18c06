/* What a program sees of its terminal, then lines of input until the end or "quit". */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t interrupts;

/* Speaks for itself: a signal that comes before read() begins would not interrupt it. */
static void on_signal(int number)
{
    char text[64];
    int length;

    if (number == SIGINT) {
        length = snprintf(text, sizeof text, "interrupted %d\n", ++interrupts);
    } else {
        struct winsize size = {0, 0, 0, 0};
        ioctl(0, TIOCGWINSZ, &size);
        length = snprintf(text, sizeof text, "resized to %d x %d\n", size.ws_row, size.ws_col);
    }
    if (write(1, text, length) != length)
        _exit(1);
}

int main(void)
{
    struct winsize size = {0, 0, 0, 0};
    struct termios settings;
    char line[256];

    setvbuf(stdout, 0, _IONBF, 0);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, 0);
    sigaction(SIGWINCH, &action, 0);
    printf("tty %d %d %d\n", isatty(0), isatty(1), isatty(2));
    if (ioctl(0, TIOCGWINSZ, &size) == 0)
        printf("size %d x %d\n", size.ws_row, size.ws_col);
    if (tcgetattr(0, &settings) == 0)
        printf("canonical %d echo %d\n", !!(settings.c_lflag & ICANON), !!(settings.c_lflag & ECHO));
    printf("foreground %d\n", tcgetpgrp(0) == getpgrp());
    for (;;) {
        ssize_t got = read(0, line, sizeof line - 1);
        if (got < 0)
            continue;
        if (got == 0) {
            puts("end of input");
            return 0;
        }
        line[got] = 0;
        if (!strcmp(line, "quit\n"))
            return 17;
        if (!strcmp(line, "raw\n")) {
            struct termios raw = settings;
            raw.c_lflag &= ~(ICANON | ECHO);
            tcsetattr(0, TCSANOW, &raw);
            puts("ready");
            got = read(0, line, 1);
            printf("one key: %zd %c\n", got, line[0]);
            tcsetattr(0, TCSANOW, &settings);
            continue;
        }
        printf("line of %zd: %s", got, line);
    }
}
