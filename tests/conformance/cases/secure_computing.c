/* Secure computing: what calls, filters and their verdicts mean. */
#include "secure_computing.h"
#include <ucontext.h>

CASE(errors_made_up, "seccomp")
{
    no_new_privileges();
    T(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 42)));
    T(syscall(SYS_getppid));
    IS(syscall(SYS_getpid) > 1);
    T(INSTALL(ABOUT(getsid, SECCOMP_RET_ERRNO)));
    T(syscall(SYS_getsid, 0x7ffffff));
    T(INSTALL(ABOUT(setsid, SECCOMP_RET_ERRNO | 5000)));
    long value;
    __asm__ volatile("syscall" : "=a"(value) : "a"(SYS_setsid) : "rcx", "r11", "memory");
    N(value);
    T(prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
}

CASE(the_strictest_counts, "seccomp")
{
    no_new_privileges();
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 1)));
    T(syscall(SYS_getppid));
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_LOG)));
    T(syscall(SYS_getppid));
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_TRACE)));
    T(syscall(SYS_getppid));
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 2)));
    T(syscall(SYS_getppid));
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 1)));
    T(syscall(SYS_getppid));
    CHILD(MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_KILL_PROCESS))); syscall(SYS_getppid));
    CHILD(MUST(INSTALL(ABOUT(getppid, 0x12340000))); T(syscall(SYS_getppid)));
    CHILD(MUST(INSTALL(ABOUT(getppid, 0x00010000))); syscall(SYS_getppid));
}

CASE(verdicts_without_anybody_to_ask, "seccomp")
{
    no_new_privileges();
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_TRACE | 7)));
    T(syscall(SYS_getppid));
    MUST(INSTALL(ABOUT(getsid, SECCOMP_RET_LOG)));
    IS(syscall(SYS_getsid, 0) > 0);
}

static siginfo_t seen;
static long seen_rax, seen_at, result_wanted;

static void caught(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    seen = *info;
    seen_rax = at->uc_mcontext.gregs[REG_RAX];
    seen_at = at->uc_mcontext.gregs[REG_RIP];
    at->uc_mcontext.gregs[REG_RAX] = result_wanted;
    (void)signal;
}

CASE(calls_that_trap, "seccomp rt_sigaction")
{
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    MUST(sigaction(SIGSYS, &action, 0));
    no_new_privileges();
    MUST(INSTALL(ABOUT(getsid, SECCOMP_RET_TRAP | 0xabc)));
    result_wanted = 4711;
    T(syscall(SYS_getsid, 0));
    say("%d %d %x %d %x", seen.si_signo, seen.si_code, seen.si_errno, seen.si_syscall, seen.si_arch);
    IS((long)seen.si_call_addr == seen_at);
    IS(((unsigned char *)seen.si_call_addr)[-2] == 0x0f && ((unsigned char *)seen.si_call_addr)[-1] == 0x05);
    N(seen_rax);
    result_wanted = -EBUSY;
    T(syscall(SYS_getsid, 0));
    CHILD(
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGSYS);
        sigprocmask(SIG_BLOCK, &set, 0);
        syscall(SYS_getsid, 0));
    CHILD(signal(SIGSYS, SIG_IGN); syscall(SYS_getsid, 0));
    CHILD(signal(SIGSYS, SIG_DFL); syscall(SYS_getsid, 0));
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_TRAP)));
    syscall(SYS_getppid);
    say("%x %d", seen.si_errno, seen.si_syscall);
}

CASE(numbers_that_are_no_call, "seccomp")
{
    no_new_privileges();
    MUST(INSTALL(NUMBER, BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 470, 0, 1), SAYS(SECCOMP_RET_ERRNO | 33), SAYS(SECCOMP_RET_ALLOW)));
    T(syscall(470));
    T(syscall(511));
    T(syscall(512));
    T(syscall(0x40000000 | SYS_getpid));
    T(syscall(1L << 40 | 600));
    IS(syscall(1L << 40 | SYS_getpid) == getpid());
}

/* Each word of what a filter sees, one after the other. */
CASE(what_filters_see, "seccomp")
{
    static const long arguments[6] = {0x1111222233334444, -2, 0x80000000, 5, 0x0123456789abcdef, 77};
    no_new_privileges();
    for (unsigned at = 0; at < sizeof(struct seccomp_data); at += 4) {
        if (at == 8 || at == 12)
            continue;
        for (int half = 0; half < 2; half++)
            CHILD(
                MUST(INSTALL(NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 1, 0), LAST,
                             BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, half * 12),
                             BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),
                             BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), BPF_STMT(BPF_RET | BPF_A, 0)));
                errno = 0;
                syscall(SYS_getsid, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
                say("%u: %x", at, errno));
    }
}

CASE(the_address_of_the_call, "seccomp")
{
    void *after = &&behind;
    no_new_privileges();
    MUST(INSTALL(NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 1, 0), LAST,
                 BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(long)after, 0, 1),
                 SAYS(SECCOMP_RET_ERRNO | 1), SAYS(SECCOMP_RET_ERRNO | 2)));
    T(syscall(SYS_getsid, 0));
behind:
    IS(after != 0);
}

CASE(arguments_of_the_call, "seccomp")
{
    struct sock_filter filter[] = {LAST};
    no_new_privileges();
    T(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, 0));
    T(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, filter));
    T(install(0x40, filter, 1));
    T(install(0x20 /* WAIT_KILLABLE_RECV */, filter, 1));
    T(install(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER, filter, 1));
    T(install(0x80000000, filter, 1));
    T(install(1L << 40, filter, 1));
    T(install(SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW, filter, 1));
    unsigned short sizes[3];
    T(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, sizes));
    say("%u %u %u", sizes[0], sizes[1], sizes[2]);
    T(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 1, sizes));
    T(syscall(SYS_seccomp, 4, 0, 0));
    T(syscall(SYS_seccomp, -1, 0, 0));
    T(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &(unsigned){0}));
    static const unsigned actions[] = {
        SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO, SECCOMP_RET_TRACE,
        SECCOMP_RET_LOG, SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF, 0x00010000, SECCOMP_RET_ERRNO | 1, 0x12340000,
    };
    for (unsigned i = 0; i < L(actions); i++)
        T(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, actions + i));
}
