/* Secure computing: programs that judge system calls, and what their verdicts do. */
#include "case.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <ucontext.h>

#define L(count) (sizeof(count) / sizeof *(count))
#define NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define SAYS(verdict) BPF_STMT(BPF_RET | BPF_K, verdict)
/* This verdict about one call, ALLOW about all others. */
#define ABOUT(call, verdict) \
    NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), SAYS(verdict), SAYS(SECCOMP_RET_ALLOW)

static long install(long flags, struct sock_filter *filter, size_t length)
{
    struct sock_fprog program = {length, filter};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

#define INSTALL(...)                                                                    \
    ({                                                                                  \
        struct sock_filter filter_[] = {__VA_ARGS__};                                   \
        install(0, filter_, L(filter_));                                                \
    })

static void no_new_privileges(void) { MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

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

/* The low twelve bits of what the program makes of its arguments, as an error number. */
#define MAKES(...)                                                                      \
    CHILD(MUST(INSTALL(NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 1, 0),   \
                       SAYS(SECCOMP_RET_ALLOW), ARGUMENT(1), BPF_STMT(BPF_MISC | BPF_TAX, 0), ARGUMENT(0), \
                       __VA_ARGS__, BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),         \
                       BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), BPF_STMT(BPF_RET | BPF_A, 0))); \
          const long of_[][2] = {{0, 0}, {7, 3}, {3, 7}, {0x12345678, 32}, {-1, 33}, {0x80000001, 0xfffffff1}}; \
          for (unsigned i_ = 0; i_ < L(of_); i_++) {                                    \
              errno = 0;                                                                \
              syscall(SYS_getsid, of_[i_][0], of_[i_][1]);                              \
              say("%d", errno);                                                         \
          })

CASE(arithmetic, "seccomp")
{
    static const unsigned short operations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH};
    no_new_privileges();
    for (unsigned i = 0; i < L(operations); i++) {
        MAKES(BPF_STMT(BPF_ALU | operations[i] | BPF_X, 0));
        MAKES(BPF_STMT(BPF_ALU | operations[i] | BPF_K, 5));
    }
    MAKES(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 5));
    MAKES(BPF_STMT(BPF_ALU | BPF_NEG, 0));
    MAKES(BPF_STMT(BPF_MISC | BPF_TXA, 0));
    MAKES(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0));
    MAKES(BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0));
    MAKES(BPF_STMT(BPF_LD | BPF_IMM, 77));
    MAKES(BPF_STMT(BPF_LDX | BPF_IMM, 78), BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0));
    MAKES(BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_STX, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), BPF_STMT(BPF_LDX | BPF_MEM, 15),
          BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0));
}

CASE(division, "seccomp")
{
    struct sock_filter divide[] = {
        NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 1, 0), SAYS(SECCOMP_RET_ALLOW), ARGUMENT(1),
        BPF_STMT(BPF_MISC | BPF_TAX, 0), ARGUMENT(0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
        BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), BPF_STMT(BPF_RET | BPF_A, 0),
    };
    no_new_privileges();
    T(install(0, divide, L(divide)));
    T(syscall(SYS_getsid, 99, 3));
    CHILD(syscall(SYS_getsid, 99, 0));
}

CASE(jumps, "seccomp")
{
    static const unsigned short conditions[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
    no_new_privileges();
    for (unsigned i = 0; i < L(conditions); i++) {
        MAKES(BPF_JUMP(BPF_JMP | conditions[i] | BPF_X, 0, 1, 0), BPF_STMT(BPF_LD | BPF_IMM, 1000));
        MAKES(BPF_JUMP(BPF_JMP | conditions[i] | BPF_K, 3, 0, 1), BPF_STMT(BPF_LD | BPF_IMM, 1000));
    }
    MAKES(BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_IMM, 1000));
    MAKES(BPF_STMT(BPF_JMP | BPF_JA, 0));
}

