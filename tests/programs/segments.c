/* What a program can do to its segment registers, and what of it reaches its handlers and others:
   "bases", "handler", "beyond", "stack" and "call". */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE32 0x23

static __thread volatile long own = 42;
static int to_parent[2], to_child[2];

/* Without its thread's base nothing works but plain instructions. */
static void without_bases(void)
{
    char byte = 'x';
    long result;
    __asm__ volatile("mov %%eax, %%fs; mov %%eax, %%gs" ::"a"(0));
    __asm__ volatile("syscall" : "=a"(result)
                     : "0"(1L), "D"((long)to_parent[1]), "S"(&byte), "d"(1L) : "rcx", "r11", "memory");
    __asm__ volatile("syscall" : "=a"(result)
                     : "0"(0L), "D"((long)to_child[0]), "S"(&byte), "d"(1L) : "rcx", "r11", "memory");
    __asm__ volatile("syscall" ::"a"(231L), "D"(3L) : "rcx", "r11", "memory");
}

/* Parent and child have the same base, until the child has none. */
static void bases(void)
{
    char byte = 0;
    int status;
    if (pipe(to_parent) || pipe(to_child))
        return;
    own = 43;
    if (!fork())
        without_bases();
    if (read(to_parent[0], &byte, 1) == 1)
        printf("my own: %ld\n", own);
    if (write(to_child[1], &byte, 1) == 1 && wait(&status) > 0)
        printf("my own: %ld, the child's end: %d\n", own, WEXITSTATUS(status));
}

struct far_address { uint32_t offset; uint16_t selector; } __attribute__((packed));

static struct far_address as_32_bit_code(const void *code, size_t size)
{
    void *at = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    memcpy(at, code, size);
    return (struct far_address){(uintptr_t)at, CODE32};
}

static void go_to(struct far_address target)
{
    __asm__ volatile("ljmpl *%0" ::"m"(target) : "memory");
}

static sigjmp_buf back;
static int faults;
static greg_t beyond; /* where the handler returns to, if anywhere else */

static void on_fault(int number, siginfo_t *info, void *context)
{
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    uint16_t here;
    __asm__("mov %%cs, %0" : "=r"(here));
    printf("signal %d, code %d in %x, eax %d, handled in %x\n", number, info->si_code,
           (int)g[REG_CSGSFS] & 0xffff, (int)g[REG_RAX], here);
    if (++faults == 2)
        siglongjmp(back, 1);
    g[REG_RIP] = beyond ? beyond : g[REG_RIP] + 2;
}

static void handle_faults(void)
{
    static uint8_t frames[65536];
    const stack_t alternate = {.ss_sp = frames, .ss_size = sizeof frames};
    const struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&alternate, 0);
    sigaction(SIGILL, &action, 0);
    sigaction(SIGSEGV, &action, 0);
}

/* The handler is 64-bit code all the same, and what it returns to is not. */
static void handler(void)
{
    static const uint8_t code[] = {0xb8, 5, 0, 0, 0, 0x0f, 0x0b, 0x40, 0x0f, 0x0b}; /* 5; ud2; inc; ud2 */
    handle_faults();
    if (!sigsetjmp(back, 1))
        go_to(as_32_bit_code(code, sizeof code));
}

/* No address of 32-bit code: what the kernel returns by must not fault. */
static void far_beyond(void)
{
    beyond = (greg_t)1 << 32;
    handler();
}

/* It has a stack, also right behind a call that returned when another process was interrupted. */
static void stack(void)
{
    uint8_t code[] = {0xbc, 0, 0, 0, 0, 0x6a, 7, 0x58, 0x0f, 0x0b, 0x0f, 0x0b}; /* esp; push 7; pop; ud2; ud2 */
    char byte = 0, *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    uint32_t esp = (uintptr_t)low + 4096;
    struct far_address target;
    pid_t child;
    memcpy(code + 1, &esp, sizeof esp);
    target = as_32_bit_code(code, sizeof code);
    handle_faults();
    if (pipe(to_parent))
        return;
    child = fork();
    if (!child) {
        if (write(to_parent[1], &byte, 1) != 1)
            return;
        for (;;)
            ;
    }
    if (!sigsetjmp(back, 1) && read(to_parent[0], &byte, 1) == 1)
        go_to(target);
    kill(child, SIGKILL);
}

/* Only some CPUs have `syscall` there, and only some systems 32-bit calls. */
static void call(void)
{
    static const uint8_t code[] = {0xb8, 20, 0, 0, 0, 0x0f, 0x05, 0xf4};
    int status;
    if (!fork())
        go_to(as_32_bit_code(code, sizeof code));
    if (wait(&status) > 0)
        printf("ended by signal %d\n", WTERMSIG(status));
}

int main(int argc, char **argv)
{
    void (*const tests[])(void) = {bases, handler, far_beyond, stack, call};
    const char *const names[] = {"bases", "handler", "beyond", "stack", "call"};
    setvbuf(stdout, 0, _IOLBF, 0);
    for (int i = 0; i < 5; i++)
        if (argc > 1 && !strcmp(argv[1], names[i]))
            tests[i]();
    return 0;
}
