/* One process looks into another and steers it. */
#include "case.h"
#include <elf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#ifndef PTRACE_GET_RSEQ_CONFIGURATION
#define PTRACE_GET_RSEQ_CONFIGURATION 0x420f
#endif

enum { USER_SIZE = 928, DEBUG_REGISTERS = 848 }; /* struct user of the kernel's header */

/* What glibc wraps: the numbers are the kernel's. */
static long ask(long request, pid_t pid, long addr, const volatile void *data)
{
    return syscall(SYS_ptrace, request, (long)pid, addr, data);
}

static long ask_n(long request, pid_t pid, long addr, long data)
{
    return syscall(SYS_ptrace, request, (long)pid, addr, data);
}

static const char *event_name(int status)
{
    static const char *const names[] = {"", "fork", "vfork", "clone", "exec", "vfork done", "exit", "seccomp"};
    int event = status >> 16;
    return event == 128 ? "stop" : event < 8 ? names[event] : "unknown";
}

/* Waits for news of a tracee and says what it is. */
static int news_of(const char *who, pid_t pid)
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
static pid_t sleeper(void)
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

static struct user_regs_struct registers_of(pid_t pid)
{
    struct user_regs_struct r;
    memset(&r, 0, sizeof r);
    MUST(ask(PTRACE_GETREGS, pid, 0, &r));
    return r;
}

static siginfo_t info_of(pid_t pid)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (ask(PTRACE_GETSIGINFO, pid, 0, &info))
        say("no siginfo: %s", error_name(errno));
    else
        say("signal %d, code %d%s", info.si_signo, info.si_code, info.si_pid == pid ? ", from itself" : "");
    return info;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    news_of("at last", pid);
}

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

/* Signals come to the tracer first, which may take, change or add them. */
static volatile int caught, caught_code, caught_by_parent;

static void note(int sig, siginfo_t *info, void *context)
{
    (void)context;
    caught = sig;
    caught_code = info->si_code;
    caught_by_parent = info->si_pid == getppid();
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGUSR2, &action, 0);
}

static void say_caught(void) { say("caught %d, code %d, by parent %d", caught, caught_code, caught_by_parent); }

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

/* Calls, with their numbers, arguments and results, at the stops before and behind them. */
static void say_call(pid_t child)
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

/* Memory, also what the program itself may not touch; what is written there stays its own. */
static const char text_page[PAGE] __attribute__((aligned(PAGE))) = "constant";
static volatile long shared_word = 0x1122334455667788;