/* Whether a program of these instructions may be one. */
#define MAY(...)                                                                        \
    do {                                                                                \
        struct sock_filter filter_[] = {__VA_ARGS__};                                   \
        CHILD(went(#__VA_ARGS__, install(0, filter_, L(filter_)), errno));              \
    } while (0)
#define LAST SAYS(SECCOMP_RET_ALLOW)

CASE(programs_that_may_not_be, "seccomp")
{
    no_new_privileges();
    MAY(LAST);
    MAY(BPF_STMT(BPF_RET | BPF_A, 0));
    MAY(BPF_STMT(BPF_RET | BPF_X, 0));
    MAY(NUMBER);
    MAY(LAST, NUMBER);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 61), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0xfffff000), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), LAST);
    MAY(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_MOD | BPF_X, 0), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 31), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 32), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_NEG | BPF_X, 0), LAST);
    MAY(BPF_STMT(BPF_ALU | 0xb0, 0), LAST);
    MAY(BPF_STMT(BPF_ST, 15), LAST);
    MAY(BPF_STMT(BPF_ST, 16), LAST);
    MAY(BPF_STMT(BPF_STX, 16), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_MEM, 0), LAST);
    MAY(BPF_STMT(BPF_ST, 1), BPF_STMT(BPF_LD | BPF_MEM, 1), LAST);
    MAY(BPF_STMT(BPF_ST, 1), BPF_STMT(BPF_LDX | BPF_MEM, 0), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_MEM, 16), LAST);
    MAY(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), LAST);
    MAY(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0), BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_JMP | BPF_JA, 1),
        BPF_STMT(BPF_STX, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), LAST);
    MAY(BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_MEM, 0), LAST);
    MAY(BPF_STMT(BPF_JMP | BPF_JA, 0), LAST);
    MAY(BPF_STMT(BPF_JMP | BPF_JA, 1), LAST);
    MAY(BPF_STMT(BPF_JMP | BPF_JA, -1), LAST);
    MAY(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), LAST);
    MAY(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 255), LAST);
    MAY(BPF_JUMP(BPF_JMP | 0x50 | BPF_K, 0, 0, 0), LAST);
    MAY({0x100, 0, 0, 0}, LAST);
    MAY({0xffff, 0, 0, 0}, LAST);
    MAY({BPF_MISC | 0x40, 0, 0, 0}, LAST);
}

CASE(how_long_programs_may_be, "seccomp")
{
    static struct sock_filter filter[5000];
    struct sock_filter last = LAST;
    no_new_privileges();
    for (unsigned i = 0; i < L(filter); i++)
        filter[i] = last;
    T(install(0, filter, 0));
    T(install(0, filter, 4097));
    T(install(0, 0, 1));
    T(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 0));
    T(install(0, filter, 4096));
    int more = 0;
    while (more < 9 && !install(0, filter, 4096))
        more++;
    IS(errno == ENOMEM && more < 9);
    while (more < 500 && !install(0, filter, 100))
        more++;
    IS(errno == ENOMEM && more < 500);
    IS(syscall(SYS_getpid) > 0);
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

CASE(strictly, "seccomp prctl")
{
    CHILD(
        T(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0));
        (void)!write(1, "writes\n", 7);
        (void)!read(0, &(char){0}, 1);
        syscall(SYS_exit, 7));
    CHILD(MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0)); syscall(SYS_exit_group, 7));
    CHILD(MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 1, 2, 3)); syscall(SYS_getpid));
    CHILD(MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0)); syscall(999));
    CHILD(MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0)); prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    T(prctl(PR_SET_SECCOMP, 3, 0, 0, 0));
    T(prctl(PR_SET_SECCOMP, SECCOMP_MODE_DISABLED, 0, 0, 0));
    T(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 8, 0, 0));
    no_new_privileges();
    CHILD(
        MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 3)));
        T(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0)));
    CHILD(
        struct sock_filter filter[] = {ABOUT(getppid, SECCOMP_RET_ERRNO | 3)};
        struct sock_fprog program = {L(filter), filter};
        T(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0));
        T(syscall(SYS_getppid)));
}

