/* Signals: stopping and going on, ends of children, process groups. */
#include "signals.h"

CASE(stop_signals_discard_continue, "kill rt_sigpending")
{
    sigset_t set = set_of(SIGTSTP, SIGCONT), pending;
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGCONT);
    raise(SIGTSTP);
    sigpending(&pending);
    say("%d %d", sigismember(&pending, SIGTSTP), sigismember(&pending, SIGCONT));
    raise(SIGCONT);
    sigpending(&pending);
    say("%d %d", sigismember(&pending, SIGTSTP), sigismember(&pending, SIGCONT));
}

CASE(ignoring_drops_pending, "rt_sigaction rt_sigpending")
{
    sigset_t set = set_of(SIGUSR1, SIGCHLD), pending;
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    raise(SIGCHLD);
    signal(SIGUSR1, SIG_IGN);
    sigpending(&pending);
    say("%d %d", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGCHLD));
    signal(SIGCHLD, SIG_DFL);
    sigpending(&pending);
    N(sigismember(&pending, SIGCHLD));
}

CASE(children_tell, "rt_sigaction wait4")
{
    handle_info(SIGCHLD, 0);
    pid_t child = fork();
    if (!child)
        _exit(3);
    while (!count)
        sleep_ms(1);
    say("code %d pid %d", last_code, last_pid == child);
    wait_for(child);
    count = 0;
    child = fork();
    if (!child)
        for (;;)
            pause();
    kill(child, SIGSTOP);
    while (!count)
        sleep_ms(1);
    say("code %d", last_code);
    count = 0;
    kill(child, SIGCONT);
    while (!count)
        sleep_ms(1);
    say("code %d", last_code);
    handle_info(SIGCHLD, SA_NOCLDSTOP);
    count = 0;
    kill(child, SIGSTOP);
    int status;
    waitpid(child, &status, WUNTRACED);
    N(count);
    kill(child, SIGKILL);
    while (!count)
        sleep_ms(1);
    say("code %d", last_code);
}

CASE(process_groups, "kill setpgid")
{
    int ends[2];
    char byte;
    pid_t children[2];
    MUST(pipe(ends));
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (!children[i]) {
            setpgid(0, i ? children[0] : 0);
            (void)!write(ends[1], "x", 1);
            for (;;)
                pause();
        }
        MUST(read(ends[0], &byte, 1));
    }
    T(kill(-children[0], 0));
    T(kill(-children[0], SIGTERM));
    for (int i = 0; i < 2; i++)
        say_status("child", wait_for(children[i]));
    T(kill(-children[0], 0));
    CHILD(setpgid(0, 0); signal(SIGUSR1, note); T(kill(0, SIGUSR1)); N(count));
}

static volatile int ended_children;

static void count_it(int sig)
{
    (void)sig;
    ended_children++;
}

static void end_three_children(void)
{
    pid_t children[3];
    int status;
    for (int i = 0; i < 3; i++)
        if (!(children[i] = MUST(fork())))
            _exit(i);
    T(waitpid(-1, &status, 0));
    for (int i = 0; i < 3; i++)
        T(kill(children[i], 0));
}

/* Children leave nothing to wait for; their signal comes all the same. */
CASE(children_that_are_not_waited_for, "rt_sigaction wait4 waitid")
{
    siginfo_t info;
    struct sigaction action = {.sa_handler = count_it, .sa_flags = SA_NOCLDWAIT | SA_RESTART};
    T(sigaction(SIGCHLD, &action, 0));
    end_three_children();
    IS(ended_children > 0);
    action.sa_handler = SIG_DFL;
    T(sigaction(SIGCHLD, &action, 0));
    end_three_children();
    T(waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
    sigaction(SIGCHLD, 0, &action);
    IS(action.sa_flags & SA_NOCLDWAIT);
    action.sa_flags = 0;
    T(sigaction(SIGCHLD, &action, 0));
    pid_t child = MUST(fork());
    if (!child)
        _exit(5);
    say_status("child", wait_for(child));
    /* One that is already there when nobody wants it any more stays. */
    child = MUST(fork());
    if (!child)
        _exit(6);
    MUST(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    action.sa_flags = SA_NOCLDWAIT;
    T(sigaction(SIGCHLD, &action, 0));
    say_status("child", wait_for(child));
}
