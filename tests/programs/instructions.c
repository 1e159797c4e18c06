/* Runs pieces of machine code, one after the other, and prints what each leaves of registers, flags, memory. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct {
    uint64_t general[8]; /* rax rcx rdx rbx r8 r9 r10 r11 */
    uint64_t flags;
    uint8_t vector[8][16] __attribute__((aligned(16)));
} state;

static uint8_t area[512];
static uint64_t entry;

/* rsi and rdi point into the area; the piece ends with a return and leaves rsp, rbp and r12 to r15 alone. */
__attribute__((naked, noinline)) static void enter(void)
{
    __asm__ volatile(
        "push %%rbx; push %%rbp; push %%r12; push %%r13; push %%r14; push %%r15\n"
        "lea %0, %%r12\n"
        "lea %1, %%rsi\n"
        "lea 256+%1, %%rdi\n"
        "mov (%%r12), %%rax; mov 8(%%r12), %%rcx; mov 16(%%r12), %%rdx; mov 24(%%r12), %%rbx\n"
        "mov 32(%%r12), %%r8; mov 40(%%r12), %%r9; mov 48(%%r12), %%r10; mov 56(%%r12), %%r11\n"
        "movdqa 80(%%r12), %%xmm0; movdqa 96(%%r12), %%xmm1; movdqa 112(%%r12), %%xmm2; movdqa 128(%%r12), %%xmm3\n"
        "movdqa 144(%%r12), %%xmm4; movdqa 160(%%r12), %%xmm5; movdqa 176(%%r12), %%xmm6; movdqa 192(%%r12), %%xmm7\n"
        "call *%2\n"
        "mov %%rax, (%%r12); mov %%rcx, 8(%%r12); mov %%rdx, 16(%%r12); mov %%rbx, 24(%%r12)\n"
        "mov %%r8, 32(%%r12); mov %%r9, 40(%%r12); mov %%r10, 48(%%r12); mov %%r11, 56(%%r12)\n"
        "pushfq; pop 64(%%r12)\n"
        "movdqa %%xmm0, 80(%%r12); movdqa %%xmm1, 96(%%r12); movdqa %%xmm2, 112(%%r12); movdqa %%xmm3, 128(%%r12)\n"
        "movdqa %%xmm4, 144(%%r12); movdqa %%xmm5, 160(%%r12); movdqa %%xmm6, 176(%%r12); movdqa %%xmm7, 192(%%r12)\n"
        "cld\n"
        "pop %%r15; pop %%r14; pop %%r13; pop %%r12; pop %%rbp; pop %%rbx\n"
        "ret\n"
        :: "m"(state), "m"(area), "m"(entry));
}

static void show(const void *data, int size)
{
    for (int i = 0; i < size; i++)
        printf("%02x", ((const uint8_t *)data)[i]);
    putchar(' ');
}

int main(int argc, char **argv)
{
    uint8_t *code = mmap(0, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t seed;
    for (int piece = 1; piece < argc; piece++) {
        const char *text = argv[piece];
        int size = 0;
        seed = 88172645463325252u + piece;
        uint8_t *parts[] = {(uint8_t *)&state, area};
        const int sizes[] = {sizeof state, sizeof area};
        for (int part = 0; part < 2; part++)
            for (int i = 0; i < sizes[part]; i++) {
                seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
                parts[part][i] = seed;
            }
        for (unsigned byte; sscanf(text + 2 * size, "%2x", &byte) == 1; size++)
            code[size] = byte;
        code[size] = 0xc3;
        entry = (uint64_t)code;
        enter();
        state.flags &= 0x8d5;
        show(state.general, sizeof state.general);
        show(&state.flags, 2);
        show(state.vector, sizeof state.vector);
        show(area, sizeof area);
        putchar('\n');
    }
    return 0;
}
