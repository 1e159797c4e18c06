/* Where traced threads stop: at signals, system calls, events, and when it is asked of them. */
#include "ptrace.h"
#include "cpu.h"
#include "errno.h"
#include "proc.h"

static struct siginfo own_info(u32 code) {
    return (struct siginfo){
        .signo = (i32)(code & 0x7f), .code = (i32)code, .pid = current->tid, .uid = current->cred->ruid,
    };
}

/* Stand until the tracer says go, with which signal: 0 for none. Without a tracer, or if it ends before it
   has looked, that is the signal of the stop. `*info` is what the tracer has made of it. */
static i32 stand(u32 code, i32 why, u64 message, struct siginfo *info) {
    struct tracee *t = current->trace;
    current->trace_answer = (i32)(code & 0xff);
    t->code = code;
    t->message = message;
    t->informed = info != NULL;
    if (info)
        t->info = *info;
    t->reported = t->listening = t->trap_due = false;
    if (code >> 8 == PTRACE_EVENT_STOP)
        t->notice_due = false;
    t->standing = true;
    ptrace_tell(t, why, (i32)(code & 0x7f));
    while (current->trace && current->trace->standing) {
        current->state = TASK_STOPPED;
        schedule();
    }
    t = current->trace;
    if (t) {
        if (info)
            *info = t->info;
        t->informed = false;
    }
    return current->kill_pending ? 0 : current->trace_answer;
}

/* A stop that says itself what it is about. */
static i32 notify(u32 code, u64 message) {
    struct siginfo info = own_info(code);
    return stand(code, CLD_TRAPPED, message, &info);
}

static bool stoppable(void) { return current->trace && !current->kill_pending; }

bool ptrace_wants(u32 event) { return current->trace && (current->trace->options & PTRACE_O_EVENT(event)); }

/* Amid a call, which has no result yet. */
void ptrace_event(u32 event, u64 message) {
    if (!ptrace_wants(event) || !stoppable())
        return;
    current->frame->rax = (u64)-ENOSYS;
    notify(event << 8 | SIGTRAP, message);
}

/* Also a thread that dies of SIGKILL stops once more; another SIGKILL ends that. */
void ptrace_exit(i32 status) {
    if (ptrace_wants(PTRACE_EVENT_EXIT))
        notify(PTRACE_EVENT_EXIT << 8 | SIGTRAP, (u64)(u32)status);
}

/* Who is attached to and has not asked for the event gets a signal. */
void ptrace_exec(i32 old_tid) {
    const struct tracee *t = current->trace;
    if (ptrace_wants(PTRACE_EVENT_EXEC)) {
        ptrace_event(PTRACE_EVENT_EXEC, (u64)old_tid);
        current->frame->rax = 0;
    } else if (t && !t->seized) {
        signal_task(current, SIGTRAP, NULL);
    }
}

static void stop_at_call(u64 message) {
    u32 code = SIGTRAP | (current->trace->options & PTRACE_O_TRACESYSGOOD ? 0x80 : 0);
    i32 sig = notify(code, message);
    if (sig > 0 && sig <= NSIG)
        signal_task(current, sig, &(struct siginfo){ .signo = sig, .code = SI_KERNEL });
}

bool ptrace_call(struct trapframe *frame) {
    const struct tracee *t = current->trace;
    if (!t)
        return true;
    enum tracee_mode mode = t->mode;
    current->trace_work = true; /* to be looked at again when it returns */
    if (mode == TRACEE_STEPS || !stoppable())
        return true;
    frame->rax = (u64)-ENOSYS;
    stop_at_call(PTRACE_EVENTMSG_SYSCALL_ENTRY);
    return mode == TRACEE_CALLS && !current->kill_pending && (i32)frame_call(frame) != -1;
}

/* An address to which no return may lead: the program is told what the jump would have told it. */
static void check_address(const struct trapframe *frame) {
    bool canonical = (u64)((i64)(frame->rip << 16) >> 16) == frame->rip;
    if (frame->rip < NV_USER_END)
        return;
    signal_fault(SIGSEGV, canonical ? SEGV_MAPERR : SI_KERNEL, canonical ? frame->rip : 0);
    current->trace_work = true;
}

void ptrace_return(struct trapframe *frame) {
    const struct tracee *t = current->trace;
    current->trace_work = t && ptrace_is_due(t);
    if (stoppable() && frame->vector >= VECTOR_SYSCALL) {
        if (t->mode == TRACEE_CALLS) {
            stop_at_call(PTRACE_EVENTMSG_SYSCALL_EXIT);
        } else if (t->mode == TRACEE_STEPS || t->mode == TRACEE_EMULATES_STEPS) {
            signal_fault(SIGTRAP, TRAP_BRKPT, frame->rip);
        }
    }
    check_address(frame);
}

void ptrace_check(struct trapframe *frame) {
    current->trace_work = current->trace && ptrace_is_due(current->trace);
    check_address(frame);
}

bool ptrace_trap(void) {
    struct tracee *t = current->trace;
    if (!stoppable() || !ptrace_is_due(t))
        return false;
    bool stopped = t->process->stopped;
    u32 sig = stopped ? (u32)t->process->stop_status >> 8 : SIGTRAP;
    t->stop_due = t->trap_due = t->notice_due = false;
    if (t->seized) {
        struct siginfo info = own_info(sig | PTRACE_EVENT_STOP << 8);
        info.signo = (i32)sig;
        stand(sig | PTRACE_EVENT_STOP << 8, CLD_STOPPED, 0, &info);
    } else if (stopped) {
        stand(sig, CLD_STOPPED, 0, NULL);
    }
    return true;
}

i32 ptrace_signal(i32 sig, struct siginfo *info) {
    if (!stoppable())
        return sig;
    current->trace->stop_void = false;
    sig = stand((u32)sig, CLD_TRAPPED, 0, info);
    if (sig <= 0 || sig > NSIG)
        return 0;
    if ((SIG_BIT(sig) & SIG_STOPS) && current->trace && current->trace->stop_void)
        return 0;
    if (sig != info->signo) {
        const struct process *by = current->trace ? current->trace->tracer->process : current->process->parent;
        *info = (struct siginfo){ .signo = sig, .pid = by ? by->pid : 0, .uid = by ? by->cred->ruid : 0 };
    }
    if (!(current->blocked & SIG_BIT(sig)))
        return sig;
    signal_task(current, sig, info);
    return 0;
}

bool ptrace_hides_step(void) {
    struct tracee *t = current->trace;
    bool steps = t && (t->mode == TRACEE_STEPS || t->mode == TRACEE_EMULATES_STEPS);
    if (steps)
        ptrace_step_flag(t, false);
    return steps;
}

void ptrace_handler_begins(void) {
    if (stoppable())
        notify(SIGTRAP, 0);
}
