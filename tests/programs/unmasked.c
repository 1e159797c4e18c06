/* Floating-point exceptions that are not masked, one kind after the other: what SIGFPE says each was. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

static sigjmp_buf back;
static volatile int code;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)context;
    code = info->si_code;
    siglongjmp(back, signal);
}

/* One operation with all exceptions of a kind let through; 0.0 / 0.0 and so on are not computed early. */
static void try(const char *name, int bit, int vector, volatile double a, volatile double b)
{
    uint16_t control = 0x37f & ~(1 << bit);
    uint32_t status = 0x1f80 & ~(0x80 << bit);
    double result = 0;
    code = 0;
    int signal = sigsetjmp(back, 1);
    if (!signal && vector)
        __asm__ volatile("ldmxcsr %2; divsd %1, %0" : "+x"(a) : "m"(b), "m"(status));
    else if (!signal)
        __asm__ volatile("fldcw %3; fldl %1; fdivl %2; fstpl %0; fwait" : "=m"(result) : "m"(a), "m"(b), "m"(control));
    status = 0x1f80;
    __asm__ volatile("fninit; ldmxcsr %0" : : "m"(status));
    printf("%s, %s: signal %d code %d\n", vector ? "vector" : "x87", name, signal, code);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigaction(SIGFPE, &action, 0);
    for (int vector = 0; vector < 2; vector++) {
        try("invalid", 0, vector, 0, 0);
        try("denormal", 1, vector, 4e-320, 1.5);
        try("division", 2, vector, 1, 0);
        try("overflow", 3, vector, 1e300, 1e-300);
        try("underflow", 4, vector, 1e-300, 1e300);
    }
    try("inexact", 5, 1, 1, 3);
    return 0;
}
