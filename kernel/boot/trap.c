/* Exceptions, interrupts and the way back to user mode. */
#include "trap.h"
#include "cpu.h"
#include "cpumeter.h"
#include "debug.h"
#include "errno.h"
#include "file.h"
#include "fpu.h"
#include "hypercall.h"
#include "lib.h"
#include "mm.h"
#include "privilege.h"
#include "proc.h"
#include "ptrace.h"
#include "trace.h"
#include "uaccess.h"
#include "watch.h"

#define VECTOR_DEBUG 1
#define VECTOR_NMI 2
#define VECTOR_BREAKPOINT 3
#define VECTOR_GENERAL_PROTECTION 13
#define VECTOR_PAGE_FAULT 14
#define VECTOR_X87 16
#define VECTOR_SIMD 19
#define SYSCALL_AS_FAULT (PF_PRESENT | PF_USER | PF_FETCH)

extern char syscall_entry[];
bool need_resched;

/* What a program is told of each exception (Intel SDM vol. 3, table 6-1; Linux's codes). */
static const struct {
    const char *name;
    i32 signal, code;
    bool at_rip; /* si_addr is the instruction */
} exceptions[32] = {
    [0] = { "divide error", SIGFPE, FPE_INTDIV, true },
    [1] = { "debug", SIGTRAP, 2 /* TRAP_TRACE */, true },
    [3] = { "breakpoint", SIGTRAP, SI_KERNEL, false },
    [4] = { "overflow", SIGSEGV, SI_KERNEL, false },
    [5] = { "bound range", SIGSEGV, SI_KERNEL, false },
    [6] = { "invalid opcode", SIGILL, ILL_ILLOPN, true },
    [7] = { "no FPU", SIGSEGV, SI_KERNEL, false },
    [8] = { "double fault", SIGSEGV, SI_KERNEL, false },
    [10] = { "invalid TSS", SIGSEGV, SI_KERNEL, false },
    [11] = { "segment not present", SIGBUS, SI_KERNEL, false },
    [12] = { "stack fault", SIGBUS, SI_KERNEL, false },
    [13] = { "general protection", SIGSEGV, SI_KERNEL, false },
    [14] = { "page fault", SIGSEGV, SEGV_MAPERR, false },
    [16] = { "x87 error", SIGFPE, 0, true },
    [17] = { "alignment check", SIGBUS, 1 /* BUS_ADRALN */, false },
    [19] = { "SIMD error", SIGFPE, 0, true },
};

static bool from_user(const struct trapframe *frame) { return (frame->cs & 3) == 3; }

static void user_page_fault(struct trapframe *frame, u64 address) {
    u32 access = (frame->error & PF_WRITE ? FAULT_WRITE : 0) | (frame->error & PF_FETCH ? FAULT_EXEC : 0);
    u64 read = pages_read_in;
    i64 err = mm_fault(current->mm, address, access);
    switch (err) {
    case 0:
        if (watching() && (access & FAULT_WRITE))
            watch_faulted(frame, address);
        *(read == pages_read_in ? &current->counts.minor_faults : &current->counts.major_faults) += 1;
        return;
    case -ENOMEM:
        return out_of_memory();
    case -ENXIO:
        return signal_fault(SIGBUS, BUS_ADRERR, address);
    case -EACCES:
        return signal_fault(SIGSEGV, SEGV_ACCERR, address);
    default:
        return signal_fault(SIGSEGV, SEGV_MAPERR, address);
    }
}

/* rdtsc under BOOT_NO_RDTSC, where it faults (CR4.TSD). The counter counts nanoseconds. */
static bool counter_read(struct trapframe *frame) {
    u8 code[2];
    if (!(boot.flags & NV_BOOT_NO_RDTSC) || get_user(code, frame->rip) || code[0] != 0x0f || code[1] != 0x31)
        return false;
    clock_refresh();
    frame->rax = (u32)host_time;
    frame->rdx = host_time >> 32;
    frame->rip += sizeof(code);
    return true;
}

static void user_exception(struct trapframe *frame, u64 address) {
    u64 vector = frame->vector;
    if (vector == VECTOR_GENERAL_PROTECTION && counter_read(frame))
        return;
    bool ours = watching() && vector == VECTOR_PAGE_FAULT && watch_closed(current->mm, address);
    if (!ours || !(frame->error & PF_WRITE))
        trace_event(NV_TRACE_EXCEPTION, (u16)vector, frame->rip, frame->error, address);
    if (vector == VECTOR_PAGE_FAULT && address < NV_USER_END)
        return user_page_fault(frame, address);
    i32 signal = exceptions[vector].signal ? exceptions[vector].signal : SIGSEGV;
    /* Whether a kernel address is mapped is nobody's business: Linux too says yes of all. */
    if (vector == VECTOR_PAGE_FAULT)
        frame->error |= PF_PRESENT;
    i32 code = exceptions[vector].code;
    if (vector == VECTOR_X87 || vector == VECTOR_SIMD)
        code = fpu_error_code(vector == VECTOR_SIMD);
    signal_fault(signal, code, exceptions[vector].at_rip ? frame->rip : address);
}

/* Where `syscall` faults, a host that has once returned to a stack pointer that is no address interprets
   the program from there on, and fails at its next system call. The program gets what its next push
   would have got it. */
static bool stack_is_trap(const struct trapframe *frame) {
    return quirk(NV_QUIRK_SYSCALL_FAULTS) && (u64)((i64)(frame->rsp << 16) >> 16) != frame->rsp;
}

