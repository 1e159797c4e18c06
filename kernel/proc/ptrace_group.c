/* Stops of traced threads that others ask for, and what their tracers are told. */
#include "ptrace.h"
#include "lib.h"
#include "linux/sigframe.h"
#include "proc.h"
#include "seccomp.h"

void ptrace_tell(const struct tracee *t, i32 code, i32 status) {
    struct process *tracer = t->tracer->process;
    const struct sigaction *action = &t->tracer->sighand->action[SIGCHLD - 1];
    bool stop = code == CLD_TRAPPED || code == CLD_STOPPED;
    if (!stop || (action->handler != SIG_IGN && !(action->flags & SA_NOCLDSTOP)))
        child_signal(tracer, SIGCHLD, t->tid, t->process, code, status);
    wake_all(&tracer->child_exit);
}

void ptrace_go_on(struct tracee *t, i32 signal, enum tracee_mode mode) {
    struct task *task = t->task;
    t->mode = mode;
    ptrace_step_flag(t, mode == TRACEE_STEPS || mode == TRACEE_EMULATES_STEPS);
    task->call_work = mode == TRACEE_RUNS ? task->call_work & ~CALL_TRACED : task->call_work | CALL_TRACED;
    task->trace_work = true;
    task->trace_answer = signal;
    t->standing = false;
    t->reported = true;
    sched_add(task);
}

void ptrace_make_due(struct tracee *t) {
    struct task *task = t->task;
    task->trace_work = true;
    if (t->standing && !t->listening)
        return; /* later */
    t->standing = false;
    if (task->state == TASK_STOPPED)
        sched_add(task);
    else if (signal_interrupts(task))
        wake_task(task);
}

void ptrace_group_stops(struct process *process) {
    struct task *task;
    list_for_each(task, &process->threads, thread_link) {
        if (task->trace) {
            task->trace->stop_due = true;
            ptrace_make_due(task->trace);
        }
    }
}

void ptrace_group_continues(struct process *process) {
    struct task *task;
    list_for_each(task, &process->threads, thread_link) {
        struct tracee *t = task->trace;
        if (!t)
            continue;
        t->stop_due = false;
        t->stop_void = true;
        if (t->seized) {
            t->notice_due = true;
            ptrace_make_due(t);
        }
    }
}
