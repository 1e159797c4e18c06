/* Sessions, foreground groups and job control on a pseudo-terminal. */
#define _GNU_SOURCE
#include "say.h"
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static int master, up[2], down[2]; /* pipes: from the child, to the child */
static volatile sig_atomic_t count[65];

static void counting(int sig, siginfo_t *info, void *context)
{
    (void)context;
    count[sig]++;
    printf("signal %d code %d pid %d\n", sig, info->si_code, info->si_pid != 0);
}

static void handle(int sig, int flags)
{
    struct sigaction action = {.sa_sigaction = counting, .sa_flags = SA_SIGINFO | flags};
    sigaction(sig, &action, 0);
}

static void tell(int fd) { if (write(fd, "x", 1) != 1) _exit(98); }
static void hear(int fd) { char c; while (read(fd, &c, 1) < 0 && errno == EINTR) ; }

static void pipes(void)
{
    if (pipe(up) || pipe(down))
        die("pipe");
    fflush(stdout);
}

/* A child that leads a session with the pair's slave as its terminal and standard input. */
static pid_t leader(void (*body)(void))
{
    struct winsize size = {24, 80, 0, 0};
    int slave;

    pipes();
    if (openpty(&master, &slave, 0, 0, &size))
        die("openpty");
    pid_t pid = fork();
    if (!pid) {
        close(master);
        setvbuf(stdout, 0, _IONBF, 0);
        setsid();
        if (ioctl(slave, TIOCSCTTY, 0))
            die("TIOCSCTTY");
        dup2(slave, 0);
        close(slave);
        body();
        exit(0);
    }
    close(slave);
    return pid;
}