/* Which calls go on by another call when the process has been stopped and continued. */
static void stopped_in(const char *name, long number, long a, long b, long c, long d, long e)
{
    pid_t child = MUST(fork());
    if (!child) {
        no_new_privileges();
        MUST(INSTALL(ABOUT(restart_syscall, SECCOMP_RET_ERRNO | 77)));
        errno = 0;
        long result = syscall(number, a, b, c, d, e, 0);
        say("%s: %ld, error %d", name, result, errno);
        _exit(0);
    }
    until_asleep(child);
    MUST(kill(child, SIGSTOP));
    int status;
    MUST(waitpid(child, &status, WUNTRACED));
    MUST(kill(child, SIGCONT));
    say_status(name, wait_for(child));
}

CASE(calls_that_restart, "restart_syscall nanosleep clock_nanosleep poll ppoll select futex epoll_wait")
{
    struct timespec wait = {1, 0};
    struct timeval as_long = {1, 0};
    unsigned word = 0;
    int epoll = MUST(syscall(SYS_epoll_create1, 0));
    T(syscall(SYS_restart_syscall));
    stopped_in("nanosleep", SYS_nanosleep, (long)&wait, 0, 0, 0, 0);
    stopped_in("clock_nanosleep", SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&wait, 0, 0);
    stopped_in("poll", SYS_poll, 0, 0, 1000, 0, 0);
    stopped_in("ppoll", SYS_ppoll, 0, 0, (long)&wait, 0, 0);
    stopped_in("select", SYS_select, 0, 0, 0, 0, (long)&as_long);
    stopped_in("futex", SYS_futex, (long)&word, 0, 0, (long)&wait, 0);
    stopped_in("epoll_wait", SYS_epoll_wait, epoll, (long)&(char[64]){0}, 1, 1000, 0);
}

static volatile int handled;

static void handles(int signal) { handled = signal; }

/* Stopped and continued twice, a sleep is as long as it was to be; a handler ends it. */
CASE(sleeping_on, "restart_syscall nanosleep poll")
{
    signal(SIGUSR1, handles);
    for (int kind = 0; kind < 3; kind++) {
        pid_t child = MUST(fork());
        if (!child) {
            long long before = now_ms();
            struct timespec wait = {0, 900000000}, left = {9, 9};
            T(kind == 1 ? poll(0, 0, 900) : nanosleep(&wait, &left));
            IS(now_ms() - before >= 890 || handled);
            IS(now_ms() - before < 9000);
            if (kind == 2)
                T(syscall(SYS_restart_syscall));
            IS(kind != 2 || (left.tv_sec == 0 && left.tv_nsec > 0));
            _exit(0);
        }
        until_asleep(child);
        for (int i = 0; i < 2; i++) {
            int status;
            MUST(kill(child, SIGSTOP));
            MUST(waitpid(child, &status, WUNTRACED));
            MUST(kill(child, SIGCONT));
            until_asleep(child);
        }
        if (kind == 2)
            MUST(kill(child, SIGUSR1));
        say_status("child", wait_for(child));
    }
}

static void returns(int signal) { (void)signal; }

CASE(handlers_in_strict_mode, "seccomp rt_sigreturn")
{
    CHILD(
        sigaction(SIGALRM, &(struct sigaction){.sa_handler = returns}, 0);
        setitimer(ITIMER_REAL, &(struct itimerval){{0, 20000}, {0, 20000}}, 0);
        int ends[2];
        MUST(pipe(ends));
        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, 0));
        char byte;
        long got = read(ends[0], &byte, 1);
        (void)got;
        syscall(SYS_exit, 3));
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

