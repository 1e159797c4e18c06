/* Signals: sending, handling, masks. */
#include "signals.h"

CASE(sigaction_rules, "rt_sigaction")
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART}, old;
    T(sigaction(SIGUSR1, &action, &old));
    IS(old.sa_handler == SIG_DFL);
    T(sigaction(SIGUSR1, 0, &old));
    IS(old.sa_handler == note && (old.sa_flags & SA_RESTART));
    T(sigaction(SIGKILL, &action, 0));
    T(sigaction(SIGSTOP, &action, 0));
    T(sigaction(SIGKILL, 0, &old));
    T(sigaction(65, &action, 0));
    T(sigaction(0, &action, 0));
    T(syscall(SYS_rt_sigaction, SIGUSR1, 0, 0, 4));
    T(syscall(SYS_rt_sigaction, SIGUSR1, (void *)8, 0, 8));
    T(syscall(SYS_rt_sigaction, SIGUSR1, 0, (void *)8, 8));
}

CASE(raise_and_handle, "kill rt_sigaction rt_sigreturn")
{
    handle(SIGUSR1, 0, note);
    T(kill(getpid(), SIGUSR1));
    N(count);
    T(raise(SIGUSR1));
    N(count);
    N(last_signal);
    signal(SIGUSR1, SIG_IGN);
    T(raise(SIGUSR1));
    N(count);
}

CASE(default_actions, "kill")
{
    static const int all[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
                              SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGCHLD, SIGCONT, SIGURG,
                              SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH, SIGIO, SIGPWR, SIGSYS, 34, 64};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        CHILD(kill(getpid(), all[i]));
}

CASE(masks, "rt_sigprocmask rt_sigpending")
{
    sigset_t set = set_of(SIGUSR1, SIGUSR2), old, pending;
    handle(SIGUSR1, 0, note);
    handle(SIGUSR2, 0, note);
    T(sigprocmask(SIG_BLOCK, &set, &old));
    N(sigismember(&old, SIGUSR1));
    raise(SIGUSR1);
    raise(SIGUSR1);
    raise(SIGUSR2);
    N(count);
    T(sigpending(&pending));
    say("%d %d %d", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2), sigismember(&pending, SIGTERM));
    set = set_of(SIGUSR2, 0);
    T(sigprocmask(SIG_UNBLOCK, &set, 0));
    N(count);
    T(sigprocmask(SIG_SETMASK, &old, &set));
    N(count);
    N(sigismember(&set, SIGUSR1));
    T(sigprocmask(77, &set, 0));
    T(sigprocmask(77, 0, &old));
    sigfillset(&set);
    T(sigprocmask(SIG_SETMASK, &set, 0));
    T(sigprocmask(SIG_BLOCK, 0, &set));
    say("%d %d", sigismember(&set, SIGKILL), sigismember(&set, SIGSTOP));
    T(syscall(SYS_rt_sigprocmask, 0, 0, 0, 4));
    T(syscall(SYS_rt_sigprocmask, 0, (void *)8, 0, 8));
    T(syscall(SYS_rt_sigpending, (void *)8, 8));
    T(syscall(SYS_rt_sigpending, &set, 16));
}

static void note_mask(int signal)
{
    sigset_t now;
    (void)signal;
    sigprocmask(SIG_BLOCK, 0, &now);
    say("in the handler: %d %d %d", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2), sigismember(&now, SIGTERM));
}

CASE(masks_in_handlers, "rt_sigaction rt_sigprocmask")
{
    struct sigaction action = {.sa_handler = note_mask, .sa_mask = set_of(SIGUSR2, 0)};
    sigset_t now;
    T(sigaction(SIGUSR1, &action, 0));
    raise(SIGUSR1);
    action.sa_flags = SA_NODEFER;
    T(sigaction(SIGUSR1, &action, 0));
    raise(SIGUSR1);
    T(sigprocmask(SIG_BLOCK, 0, &now));
    say("%d %d", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2));
}

static void nest(int signal)
{
    count++;
    say("in %d", signal);
    if (signal == SIGUSR1)
        raise(SIGUSR2);
    say("out %d", signal);
}

CASE(nested_handlers, "rt_sigaction kill")
{
    handle(SIGUSR1, 0, nest);
    handle(SIGUSR2, 0, nest);
    raise(SIGUSR1);
    N(count);
}

CASE(one_shot, "rt_sigaction")
{
    struct sigaction old;
    handle(SIGUSR1, SA_RESETHAND, note);
    raise(SIGUSR1);
    T(sigaction(SIGUSR1, 0, &old));
    IS(old.sa_handler == SIG_DFL);
    CHILD(raise(SIGUSR1));
}

CASE(info_of_senders, "kill tgkill rt_sigqueueinfo")
{
    handle_info(SIGUSR1, 0);
    kill(getpid(), SIGUSR1);
    say("code %d by me %d", last_code, last_pid == getpid());
    raise(SIGUSR1);
    say("code %d by me %d", last_code, last_pid == getpid());
    T(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42}));
    say("code %d value %d", last_code, last_value);
    pid_t self = getpid();
    CHILD(kill(self, SIGUSR1));
    say("code %d by me %d", last_code, last_pid == getpid());
}

CASE(signals_survive_fork, "fork rt_sigaction rt_sigpending")
{
    sigset_t set = set_of(SIGUSR1, 0), pending;
    handle(SIGUSR1, 0, note);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    CHILD(
        sigpending(&pending);
        N(sigismember(&pending, SIGUSR1));
        raise(SIGUSR1);
        sigprocmask(SIG_UNBLOCK, &set, 0);
        N(count));
    sigpending(&pending);
    N(sigismember(&pending, SIGUSR1));
}
