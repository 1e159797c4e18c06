/* Jobs on a terminal: keys that signal, hang-ups, ends of leaders, stops that parents hear of. */
#include "pty_jobs.h"
#include <fcntl.h>

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
    static const struct part parts[] = {{"keys", keys}, {"hangup", hangup}, {"leader_exit", leader_exit}, {"stopping", stopping}};

    return run_parts(argc, argv, parts, sizeof parts / sizeof *parts);
}