CASE(without_privilege, "seccomp prctl")
{
    struct sock_filter filter[] = {ABOUT(getppid, SECCOMP_RET_ERRNO | 3)};
    if (!geteuid())
        CHILD(
            T(install(0, filter, L(filter)));
            T(syscall(SYS_getppid)));
    CHILD(
        if (!geteuid() && syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
        T(install(0, filter, L(filter)));
        T(install(0, filter, 0));
        T(install(0, 0, 1));
        T(install(0x40, filter, 1));
        no_new_privileges();
        T(install(0, filter, L(filter)));
        T(syscall(SYS_getppid)));
}

static char *status_lines(void)
{
    static char text[4096], found[256];
    int fd = MUST(open("/proc/thread-self/status", O_RDONLY));
    text[MUST(read(fd, text, sizeof text - 1))] = 0;
    close(fd);
    char *from = strstr(text, "NoNewPrivs"), *end = from ? strstr(from, "\nSpec") : 0;
    if (!end)
        end = from ? strstr(from, "\nCpus") : 0;
    snprintf(found, sizeof found, "%.*s", end ? (int)(end - from) : 0, from ? from : "");
    return found;
}

static void *tell_status(void *unused)
{
    say("%s", status_lines());
    return unused;
}

CASE(what_children_have, "seccomp clone fork")
{
    pthread_t thread;
    say("%s", status_lines());
    no_new_privileges();
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 3)));
    MUST(INSTALL(ABOUT(getsid, SECCOMP_RET_ERRNO | 4)));
    say("%s", status_lines());
    CHILD(T(syscall(SYS_getppid)); say("%s", status_lines()); MUST(INSTALL(LAST)); say("%s", status_lines()));
    pthread_create(&thread, 0, tell_status, 0);
    pthread_join(thread, 0);
    say("%s", status_lines());
}

CASE(what_programs_have, "seccomp execve")
{
    if (getenv("CASE_AGAIN")) {
        T(syscall(SYS_getppid));
        say("%s", status_lines());
        return;
    }
    no_new_privileges();
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_ERRNO | 3)));
    setenv("CASE_AGAIN", "1", 1);
    execl("/proc/self/exe", "again", "--body", "what_programs_have", (char *)0);
}

static pthread_barrier_t meet;
static long own_verdict; /* what a thread's own filter says, or 0 */

static void *with_own_filter(void *unused)
{
    if (own_verdict) {
        no_new_privileges();
        MUST(INSTALL(ABOUT(getsid, own_verdict)));
    }
    pthread_barrier_wait(&meet);
    pthread_barrier_wait(&meet);
    T(syscall(SYS_getppid) > 0);
    say("%s", status_lines());
    return unused;
}

static void synchronise(long verdict, long flags)
{
    pthread_t thread;
    struct sock_filter filter[] = {ABOUT(getppid, SECCOMP_RET_ERRNO | 3)};
    own_verdict = verdict;
    pthread_barrier_init(&meet, 0, 2);
    pthread_create(&thread, 0, with_own_filter, 0);
    pthread_barrier_wait(&meet);
    no_new_privileges();
    long result = install(flags, filter, L(filter));
    say("synchronised: %s", result > 0 && result != getpid() ? "refused by a thread" : result ? error_name(errno) : "ok");
    pthread_barrier_wait(&meet);
    pthread_join(thread, 0);
    IS(syscall(SYS_getppid) > 0);
    say("%s", status_lines());
}

CASE(all_threads_at_once, "seccomp")
{
    CHILD(synchronise(0, 0));
    CHILD(synchronise(0, SECCOMP_FILTER_FLAG_TSYNC));
    CHILD(synchronise(SECCOMP_RET_ERRNO | 9, SECCOMP_FILTER_FLAG_TSYNC));
    CHILD(synchronise(SECCOMP_RET_ERRNO | 9, SECCOMP_FILTER_FLAG_TSYNC | 0x10 /* TSYNC_ESRCH */));
    CHILD(no_new_privileges(); MUST(INSTALL(LAST)); synchronise(0, SECCOMP_FILTER_FLAG_TSYNC));
}

