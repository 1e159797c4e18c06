/* Tracing: signals on their way to a traced process, and stops of groups. */
#include "trace.h"

CASE(signals_on_their_way, "ptrace wait4")
{
    pid_t child = TRACED({
        catch_signals();
        signal(SIGWINCH, SIG_IGN);
        raise(SIGUSR1); /* passed on */
        say_caught();
        raise(SIGUSR1); /* suppressed */
        say_caught();
        raise(SIGUSR1); /* changed */
        say_caught();
        raise(SIGWINCH); /* ignored, and shown all the same */
        raise(SIGTERM);
    });
    info_of(child);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    for (int i = 0, with[] = {SIGUSR1, 0, SIGUSR2, SIGWINCH, SIGTERM}; i < 5; i++) {
        news_of("child", child);
        info_of(child);
        MUST(ask_n(PTRACE_CONT, child, 0, with[i]));
    }
    news_of("child", child);
}

CASE(a_signal_with_another_story, "ptrace")
{
    siginfo_t info;
    pid_t child = TRACED({
        catch_signals();
        raise(SIGUSR1);
        say_caught();
    });
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    info = info_of(child);
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    T(ask(PTRACE_SETSIGINFO, child, 0, &info));
    MUST(ask_n(PTRACE_CONT, child, 0, SIGUSR1));
    news_of("child", child);
}

/* What stops of each kind say to waitid and to a handler of SIGCHLD. */
CASE(waiting_for_stops, "ptrace waitid rt_sigtimedwait")
{
    siginfo_t info;
    sigset_t set;
    struct timespec limit = {5, 0};
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, 0);
    pid_t child = TRACED(raise(SIGUSR1));
    while (sigtimedwait(&set, &info, &(struct timespec){0}) > 0)
        ;
    T(waitpid(child, 0, WNOHANG));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    T(sigtimedwait(&set, &info, &limit));
    say("code %d, status %d, from child %d", info.si_code, info.si_status, info.si_pid == child);
    memset(&info, 0, sizeof info);
    T(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    say("code %d, status %d", info.si_code, info.si_status);
    T(waitid(P_PID, child, &info, WEXITED));
    say("code %d, status %d", info.si_code, info.si_status);
    T(waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
    MUST(ask_n(PTRACE_CONT, child, 0, SIGUSR1));
    T(sigtimedwait(&set, &info, &limit));
    say("code %d, status %d", info.si_code, info.si_status);
    news_of("child", child);
}

CASE(masks_and_queues, "ptrace")
{
    siginfo_t found[4];
    sigset_t set;
    pid_t child = TRACED({
        sigset_t mine;
        sigemptyset(&mine);
        sigaddset(&mine, SIGUSR1);
        sigaddset(&mine, SIGRTMIN);
        sigprocmask(SIG_BLOCK, &mine, 0);
        for (int i = 1; i <= 2; i++)
            sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
        syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
        raise(SIGSTOP);
    });
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    unsigned long mask = 0;
    T(ask_n(PTRACE_GETSIGMASK, child, 8, (long)&mask));
    say("%lx", mask);
    T(ask_n(PTRACE_GETSIGMASK, child, 16, (long)&set));
    T(ask_n(PTRACE_GETSIGMASK, child, 8, 8));
    struct { unsigned long off; unsigned flags; int nr; } want = {0, 1, 4};
    T(ask(PTRACE_PEEKSIGINFO, child, (long)&want, found));
    say("%d %d, %d %d", found[0].si_signo, found[0].si_value.sival_int, found[1].si_signo, found[1].si_value.sival_int);
    want.off = 1;
    T(ask(PTRACE_PEEKSIGINFO, child, (long)&want, found));
    want.off = 7;
    T(ask(PTRACE_PEEKSIGINFO, child, (long)&want, found));
    want.flags = 0;
    want.off = 0;
    T(ask(PTRACE_PEEKSIGINFO, child, (long)&want, found));
    want.nr = -1;
    T(ask(PTRACE_PEEKSIGINFO, child, (long)&want, found));
    want.nr = 1;
    want.flags = 2;
    T(ask(PTRACE_PEEKSIGINFO, child, (long)&want, found));
    T(ask(PTRACE_PEEKSIGINFO, child, 8, found));
    mask = 1UL << (SIGTERM - 1) | 1UL << (SIGKILL - 1) | 1UL << (SIGRTMIN - 1);
    T(ask_n(PTRACE_SETSIGMASK, child, 8, (long)&mask));
    T(ask_n(PTRACE_GETSIGMASK, child, 8, (long)&mask));
    say("%lx", mask);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child); /* SIGUSR1, unblocked from outside */
    end(child);
}

/* A whole process stops: what a tracer that seized it, and one that attached to it, see of that. */
CASE(group_stops, "ptrace kill")
{
    pid_t child = sleeper();
    MUST(ask_n(PTRACE_SEIZE, child, 0, 0));
    kill(child, SIGSTOP);
    news_of("child", child);
    info_of(child);
    MUST(ask_n(PTRACE_CONT, child, 0, SIGSTOP));
    news_of("child", child);
    info_of(child);
    T(ask_n(PTRACE_LISTEN, child, 0, 0));
    T(ask_n(PTRACE_CONT, child, 0, 0));
    T(waitpid(child, 0, WNOHANG | __WALL));
    kill(child, SIGCONT);
    news_of("child", child);
    info_of(child);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    MUST(ask_n(PTRACE_CONT, child, 0, SIGCONT));
    end(child);
    child = sleeper();
    MUST(ask(PTRACE_ATTACH, child, 0, 0));
    news_of("child", child);
    MUST(ask_n(PTRACE_CONT, child, 0, SIGSTOP));
    news_of("child", child);
    info_of(child);
    MUST(ask_n(PTRACE_CONT, child, 0, 0)); /* on it goes, stopped or not */
    until_asleep(child);
    N(state_of(child));
    end(child);
}
