/* Who traces whom, from the first request to the last wait. */
#include "ptrace.h"
#include "cpu.h"
#include "errno.h"
#include "frame.h"
#include "lib.h"
#include "proc.h"
#include "seccomp.h"

i64 ptrace_tie(struct task *task, struct task *tracer, u32 options, bool seized) {
    if (task->trace)
        return -EPERM;
    struct tracee *t = kzalloc(sizeof(*t));
    if (!t)
        return -ENOMEM;
    t->task = task;
    t->process = task->process;
    t->tracer = tracer;
    t->tid = task->tid;
    t->options = options;
    t->seized = seized;
    list_init(&t->dead_link);
    list_push(&tracer->tracees, &t->link);
    task->trace = t;
    if (task->tid == task->process->pid)
        task->process->traced = t;
    return 0;
}

static void drop(struct tracee *t) {
    if (t->process->traced == t)
        t->process->traced = NULL;
    if (!list_empty(&t->dead_link))
        task_count_dead(-1);
    list_remove(&t->link);
    list_remove(&t->dead_link);
    kfree(t);
}

/* Of a process that has ended, nothing is left for its tracer to wait for: now it is its parent's. */
static void leave_to_parent(struct process *process, const struct process *tracer) {
    if (!process->zombie || process->traced || !list_empty(&process->dead_threads))
        return;
    if (process->parent == tracer)
        process_reap_unwanted(process);
    else
        process_announce_end(process);
}

void ptrace_untie(struct tracee *t) {
    struct task *task = t->task;
    struct process *process = t->process;
    const struct process *tracer = t->tracer->process;
    if (!task) {
        bool thread = process->traced != t;
        drop(t);
        if (!thread)
            leave_to_parent(process, tracer);
        else if (process->zombie && list_empty(&process->dead_threads))
            process_announce_end(process);
        return;
    }
    bool stood = t->standing;
    ptrace_step_flag(t, false);
    drop(t);
    task->trace = NULL;
    task->call_work &= ~CALL_TRACED;
    task->trace_work = true;
    if (stood)
        sched_add(task);
}

i64 ptrace_inherit(struct task *child) {
    const struct tracee *t = current->trace;
    i64 err = ptrace_tie(child, t->tracer, t->options, t->seized);
    if (err)
        return err;
    if (t->seized) {
        child->trace->trap_due = true;
        child->trace_work = true;
    } else {
        child->pending.bits |= SIG_BIT(SIGSTOP);
    }
    return 0;
}

void ptrace_tracer_ends(void) {
    while (!list_empty(&current->tracees)) {
        struct tracee *t = list_first(&current->tracees, struct tracee, link);
        if (t->task && (t->options & PTRACE_O_EXITKILL))
            process_kill(t->process, SIGKILL);
        ptrace_untie(t);
    }
}

void ptrace_ended(struct tracee *t, i32 status) {
    i32 signal = status & 0x7f;
    t->task->trace = NULL;
    t->uid = t->task->cred->ruid;
    t->task = NULL;
    t->status = status;
    t->standing = false;
    if (t->process->traced == t)
        return; /* of which the end of the process will tell */
    list_append(&t->process->dead_threads, &t->dead_link);
    task_count_dead(1);
    ptrace_tell(t, signal ? CLD_KILLED : CLD_EXITED, signal ? signal : status >> 8 & 0xff);
}

void ptrace_forget(struct process *process) {
    if (process->traced)
        drop(process->traced);
}

void ptrace_renamed(void) {
    struct process *process = current->process;
    ptrace_forget(process); /* of the leader, whose number the thread has taken */
    if (current->trace) {
        current->trace->tid = current->tid;
        process->traced = current->trace;
    }
}

bool ptrace_remembers(const struct process *process, i32 tid) {
    const struct tracee *t;
    list_for_each(t, &process->dead_threads, dead_link)
        if (t->tid == tid)
            return true;
    return false;
}
