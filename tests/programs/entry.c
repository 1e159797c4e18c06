/* Every way into the kernel and out of it: what calls, faults, steps and preemption leave of the
   registers. The machine code stands in functions of its own, so that no compiler gets between. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static void install(int number, void *handler)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER};
    action.sa_sigaction = handler;
    sigaction(number, &action, 0);
}

/* -- calls: every register but rax, rcx and r11 ---------------------------------------------------- */

struct registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15, flags, rip;
};

void call(struct registers *registers);
__asm__(".local kept\n.comm kept, 8, 8\n.globl call\ncall:\n"
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov %rdi, kept(%rip)\n pushq 120(%rdi)\n popfq\n"
        "mov 0(%rdi), %rax\n mov 8(%rdi), %rbx\n mov 24(%rdi), %rdx\n mov 32(%rdi), %rsi\n"
        "mov 48(%rdi), %rbp\n mov 56(%rdi), %r8\n mov 64(%rdi), %r9\n mov 72(%rdi), %r10\n"
        "mov 88(%rdi), %r12\n mov 96(%rdi), %r13\n mov 104(%rdi), %r14\n mov 112(%rdi), %r15\n"
        "mov 40(%rdi), %rdi\n syscall\n call_end: pushfq\n xchg %rdi, kept(%rip)\n popq 120(%rdi)\n"
        "mov %rax, 0(%rdi)\n mov %rbx, 8(%rdi)\n mov %rcx, 16(%rdi)\n mov %rdx, 24(%rdi)\n"
        "mov %rsi, 32(%rdi)\n mov %rbp, 48(%rdi)\n mov %r8, 56(%rdi)\n mov %r9, 64(%rdi)\n"
        "mov %r10, 72(%rdi)\n mov %r11, 80(%rdi)\n mov %r12, 88(%rdi)\n mov %r13, 96(%rdi)\n"
        "mov %r14, 104(%rdi)\n mov %r15, 112(%rdi)\n mov kept(%rip), %rax\n mov %rax, 40(%rdi)\n"
        "lea call_end(%rip), %rax\n mov %rax, 128(%rdi)\n cld\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");

static void calls(void)
{
    static const struct { const char *name; uint64_t number, flags; } table[] = {
        {"getpid", SYS_getppid, 0x202},
        {"with carry, zero, sign, overflow and direction", SYS_getppid, 0xed7},
        {"not a call", 0x7fffffff, 0x202},
        {"less than none", -1, 0x202},
    };
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct registers before, after;
        memset(&before, 0x5a + i, sizeof before);
        before.rax = table[i].number;
        before.flags = table[i].flags;
        after = before;
        call(&after);
        printf("%s: result %d, rip in rcx %d, flags in r11 %d, flags %lx", table[i].name,
               after.rax == (uint64_t)getppid() ? 0 : (int)after.rax, after.rcx == after.rip,
               after.r11 == after.flags, (unsigned long)after.flags);
        before.rax = after.rax, before.rcx = after.rcx, before.r11 = after.r11;
        before.flags = after.flags, before.rip = after.rip;
        printf(", the rest kept %d\n", !memcmp(&before, &after, sizeof before));
    }
}

/* -- faults: vector, error code, address, and where -------------------------------------------------- */

static sigjmp_buf back;
static const char *faulting, *page;

static void on_fault(int number, siginfo_t *info, void *context)
{
    greg_t *machine = ((ucontext_t *)context)->uc_mcontext.gregs;
    const char *rip = (const char *)machine[REG_RIP], *address = info->si_addr;
    printf("signal %d code %d vector %lld error %llx, ", number, info->si_code,
           (long long)machine[REG_TRAPNO], (long long)machine[REG_ERR]);
    printf(rip == address ? "there, " : "rip +%ld, ", (long)(rip - faulting));
    if (address == faulting)
        puts("at the instruction");
    else if (address == page)
        puts("at the page");
    else
        printf("address %lx\n", (unsigned long)address);
    siglongjmp(back, 1);
}

#define FAULTS(X) \
    X(divide_by_zero, "xor %ecx, %ecx\n", "div %ecx") \
    X(divide_overflow, "mov $0x80000000, %eax\n cltd\n mov $-1, %ecx\n", "idiv %ecx") \
    X(invalid, "", "ud2") \
    X(breakpoint, "", "int3") \
    X(halt, "", "hlt") \
    X(interrupts_off, "", "cli") \
    X(port_in, "mov $0xe0, %edx\n", "in %dx, %al") \
    X(port_out, "mov $0xe0, %edx\n", "out %eax, %dx") \
    X(read_cr0, "", "mov %cr0, %rax") \
    X(write_cr3, "", "mov %rax, %cr3") \
    X(write_msr, "mov $0xc0000082, %ecx\n", "wrmsr") \
    X(load_idt, "", "lidt (%rsp)") \
    X(sysret, "xor %ecx, %ecx\n", "sysretq") \
    X(swap_gs, "", "swapgs") \
    X(flush_page, "", "invlpg (%rsp)") \
    X(not_canonical, "mov $1, %eax\n shl $47, %rax\n", "mov (%rax), %rax") \
    X(kernel_read, "mov $-4096, %rax\n", "mov (%rax), %rax") \
    X(null_read, "mov $16, %eax\n", "mov (%rax), %rax") \
    X(null_write, "mov $24, %eax\n", "mov %rax, (%rax)") \
    X(read_only_write, "mov %rdi, %rax\n", "mov %rax, (%rax)") \
    X(no_execute, "mov %rdi, %rax\n", "jmp *%rax") \
    X(null_execute, "xor %eax, %eax\n", "jmp *%rax")

#define CODE(name, setup, instruction) \
    ".globl fault_" #name "\nfault_" #name ":\n " setup "\n.globl at_" #name "\nat_" #name ": " \
    instruction "\n ud2\n"
