/* System-call dispatch. */
#include "syscall.h"
#include "cpu.h"
#include "cpumeter.h"
#include "debug.h"
#include "errno.h"
#include "frame.h"
#include "hypercall.h"
#include "privilege.h"
#include "proc.h"
#include "ptrace.h"
#include "seccomp.h"
#include "trace.h"
#include "trap.h"

/* Quietly: programs probe for what they can use. */
static i64 no_such_call(const u64 *a) { return -ENOSYS; }

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winitializer-overrides"
static const syscall_fn syscall_table[NV_COUNT_SLOTS] = {
    [0 ... NV_COUNT_SLOTS - 1] = no_such_call,
#define X(name) [SYS_##name] = sys_##name,
#include "calls/mm.def"
#include "calls/proc.def"
#include "calls/fs.def"
#include "calls/net.def"
#include "calls/ipc.def"
#undef X
};
#pragma clang diagnostic pop

static inline void arguments(u64 args[6], const struct trapframe *frame) {
    args[0] = frame->rdi;
    args[1] = frame->rsi;
    args[2] = frame->rdx;
    args[3] = frame->r10;
    args[4] = frame->r8;
    args[5] = frame->r9;
}

static inline void begin(u32 nr, const u64 *args) {
    ((volatile u64 *)phys_to_virt(NV_COUNTS_PHYS))[nr]++;
    trace_syscall_enter((u16)nr, args);
}

/* A call that a tracer or filters look at first: the result is what they say or what the call they leave
   of it returns. */
static i64 watched_call(struct trapframe *frame) {
    u64 args[6];
    if ((current->call_work & CALL_TRACED) && !ptrace_call(frame))
        return (i64)frame->rax;
    u32 nr = (u32)frame->error;
    arguments(args, frame);
    if (nr < NV_COUNT_SLOTS)
        begin(nr, args);
    bool goes = !(current->call_work & ~CALL_TRACED) || seccomp_allows(frame);
    nr = (u32)frame->error;
    arguments(args, frame);
    i64 result = !goes ? (i64)frame->rax : nr < NV_COUNT_SLOTS ? syscall_table[nr](args) : -ENOSYS;
    if (nr < NV_COUNT_SLOTS)
        trace_syscall_exit((u16)nr, result);
    return result;
}

/* In a recorded run this is where the host interrupts programs, if they come here soon enough: a place
   that has the same number in every run, whatever the CPU. */
static void look(void) {
    static u64 done;
    u64 at = control->look_at;
    if (likely(++done < at || !at))
        return;
    hc_begin(NV_OP_LOOK);
    hc_arg(0, done);
    u64 come = (u64)hc_ring();
    if (come & NV_LOOK_TIMER)
        timer_interrupt();
    if (come & NV_LOOK_EVENT)
        events_poll();
}

int trap_syscall(struct trapframe *frame) {
    u32 nr = (u32)frame->error; /* as on Linux: the upper half of rax says nothing */
    i64 result = -ENOSYS;
    cpu_from_user(BY_CALL);
    frame->rcx = frame->rip;
    frame->r11 = frame->rflags;
    if (unlikely(current->call_work)) {
        result = watched_call(frame);
    } else if (likely(nr < NV_COUNT_SLOTS)) {
        u64 args[6];
        arguments(args, frame);
        begin(nr, args);
        if (unlikely(boot.flags & NV_BOOT_TRACE)) /* a debugger has looked at them, and perhaps changed some */
            arguments(args, frame);
        result = syscall_table[nr](args);
        trace_syscall_exit((u16)nr, result);
    }
    look();
    /* Calls that replace the registers (execve, rt_sigreturn) say so by another vector. */
    if (unlikely(frame->vector != VECTOR_SYSCALL)) {
        if (in_call(frame))
            frame->rax = (u64)result;
        return_to_user(frame);
        return 0;
    }
    frame->rax = (u64)result;
    if (unlikely(frame->rflags & FLAG_TF)) {
        /* A step: sysret would trap before the program's next instruction, iret one too late. */
        debug_told(NV_DEBUG_TRAP, 1, frame->rip, 0);
        return_to_user(frame);
        return 0;
    }
    return_to_user(frame);
    /* The sunk kernel returns its own way. It does not ask, unless it was saved in this call in ring 0. */
    return !quirk(NV_QUIRK_NO_SYSRET) && !sunk && frame->vector == VECTOR_SYSCALL && frame->rcx == frame->rip &&
           frame->r11 == frame->rflags && frame->rip < NV_USER_END;
}
