/* Acting on signals: on every return to user mode, with the user's registers at hand. */
#include "debug.h"
#include "errno.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/sigframe.h"
#include "mm.h"
#include "proc.h"
#include "ptrace.h"
#include "rseq.h"
#include "syscall.h"
#include "trace.h"
#include "trap.h"

#define STOPS_FROM_TERMINAL (SIG_STOPS & ~SIG_BIT(SIGSTOP))
#define SYSCALL_SIZE 2 /* bytes of the instruction */
#define FAULTS (SIG_BIT(SIGSEGV) | SIG_BIT(SIGBUS) | SIG_BIT(SIGILL) | SIG_BIT(SIGTRAP) | SIG_BIT(SIGFPE))

static void restart(struct trapframe *frame) {
    frame->rax = frame->rax == (u64)-ERESTART_RESTARTBLOCK ? SYS_restart_syscall : frame->error;
    frame->rip -= SYSCALL_SIZE;
}

/* A handler will run: EINTR, unless the call may start over after it. */
static void settle_call(struct trapframe *frame, const struct sigaction *action) {
    if (wants_restart(frame)) {
        if (frame->rax == (u64)-ERESTARTNOINTR ||
            (frame->rax == (u64)-ERESTARTSYS && (action->flags & SA_RESTART)))
            restart(frame);
        else
            frame->rax = (u64)-EINTR;
    }
    current->restart_deadline = 0;
    current->restart_call = NULL;
}

u64 restart_deadline(u64 fresh) {
    u64 deadline = current->restart_deadline;
    current->restart_deadline = 0;
    return deadline ? deadline : fresh;
}

i64 restart_at(u64 deadline) {
    current->restart_deadline = deadline;
    return -ERESTARTNOHAND;
}

i64 restart_later(u64 deadline, i64 (*call)(const u64 *a)) {
    current->restart_deadline = deadline;
    current->restart_call = call;
    return -ERESTART_RESTARTBLOCK;
}

/* Nothing has changed the registers since: the arguments are those of the call that was interrupted. */
i64 sys_restart_syscall(const u64 *a) {
    i64 (*call)(const u64 *) = current->restart_call;
    current->restart_call = NULL;
    i64 result = call ? call(a) : -EINTR;
    if (!current->restart_call)
        current->restart_deadline = 0;
    return result;
}

static bool interrupted(const struct trapframe *frame) {
    return wants_restart(frame) || (in_call(frame) && frame->rax == (u64)-EINTR);
}

static void restore_mask(void) {
    if (current->restore_blocked) {
        current->restore_blocked = false;
        current->blocked = current->saved_blocked;
    }
}

static bool is_fault(i32 sig, const struct siginfo *info) {
    return (SIG_BIT(sig) & FAULTS) && info->code > SI_USER;
}

static void trace(i32 sig, const struct siginfo *info, u64 handler) {
    bool fault = is_fault(sig, info);
    bool nobody = fault || info->code == SI_TIMER || (sig == SIGSYS && info->code > SI_USER);
    u64 sender = nobody ? 0 : (u64)(u32)info->pid;
    trace_event(NV_TRACE_SIGNAL, (u16)sig, sender, fault ? info->address : 0, handler);
}

static noreturn void die(struct trapframe *frame, i32 sig, const struct siginfo *info) {
    if (is_fault(sig, info)) {
        hc_begin(NV_OP_CRASH);
        hc_arg(0, (u64)frame);
        hc_arg(1, (u64)sig);
        hc_arg(2, (u64)current->process->pid);
        hc_arg(3, info->address);
        hc_arg(4, current->mm->root);
        hc_in(current->comm, strlen(current->comm));
        hc_ring();
    }
    exit_group(sig);
}

static void run_handler(struct trapframe *frame, i32 sig, const struct siginfo *info,
                        struct sigaction *slot) {
    struct sigaction action = *slot;
    u64 mask = current->restore_blocked ? current->saved_blocked : current->blocked;
    bool stepped = debug_hides_step(frame), traced = ptrace_hides_step();
    current->restore_blocked = false;
    settle_call(frame, &action);
    if (action.flags & SA_RESETHAND)
        slot->handler = SIG_DFL;
    if (current->rseq_registered)
        rseq_resume(frame);
    if (sigframe_push(frame, sig, info, &action, mask)) {
        /* No room for the frame: SIGSEGV, and if that was the one, there is no second try. */
        if (sig == SIGSEGV)
            slot->handler = SIG_DFL;
        signal_fault(SIGSEGV, SI_KERNEL, 0);
        return;
    }
    current->blocked |= action.mask | (action.flags & SA_NODEFER ? 0 : SIG_BIT(sig));
    if (stepped)
        debug_told(NV_DEBUG_TRAP, 1, frame->rip, 0);
    if (traced)
        ptrace_handler_begins();
}

/* Do what the signal says; true when a handler is to run next. */
static bool act(struct trapframe *frame, i32 sig, struct siginfo *info) {
    struct sigaction *actions = current->sighand->action;
    trace(sig, info, actions[sig - 1].handler);
    sig = debug_chosen(sig);
    if (sig && unlikely(current->trace))
        sig = ptrace_signal(sig, info);
    if (!sig)
        return false;
    struct sigaction *action = &actions[sig - 1];
    if (action_ignores(action, sig))
        return false;
    if (action->handler != SIG_DFL) {
        run_handler(frame, sig, info, action);
        return true;
    }
    if (!(SIG_BIT(sig) & SIG_STOPS))
        die(frame, sig, info);
    if (!(SIG_BIT(sig) & STOPS_FROM_TERMINAL) || !group_is_orphaned(current->process->pgid))
        process_stop(sig);
    return false;
}

void signal_deliver(struct trapframe *frame) {
    struct siginfo info;
    if (unlikely(current->trace_work))
        ptrace_check(frame);
    wait_while_stopped();
    if (current->rseq_interrupted)
        rseq_resume(frame);
    if (current->restore_blocked && !interrupted(frame))
        restore_mask();
    for (i32 sig; !current->kill_pending && (sig = signal_take(current, ~current->blocked, &info));) {
        if (act(frame, sig, &info))
            return;
        wait_while_stopped();
    }
    if (current->kill_pending)
        exit_thread(current->process->status);
    if (wants_restart(frame))
        restart(frame);
    restore_mask();
}
