/* Signals: handlers, masks, alternate stacks, restarts, SIGCHLD, SIGPIPE, timers, faults. */
#define _GNU_SOURCE
#include "shared/asleep.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t hits, code, sender_ok, on_alternate;
static char alternate[64 << 10];

static void simple(int number)
{
    hits = hits * 100 + number;
}

static void detailed(int number, siginfo_t *info, void *context)
{
    (void)context;
    char here;
    hits = number;
    code = info->si_code;
    sender_ok = info->si_pid == getpid() && info->si_uid == getuid();
    on_alternate = &here >= alternate && &here < alternate + sizeof alternate;
}

static void install(int number, void *handler, int flags)
{
    struct sigaction action = {.sa_flags = flags};
    action.sa_sigaction = handler;
    sigemptyset(&action.sa_mask);
    if (sigaction(number, &action, 0))
        printf("sigaction %d: %s\n", number, strerror(errno));
}

static void delivery(void)
{
    install(SIGUSR1, detailed, SA_SIGINFO);
    kill(getpid(), SIGUSR1);
    printf("kill: %d code %d sender %d\n", hits, code, sender_ok);
    hits = 0;
    raise(SIGUSR1);
    printf("raise: %d code %d\n", hits, code);
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    sigaltstack(&stack, 0);
    install(SIGUSR1, detailed, SA_SIGINFO | SA_ONSTACK);
    raise(SIGUSR1);
    printf("alternate stack: %d\n", on_alternate);
    install(SIGUSR2, simple, SA_RESETHAND);
    hits = 0;
    raise(SIGUSR2);
    struct sigaction now;
    sigaction(SIGUSR2, 0, &now);
    printf("reset: %d, default again %d\n", hits, now.sa_handler == SIG_DFL);
    printf("SIGKILL handler: %s\n", signal(SIGKILL, simple) == SIG_ERR ? strerror(errno) : "set");
    union sigval value = {.sival_int = 42};
    install(SIGRTMIN + 1, detailed, SA_SIGINFO);
    sigqueue(getpid(), SIGRTMIN + 1, value);
    printf("queued: %d code %d\n", hits == SIGRTMIN + 1, code);
}

static void masks(void)
{
    sigset_t set, pending;
    install(SIGUSR1, simple, 0);
    install(SIGUSR2, simple, 0);
    hits = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigpending(&pending);
    printf("blocked: hits %d pending %d %d\n", hits, sigismember(&pending, SIGUSR1),
           sigismember(&pending, SIGUSR2));
    sigprocmask(SIG_UNBLOCK, &set, 0);
    printf("unblocked, lowest last to run first to start: %d\n", hits);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    hits = 0;
    sigset_t none;
    sigemptyset(&none);
    int result = sigsuspend(&none);
    printf("sigsuspend: %d %s hits %d\n", result, strerror(errno), hits);
    raise(SIGUSR2);
    int number = 0;
    printf("sigwait: %d %d\n", sigwait(&set, &number), number == SIGUSR2);
    sigprocmask(SIG_UNBLOCK, &set, 0);
}

static void interrupted(void)
{
    int ends[2];
    char byte;

    if (pipe(ends))
        exit(1);
    install(SIGALRM, simple, 0);
    hits = 0;
    fflush(stdout);
    pid_t child = poke(SIGALRM, 0);
    ssize_t got = read(ends[0], &byte, 1);
    waitpid(child, 0, 0);
    printf("read interrupted: %zd %s hits %d\n", got, strerror(errno), hits);
    install(SIGALRM, simple, SA_RESTART);
    fflush(stdout);
    hits = 0;
    child = poke(SIGALRM, 1);
    if (child == 0)
        _exit(write(ends[1], "r", 1) != 1);
    got = read(ends[0], &byte, 1);
    printf("read restarted: %zd %c hits %d\n", got, byte, hits);
    waitpid(child, 0, 0);
    install(SIGPIPE, simple, 0);
    hits = 0;
    close(ends[0]);
    got = write(ends[1], "x", 1);
    printf("write to nobody: %zd %s hits %d\n", got, strerror(errno), hits);
    close(ends[1]);
}

static void children(void)
{
    int status;
    install(SIGCHLD, simple, SA_RESTART);
    hits = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(33);
    waitpid(child, &status, 0);
    printf("child: hits %d exited %d code %d\n", hits, WIFEXITED(status), WEXITSTATUS(status));
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    printf("killed: %d by %d\n", WIFSIGNALED(status), WTERMSIG(status));
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    printf("stopped: %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
    kill(child, SIGCONT);
    waitpid(child, &status, WCONTINUED);
    printf("continued: %d\n", WIFCONTINUED(status));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    printf("killed: by %d\n", WTERMSIG(status));
    signal(SIGCHLD, SIG_IGN);
    child = fork();
    if (child == 0)
        _exit(1);
    printf("ignored children leave nothing: %d %s\n", waitpid(child, &status, 0), strerror(errno));
    signal(SIGCHLD, SIG_DFL);
}

static sigjmp_buf back;

static void on_fault(int number, siginfo_t *info, void *context)
{
    ucontext_t *machine = context;
    printf("fault: signal %d code %d trap %lld\n", number, info->si_code,
           (long long)machine->uc_mcontext.gregs[REG_TRAPNO]);
    siglongjmp(back, 1);
}

static void skip_two(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

static void faults(void)
{
    install(SIGFPE, on_fault, SA_SIGINFO);
    install(SIGILL, on_fault, SA_SIGINFO);
    install(SIGSEGV, on_fault, SA_SIGINFO);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idiv %%ecx" ::: "eax", "ecx", "edx");
    if (!sigsetjmp(back, 1))
        __asm__ volatile("ud2");
    if (!sigsetjmp(back, 1))
        *(volatile int *)16 = 1;
    install(SIGILL, skip_two, SA_SIGINFO);
    __asm__ volatile("ud2");
    puts("handler moved on");
}

/* What lies below the stack pointer and in vector registers survives a handler. */
static void preserved(void)
{
    install(SIGUSR1, simple, 0);
    long below, vector;
    long pid = getpid();
    __asm__ volatile("movq $0x1234567, -64(%%rsp)\n\t"
                     "mov $0x7654321, %%rax\n\tmovq %%rax, %%xmm7\n\t"
                     "mov %2, %%rdi\n\tmov $10, %%rsi\n\tmov $62, %%eax\n\tsyscall\n\t"
                     "mov -64(%%rsp), %0\n\tmovq %%xmm7, %1"
                     : "=&r"(below), "=&r"(vector)
                     : "r"(pid)
                     : "rax", "rcx", "rdi", "rsi", "r11", "xmm7", "memory");
    printf("red zone %lx vector %lx\n", below, vector);
}

int main(void)
{
    delivery();
    masks();
    interrupted();
    children();
    faults();
    preserved();
    return 0;
}