static void ended(pid_t pid)
{
    int status = -1;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    printf("ended: %s %d\n", WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    close(up[0]), close(up[1]), close(down[0]), close(down[1]);
}

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

static void waited(pid_t pid, int flags)
{
    int status = -1;
    pid_t got = waitpid(pid, &status, flags);
    if (got <= 0)
        printf("wait: %s\n", outcome(got));
    else if (WIFSTOPPED(status))
        printf("wait: stopped by %d\n", WSTOPSIG(status));
    else if (WIFCONTINUED(status))
        printf("wait: continued\n");
    else
        printf("wait: %s %d\n", WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
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

static void keys_body(void)
{
    static const int all[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH};
    sigset_t set, before;

    sigemptyset(&set);
    for (int i = 0; i < 4; i++) {
        handle(all[i], 0);
        sigaddset(&set, all[i]);
    }
    sigprocmask(SIG_BLOCK, &set, &before);
    tell(up[1]);
    do
        sigpending(&set);
    while (!sigismember(&set, SIGINT) || !sigismember(&set, SIGQUIT) || !sigismember(&set, SIGTSTP) ||
           !sigismember(&set, SIGWINCH));
    sigprocmask(SIG_SETMASK, &before, 0);
    for (int i = 0; i < 4; i++)
        signal(all[i], SIG_DFL);
    tell(up[1]);
    for (;;)
        pause();
}

static void keys(void)
{
    struct winsize size = {30, 90, 0, 0};
    pid_t pid = leader(keys_body);

    hear(up[0]);
    if (ioctl(master, TIOCSWINSZ, &size) || write(master, "\x1a\x1c\x03", 3) != 3)
        die("keys");
    hear(up[0]);
    ioctl(master, TIOCSWINSZ, &size); /* the same size: nobody is told */
    if (write(master, "\x03", 1) != 1)
        die("key");
    ended(pid);
    close(master);
}

static void hangup_body(void)
{
    sigset_t set, before;

    handle(SIGHUP, 0);
    handle(SIGCONT, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, &before);
    pid_t pid = fork();
    if (!pid) {
        char c;
        signal(SIGTTOU, SIG_IGN);
        setpgid(0, 0);
        tcsetpgrp(0, getpgrp());
        tell(up[1]);
        SAY(read(0, &c, 1) <= 0); /* ends once the master has gone: Linux may say EIO, too */
        SAY(write(0, "x", 1));
        SAY(open("/dev/tty", O_RDWR));
        tell(up[1]);
        /* The leader's end is heard by the group that was in the foreground. */
        do
            sigpending(&set);
        while (!sigismember(&set, SIGHUP) || !sigismember(&set, SIGCONT));
        sigprocmask(SIG_SETMASK, &before, 0);
        exit(0);
    }
    hear(down[0]);
    while (!count[SIGHUP] || !count[SIGCONT])
        sigsuspend(&before);
    SAY(tcgetsid(0));
    SAY(open("/dev/tty", O_RDWR));
    exit(3);
}

static void hangup(void)
{
    char c;
    pid_t pid = leader(hangup_body);

    hear(up[0]);
    close(master);
    hear(up[0]);
    tell(down[1]);
    close(up[1]);
    int status;
    waitpid(pid, &status, 0);
    printf("everybody has gone: %d\n", (int)read(up[0], &c, 1));
    printf("leader: exit %d\n", WEXITSTATUS(status));
}

static void leader_exit_body(void)
{
    if (!fork()) {
        signal(SIGTTOU, SIG_IGN);
        setpgid(0, 0);
        tcsetpgrp(0, getpgrp());
        handle(SIGHUP, SA_RESTART);
        sigset_t set, before;
        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        sigprocmask(SIG_BLOCK, &set, &before);
        tell(up[1]);
        while (!count[SIGHUP])
            sigsuspend(&before);
        hear(down[0]);
        /* The terminal lives on, but it is nobody's. */
        SAY(open("/dev/tty", O_RDWR));
        SAY(write(0, "alive\n", 6));
        tell(up[1]);
        exit(0);
    }
    hear(up[0]);
}

static void leader_exit(void)
{
    char text[100];
    int value = -1;
    pid_t pid = leader(leader_exit_body);

    int status;
    waitpid(pid, &status, 0);
    tell(down[1]);
    hear(up[0]);
    SAY(ioctl(master, TIOCGPGRP, &value));
    printf("foreground %d\n", value);
    show("screen", text, read(master, text, sizeof text));
    show("screen", text, read(master, text, sizeof text));
    close(master);
}

static void background(void)
{
    pid_t pid = leader(background_body);

    if (write(master, "typed\n", 6) != 6)
        die("write");
    ended(pid);
    close(master);
}

/* Every kind of wait, and what SIGCHLD says. */
static void told(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    count[0]++;
    printf("child: code %d status %d\n", info->si_code, info->si_status);
}

static void stopping(void)
{
    struct sigaction action = {.sa_sigaction = told, .sa_flags = SA_SIGINFO | SA_RESTART};
    siginfo_t info;
    sigset_t set;

    fflush(stdout);
    setvbuf(stdout, 0, _IONBF, 0);
    sigaction(SIGCHLD, &action, 0);
    pid_t pid = fork();
    if (!pid)
        for (;;)
            pause();
#define WAITID(flags) memset(&info, 0, sizeof info), SAY(waitid(P_PID, pid, &info, flags)), \
    printf("  code %d status %d, it %d\n", info.si_code, info.si_status, info.si_pid == pid)
    WAITID(WSTOPPED | WEXITED | WCONTINUED | WNOHANG);
    kill(pid, SIGSTOP);
    WAITID(WSTOPPED | WNOWAIT);
    WAITID(WSTOPPED | WNOWAIT | WNOHANG);
    waited(pid, WUNTRACED);
    waited(pid, WUNTRACED | WNOHANG);
    kill(pid, SIGTERM); /* waits until it goes on */
    kill(pid, SIGSTOP);
    waited(pid, WUNTRACED | WNOHANG);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, 0);
    kill(pid, SIGCONT);
    waited(pid, 0);
    sigprocmask(SIG_UNBLOCK, &set, 0);
    SAY(waitid(P_PID, pid, &info, WEXITED));
    action.sa_flags |= SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, 0);
    pid = fork();
    if (!pid)
        for (;;)
            pause();
    setpgid(pid, pid); /* a group that is no orphan, whoever has started this program */
    kill(pid, SIGTSTP);
    WAITID(WSTOPPED);
    kill(pid, SIGCONT);
    WAITID(WCONTINUED | WNOWAIT);
    WAITID(WCONTINUED);
    WAITID(WCONTINUED | WNOHANG);
    kill(pid, SIGKILL);
    WAITID(WEXITED | WNOWAIT);
    WAITID(WEXITED);
    SAY(waitid(P_PID, pid, 0, WEXITED));
    signal(SIGCHLD, SIG_DFL);
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"claims", claims}, {"background", background}, {"orphans", orphans}, {"abandoned", abandoned},
                 {"keys", keys}, {"hangup", hangup}, {"leader_exit", leader_exit}, {"stopping", stopping}};

    return run_parts(argc, argv, parts, sizeof parts / sizeof *parts);
}