static void *does_it(void *unused)
{
    syscall(SYS_getppid);
    say("goes on");
    return unused;
}

static void *waits(void *unused)
{
    pause();
    return unused;
}

CASE(one_thread_or_all, "seccomp")
{
    no_new_privileges();
    CHILD(
        pthread_t thread;
        MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_KILL_THREAD)));
        pthread_create(&thread, 0, does_it, 0);
        sleep_ms(50);
        say("the others live"));
    CHILD(
        pthread_t thread;
        MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_KILL_PROCESS)));
        pthread_create(&thread, 0, does_it, 0);
        sleep_ms(2000);
        say("the others live"));
    CHILD(MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_KILL_THREAD))); signal(SIGSYS, SIG_IGN); does_it(0));
    CHILD(
        pthread_t thread;
        pthread_create(&thread, 0, waits, 0);
        MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_TRAP)));
        does_it(0));
}

CASE(privileges_of_threads, "prctl")
{
    pthread_t thread;
    own_verdict = SECCOMP_RET_ERRNO | 9;
    pthread_barrier_init(&meet, 0, 2);
    pthread_create(&thread, 0, with_own_filter, 0);
    pthread_barrier_wait(&meet);
    T(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    pthread_barrier_wait(&meet);
    pthread_join(thread, 0);
    T(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/* Another process decides. */
static long listen_to(long call, long flags)
{
    struct sock_filter filter[] = {
        NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), SAYS(SECCOMP_RET_USER_NOTIF), LAST,
    };
    return install(SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, filter, L(filter));
}

/* A child whose calls are asked about; the listener comes by the table of descriptors they share. */
static pid_t asks(int *listener, long call, void (*body)(void))
{
    int ends[2];
    no_new_privileges();
    MUST(pipe(ends));
    pid_t child = MUST(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
    if (!child) {
        int fd = listen_to(call, 0);
        (void)!write(ends[1], &fd, sizeof fd);
        body();
        _exit(0);
    }
    MUST(read(ends[0], listener, sizeof *listener));
    close(ends[0]);
    close(ends[1]);
    return child;
}

static long answer(int listener, uint64_t id, long value, int error, unsigned flags)
{
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &(struct seccomp_notif_resp){id, value, error, flags});
}

static void asks_three_times(void)
{
    T(syscall(SYS_getsid, 11, 22, 33, 44, 55, 66));
    T(syscall(SYS_getsid, 0));
    IS(syscall(SYS_getsid, 0) > 0);
}

CASE(others_decide, "seccomp ioctl poll")
{
    struct seccomp_notif notice = {0};
    int listener;
    pid_t child = asks(&listener, SYS_getsid, asks_three_times);
    struct pollfd wait = {listener, POLLIN | POLLOUT, 0};
    T(poll(&wait, 1, 5000));
    N(wait.revents);
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    IS(notice.pid == (unsigned)child && notice.flags == 0 && notice.id);
    say("%d %x: %d %d %d %d %d %d", notice.data.nr, notice.data.arch, (int)notice.data.args[0], (int)notice.data.args[1],
        (int)notice.data.args[2], (int)notice.data.args[3], (int)notice.data.args[4], (int)notice.data.args[5]);
    T(poll(&wait, 1, 0));
    N(wait.revents);
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notice.id));
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &(uint64_t){notice.id + 1}));
    T(answer(listener, notice.id + 1, 0, 0, 0));
    T(answer(listener, notice.id, 5, 0, 1));
    T(answer(listener, notice.id, 0, 0, 2));
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    MUST(answer(listener, notice.id, 4711, 0, 0)); /* from here on until it asks again the child speaks */
    memset(&notice, 0, sizeof notice);
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    MUST(answer(listener, notice.id, 1, -EBUSY, 0));
    long late = answer(listener, notice.id, 1, -EBUSY, 0);
    memset(&notice, 0, sizeof notice);
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    IS(late == -1);
    MUST(answer(listener, notice.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
    say_status("child", wait_for(child));
    wait.events = POLLIN;
    T(poll(&wait, 1, 5000));
    N(wait.revents);
    T(ioctl(listener, 0x2177, 0));
}

static void asks_for_a_file(void)
{
    char text[8] = "";
    int fd = T(syscall(SYS_getsid, 1) == 70 ? 70 : -1);
    T(read(fd, text, 4));
    say("%s", text);
    fd = syscall(SYS_getsid, 2);
    T(pread(fd, text, 4, 0));
    IS(fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

CASE(others_give_descriptors, "seccomp ioctl")
{
    enum { ADDFD = 0x40182103 };
    struct { uint64_t id; uint32_t flags, from, to, options; } add = {0};
    struct seccomp_notif notice = {0};
    int listener;
    pid_t child = asks(&listener, SYS_getsid, asks_for_a_file);
    add.from = file_with("f", "text");
    MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    add.id = notice.id;
    add.to = 70;
    T(ioctl(listener, ADDFD, &add));
    add.flags = 4;
    T(ioctl(listener, ADDFD, &add));
    add.flags = 1; /* SETFD */
    add.options = 1;
    T(ioctl(listener, ADDFD, &add));
    add.options = 0;
    add.id++;
    T(ioctl(listener, ADDFD, &add));
    add.id--;
    T(ioctl(listener, ADDFD, &add));
    MUST(answer(listener, notice.id, 70, 0, 0));
    memset(&notice, 0, sizeof notice);
    MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    add.id = notice.id;
    add.flags = 2; /* SEND */
    add.to = 0;
    add.options = O_CLOEXEC;
    int given = ioctl(listener, ADDFD, &add);
    say_status("child", wait_for(child));
    IS(given > 2);
}

static void asks_and_is_signalled(void)
{
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = returns}, 0);
    T(syscall(SYS_getsid, 1));
    T(syscall(SYS_getsid, 2));
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = returns, .sa_flags = SA_RESTART}, 0);
    T(syscall(SYS_getsid, 3));
    T(syscall(SYS_getsid, 4));
}

