/* sigaction(2), sigaltstack(2) and the signal frame (asm/signal.h, asm/sigcontext.h, asm/ucontext.h). */
#pragma once
#include "signal.h"
#include "types.h"

#define SA_NOCLDSTOP 0x00000001UL
#define SA_NOCLDWAIT 0x00000002UL
#define SA_SIGINFO 0x00000004UL
#define SA_RESTORER 0x04000000UL
#define SA_ONSTACK 0x08000000UL
#define SA_RESTART 0x10000000UL
#define SA_NODEFER 0x40000000UL
#define SA_RESETHAND 0x80000000UL

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM 0x80000000u
#define MINSIGSTKSZ 2048

struct stack {
    u64 sp;
    u32 flags, pad;
    u64 size;
};

/* sigaltstack(2) for a task whose stack pointer is sp; 0 or a negative errno (proc/sigcalls.c). */
i64 altstack_set(const struct stack *stack, u64 sp);

struct sigcontext {
    u64 r8, r9, r10, r11, r12, r13, r14, r15;
    u64 di, si, bp, bx, dx, ax, cx, sp, ip, flags;
    u16 cs, gs, fs, ss;
    u64 err, trapno, oldmask, cr2;
    u64 fpstate; /* address of an FXSAVE image, which may say what follows it (fpu.c); or 0 */
    u64 reserved[8];
};
_Static_assert(sizeof(struct sigcontext) == 256, "struct sigcontext");

#define UC_FP_XSTATE 0x1
#define UC_SIGCONTEXT_SS 0x2
#define UC_STRICT_RESTORE_SS 0x4

struct ucontext {
    u64 flags, link;
    struct stack stack;
    struct sigcontext context;
    u64 sigmask;
};

struct rt_sigframe {
    u64 pretcode; /* return address: the restorer */
    struct ucontext uc;
    struct siginfo info;
};
_Static_assert(sizeof(struct rt_sigframe) == 440, "struct rt_sigframe");

struct sigevent {
    u64 value;
    i32 signo, notify;
    i32 tid, pad[11];
};
_Static_assert(sizeof(struct sigevent) == 64, "struct sigevent");
#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2
#define SIGEV_THREAD_ID 4
