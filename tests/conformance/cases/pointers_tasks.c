/* Pointers that lead astray: processes, identities, memory, futexes. */
#include "pointers.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>
#undef prlimit64 /* a macro of some C libraries */

#ifndef SYS_futex_wake /* newer than some C libraries */
#define SYS_futex_wake 454
#define SYS_futex_wait 455
#define SYS_futex_requeue 456
#endif

enum { PROCESS = 101 };

static void no_children(void)
{
    while (waitpid(-1, 0, WNOHANG | __WALL) > 0)
        ;
}

static void a_zombie(void)
{
    siginfo_t info;
    no_children();
    pid_t child = fork();
    if (!child)
        _exit(7);
    waitid(P_PID, child, &info, WEXITED | WNOWAIT);
}

CASE(clone, "clone")
{
    AFTER(no_children, clone, SIGCHLD | 0x00100000, 0, BUF, BUF, 0);   /* PARENT_SETTID */
    AFTER(no_children, clone, SIGCHLD | 0x01000000, 0, BUF, BUF, 0);   /* CHILD_SETTID */
    AFTER(no_children, clone, SIGCHLD | 0x00200000, 0, BUF, BUF, 0);   /* CHILD_CLEARTID */
    AFTER(no_children, clone, SIGCHLD | 0x00001000, 0, BUF, BUF, 0);   /* PIDFD */
}

CASE(clone3, "clone3") { AFTER(no_children, clone3, CLONE, 64); }
CASE(clone3_later_version, "clone3") { AFTER(no_children, clone3, CLONE, 104); }
CASE(clone3_too_short, "clone3") { AFTER(no_children, clone3, CLONE, 63); }

CASE(execve, "execve") { prepare(); BAD(execve, SCRIPT, WORDS, WORDS); }
CASE(execve_of_nothing, "execve") { BAD(execve, FRESH, WORDS, WORDS); }
CASE(execveat, "execveat") { prepare(); BAD(execveat, CWD, SCRIPT, WORDS, WORDS, 0); }

/* Lists of arguments that do not end before their memory does. */
CASE(endless_arguments, "execve")
{
    prepare();
    char **list = (char **)last_page;
    for (int i = 0; i < PAGE / 8; i++)
        list[i] = "word";
    T(syscall(SYS_execve, "x", list, 0));
    T(syscall(SYS_execve, "x", 0, list));
    list[PAGE / 8 - 1] = 0;
    T(syscall(SYS_execve, "x", list, list));
    memset(last_page, 'x', PAGE);
    T(syscall(SYS_execve, "x", (char *[]){last_page, 0}, 0));
    T(syscall(SYS_execve, last_page, 0, 0));
}

CASE(wait4, "wait4")
{
    AFTER(a_zombie, wait4, -1, BUF, WNOHANG, BUF);
    BAD(wait4, -1, BUF, WNOHANG, BUF);
}

CASE(waitid, "waitid")
{
    AFTER(a_zombie, waitid, P_ALL, 0, BUF, WEXITED | WNOHANG, BUF);
    BAD(waitid, P_ALL, 0, BUF, WEXITED | WNOHANG, BUF);
    BAD(waitid, P_ALL, 0, BUF, 0, BUF);
}

CASE(seccomp, "seccomp")
{
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    BAD(seccomp, 1, 0, FILTER); /* SET_MODE_FILTER */
    BAD(seccomp, 2, 0, BUF);    /* GET_ACTION_AVAIL */
    BAD(seccomp, 3, 0, BUF);    /* GET_NOTIF_SIZES */
}

CASE(set_tid_address, "set_tid_address") { BAD(set_tid_address, BUF); }
CASE(set_robust_list, "set_robust_list") { BAD(set_robust_list, BUF, 24); BAD(set_robust_list, BUF, 16); }
CASE(get_robust_list, "get_robust_list") { BAD(get_robust_list, 0, BUF, BUF); }

CASE(rseq, "rseq")
{
    char *at[] = {0, (char *)32, (char *)0xffff888000001000, (char *)0x8000000000001000, (char *)-32};
    prepare();
    for (unsigned i = 0; i < sizeof at / sizeof *at; i++)
        CHILD(T(syscall(SYS_rseq, at[i], 32, 0, 0x53053053)));
    CHILD(T(syscall(SYS_rseq, closed, 32, 0, 0x53053053)));
    BAD(rseq, BUF, 31, 0, 0x53053053);
}

