/* Runs pieces of machine code that may fault, one after the other, and prints what each leaves: registers,
   flags, memory, and the signal with what the kernel says of the fault. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static struct {
    uint64_t general[8]; /* rax rcx rdx rbx r8 r9 r10 r11 */
    uint64_t rsi, rdi, flags;
} state;

static uint8_t *code, *area; /* area: a page between two that cannot be touched */
static uint64_t entry;
static sigjmp_buf back;
static char fault[200];

__attribute__((naked, noinline)) static void enter(void)
{
    __asm__ volatile(
        "push %%rbx; push %%rbp; push %%r12; push %%r13; push %%r14; push %%r15\n"
        "lea %0, %%r12\n"
        "pxor %%xmm0, %%xmm0; pushq 80(%%r12); popfq\n"
        "mov (%%r12), %%rax; mov 8(%%r12), %%rcx; mov 16(%%r12), %%rdx; mov 24(%%r12), %%rbx\n"
        "mov 32(%%r12), %%r8; mov 40(%%r12), %%r9; mov 48(%%r12), %%r10; mov 56(%%r12), %%r11\n"
        "mov 64(%%r12), %%rsi; mov 72(%%r12), %%rdi\n"
        "call *%1\n"
        "mov %%rax, (%%r12); mov %%rcx, 8(%%r12); mov %%rdx, 16(%%r12); mov %%rbx, 24(%%r12)\n"
        "mov %%r8, 32(%%r12); mov %%r9, 40(%%r12); mov %%r10, 48(%%r12); mov %%r11, 56(%%r12)\n"
        "mov %%rsi, 64(%%r12); mov %%rdi, 72(%%r12)\n"
        "pushfq; pop 80(%%r12); cld\n"
        "pop %%r15; pop %%r14; pop %%r13; pop %%r12; pop %%rbp; pop %%rbx\n"
        "ret\n"
        :: "m"(state), "m"(entry));
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    const ucontext_t *user = context;
    const greg_t *g = user->uc_mcontext.gregs;
    const int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_R8, REG_R9, REG_R10, REG_R11, REG_RSI, REG_RDI};
    uint64_t *into = state.general;
    for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
        into[i] = g[order[i]];
    state.flags = g[REG_EFL];
    uint8_t *address = info->si_addr;
    snprintf(fault, sizeof fault, "signal %d code %d trap %d at %ld of %ld : ", number, info->si_code,
             (int)g[REG_TRAPNO], (long)((uint8_t *)g[REG_RIP] - code),
             address == 0 ? 0 : (long)(address - (address >= code && address < code + 4096 ? code : area)));
    siglongjmp(back, 1);
}

static void show(const void *data, int size)
{
    for (int i = 0; i < size; i++)
        printf("%02x", ((const uint8_t *)data)[i]);
    putchar(' ');
}

static uint64_t seed;

static void fill(uint8_t *data, int size)
{
    for (int i = 0; i < size; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        data[i] = seed;
    }
}

int main(int argc, char **argv)
{
    static uint8_t stack[65536];
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    sigaltstack(&alternate, 0);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, 0);
    code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *around = mmap(0, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    area = around + 4096;
    mprotect(area, 4096, PROT_READ | PROT_WRITE);
    /* Each piece: the offset of rsi and rdi in the area, the flags, then the code. */
    for (int piece = 1; piece < argc; piece++) {
        unsigned source, target, flags, byte;
        int size = 0, at = 0;
        sscanf(argv[piece], "%x,%x,%x,%n", &source, &target, &flags, &at);
        seed = 88172645463325252u + piece;
        memset(&state, 0, sizeof state);
        fill((uint8_t *)state.general, sizeof state.general);
        fill(area, 4096);
        state.rsi = (uint64_t)area + (int)source, state.rdi = (uint64_t)area + (int)target;
        state.flags = flags;
        for (; sscanf(argv[piece] + at + 2 * size, "%2x", &byte) == 1; size++)
            code[size] = byte;
        code[size] = 0xc3;
        entry = (uint64_t)code;
        fault[0] = 0;
        if (!sigsetjmp(back, 1))
            enter();
        state.rsi -= (uint64_t)area, state.rdi -= (uint64_t)area;
        state.flags &= 0xcd5;
        fputs(fault, stdout);
        show(state.general, 80);
        show(&state.flags, 2);
        uint32_t sum = 0;
        for (int i = 0; i < 4096; i++)
            sum = (sum << 5 | sum >> 27) ^ area[i];
        printf("%08x\n", sum);
    }
    return 0;
}