__asm__(FAULTS(CODE));
#define DECLARE(name, setup, instruction) void fault_##name(const char *); extern char at_##name[];
FAULTS(DECLARE)

static void faults(void)
{
    static const struct { const char *name; void (*run)(const char *); const char *at; } table[] = {
#define ENTRY(name, setup, instruction) {#name, fault_##name, at_##name},
        FAULTS(ENTRY)
    };
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        install(signals[i], on_fault);
    page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)*(const volatile char *)page; /* what is present already is refused at once */
    for (volatile unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        printf("%s: ", table[i].name);
        faulting = table[i].at;
        if (!sigsetjmp(back, 1))
            table[i].run(page);
    }
}

/* -- steps: the trap flag, also through a system call ------------------------------------------------ */

void stepped(void);
extern char stepped_end[];
__asm__(".globl stepped\nstepped:\n push %rbx\n mov $39, %eax\n"
        "pushfq\n orl $0x100, (%rsp)\n popfq\n nop\n nop\n"
        "syscall\n nop\n xor %ecx, %ecx\n"
        "pushfq\n andl $~0x100, (%rsp)\n popfq\n nop\n pop %rbx\n ret\n"
        ".globl stepped_end\nstepped_end:\n");

static volatile int steps;
static volatile char trail[64];

static void on_step(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    const char *rip = (const char *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    trail[steps++ % (int)sizeof trail] = (char)(rip - (const char *)stepped);
}

static void singly(void)
{
    install(SIGTRAP, on_step);
    stepped();
    printf("%d steps:", steps);
    for (int i = 0; i < steps; i++)
        printf(" %d", trail[i]);
    puts("");
}

/* -- vectors: SSE and x87 state through calls, handlers, fork and preemption ------------------------- */

struct vectors {
    unsigned char xmm[16][16];
    uint32_t mxcsr, control;
};

/* Load everything, make the call (or for -1 wait until *a changes), store everything. */
long across(struct vectors *vectors, long number, volatile long *a, long b);
__asm__(".macro sixteen operation, first, from, to\n .set at, 0\n .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,"
        "12,13,14,15\n .ifc \\operation, load\n movups at(%rdi), %xmm\\n\n .else\n"
        " movups %xmm\\n, at(%rdi)\n .endif\n .set at, at + 16\n .endr\n.endm\n"
        ".globl across\nacross:\n push %rbx\n mov %rdi, %rbx\n sixteen load\n"
        "ldmxcsr 256(%rdi)\n fldcw 260(%rdi)\n mov %rsi, %rax\n mov %rdx, %rdi\n mov %rcx, %rsi\n"
        "cmp $-1, %rax\n je 1f\n syscall\n jmp 2f\n1: cmpq $0, (%rdi)\n je 1b\n2:\n"
        "mov %rbx, %rdi\n sixteen store\n stmxcsr 256(%rdi)\n fnstcw 260(%rdi)\n"
        "pushq $0x1f80\n ldmxcsr (%rsp)\n pop %rcx\n fninit\n pop %rbx\n ret\n");

static void fill(struct vectors *vectors, int seed)
{
    for (int i = 0; i < 256; i++)
        vectors->xmm[i / 16][i % 16] = (unsigned char)(i * 7 + seed);
    /* Denormals count as zero and round down; or flush to zero and round up. */
    vectors->mxcsr = seed & 1 ? 0x3fc0 : 0xdf80;
    vectors->control = seed & 1 ? 0x077f : 0x0b7f;
}

static volatile long *flags;

static void ruin(int number)
{
    (void)number;
    struct vectors other;
    fill(&other, 99);
    across(&other, SYS_getpid, 0, 0);
    flags[0] = 1;
}

static int unchanged(const struct vectors *vectors, int seed)
{
    struct vectors expected;
    memset(&expected, 0, sizeof expected);
    fill(&expected, seed);
    return !memcmp(&expected, vectors, sizeof expected);
}

static void vectors(void)
{
    struct vectors mine;
    int status;
    flags = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    signal(SIGUSR1, ruin);
    signal(SIGALRM, ruin);
    for (int seed = 1; seed < 3; seed++) {
        memset(&mine, 0, sizeof mine);
        fill(&mine, seed);
        across(&mine, SYS_getpid, 0, 0);
        printf("vectors after a call: %d\n", unchanged(&mine, seed));
        fill(&mine, seed);
        across(&mine, SYS_kill, (void *)(long)getpid(), SIGUSR1);
        printf("after a handler: %d\n", unchanged(&mine, seed));
        fill(&mine, seed);
        fflush(stdout);
        long child = across(&mine, SYS_fork, 0, 0);
        if (child == 0)
            _exit(unchanged(&mine, seed));
        waitpid((pid_t)child, &status, 0);
        printf("after fork: %d, in the child %d\n", unchanged(&mine, seed), WEXITSTATUS(status));
    }
    /* Both spin and make no call. The timer's handler lets the child go on, the child the parent. */
    flags[0] = flags[1] = 0;
    struct itimerval soon = {.it_value.tv_usec = 30000};
    fflush(stdout);
    pid_t child = fork();
    fill(&mine, child ? 5 : 6);
    if (child == 0) {
        across(&mine, -1, flags, 0);
        int good = unchanged(&mine, 6);
        flags[1] = 1;
        _exit(good);
    }
    setitimer(ITIMER_REAL, &soon, 0);
    across(&mine, -1, flags + 1, 0);
    printf("after preemption: %d", unchanged(&mine, 5));
    waitpid(child, &status, 0);
    printf(", in the child %d\n", WEXITSTATUS(status));
}

int main(void)
{
    calls();
    faults();
    singly();
    vectors();
    return 0;
}