CASE(getresuid, "getresuid") { BAD(getresuid, BUF, BUF, BUF); }
CASE(getresgid, "getresgid") { BAD(getresgid, BUF, BUF, BUF); }
CASE(getgroups, "getgroups") { COUNT(0, getgroups, 64, BUF); COUNT(0, getgroups, 0, BUF); }
CASE(setgroups, "setgroups") { BAD(setgroups, 4, BUF); BAD(setgroups, 0, BUF); BAD(setgroups, 65537, BUF); }
CASE(capget, "capget") { BAD(capget, BUF, BUF); }
CASE(capset, "capset") { BAD(capset, BUF, BUF); }

/* With a header of the current version. */
CASE(capabilities, "capget capset")
{
    prepare();
    uint32_t *header = (uint32_t *)good;
    char *at[] = {0, (char *)8, (char *)-1, closed, read_only, last_page + PAGE - 12, last_page + PAGE - 23, last_page + PAGE - 24};
    for (unsigned i = 0; i < sizeof at / sizeof *at; i++) {
        header[0] = 0x20080522;
        header[1] = 0;
        T(syscall(SYS_capget, header, at[i]));
        N(header[0]);
    }
    header[0] = 1;
    T(syscall(SYS_capget, header, good + 64));
    T(syscall(SYS_capget, header, 0));
    IS(header[0] == 0x20080522);
}

