/* Tracing: stops at system calls, and what a tracer makes of them. */
#include "trace.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

CASE(calls_one_by_one, "ptrace")
{
    pid_t child = TRACED({
        syscall(SYS_lseek, 77, 88, 99);
        syscall(SYS_umask, 0123);
        syscall(1000, 1, 2);
    });
    T(ask_n(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD));
    for (int i = 0; i < 7; i++) {
        MUST(ask_n(PTRACE_SYSCALL, child, 0, 0));
        int status = news_of("child", child);
        if (!WIFSTOPPED(status))
            break;
        say_call(child);
    }
    info_of(child);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

/* Without the option they are told as SIGTRAP. */
CASE(calls_as_traps, "ptrace")
{
    pid_t child = TRACED(syscall(SYS_umask, 0123));
    for (int i = 0; i < 2; i++) {
        MUST(ask_n(PTRACE_SYSCALL, child, 0, 0));
        news_of("child", child);
        info_of(child);
        say_call(child);
    }
    end(child);
}

CASE(calls_changed, "ptrace")
{
    struct user_regs_struct r;
    pid_t child = TRACED({
        T(syscall(SYS_getppid) == getppid());
        T(syscall(SYS_umask, 0700));
        T(syscall(SYS_lseek, 77, 88, 99));
        T(umask(0));
    });
    MUST(ask_n(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD));
    int entry = 1;
    for (;;) {
        MUST(ask_n(PTRACE_SYSCALL, child, 0, 0));
        int status = MUST(waitpid(child, &status, 0)) == child ? status : 0;
        if (!WIFSTOPPED(status)) {
            say_status("child", status);
            break;
        }
        r = registers_of(child);
        if (entry && r.orig_rax == SYS_umask && r.rdi == 0700) {
            r.rdi = 0125; /* another argument, */
            MUST(ask(PTRACE_SETREGS, child, 0, &r));
        } else if (entry && r.orig_rax == SYS_lseek) {
            r.orig_rax = SYS_getuid; /* another call, */
            MUST(ask(PTRACE_SETREGS, child, 0, &r));
        } else if (entry && r.orig_rax == SYS_getppid) {
            r.orig_rax = -1; /* or none, with a result of our own */
            r.rax = 4711;
            MUST(ask(PTRACE_SETREGS, child, 0, &r));
        } else if (!entry && r.orig_rax == SYS_getuid) {
            MUST(ask_n(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, rax), 1234));
        }
        entry = !entry;
    }
}

CASE(calls_emulated, "ptrace")
{
    pid_t child = TRACED({
        T(syscall(SYS_umask, 0700));
        T(umask(0));
    });
    for (int i = 0; i < 20; i++) {
        MUST(ask_n(31 /* SYSEMU */, child, 0, 0));
        int status;
        MUST(waitpid(child, &status, 0));
        struct user_regs_struct r = registers_of(child);
        if (r.orig_rax != SYS_umask)
            continue;
        say("call %lld, rax %lld", (long long)r.orig_rax, (long long)r.rax);
        r.rax = 99;
        T(ask(PTRACE_SETREGS, child, 0, &r));
        break;
    }
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

/* A call that is interrupted by the tracer and by nobody else goes on, unless its number is taken away. */
CASE(calls_interrupted, "ptrace read")
{
    int ends[2];
    for (int taken = 0; taken < 2; taken++) {
        MUST(pipe(ends));
        pid_t child = MUST(fork());
        if (!child) {
            char byte = 0;
            T(read(ends[0], &byte, 1));
            _exit(0);
        }
        until_asleep(child);
        MUST(ask(PTRACE_ATTACH, child, 0, 0));
        news_of("child", child);
        struct user_regs_struct r = registers_of(child);
        say("call %lld, rax %lld", (long long)r.orig_rax, (long long)r.rax);
        if (taken)
            T(ask_n(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, orig_rax), -1));
        MUST(ask_n(PTRACE_DETACH, child, 0, 0));
        MUST(write(ends[1], "x", 1));
        news_of("child", child);
    }
}

/* A filter hands a call to the tracer, which lets it be, changes it or takes it away. */
CASE(calls_filtered, "ptrace prctl seccomp")
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_umask, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 42),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {4, code};
    for (int option = 0; option < 2; option++) {
        pid_t child = TRACED({
            MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
            MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
            T(syscall(SYS_umask, 027));
            T(syscall(SYS_umask, 027));
            T(syscall(SYS_umask, 027));
        });
        MUST(ask_n(PTRACE_SETOPTIONS, child, 0, option ? PTRACE_O_TRACESECCOMP : 0));
        MUST(ask_n(PTRACE_CONT, child, 0, 0));
        for (int i = 0; option && i < 3; i++) {
            news_of("child", child);
            info_of(child);
            say_message(child, 0);
            struct user_regs_struct r = registers_of(child);
            say("call %lld, rax %lld", (long long)r.orig_rax, (long long)r.rax);
            r.orig_rax = i == 1 ? SYS_geteuid : i == 2 ? -1 : r.orig_rax;
            r.rax = i == 2 ? 4711 : r.rax;
            MUST(ask(PTRACE_SETREGS, child, 0, &r));
            MUST(ask_n(PTRACE_CONT, child, 0, 0));
        }
        news_of("child", child);
    }
}
