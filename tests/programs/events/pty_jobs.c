/* Jobs on a terminal: who claims one, who may use it, orphans. */
#include "pty_jobs.h"
#include <fcntl.h>
#include <termios.h>

static const char *whose(pid_t pid)
{
    return pid == getpid() ? "mine" : pid == 0 ? "nobody's" : pid < 0 ? outcome(-1) : "another's";
}

static void claims_body(void)
{
    int value = 0, other, fd;

    printf("session %s, foreground %s\n", whose(tcgetsid(0)), whose(tcgetpgrp(0)));
    fd = SAY(open("/dev/tty", O_RDWR) >= 0);
    fd = open("/dev/tty", O_RDWR);
    printf("/dev/tty: session %s, a terminal %d\n", whose(tcgetsid(fd)), isatty(fd));
    close(fd);
    SAY(ioctl(0, TIOCSCTTY, 0));
    /* A second terminal cannot be had, and not by opening it. */
    int second = posix_openpt(O_RDWR);
    unlockpt(second);
    other = open(ptsname(second), O_RDWR);
    SAY(tcgetpgrp(other));
    SAY(ioctl(other, TIOCSCTTY, 0));
    SAY(tcsetpgrp(other, getpgrp()));
    SAY(tcsetpgrp(0, -5));
    SAY(tcsetpgrp(0, 29999));
    SAY(tcsetpgrp(0, getppid()));
    if (!fork()) { /* not a leader */
        SAY(ioctl(other, TIOCSCTTY, 0));
        printf("child: foreground %s\n", whose(tcgetpgrp(0)));
        SAY(setsid() > 0);
        SAY(open("/dev/tty", O_RDWR));
        SAY(tcgetpgrp(0));
        SAY(ioctl(0, TIOCSCTTY, 0)); /* it has another session */
        SAY(open(ptsname(second), O_RDWR | O_NOCTTY) >= 0);
        SAY(tcgetpgrp(other));
        SAY(open(ptsname(second), O_RDWR) >= 0);
        printf("opened: session %s\n", whose(tcgetsid(other)));
        SAY(ioctl(other, TIOCNOTTY, 0));
        SAY(tcgetsid(other));
        SAY(ioctl(other, TIOCGPGRP, &value));
        exit(0);
    }
    wait(0);
    handle(SIGHUP, 0);
    handle(SIGCONT, 0);
    SAY(ioctl(other, TIOCNOTTY, 0));
    SAY(ioctl(0, TIOCNOTTY, 0));
    SAY(open("/dev/tty", O_RDWR));
    SAY(tcgetsid(0));
}

static void claims(void) { ended(leader(claims_body)); }

/* Let the other side have the foreground, or take it back. */
static void turn(void)
{
    tell(up[1]);
    hear(down[0]);
}

/* The child is put into the background, where reading and changing the terminal stop it. */
static void background_child(void)
{
    char text[100];
    struct termios t;
    sigset_t set;

    hear(down[0]);
    printf("background write %d\n", (int)write(0, "allowed\n", 8));
    show("read", text, read(0, text, sizeof text)); /* SIGTTIN first */
    turn();
    tcgetattr(0, &t);
    t.c_lflag |= TOSTOP;
    SAY(tcsetattr(0, TCSANOW, &t)); /* SIGTTOU first */
    turn();
    SAY(tcsetpgrp(0, getpgrp())); /* likewise, and goes on in the foreground */
    turn();
    SAY(write(0, "stops\n", 6)); /* likewise, for TOSTOP */
    turn();
    signal(SIGTTOU, SIG_IGN);
    SAY(write(0, "ignored\n", 8));
    signal(SIGTTIN, SIG_IGN);
    SAY(read(0, text, sizeof text));
    signal(SIGTTIN, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGTTIN);
    sigprocmask(SIG_BLOCK, &set, 0);
    SAY(read(0, text, sizeof text));
    exit(7);
}

static void background_body(void)
{
    signal(SIGTTOU, SIG_IGN); /* as a shell does */
    pid_t pid = fork();
    if (!pid) {
        signal(SIGTTOU, SIG_DFL);
        background_child();
    }
    setpgid(pid, pid);
    for (int i = 0; i < 4; i++) {
        tell(down[1]);
        waited(pid, WUNTRACED);
        waited(pid, WUNTRACED | WNOHANG);
        SAY(tcsetpgrp(0, pid));
        kill(-pid, SIGCONT);
        hear(up[0]);
        waited(pid, WCONTINUED);
        SAY(tcsetpgrp(0, getpgrp()));
    }
    tell(down[1]);
    waited(pid, 0);
}

static void orphan_body(void)
{
    char text[10];
    struct termios t;
    pid_t middle = fork();

    if (!middle) {
        setpgid(0, 0);
        if (!fork()) { /* its group is orphaned when the middle one has gone */
            hear(down[0]);
            printf("orphan: read %s\n", outcome(read(0, text, sizeof text)));
            tcgetattr(0, &t);
            SAY(tcsetattr(0, TCSANOW, &t));
            SAY(tcsetpgrp(0, getpgrp()));
            raise(SIGTSTP);
            printf("not stopped\n");
            tell(up[1]);
            exit(0);
        }
        exit(0);
    }
    waited(middle, 0);
    tell(down[1]);
    hear(up[0]);
}

static void orphans(void) { ended(leader(orphan_body)); }

/* A stopped group that becomes an orphan is told to hang up, and continues. */
static void abandoned_body(void)
{
    pid_t middle = fork();

    if (!middle) {
        setpgid(0, 0);
        pid_t inner = fork();
        if (!inner) {
            handle(SIGHUP, 0);
            handle(SIGCONT, 0);
            sigset_t both, before;
            sigemptyset(&both);
            sigaddset(&both, SIGHUP);
            sigaddset(&both, SIGCONT);
            sigprocmask(SIG_BLOCK, &both, &before);
            raise(SIGSTOP);
            while (!count[SIGHUP] || !count[SIGCONT])
                sigsuspend(&before);
            tell(up[1]);
            exit(0);
        }
        waited(inner, WUNTRACED);
        exit(0);
    }
    hear(up[0]);
    waited(middle, 0);
}

static void abandoned(void) { ended(leader(abandoned_body)); }

static void background(void)
{
    pid_t pid = leader(background_body);

    if (write(master, "typed\n", 6) != 6)
        die("write");
    ended(pid);
    close(master);
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"claims", claims}, {"background", background}, {"orphans", orphans}, {"abandoned", abandoned}};

    return run_parts(argc, argv, parts, sizeof parts / sizeof *parts);
}