CASE(mincore, "mincore")
{
    char *pages = MUST(mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    BAD(mincore, (long)pages, 4 * PAGE, BUF);
    BAD(mincore, (long)pages, 0, BUF);
}

CASE(memory_policies, "mbind get_mempolicy set_mempolicy migrate_pages")
{
    char *pages = MUST(mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    BAD(get_mempolicy, BUF, BUF, 65);
    BAD(get_mempolicy, BUF, BUF, 200);
    BAD(set_mempolicy, 2, LENGTH, 33);
    BAD(set_mempolicy, 0, BUF, 100);
    BAD(mbind, (long)pages, PAGE, 0, BUF, 65, 0);
    BAD(mbind, (long)pages, PAGE, 2, LENGTH, 2000, 0);
    BAD(migrate_pages, 0, 65, LENGTH, LENGTH);
}

CASE(move_pages, "move_pages")
{
    prepare();
    BAD(move_pages, 0, 2, BUF, 0, BUF, 0);
    BAD(move_pages, 0, 2, BUF, BUF, BUF, 2);
    BAD(move_pages, 0, 0, BUF, BUF, BUF, 2);
}

CASE(process_madvise, "process_madvise")
{
    MUST(dup2(MUST(syscall(SYS_pidfd_open, getpid(), 0)), PROCESS));
    BAD(process_madvise, PROCESS, VEC, 1, 20, 0);
    BAD(process_madvise, -1, VEC, 1, 20, 0);
}

CASE(futex, "futex")
{
    BAD(futex, BUF, 0, 1, TIMEOUT);              /* WAIT */
    BAD(futex, BUF, 128, 1, TIMEOUT);            /* privately */
    COUNT(0, futex, BUF, 1, 1);                  /* WAKE */
    COUNT(0, futex, BUF, 129, 1);
    COUNT(0, futex, BUF, 3, 1, 1, BUF);          /* REQUEUE */
    COUNT(0, futex, BUF, 4, 1, 1, BUF, 0);       /* CMP_REQUEUE */
    COUNT(0, futex, BUF, 132, 1, 1, BUF, 0);
    COUNT(0, futex, BUF, 5, 1, 1, BUF, 0);       /* WAKE_OP */
    COUNT(0, futex, BUF, 133, 1, 1, BUF, 0);
    BAD(futex, BUF, 9, 1, TIMEOUT, 0, -1);       /* WAIT_BITSET */
    COUNT(0, futex, BUF, 10, 1, 0, 0, -1);       /* WAKE_BITSET */
    BAD(futex, BUF, 7);                          /* UNLOCK_PI */
    BAD(futex, BUF, 8);                          /* TRYLOCK_PI */
}

CASE(futex_waitv, "futex_waitv") { BAD(futex_waitv, WAITERS, 1, 0, TIMEOUT, 1); }
CASE(futex_wake, "futex_wake")
{
    COUNT(0, futex_wake, BUF, 0xffffffff, 1, 0x82);
    COUNT(0, futex_wake, BUF, 0xffffffff, 1, 2);
    COUNT(0, futex_wake, BUF, -1, 1, 2);
}

CASE(futex_wait, "futex_wait")
{
    BAD(futex_wait, BUF, 1, 0xffffffff, 0x82, TIMEOUT, 1);
    BAD(futex_wait, BUF, 1, 0xffffffff, 2, TIMEOUT, 1);
}

CASE(futex_requeue, "futex_requeue") { COUNT(0, futex_requeue, WAITERS, 0, 1, 1); }

CASE(sched_getaffinity, "sched_getaffinity") { BAD(sched_getaffinity, 0, 8, BUF); BAD(sched_getaffinity, 0, 7, BUF); }
CASE(sched_setaffinity, "sched_setaffinity") { BAD(sched_setaffinity, 0, 8, BUF); BAD(sched_setaffinity, 1 << 30, 8, BUF); }
CASE(sched_getparam, "sched_getparam") { BAD(sched_getparam, 0, BUF); BAD(sched_getparam, 1 << 30, BUF); }
CASE(sched_setparam, "sched_setparam") { BAD(sched_setparam, 0, BUF); BAD(sched_setparam, 1 << 30, BUF); }
CASE(sched_setscheduler, "sched_setscheduler") { BAD(sched_setscheduler, 0, 0, BUF); BAD(sched_setscheduler, 0, -1, BUF); }
CASE(sched_rr_get_interval, "sched_rr_get_interval") { BAD(sched_rr_get_interval, 0, BUF); }
CASE(sched_getattr, "sched_getattr") { BAD(sched_getattr, 0, BUF, 48, 0); BAD(sched_getattr, 1 << 30, BUF, 48, 0); }
CASE(sched_setattr, "sched_setattr") { BAD(sched_setattr, 0, BUF, 0); BAD(sched_setattr, 1 << 30, BUF, 0); }
CASE(getrlimit, "getrlimit") { BAD(getrlimit, 4, BUF); BAD(getrlimit, 99, BUF); }
CASE(setrlimit, "setrlimit") { BAD(setrlimit, 4, BUF); BAD(setrlimit, 99, BUF); }
CASE(prlimit64, "prlimit64") { BAD(prlimit64, 0, 4, BUF, BUF); BAD(prlimit64, 0, 99, BUF, BUF); BAD(prlimit64, 1 << 30, 4, BUF, BUF); }
CASE(getrusage, "getrusage") { BAD(getrusage, 0, BUF); BAD(getrusage, 99, BUF); }
CASE(sysinfo, "sysinfo") { BAD(sysinfo, BUF); }
CASE(uname, "uname") { BAD(uname, BUF); }
CASE(getcpu, "getcpu") { BAD(getcpu, BUF, BUF, 0); }

/* Natively it would rename the host, so without the privilege. */
CASE(sethostname, "sethostname")
{
    prepare();
    (void)!setuid(65534);
    BAD(sethostname, NAME, 4);
    BAD(sethostname, NAME, 65);
}

/* A child that each of the trying processes attaches to, and that stands from then on. */
static pid_t observed;

static void observe(void)
{
    if (!syscall(SYS_ptrace, PTRACE_ATTACH, observed, 0, 0))
        waitpid(observed, 0, __WALL);
}

CASE(ptrace, "ptrace")
{
    observed = MUST(fork());
    if (!observed) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    until_asleep(observed);
    AFTER(observe, ptrace, PTRACE_GETREGS, observed, 0, BUF);
    AFTER(observe, ptrace, PTRACE_GETFPREGS, observed, 0, BUF);
    AFTER(observe, ptrace, PTRACE_GETREGSET, observed, 1, VEC);
    AFTER(observe, ptrace, PTRACE_PEEKDATA, observed, (long)good, BUF);
    AFTER(observe, ptrace, PTRACE_PEEKUSER, observed, 8, BUF);
    AFTER(observe, ptrace, PTRACE_GETSIGINFO, observed, 0, BUF);
    AFTER(observe, ptrace, PTRACE_SETSIGINFO, observed, 0, BUF);
    AFTER(observe, ptrace, PTRACE_GETSIGMASK, observed, 8, BUF);
    AFTER(observe, ptrace, PTRACE_SETSIGMASK, observed, 8, BUF);
    AFTER(observe, ptrace, PTRACE_GETEVENTMSG, observed, 0, BUF);
    AFTER(observe, ptrace, PTRACE_PEEKSIGINFO, observed, BUF, BUF);
    AFTER(observe, ptrace, PTRACE_GET_SYSCALL_INFO, observed, 80, BUF);
    AFTER(observe, ptrace, 0x420f /* GET_RSEQ_CONFIGURATION */, observed, 24, BUF);
    kill(observed, SIGKILL);
}

CASE(setdomainname, "setdomainname")
{
    prepare();
    (void)!setuid(65534);
    BAD(setdomainname, NAME, 4);
    BAD(setdomainname, NAME, 65);
}