static void take_deferred_interrupts(void) {
    bool timer = deferred.timer, event = deferred.event;
    deferred.any = 0;
    if (timer)
        timer_interrupt();
    if (event)
        events_poll();
}

/* Under BOOT_HOST_STEP the trap flag in a program's saved flags is the host's. */
static void forget_host_step(struct trapframe *frame) {
    if (!(boot.flags & NV_BOOT_HOST_STEP))
        return;
    frame->rflags &= ~(u64)FLAG_TF;
    if (in_call(frame))
        frame->r11 &= ~(u64)FLAG_TF;
}

static void step_program(struct trapframe *frame) {
    if (!(boot.flags & NV_BOOT_HOST_STEP)) {
        frame->rflags |= FLAG_TF;
        return;
    }
    forget_host_step(frame);
    hc_begin(NV_OP_STEP);
    hc_arg(0, (u64)current->tid);
    hc_ring();
}

static bool work_to_do(const struct trapframe *frame) {
    return deferred.any || need_resched || signal_work(current, frame) || stack_is_trap(frame);
}

static bool chores(void) { return frames_free() < FRAMES_LOW || timers_stale; }

/* A call that could not reach the program's memory for want of frames starts over, when there are some. */
static void feed(struct trapframe *frame) {
    current->starved = false;
    if (!in_call(frame) || frame->rax != (u64)-EFAULT)
        return;
    frame->rax = (u64)-ERESTARTNOINTR;
    out_of_memory();
}

/* One thing after the other, each of which may make the next. */
static void prepare_return(struct trapframe *frame) {
    if (unlikely(current->starved))
        feed(frame);
    if (unlikely(current->trace_work))
        ptrace_return(frame);
    while (work_to_do(frame)) {
        if (deferred.any)
            take_deferred_interrupts();
        if (need_resched)
            preempt();
        if (signal_work(current, frame)) {
            forget_host_step(frame);
            signal_deliver(frame);
        } else if (stack_is_trap(frame)) {
            signal_fault(SIGBUS, SI_KERNEL, 0);
        }
    }
    if (frames_free() < FRAMES_LOW)
        pagecache_relieve();
    if (timers_stale)
        timers_arm();
}

static void leave_watched(struct trapframe *frame) {
    while (watch_told())
        prepare_return(frame);
    watch_leave(frame);
}

void return_to_user(struct trapframe *frame) {
    if (unlikely(work_to_do(frame) || chores()))
        prepare_return(frame);
    if (watching())
        leave_watched(frame);
    if (unlikely(frame->cs != NV_SEL_USER_CODE)) /* 32-bit code: iretq may fault for an address beyond */
        frame->rip = (u32)frame->rip;
    cpu_charge();
    if (unlikely(boot.flags & NV_BOOT_STEP))
        step_program(frame);
}

/* `syscall` arrived as a fetch fault at LSTAR, still in ring 3: rcx and r11 hold what the CPU put
   there, or anything if the program jumped here, so they are checked like any user value. */
static bool syscall_by_fault(struct trapframe *frame) {
    if (frame->rip != (u64)syscall_entry || (frame->error & SYSCALL_AS_FAULT) != SYSCALL_AS_FAULT ||
        !quirk(NV_QUIRK_SYSCALL_FAULTS) || frame->rcx >= NV_USER_END)
        return false;
    frame->rip = frame->rcx;
    frame->rflags = (frame->r11 & FLAGS_USER) | FLAG_IF | 2;
    frame->vector = VECTOR_SYSCALL;
    frame->error = frame->rax;
    trap_syscall(frame);
    return true;
}

static noreturn void panic_at(struct trapframe *frame, const char *what) {
    char text[160];
    u64 size = format(text, sizeof(text), "%s in the kernel: vector %lu, error %lx, rip %lx, cr2 %lx",
                      what, frame->vector, frame->error, frame->rip, fault_address());
    hc_begin(NV_OP_PANIC);
    hc_arg(0, (u64)frame);
    hc_in(text, MIN(size, sizeof(text) - 1));
    hc_ring();
    for (;;)
        __asm__ volatile("hlt");
}

noreturn void panic_in_kernel(struct trapframe *frame) {
    const char *name = frame->vector < 32 ? exceptions[frame->vector].name : NULL;
    panic_at(frame, name ? name : "unexpected trap");
}

void trap(struct trapframe *frame) {
    if (unlikely(!from_user(frame))) {
        if (frame->vector == VECTOR_NMI)
            return;
        panic_in_kernel(frame);
    }
    u64 address = 0;
    if (frame->vector == VECTOR_PAGE_FAULT) {
        if (syscall_by_fault(frame))
            return;
        address = fault_address();
    }
    cpu_from_user(BY_TRAP);
    switch (frame->vector) {
    case NV_VECTOR_TIMER:
        timer_interrupt();
        break;
    case NV_VECTOR_EVENT:
        events_poll();
        break;
    case VECTOR_NMI:
        break;
    case VECTOR_DEBUG:
        if ((boot.flags & (NV_BOOT_STEP | NV_BOOT_HOST_STEP)) == NV_BOOT_STEP) {
            trace_step(frame);
            if (likely(!ptrace_steps(current)))
                break;
            user_exception(frame, address);
            break;
        }
        if (watching() && watch_stepped(frame))
            break;
        /* fall through */
    case VECTOR_BREAKPOINT:
        if (debug_told(NV_DEBUG_TRAP, frame->vector, frame->rip, 0))
            break;
        /* fall through */
    default:
        user_exception(frame, address);
    }
    return_to_user(frame);
}
