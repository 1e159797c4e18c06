/* Signals: the stacks and registers of handlers, faults of the processor. */
#include "signals.h"
#include <sys/ucontext.h>

static volatile uintptr_t handler_stack;

static void where(int signal)
{
    (void)signal;
    int here;
    handler_stack = (uintptr_t)&here;
    stack_t now;
    sigaltstack(0, &now);
    say("on the other stack: %d", !!(now.ss_flags & SS_ONSTACK));
    stack_t other = {.ss_sp = &now, .ss_size = 1 << 16};
    T(sigaltstack(&other, 0));
}

CASE(alternate_stacks, "sigaltstack rt_sigaction")
{
    static char room[1 << 16];
    stack_t other = {.ss_sp = room, .ss_size = sizeof room}, old;
    T(sigaltstack(0, &old));
    N(old.ss_flags);
    T(sigaltstack(&other, 0));
    handle(SIGUSR1, SA_ONSTACK, where);
    raise(SIGUSR1);
    IS(handler_stack >= (uintptr_t)room && handler_stack < (uintptr_t)room + sizeof room);
    handle(SIGUSR1, 0, note);
    raise(SIGUSR1);
    T(sigaltstack(0, &old));
    IS(old.ss_sp == room && old.ss_size == sizeof room && old.ss_flags == 0);
    other.ss_size = 100;
    T(sigaltstack(&other, 0));
    other.ss_flags = 77;
    T(sigaltstack(&other, 0));
    other.ss_flags = SS_DISABLE;
    T(sigaltstack(&other, 0));
    T(syscall(SYS_sigaltstack, (void *)8, 0));
    T(syscall(SYS_sigaltstack, 0, (void *)8));
}

static void change_context(int signal, siginfo_t *info, void *context)
{
    ucontext_t *saved = context;
    (void)signal, (void)info;
    /* Skip the two-byte instruction that faults and leave a mark. */
    saved->uc_mcontext.gregs[REG_RIP] += 2;
    saved->uc_mcontext.gregs[REG_RCX] = 77;
}

CASE(handlers_change_registers, "rt_sigaction rt_sigreturn")
{
    struct sigaction action = {.sa_sigaction = change_context, .sa_flags = SA_SIGINFO};
    long mark = 1;
    MUST(sigaction(SIGILL, &action, 0));
    __asm__ volatile("ud2" : "+c"(mark));
    N(mark);
}

static void note_fault(int signal, siginfo_t *info, void *context)
{
    ucontext_t *saved = context;
    say("signal %d code %d trap %lld", signal, info->si_code, (long long)saved->uc_mcontext.gregs[REG_TRAPNO]);
    _exit(0);
}

CASE(processor_faults, "rt_sigaction")
{
    struct sigaction action = {.sa_sigaction = note_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, 0);
    sigaction(SIGFPE, &action, 0);
    sigaction(SIGTRAP, &action, 0);
    sigaction(SIGSEGV, &action, 0);
    CHILD(__asm__ volatile("ud2"));
    CHILD(int zero; __asm__ volatile("xor %0, %0; mov $1, %%eax; cltd; idivl %0" : "=r"(zero) : : "eax", "edx"));
    CHILD(uint16_t unmasked = 0x37b; double zero = 0; __asm__ volatile("fldcw %0; fld1; fdivl %1; fwait" : : "m"(unmasked), "m"(zero)));
    CHILD(__asm__ volatile("int3"));
    CHILD(__asm__ volatile("hlt"));
    CHILD(*(volatile int *)8 = 1);
    CHILD(__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop" ::: "memory"));
}

CASE(floating_point_survives, "rt_sigaction rt_sigreturn")
{
    double value = 1.5;
    void spoil(int signal);
    handle(SIGUSR1, 0, spoil);
    long self = getpid(), result = SYS_kill;
    __asm__ volatile("movsd %1, %%xmm7; syscall; movsd %%xmm7, %1"
                     : "+a"(result), "+m"(value) : "D"(self), "S"(SIGUSR1) : "rcx", "r11", "xmm7", "memory");
    say("%ld %d", result, (int)(value * 10));
}

void spoil(int signal)
{
    (void)signal;
    __asm__ volatile("pxor %%xmm7, %%xmm7; pxor %%xmm0, %%xmm0" ::: "xmm7", "xmm0");
}

static stack_t stack_to_disarm;

/* The stack is gone while a handler that has taken it with SS_AUTODISARM runs, so another may swap it. */
static void look_at_stack(int sig)
{
    stack_t now, other = stack_to_disarm;
    char here;
    sigaltstack(0, &now);
    say("signal %d: %s", sig, &here >= (char *)stack_to_disarm.ss_sp && &here < (char *)stack_to_disarm.ss_sp + stack_to_disarm.ss_size
                                  ? "on the alternate stack" : "on the stack of the program");
    say("flags %x, size %ld", now.ss_flags, (long)now.ss_size);
    other.ss_flags = 0;
    if (sig == SIGUSR1) {
        T(sigaltstack(&other, 0));
        sigaltstack(0, &now);
        say("flags %x", now.ss_flags);
        raise(SIGUSR2);
    }
}

CASE(disarmed_stacks, "sigaltstack rt_sigreturn")
{
    struct sigaction action = {.sa_handler = look_at_stack, .sa_flags = SA_ONSTACK};
    stack_t now;
    stack_to_disarm = (stack_t){.ss_sp = MUST(mmap(0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
                              .ss_size = 16 * PAGE, .ss_flags = SS_AUTODISARM};
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGUSR2, &action, 0);
    T(sigaltstack(&stack_to_disarm, 0));
    sigaltstack(0, &now);
    IS(now.ss_flags == (int)SS_AUTODISARM && now.ss_sp == stack_to_disarm.ss_sp);
    raise(SIGUSR2);
    sigaltstack(0, &now);
    IS(now.ss_flags == (int)SS_AUTODISARM && now.ss_size == 16 * PAGE);
    raise(SIGUSR1);
    sigaltstack(0, &now);
    IS(now.ss_flags == (int)SS_AUTODISARM && now.ss_sp == stack_to_disarm.ss_sp);
    stack_to_disarm.ss_flags = SS_AUTODISARM | SS_ONSTACK;
    T(sigaltstack(&stack_to_disarm, 0));
    stack_to_disarm.ss_flags = SS_AUTODISARM | SS_DISABLE;
    T(sigaltstack(&stack_to_disarm, 0));
    sigaltstack(0, &now);
    say("flags %x", now.ss_flags);
    stack_to_disarm.ss_flags = SS_AUTODISARM | 8;
    T(sigaltstack(&stack_to_disarm, 0));
}
