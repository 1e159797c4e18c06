/* What the cases about tracing share: a traced child, and words for what it does. */
#pragma once
#include "case.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>

/* What glibc wraps: the numbers are the kernel's. */
static inline long ask(long request, pid_t pid, long addr, const volatile void *data)
{
    return syscall(SYS_ptrace, request, (long)pid, addr, data);
}

static inline long ask_n(long request, pid_t pid, long addr, long data)
{
    return syscall(SYS_ptrace, request, (long)pid, addr, data);
}

static inline const char *event_name(int status)
{
    static const char *const names[] = {"", "fork", "vfork", "clone", "exec", "vfork done", "exit", "seccomp"};
    int event = status >> 16;
    return event == 128 ? "stop" : event < 8 ? names[event] : "unknown";
}

/* Waits for news of a tracee and says what it is. */
static inline int news_of(const char *who, pid_t pid)
{
    int status = -1;
    pid_t found = waitpid(pid, &status, __WALL);
    if (found < 0)
        say("%s: %s", who, error_name(errno));
    else if (WIFSTOPPED(status) && status >> 16)
        say("%s: %s event, stopped by %d", who, event_name(status), WSTOPSIG(status));
    else
        say_status(who, status);
    return status;
}

/* A child that is traced and stands at a SIGSTOP of its own. */
#define TRACED(...)                                                                     \
    ({                                                                                  \
        pid_t made_ = MUST(fork());                                                     \
        if (!made_) {                                                                   \
            MUST(ask(PTRACE_TRACEME, 0, 0, 0));                                         \
            raise(SIGSTOP);                                                             \
            __VA_ARGS__;                                                                \
            _exit(0);                                                                   \
        }                                                                               \
        int status_;                                                                    \
        MUST(waitpid(made_, &status_, 0));                                              \
        made_;                                                                          \
    })

/* A child that sleeps until it is killed, and dies with this process. */
static inline pid_t sleeper(void)
{
    pid_t pid = MUST(fork());
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    until_asleep(pid);
    return pid;
}

static inline struct user_regs_struct registers_of(pid_t pid)
{
    struct user_regs_struct r;
    memset(&r, 0, sizeof r);
    MUST(ask(PTRACE_GETREGS, pid, 0, &r));
    return r;
}

static inline siginfo_t info_of(pid_t pid)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (ask(PTRACE_GETSIGINFO, pid, 0, &info))
        say("no siginfo: %s", error_name(errno));
    else
        say("signal %d, code %d%s", info.si_signo, info.si_code, info.si_pid == pid ? ", from itself" : "");
    return info;
}

static inline void end(pid_t pid)
{
    kill(pid, SIGKILL);
    news_of("at last", pid);
}

/* What a handler in a tracee was told. */
static volatile int caught, caught_code, caught_by_parent;

static inline void note(int sig, siginfo_t *info, void *context)
{
    (void)context;
    caught = sig;
    caught_code = info->si_code;
    caught_by_parent = info->si_pid == getppid();
}

static inline void catch_signals(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGUSR2, &action, 0);
}

static inline void say_caught(void) { say("caught %d, code %d, by parent %d", caught, caught_code, caught_by_parent); }

/* A call at its stop: number, arguments and result. */
static inline void say_call(pid_t child)
{
    struct __ptrace_syscall_info c;
    memset(&c, 0, sizeof c);
    long size = ask_n(PTRACE_GET_SYSCALL_INFO, child, sizeof c, (long)&c);
    unsigned long message = 0;
    ask(PTRACE_GETEVENTMSG, child, 0, &message);
    struct user_regs_struct r = registers_of(child);
    say("op %d, size %ld, message %lu, arch %x, ip %d, sp %d", c.op, size, message, c.arch,
        c.instruction_pointer == r.rip, c.stack_pointer == r.rsp);
    if (c.op == PTRACE_SYSCALL_INFO_ENTRY)
        say("call %llu of %lld; rax %lld", (unsigned long long)c.entry.nr, (long long)c.entry.args[0], (long long)r.rax);
    if (c.op == PTRACE_SYSCALL_INFO_EXIT)
        say("result %lld, error %d; rax %lld, orig_rax %lld", (long long)c.exit.rval, c.exit.is_error,
            (long long)r.rax, (long long)r.orig_rax);
}

static inline void say_message(pid_t pid, pid_t wanted)
{
    unsigned long message = 0;
    T(ask(PTRACE_GETEVENTMSG, pid, 0, &message));
    if (wanted)
        IS((pid_t)message == wanted);
    else
        say("%lu", message);
}