CASE(others_do_not_answer, "seccomp ioctl")
{
    struct seccomp_notif notice = {0};
    int listener;
    pid_t child = asks(&listener, SYS_getsid, asks_and_is_signalled);
    for (int i = 1; i < 3; i++) {
        memset(&notice, 0, sizeof notice);
        MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
        uint64_t before = notice.id;
        N(notice.data.args[0]);
        MUST(kill(child, SIGUSR1));
        while (!ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &before))
            sleep_ms(1);
        errno = 0;
        int late = answer(listener, before, 1, 0, 0) ? errno : 0;
        memset(&notice, 0, sizeof notice);
        MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
        N(notice.data.args[0]);
        say("late: %s", error_name(late));
        IS(notice.id != before);
        MUST(answer(listener, notice.id, 8, 0, 0));
    }
    memset(&notice, 0, sizeof notice);
    MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    N(notice.data.args[0]);
    MUST(close(listener));
    say_status("child", wait_for(child));
}

CASE(listeners, "seccomp")
{
    no_new_privileges();
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_USER_NOTIF)));
    T(syscall(SYS_getppid));
    int listener = listen_to(SYS_getsid, 0);
    IS(listener > 2 && fcntl(listener, F_GETFD) == FD_CLOEXEC);
    T(listen_to(SYS_getsid, 0));
    MUST(close(listener));
    T(syscall(SYS_getsid, 0));
    IS(listen_to(SYS_getsid, 0x20 | SECCOMP_FILTER_FLAG_TSYNC | 0x10) > 2);
    pid_t child = MUST(fork());
    if (!child)
        syscall(SYS_getsid, 1);
    until_asleep(child);
    MUST(kill(child, SIGKILL));
    say_status("child", wait_for(child));
}
