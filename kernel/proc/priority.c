/* The scheduling calls. There is one CPU and one policy; programs may look, and set what they have. */
#include "errno.h"
#include "linux/resource.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#define SCHED_RESET_ON_FORK 0x40000000
#define REALTIME_PRIORITY_MAX 99
#define NICE_MIN (-20)
#define NICE_MAX 19
#define SLICE_NS 4000000

static struct task *find_or_self(i32 tid) { return tid ? task_find(tid) : current; }

i64 sys_sched_yield(const u64 *a) {
    yield();
    return 0;
}

i64 sys_sched_getaffinity(const u64 *a) {
    u64 mask = 1;
    if (a[1] < sizeof(mask) || (a[1] & 7))
        return -EINVAL;
    if (!find_or_self((i32)a[0]))
        return -ESRCH;
    return put_user(mask, a[2]) ? -EFAULT : (i64)sizeof(mask);
}

i64 sys_sched_setaffinity(const u64 *a) {
    u64 mask = 0;
    if (copy_from_user(&mask, a[2], MIN((u32)a[1], sizeof(mask))))
        return -EFAULT;
    if (!find_or_self((i32)a[0]))
        return -ESRCH;
    return mask & 1 ? 0 : -EINVAL;
}

i64 sys_sched_getparam(const u64 *a) {
    i32 priority = 0;
    if ((i32)a[0] < 0 || !a[1])
        return -EINVAL;
    return find_or_self((i32)a[0]) ? put_user(priority, a[1]) : -ESRCH;
}

i64 sys_sched_getscheduler(const u64 *a) {
    if ((i32)a[0] < 0)
        return -EINVAL;
    return find_or_self((i32)a[0]) ? SCHED_OTHER : -ESRCH;
}

/* Real-time policies would promise what one round-robin queue does not keep. */
static i64 check_policy(i32 pid, i32 policy, u64 param_addr) {
    i32 priority;
    if (pid < 0 || policy < 0 || !param_addr)
        return -EINVAL;
    if (get_user(priority, param_addr))
        return -EFAULT;
    if (!find_or_self(pid))
        return -ESRCH;
    policy &= ~SCHED_RESET_ON_FORK;
    if (policy == SCHED_FIFO || policy == SCHED_RR)
        return priority >= 1 && priority <= REALTIME_PRIORITY_MAX ? -EPERM : -EINVAL;
    return (policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE) && !priority ? 0 : -EINVAL;
}

i64 sys_sched_setscheduler(const u64 *a) { return check_policy((i32)a[0], (i32)a[1], a[2]); }
i64 sys_sched_setparam(const u64 *a) { return check_policy((i32)a[0], SCHED_OTHER, a[1]); }

static i64 priority_limit(i32 policy, i64 realtime) {
    if (policy == SCHED_FIFO || policy == SCHED_RR)
        return realtime;
    return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE ? 0 : -EINVAL;
}

i64 sys_sched_get_priority_max(const u64 *a) { return priority_limit((i32)a[0], REALTIME_PRIORITY_MAX); }
i64 sys_sched_get_priority_min(const u64 *a) { return priority_limit((i32)a[0], 1); }

i64 sys_sched_rr_get_interval(const u64 *a) {
    return find_or_self((i32)a[0]) ? put_timespec(a[1], SLICE_NS) : -ESRCH;
}

/* Is this process one that getpriority's `which` and `who` name? */
static bool chosen(const struct process *process, u64 which, u32 who) {
    const struct process *self = current->process;
    switch (which) {
    case PRIO_PROCESS:
        return who ? process->pid == (i32)who : process == self;
    case PRIO_PGRP:
        return process->pgid == (who ? (i32)who : self->pgid);
    default:
        return process->ruid == (who ? who : self->ruid);
    }
}

/* 20 - nice, so that an error can be told from a value. */
i64 sys_getpriority(const u64 *a) {
    struct process *process;
    i64 best = -ESRCH;
    if (a[0] > PRIO_USER)
        return -EINVAL;
    list_for_each(process, &all_processes, all)
        if (!process->zombie && chosen(process, a[0], (u32)a[1]))
            best = MAX(best, 20 - process->nice);
    return best;
}

i64 sys_setpriority(const u64 *a) {
    i32 nice = MIN(MAX((i32)a[2], NICE_MIN), NICE_MAX);
    struct process *process;
    i64 result = -ESRCH;
    if (a[0] > PRIO_USER)
        return -EINVAL;
    list_for_each(process, &all_processes, all) {
        if (process->zombie || !chosen(process, a[0], (u32)a[1]))
            continue;
        bool own = current->process->uid == 0 || current->process->uid == process->uid;
        if (!own || (nice < process->nice && current->process->uid)) {
            result = own ? -EACCES : -EPERM;
            continue;
        }
        process->nice = nice;
        if (result == -ESRCH)
            result = 0;
    }
    return result;
}

i64 sys_getcpu(const u64 *a) {
    u32 zero = 0;
    if ((a[0] && put_user(zero, a[0])) || (a[1] && put_user(zero, a[1])))
        return -EFAULT;
    return 0;
}

/* With one CPU a context switch orders everything, so each command is done when it is checked. */
#define MEMBARRIER_GLOBAL 0x01u
#define MEMBARRIER_GLOBAL_EXPEDITED 0x02u
#define MEMBARRIER_PRIVATE 0x08u
#define MEMBARRIER_PRIVATE_SYNC_CORE 0x20u
#define MEMBARRIER_REGISTRATIONS 0x54u /* each one bit above what it registers for */

i64 sys_membarrier(const u64 *a) {
    struct process *process = current->process;
    u32 command = (u32)a[0];
    if (a[1])
        return -EINVAL;
    switch (command) {
    case 0:
        return MEMBARRIER_GLOBAL | MEMBARRIER_GLOBAL_EXPEDITED | MEMBARRIER_PRIVATE |
               MEMBARRIER_PRIVATE_SYNC_CORE | MEMBARRIER_REGISTRATIONS;
    case MEMBARRIER_GLOBAL:
    case MEMBARRIER_GLOBAL_EXPEDITED:
        return 0;
    case MEMBARRIER_PRIVATE:
    case MEMBARRIER_PRIVATE_SYNC_CORE:
        return process->membarrier & command << 1 ? 0 : -EPERM;
    default:
        if (!command || (command & (command - 1)) || !(command & MEMBARRIER_REGISTRATIONS))
            return -EINVAL;
        process->membarrier |= command;
        return 0;
    }
}
