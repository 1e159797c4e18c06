/* The end of threads and processes. */
#include "errno.h"
#include "file.h"
#include "fs/pidfd.h"
#include "futex.h"
#include "hypercall.h"
#include "ipc.h"
#include "lib.h"
#include "linux/resource.h"
#include "linux/sigframe.h"
#include "mm.h"
#include "proc.h"
#include "ptrace.h"
#include "syscall.h"
#include "terminal.h"
#include "trace.h"
#include "uaccess.h"

static void kill_thread(struct task *task) {
    task->kill_pending = true;
    if (task->trace)
        task->trace->standing = false;
    if (task->state == TASK_SLEEPING || task->state == TASK_STOPPED)
        sched_add(task);
}

void process_kill(struct process *process, i32 status) {
    struct task *task;
    if (!process->exiting) {
        process->exiting = true;
        process->status = status;
    }
    process->stopped = false;
    list_for_each(task, &process->threads, thread_link)
        kill_thread(task);
}

void vfork_release(struct process *process) {
    if (!process->vfork_released) {
        process->vfork_released = true;
        wake_all(&process->vfork_done);
    }
}

static noreturn void vm_exit(i32 status) {
    sys_sync(NULL);
    hc_begin(NV_OP_EXIT);
    hc_arg(0, (u64)(u32)status);
    hc_ring();
    panic("the host resumed an ended VM");
}

/* CLONE_CHILD_CLEARTID: tell whoever joins this thread, if somebody is left to see it. */
static void clear_tid(void) {
    u32 zero = 0;
    u64 addr = current->clear_tid;
    if (addr && current->mm->refs > 1 && !put_user(zero, addr))
        futex_wake_address(addr, 1);
}

static void leave_address_space(void) {
    struct mm *mm = current->mm;
    if (!mm)
        return;
    struct process *process = current->process;
    process->peak_resident = MAX(process->peak_resident, mm->resident);
    current->mm = NULL;
    mm_put(mm);
}

static struct process *new_parent(struct process *process) {
    struct process *parent = process->parent;
    while (parent && (!parent->subreaper || parent->zombie))
        parent = parent->parent;
    return parent ? parent : init_process;
}

/* A zombie whose parent does not care is gone at once. */
bool process_reap_unwanted(struct process *process) {
    const struct sigaction *action = &process->parent->leader->sighand->action[SIGCHLD - 1];
    if (process->exit_signal != SIGCHLD || (action->handler != SIG_IGN && !(action->flags & SA_NOCLDWAIT)))
        return false;
    process_free(process);
    return true;
}

/* Tracers hear of the threads before they and then the parent hear of the process. */
void process_announce_end(struct process *process) {
    i32 signal = process->status & 0x7f, code = signal ? CLD_KILLED : CLD_EXITED;
    i32 status = signal ? signal : process->status >> 8 & 0xff;
    const struct tracee *t = process->traced;
    if (!list_empty(&process->dead_threads))
        return;
    if (t && t->tracer->process != process->parent) {
        ptrace_tell(t, code, status);
        return;
    }
    notify_parent(process, code, status);
    if (!t)
        process_reap_unwanted(process);
}

static void give_children_away(struct process *process) {
    struct process *child, *next, *parent = new_parent(process);
    list_for_each_safe(child, next, &process->children, sibling) {
        list_remove(&child->sibling);
        list_append(&parent->children, &child->sibling);
        child->parent = parent;
        child->exit_signal = SIGCHLD; /* whatever it was to say to the parent it had */
        if (child->parent_death_signal)
            signal_process(child, child->parent_death_signal,
                           &(struct siginfo){ .signo = child->parent_death_signal, .pid = process->pid });
        i32 pgid = child->pgid;
        if (child->zombie)
            process_announce_end(child);
        hang_up_orphans(pgid);
    }
}

static void process_exit(struct process *process) {
    process->zombie = true;
    timer_cancel(&process->alarm);
    posix_timers_free(process);
    sem_exit(process);
    sig_pending_flush(&process->pending);
    if (process == init_process)
        vm_exit(process->status);
    i32 pgid = process->pgid;
    terminal_leader_exit(process);
    give_children_away(process);
    pidfd_ended(process);
    process_announce_end(process);
    hang_up_orphans(pgid);
}

/* A signal of the group may have been meant for the thread that has just gone. */
static void pass_signals_on(struct process *process) {
    struct task *task;
    if (process->pending.bits)
        list_for_each(task, &process->threads, thread_link)
            if (signal_interrupts(task))
                wake_task(task);
}

noreturn void exit_thread(i32 code) {
    struct task *task = current;
    ptrace_exit(code);
    struct process *process = task->process;
    bool last = process->thread_count == 1;
    if (task->tid == process->pid) {
        process->leader_left = true;
        memcpy(process->comm, task->comm, COMM_LEN);
    }
    if (last && !process->exiting)
        process->status = code;
    if (task->mm) {
        robust_list_exit();
        clear_tid();
    }
    if (last) {
        trace_event(NV_TRACE_EXIT, 0, (u64)(u32)process->status, (u64)process->pid, 0);
        vfork_release(process);
    }
    fd_table_put(task->files);
    task->files = NULL;
    fs_context_put(task->fs);
    task->fs = NULL;
    leave_address_space();
    cpu_leave(process);
    cpu_thread_ended(task);
    cpu_events_end(process, last ? NULL : task);
    usage_add(&process->counts, &task->counts);
    ptrace_tracer_ends(); /* now that it sleeps no more, and nobody can choose it */
    futex_pi_exit(); /* for who has come to wait meanwhile */
    task_unlink(task);
    if (task->trace)
        ptrace_ended(task->trace, process->exiting ? process->status : code);
    if (last) {
        process_exit(process);
    } else {
        pass_signals_on(process);
        if (process->thread_count == 1)
            wake_all(&process->child_exit); /* an execve waits there to be alone */
    }
    task->state = TASK_DEAD;
    schedule_dead();
}

noreturn void exit_group(i32 status) {
    process_kill(current->process, status);
    exit_thread(status);
}

i64 end_other_threads(void) {
    struct process *process = current->process;
    struct task *task;
    if (current->kill_pending)
        return -EINTR;
    list_for_each(task, &process->threads, thread_link)
        if (task != current)
            kill_thread(task);
    while (process->thread_count > 1)
        if (wait_on_killable(&process->child_exit))
            return -EINTR;
    robust_list_exit();
    clear_tid();
    process->exit_signal = SIGCHLD;
    if (current->tid != process->pid) {
        pidfd_thread_gone(current);
        task_set_tid(current, process->pid);
        process->leader_left = false;
        ptrace_renamed();
    }
    posix_timers_free(process);
    return 0;
}

i64 sys_exit(const u64 *a) { exit_thread((i32)(a[0] & 0xff) << 8); }
i64 sys_exit_group(const u64 *a) { exit_group((i32)(a[0] & 0xff) << 8); }