CASE(memory_of_the_other, "ptrace")
{
    long word = 0;
    char *hole = MUST(mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    char *closed = MUST(mmap(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    char *across = MUST(mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MUST(munmap(hole + PAGE, PAGE));
    pid_t child = TRACED({
        say("%s, %lx", text_page, shared_word);
        mprotect(closed, PAGE, PROT_READ);
        say("%s", closed);
    });
    T(ask(PTRACE_PEEKDATA, child, (long)&shared_word, &word));
    IS(word == shared_word);
    T(ask_n(PTRACE_POKEDATA, child, (long)&shared_word, 0x42));
    T(ask_n(PTRACE_POKETEXT, child, (long)text_page, 0x646567));
    say("here: %s, %lx", text_page, shared_word);
    T(ask(PTRACE_PEEKTEXT, child, (long)text_page, &word));
    N(word);
    T(ask_n(PTRACE_POKEDATA, child, (long)closed, 0x6e65646469));
    T(ask_n(PTRACE_POKEDATA, child, (long)across + PAGE - 3, 0x0102030405060708));
    T(ask(PTRACE_PEEKDATA, child, (long)across + PAGE - 3, &word));
    N(word);
    T(ask(PTRACE_PEEKDATA, child, (long)hole + PAGE - 4, &word));
    T(ask_n(PTRACE_POKEDATA, child, (long)hole + PAGE - 4, 1));
    T(ask(PTRACE_PEEKDATA, child, 0, &word));
    T(ask(PTRACE_PEEKDATA, child, (long)0xffff888000000000, &word));
    T(ask(PTRACE_PEEKDATA, child, (long)0x8000000000000000, &word));
    T(ask(PTRACE_PEEKDATA, child, -1, &word));
    T(ask(PTRACE_PEEKDATA, child, (long)&shared_word, (void *)8));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

/* Registers: all of them there and back, and what the kernel does not take. */
#define SET(field, value)                                                               \
    ({                                                                                  \
        errno = 0;                                                                      \
        long done_ = ask_n(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, field), value); \
        long now_ = 0;                                                                  \
        ask(PTRACE_PEEKUSER, child, offsetof(struct user_regs_struct, field), &now_);   \
        say("%s = %lx: %s, is %lx", #field, (long)(value), done_ ? error_name(errno) : "ok", now_); \
    })

CASE(registers, "ptrace")
{
    pid_t child = TRACED(pause());
    struct user_regs_struct r = registers_of(child), again;
    say("cs %llx, ss %llx, ds %llx, orig_rax %d", r.cs, r.ss, r.ds, r.orig_rax == SYS_tgkill || r.orig_rax == SYS_tkill);
    SET(rbx, 0x1234567890abcdef);
    SET(r15, -1);
    SET(rip, 0x400000);
    SET(rsp, 0x500000);
    SET(eflags, -1);
    SET(eflags, 0);
    SET(fs_base, 0x1000);
    SET(fs_base, 0x7fffffffe000);
    SET(fs_base, 0x7ffffffff000);
    SET(gs_base, 0xffff800000000000);
    SET(gs_base, 0x2000);
    SET(cs, 0);
    SET(cs, 0x10);
    SET(ss, 0);
    SET(ss, 0x18);
    SET(ds, 1);
    SET(fs, 0x10);
    SET(orig_rax, -1);
    SET(orig_rax, 5);
    T(ask(PTRACE_SETREGS, child, 0, &r));
    again = registers_of(child);
    IS(!memcmp(&r, &again, sizeof r));
    T(ask(PTRACE_SETREGS, child, 0, (void *)8));
    T(ask(PTRACE_GETREGS, child, 0, (void *)8));
    long word = 1;
    T(ask(PTRACE_PEEKUSER, child, 4, &word));
    T(ask(PTRACE_PEEKUSER, child, USER_SIZE, &word));
    T(ask(PTRACE_PEEKUSER, child, -8, &word));
    T(ask(PTRACE_PEEKUSER, child, USER_SIZE - 8, &word));
    T(ask(PTRACE_PEEKUSER, child, sizeof(struct user_regs_struct), &word));
    T(ask_n(PTRACE_POKEUSER, child, sizeof(struct user_regs_struct), 1));
    T(ask_n(PTRACE_POKEUSER, child, USER_SIZE, 1));
    T(ask_n(PTRACE_POKEUSER, child, USER_SIZE - 8, 1));
    for (int i = 0; i < 8; i++) {
        T(ask(PTRACE_PEEKUSER, child, DEBUG_REGISTERS + i * 8, &word));
        say("%lx", word);
    }
    T(ask_n(PTRACE_POKEUSER, child, DEBUG_REGISTERS + 7 * 8, 0));
    T(ask_n(PTRACE_POKEUSER, child, DEBUG_REGISTERS + 4 * 8, 0));
    end(child);
}

CASE(register_sets, "ptrace")
{
    static char room[16384] __attribute__((aligned(64)));
    struct user_regs_struct r, part;
    struct user_fpregs_struct f, set;
    pid_t child = TRACED({
        double two = 2;
        __asm__ volatile("movsd %0, %%xmm7\n int3\n movsd %%xmm7, %0" : "+m"(two)::"xmm7");
        say("xmm7 %g", two);
    });
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    info_of(child);
    r = registers_of(child);
    struct iovec v = {&part, sizeof part};
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    say("%zu, %d", v.iov_len, !memcmp(&r, &part, sizeof r));
    v.iov_len = 24;
    memset(&part, 0, sizeof part);
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    say("%zu, %d, %lld", v.iov_len, !memcmp(&r, &part, 24), part.r12 ? -1LL : 0LL);
    v = (struct iovec){room, sizeof room};
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    N(v.iov_len);
    v.iov_len = 20;
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    T(ask(PTRACE_SETREGSET, child, NT_PRSTATUS, &v));
    v.iov_len = 0;
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, &v));
    T(ask(PTRACE_GETREGSET, child, 12345, &v));
    T(ask(PTRACE_GETREGSET, child, NT_PRSTATUS, 0));
    T(ask(PTRACE_GETFPREGS, child, 0, &f));
    say("cwd %x, mxcsr %x", f.cwd, f.mxcsr);
    double value;
    memcpy(&value, (char *)f.xmm_space + 7 * 16, sizeof value);
    say("xmm7 %g", value);
    v = (struct iovec){&set, sizeof set};
    T(ask(PTRACE_GETREGSET, child, NT_PRFPREG, &v));
    say("%zu, %d", v.iov_len, !memcmp(&f, &set, 416));
    value = 7.5;
    memcpy((char *)f.xmm_space + 7 * 16, &value, sizeof value);
    f.mxcsr = 0xffff0000;
    T(ask(PTRACE_SETFPREGS, child, 0, &f));
    f.mxcsr = 0x1f80;
    T(ask(PTRACE_SETFPREGS, child, 0, &f));
    v = (struct iovec){room, sizeof room};
    if (!ask(PTRACE_GETREGSET, child, NT_X86_XSTATE, &v)) {
        if (memcmp((char *)f.xmm_space, room + 160, 256) || ask(PTRACE_SETREGSET, child, NT_X86_XSTATE, &v))
            say("extended state: %s", error_name(errno));
        room[512] |= 0x80;
        room[519] |= 0x40; /* a component that no CPU has */
        if (!ask(PTRACE_SETREGSET, child, NT_X86_XSTATE, &v) || errno != EINVAL)
            say("a wrong header is taken");
    } else if (errno != ENODEV) {
        say("extended state: %s", error_name(errno));
    }
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

/* Instruction by instruction: through a call into the kernel, into a handler, and to a breakpoint. */
CASE(single_steps, "ptrace")
{
    pid_t child = TRACED({
        catch_signals();
        __asm__ volatile("int3\n nop\n mov $39, %%eax\n syscall\n nop\n nop\n pushf\n pop %%rax\n nop" ::: "rax", "rcx", "r11");
        raise(SIGUSR1);
        say_caught();
    });
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    for (int i = 0; i < 8; i++) {
        struct user_regs_struct r = registers_of(child), next;
        MUST(ask_n(PTRACE_SINGLESTEP, child, 0, 0));
        int status;
        MUST(waitpid(child, &status, 0));
        next = registers_of(child);
        say("%lld bytes, stopped by %d, orig_rax %lld, trap flag %d", next.rip - r.rip, WSTOPSIG(status),
            (long long)next.orig_rax, !!(next.eflags & 0x100));
        siginfo_t info = info_of(child);
        IS((unsigned long)info.si_addr == next.rip);
    }
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    MUST(ask_n(PTRACE_SINGLESTEP, child, 0, SIGUSR1));
    news_of("child", child);
    info_of(child);
    IS(registers_of(child).rip == (unsigned long)note);
    MUST(ask_n(PTRACE_SINGLESTEP, child, 0, 0));
    news_of("child", child);
    info_of(child);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

/* An address that is none: the program dies of it, not the kernel. */
static void run_from(const char *what, unsigned long address)
{
    pid_t child = TRACED(pause());
    MUST(ask_n(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, rip), (long)address));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    say("%s", what);
    news_of("child", child);
    siginfo_t info = info_of(child);
    say("address %lx, rip %d", (long)info.si_addr, registers_of(child).rip == address);
    MUST(ask_n(PTRACE_CONT, child, 0, 0)); /* once more */
    news_of("child", child);
    MUST(ask_n(PTRACE_CONT, child, 0, SIGSEGV));
    news_of("child", child);
}

CASE(programs_sent_astray, "ptrace")
{
    run_from("nothing there", 0x1000);
    run_from("the kernel's", 0xffffffff80000000);
    run_from("not canonical", 0x8000000000000000);
    run_from("the last page", 0x7ffffffff000);
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

static void say_message(pid_t pid, pid_t wanted)
{
    unsigned long message = 0;
    T(ask(PTRACE_GETEVENTMSG, pid, 0, &message));
    if (wanted)
        IS((pid_t)message == wanted);
    else
        say("%lu", message);
}

CASE(children_of_tracees, "ptrace fork vfork")
{
    pid_t child = TRACED({
        if (!fork())
            _exit(3);
        wait(0);
        if (!vfork())
            _exit(4);
        wait(0);
    });
    MUST(ask_n(PTRACE_SETOPTIONS, child, 0,
               PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXIT));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    for (int i = 0; i < 2; i++) {
        unsigned long other = 0;
        news_of("child", child);
        info_of(child);
        T(ask(PTRACE_GETEVENTMSG, child, 0, &other));
        news_of("grandchild", other);
        info_of(other);
        IS(registers_of(other).rax == 0);
        MUST(ask_n(PTRACE_CONT, other, 0, 0));
        news_of("grandchild", other);
        say_message(other, 0);
        MUST(ask_n(PTRACE_CONT, other, 0, 0));
        MUST(ask_n(PTRACE_CONT, child, 0, 0));
        news_of("grandchild", other);
        if (i) {
            news_of("child", child);
            say_message(child, other);
            MUST(ask_n(PTRACE_CONT, child, 0, 0));
        }
        news_of("child", child); /* SIGCHLD */
        MUST(ask_n(PTRACE_CONT, child, 0, 0));
    }
    news_of("child", child);
    say_message(child, 0);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}

CASE(new_programs, "ptrace execve")
{
    for (int option = 0; option < 2; option++) {
        pid_t child = TRACED(execl("/proc/self/exe", "cases", "--body", "nothing", (char *)0));
        MUST(ask_n(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | (option ? PTRACE_O_TRACEEXEC : 0)));
        MUST(ask_n(PTRACE_CONT, child, 0, 0));
        news_of("child", child);
        info_of(child);
        say_message(child, option ? child : 0);
        struct user_regs_struct r = registers_of(child);
        say("orig_rax %lld, rax %lld, rbx %llx, rip %d", (long long)r.orig_rax, (long long)r.rax, r.rbx, r.rip != 0);
        MUST(ask_n(PTRACE_SYSCALL, child, 0, 0));
        news_of("child", child);
        say_call(child);
        MUST(ask_n(PTRACE_CONT, child, 0, 0));
        news_of("child", child);
    }
}

static void *just_end(void *unused) { return unused; }

CASE(threads_of_tracees, "ptrace clone exit wait4")
{
    pid_t child = TRACED({
        pthread_t thread;
        pthread_create(&thread, 0, just_end, 0);
        pthread_join(thread, 0);
        _exit(5);
    });
    MUST(ask_n(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    unsigned long thread = 0;
    T(ask(PTRACE_GETEVENTMSG, child, 0, &thread));
    news_of("thread", thread);
    MUST(ask_n(PTRACE_CONT, thread, 0, 0));
    MUST(ask_n(PTRACE_CONT, child, 0, 0)); /* which holds a lock */
    news_of("thread", thread);
    say_message(thread, 0);
    T(waitpid(child, 0, WNOHANG)); /* it waits for the thread */
    MUST(ask_n(PTRACE_CONT, thread, 0, 0));
    news_of("thread", thread);
    news_of("thread", thread);
    news_of("child", child);
    say_message(child, 0);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
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
    int go[2], status;
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

CASE(restartable_sequences, "ptrace rseq")
{
    struct { unsigned long at; unsigned size, signature, flags, pad; } is;
    pid_t child = TRACED(pause());
    T(ask_n(PTRACE_GET_RSEQ_CONFIGURATION, child, sizeof is, (long)&is));
    T(ask_n(PTRACE_GET_RSEQ_CONFIGURATION, child, 8, (long)&is));
    end(child);
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

static void *start_again(void *unused)
{
    (void)unused;
    execl("/proc/self/exe", "cases", "--body", "nothing", (char *)0);
    return 0;
}

/* A thread that is not the first starts a new program: it takes over the number, and the first is gone. */
CASE(a_thread_starts_a_program, "ptrace execve clone")
{
    pid_t child = TRACED({
        pthread_t thread;
        pthread_create(&thread, 0, start_again, 0);
        for (;;)
            pause();
    });
    MUST(ask_n(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
    unsigned long thread = 0, old = 0;
    T(ask(PTRACE_GETEVENTMSG, child, 0, &thread));
    news_of("thread", thread);
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    MUST(ask_n(PTRACE_CONT, thread, 0, 0));
    news_of("child", child);
    T(ask(PTRACE_GETEVENTMSG, child, 0, &old));
    IS(old == thread);
    T(ask_n(PTRACE_CONT, thread, 0, 0));
    T(waitpid(thread, 0, __WALL | WNOHANG));
    MUST(ask_n(PTRACE_CONT, child, 0, 0));
    news_of("child", child);
}
