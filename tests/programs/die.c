/* Ends in the way its argument says: "exit N", "signal N", or by a fault of the processor. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int deeper(int depth)
{
    volatile char page[4096];
    page[0] = (char)depth;
    return depth < 0 ? 0 : deeper(depth + 1) + page[0];
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 0;

    printf("dying by %s %d\n", how, number);
    fflush(stdout);
    if (!strcmp(how, "exit"))
        _exit(number);
    if (!strcmp(how, "signal")) {
        signal(number, SIG_DFL);
        kill(getpid(), number);
    }
    if (!strcmp(how, "abort"))
        abort();
    if (!strcmp(how, "null"))
        *(volatile int *)0 = 1;
    if (!strcmp(how, "kernel"))
        *(volatile long *)0xffffffff80100000 = 1;
    if (!strcmp(how, "noncanonical"))
        *(volatile long *)0x8000000000000000 = 1;
    if (!strcmp(how, "text"))
        *(volatile char *)main = 1;
    if (!strcmp(how, "noexec")) {
        void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(page, 0xc3, 4096);
        ((void (*)(void))page)();
    }
    if (!strcmp(how, "divide"))
        __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idiv %%ecx" ::: "eax", "ecx", "edx");
    if (!strcmp(how, "illegal"))
        __asm__ volatile("ud2");
    if (!strcmp(how, "breakpoint"))
        __asm__ volatile("int3");
    if (!strcmp(how, "halt"))
        __asm__ volatile("hlt");
    if (!strcmp(how, "port"))
        __asm__ volatile("outl %%eax, $0xe0" : : "a"(3));
    if (!strcmp(how, "port-in"))
        __asm__ volatile("inb $0x60, %%al" ::: "eax");
    if (!strcmp(how, "cli"))
        __asm__ volatile("cli");
    if (!strcmp(how, "cr3"))
        __asm__ volatile("mov %%cr3, %%rax" ::: "rax");
    if (!strcmp(how, "msr"))
        __asm__ volatile("wrmsr" : : "a"(0), "d"(0), "c"(0xc0000082));
    if (!strcmp(how, "iretq"))
        __asm__ volatile("iretq");
    if (!strcmp(how, "lidt"))
        __asm__ volatile("push $0; push $0; lidt (%%rsp); add $16, %%rsp" ::: "memory");
    if (!strcmp(how, "stack"))
        return deeper(0);
    if (!strcmp(how, "spin"))
        for (;;)
            __asm__ volatile("");
    if (!strcmp(how, "sleep"))
        for (;;)
            pause();
    return 99;
}
