/* Tracing: how it begins and ends, and who may. */
#include "trace.h"

CASE(refused, "ptrace")
{
    pid_t child = sleeper(), traced = TRACED(pause());
    T(ask(PTRACE_ATTACH, getpid(), 0, 0));
    T(ask(PTRACE_ATTACH, 0, 0, 0));
    T(ask(PTRACE_ATTACH, -1, 0, 0));
    T(ask(PTRACE_ATTACH, traced, 0, 0));
    T(ask_n(PTRACE_SEIZE, child, 1, 0));
    T(ask_n(PTRACE_SEIZE, child, 0, 1 << 30));
    T(ask_n(PTRACE_CONT, child, 0, 0));
    T(ask_n(PTRACE_KILL, child, 0, 0));
    T(ask_n(PTRACE_DETACH, getppid(), 0, 0));
    T(ask_n(PTRACE_CONT, traced, 0, 65));
    T(ask_n(PTRACE_CONT, traced, 0, -1));
    T(ask_n(PTRACE_DETACH, traced, 0, 65));
    T(ask_n(PTRACE_SETOPTIONS, traced, 0, 1 << 30));
    T(ask_n(PTRACE_INTERRUPT, traced, 0, 0));
    T(ask_n(PTRACE_LISTEN, traced, 0, 0));
    T(ask_n(0x4300, traced, 0, 0));
    T(ask_n(3000, traced, 0, 0));
    end(traced);
    T(ask_n(PTRACE_CONT, traced, 0, 0));
    end(child);
}

CASE(asked_for_twice, "ptrace")
{
    pid_t child = MUST(fork());
    if (!child) {
        T(ask(PTRACE_TRACEME, 0, 0, 0));
        T(ask(PTRACE_TRACEME, 0, 0, 0));
        _exit(0);
    }
    news_of("child", child);
}

CASE(attached_to, "ptrace wait4")
{
    pid_t child = sleeper();
    T(ask(PTRACE_ATTACH, child, 0, 0));
    T(ask(PTRACE_ATTACH, child, 0, 0));
    news_of("child", child);
    struct user_regs_struct r = registers_of(child);
    say("call %lld, rax %lld", (long long)r.orig_rax, (long long)r.rax);
    siginfo_t info = info_of(child);
    N(info.si_pid);
    N(state_of(child));
    T(ask_n(PTRACE_DETACH, child, 0, 0));
    until_asleep(child);
    N(state_of(child));
    T(ask_n(PTRACE_CONT, child, 0, 0));
    T(ask(PTRACE_ATTACH, child, 0, 0));
    news_of("child", child);
    T(ask_n(PTRACE_DETACH, child, 0, SIGTERM));
    news_of("child", child);
}

/* Somebody else's child: its parent hears of its end after its tracer. */
CASE(tracer_and_parent, "ptrace wait4")
{
    int go[2];
    MUST(pipe(go));
    pid_t child = MUST(fork());
    if (!child) {
        char byte;
        close(go[1]);
        (void)!read(go[0], &byte, 1);
        _exit(6);
    }
    pid_t tracer = MUST(fork());
    if (!tracer) {
        T(ask_n(PTRACE_SEIZE, child, 0, 0));
        close(go[1]);
        siginfo_t info;
        T(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
        say("%d %d", info.si_code, info.si_status);
        sleep_ms(30);
        sleep_ms(60);
        news_of("to its tracer", child);
        T(waitpid(child, 0, __WALL));
        _exit(7);
    }
    close(go[1]);
    while (state_of(child) != 'Z')
        sleep_ms(1);
    sleep_ms(20);
    say_status("tracer", wait_for(tracer));
    news_of("to its parent", child);
}

CASE(seized, "ptrace")
{
    pid_t child = sleeper();
    T(ask_n(PTRACE_SEIZE, child, 0, PTRACE_O_TRACESYSGOOD));
    T(waitpid(child, 0, WNOHANG | __WALL));
    T(ask_n(PTRACE_CONT, child, 0, 0));
    T(ask_n(PTRACE_INTERRUPT, child, 0, 0));
    news_of("child", child);
    info_of(child);
    struct user_regs_struct r = registers_of(child);
    say("call %lld, rax %lld", (long long)r.orig_rax, (long long)r.rax);
    T(ask_n(PTRACE_SYSCALL, child, 0, 0));
    news_of("child", child);
    say_call(child);
    T(ask_n(PTRACE_CONT, child, 0, 0));
    T(ask_n(PTRACE_LISTEN, child, 0, 0));
    end(child);
}

/* When a tracer ends, its tracees are free, or die with it. */
CASE(tracers_that_end, "ptrace exit_group")
{
    for (int option = 0; option < 2; option++) {
        pid_t child = sleeper(), tracer = MUST(fork());
        if (!tracer) {
            int status;
            MUST(ask(PTRACE_ATTACH, child, 0, 0));
            MUST(waitpid(child, &status, __WALL));
            MUST(ask_n(PTRACE_SETOPTIONS, child, 0, option ? PTRACE_O_EXITKILL : 0));
            _exit(0);
        }
        news_of("tracer", tracer);
        if (!option) {
            until_asleep(child);
            N(state_of(child));
            kill(child, SIGTERM);
        }
        news_of("child", child);
    }
}

CASE(who_may_look, "ptrace prctl setresuid")
{
    pid_t child = sleeper(), hidden = MUST(fork());
    if (!hidden) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        MUST(setresuid(1001, 1001, 1001));
        prctl(PR_SET_DUMPABLE, 0);
        for (;;)
            pause();
    }
    until_asleep(hidden);
    CHILD({
        MUST(setresuid(1001, 1001, 1001));
        T(ask_n(PTRACE_SEIZE, child, 0, 0));
        T(ask_n(PTRACE_SEIZE, hidden, 0, 0));
        T(ask_n(PTRACE_SEIZE, getppid(), 0, 0));
    });
    T(ask_n(PTRACE_SEIZE, hidden, 0, 0));
    end(hidden);
    end(child);
}

CASE(said_in_proc, "ptrace openat read")
{
    char path[64], line[128];
    pid_t child = TRACED(pause());
    snprintf(path, sizeof path, "/proc/%d/status", child);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        int tracer;
        if (!strncmp(line, "State:", 6))
            say("%.20s", strtok(line + 7, "\n"));
        if (sscanf(line, "TracerPid: %d", &tracer) == 1)
            IS(tracer == getpid());
    }
    fclose(file);
    end(child);
}
