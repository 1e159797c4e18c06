/* What a program does with the terminal it is on: console WHAT. */
#include "case.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

static volatile sig_atomic_t resized;

static void on_resize(int number) { resized += number == SIGWINCH; }

static void show(const char *what)
{
    struct winsize size = {0};
    MUST(!ioctl(0, TIOCGWINSZ, &size));
    printf("%s: %d x %d, told %d times\n", what, size.ws_row, size.ws_col, (int)resized);
}

static void window(void)
{
    struct winsize size = {50, 132, 7, 9};
    signal(SIGWINCH, on_resize);
    show("first");
    MUST(!ioctl(1, TIOCSWINSZ, &size));
    show("set");
    MUST(!ioctl(0, TIOCSWINSZ, &size));
    show("set again");
    TRY(ioctl(0, TIOCSWINSZ, (void *)8));
    while (resized < 2)
        usleep(10000);
    show("resized");
}

/* Single keys without echo, and then the given end. */
static void raw(const char *how)
{
    struct termios settings;
    MUST(!tcgetattr(0, &settings));
    cfmakeraw(&settings);
    MUST(!tcsetattr(0, TCSAFLUSH, &settings));
    printf("raw\n");
    if (!strcmp(how, "crash"))
        *(volatile int *)8 = 1;
    if (!strcmp(how, "kill"))
        raise(SIGKILL);
    if (!strcmp(how, "wait"))
        for (;;)
            pause();
    if (!strcmp(how, "spin"))
        for (;;)
            ;
}

static void on_stop(int number)
{
    (void)number;
    MUST(write(1, "stopping\n", 9) == 9);
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
}

/* Cleans up before it stops, as editors do; and waits where no key can be lost. */
static void stops(void)
{
    sigset_t stop, none;
    sigemptyset(&none);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    MUST(!sigprocmask(SIG_BLOCK, &stop, 0));
    signal(SIGTSTP, on_stop);
    MUST(write(1, "working\n", 8) == 8);
    sigsuspend(&none);
    MUST(!sigprocmask(SIG_UNBLOCK, &stop, 0));
    MUST(write(1, "going on\n", 9) == 9);
    for (;;)
        sigsuspend(&none);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, 0, _IONBF, 0);
    if (!strcmp(argv[1], "window"))
        window();
    else if (!strcmp(argv[1], "stops"))
        stops();
    else
        raw(argc > 2 ? argv[2] : "");
    return 0;
}
