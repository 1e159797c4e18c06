/* ioprio_set(2), ioprio_get(2): kept for those who ask. No device has a queue to be sorted by them. */
#include "errno.h"
#include "linux/sched.h"
#include "proc.h"
#include "syscall.h"

#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_WHO_PGRP 2
#define IOPRIO_WHO_USER 3
#define CLASS_SHIFT 13
#define CLASS_MASK 7
#define LEVEL_MASK 7
enum { CLASS_NONE, CLASS_RT, CLASS_BE, CLASS_IDLE };

static i64 check(u32 value) {
    u32 class = value >> CLASS_SHIFT & CLASS_MASK, level = value & LEVEL_MASK;
    if (class > CLASS_IDLE || (class == CLASS_NONE && level))
        return -EINVAL;
    return class == CLASS_RT && !capable(CAP_SYS_ADMIN) && !capable(CAP_SYS_NICE) ? -EPERM : 0;
}

static i64 set(struct task *task, u32 value) {
    const struct cred *self = current->cred;
    if (task->cred->ruid != self->euid && task->cred->ruid != self->ruid && !capable(CAP_SYS_NICE))
        return -EPERM;
    task->io_priority = (u16)value;
    return 0;
}

/* Who has none of his own: as nice as his time on the CPU says. */
static u32 effective(const struct task *task) {
    if (task->io_priority >> CLASS_SHIFT)
        return task->io_priority;
    u32 policy = task->policy & ~SCHED_RESET_ON_FORK;
    u32 class = policy == SCHED_IDLE ? CLASS_IDLE : policy == SCHED_FIFO || policy == SCHED_RR ? CLASS_RT : CLASS_BE;
    return class << CLASS_SHIFT | (u32)(task->process->nice + 20) / 5;
}

/* Is the thread one of the group or user that is meant? */
static bool chosen(const struct task *task, u32 which, i32 who) {
    if (which == IOPRIO_WHO_PGRP)
        return task->process->pgid == (who ? who : current->process->pgid);
    return task->cred->ruid == (who ? (u32)who : current->cred->ruid);
}

i64 sys_ioprio_set(const u64 *a) {
    u32 which = (u32)a[0], value = (u32)a[2];
    i32 who = (i32)a[1];
    i64 result = check(value);
    if (result)
        return result;
    if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
        return -EINVAL;
    if (which == IOPRIO_WHO_PROCESS) {
        struct task *task = who ? task_find(who) : current;
        return task ? set(task, value) : -ESRCH;
    }
    struct process *process;
    struct task *task;
    result = -ESRCH;
    list_for_each(process, &all_processes, all)
        list_for_each(task, &process->threads, thread_link)
            if (chosen(task, which, who) && (result = set(task, value)))
                return result;
    return result;
}

i64 sys_ioprio_get(const u64 *a) {
    u32 which = (u32)a[0], best = 0;
    i32 who = (i32)a[1];
    if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
        return -EINVAL;
    if (which == IOPRIO_WHO_PROCESS) {
        const struct task *task = who ? task_find(who) : current;
        return task ? (i64)task->io_priority : -ESRCH;
    }
    const struct process *process;
    const struct task *task;
    list_for_each(process, &all_processes, all)
        list_for_each(task, &process->threads, thread_link)
            if (chosen(task, which, who))
                best = best ? MIN(best, effective(task)) : effective(task);
    return best ? (i64)best : -ESRCH;
}
