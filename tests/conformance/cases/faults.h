/* Touching memory that may not be there, and living to tell. */
#pragma once
#include "case.h"
#include <setjmp.h>

static sigjmp_buf back;
static volatile int fault_code;
static void *volatile fault_at;

static inline void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    fault_code = info->si_code;
    fault_at = info->si_addr;
    siglongjmp(back, signal);
}

static inline void catch_faults(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);
}

/* What happens on access: fine, or the signal with its code and whether its address is right. */
#define TOUCH(address, statement)                                                                   \
    do {                                                                                            \
        int signal_ = sigsetjmp(back, 1);                                                           \
        if (!signal_) {                                                                             \
            statement;                                                                              \
            say("%s: fine", #statement);                                                            \
        } else {                                                                                    \
            say("%s: signal %d code %d address %s", #statement, signal_, fault_code,                \
                fault_at == (void *)(address) ? "right" : "wrong");                                 \
        }                                                                                           \
    } while (0)
#define READ(address) TOUCH(address, (void)*(volatile char *)(address))
#define WRITE(address) TOUCH(address, *(volatile char *)(address) = 1)

static inline char *anonymous(size_t size, int protection)
{
    return MUST(mmap(0, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}
