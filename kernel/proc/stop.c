/* Job control: stopping, continuing, and telling the parent. */
#include "linux/sigframe.h"
#include "linux/wait.h"
#include "mm.h"
#include "proc.h"
#include "ptrace.h"
#include "terminal.h"

#define NS_PER_TICK (1000000000 / 100)

void child_signal(struct process *to, i32 signal, i32 id, struct process *child, i32 code, i32 status) {
    struct cpu_time used = process_cpu(child);
    struct siginfo info = {
        .signo = signal,
        .code = code,
        .child_pid = id,
        .child_uid = child->cred->ruid,
        .child_status = status,
        .child_utime = (i64)(used.user / NS_PER_TICK),
        .child_stime = (i64)(used.system / NS_PER_TICK),
    };
    signal_process(to, signal, &info);
}

void notify_parent(struct process *process, i32 code, i32 status) {
    struct process *parent = process->parent;
    if (!parent)
        return;
    const struct sigaction *action = &parent->leader->sighand->action[SIGCHLD - 1];
    bool job_control = code == CLD_STOPPED || code == CLD_CONTINUED;
    i32 signal = job_control ? SIGCHLD : process->exit_signal;
    if (signal && !(job_control && (action->flags & SA_NOCLDSTOP)))
        child_signal(parent, signal, process->pid, process, code, status);
    wake_all(&parent->child_exit);
}

void process_stop(i32 sig) {
    struct process *process = current->process;
    process->stopped = true;
    process->continued = process->stop_reported = false;
    process->stop_status = STATUS_STOPPED(sig);
    ptrace_group_stops(process);
    if (!process->traced || process->traced->tracer->process != process->parent)
        notify_parent(process, CLD_STOPPED, sig); /* else it hears of the thread */
    if (process == init_process && !console_suspend() && sig != SIGSTOP)
        process_continue(process);
}

void process_continue(struct process *process) {
    struct task *task;
    if (!process->stopped)
        return;
    process->stopped = false;
    process->continued = true;
    process->stop_status = STATUS_CONTINUED;
    list_for_each(task, &process->threads, thread_link)
        if (task->state == TASK_STOPPED)
            sched_add(task);
    notify_parent(process, CLD_CONTINUED, SIGCONT);
}

void wait_while_stopped(void) {
    while (!current->kill_pending) {
        if (unlikely(current->trace)) {
            if (!ptrace_trap())
                return;
        } else if (current->process->stopped) {
            current->state = TASK_STOPPED;
            schedule();
        } else {
            return;
        }
    }
}

void hang_up_orphans(i32 pgid) {
    struct process *process;
    bool stopped = false;
    list_for_each(process, &all_processes, all)
        stopped |= process->pgid == pgid && process->stopped;
    if (!stopped || !group_is_orphaned(pgid))
        return;
    signal_group(pgid, SIGHUP, &(struct siginfo){ .signo = SIGHUP, .code = SI_KERNEL });
    signal_group(pgid, SIGCONT, &(struct siginfo){ .signo = SIGCONT, .code = SI_KERNEL });
}
