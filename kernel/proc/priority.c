/* Niceness, affinity and memory barriers: there is one CPU, programs may look and set what they have. */
#include "errno.h"
#include "linux/resource.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

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

/* Is this process one that getpriority's `which` and `who` name? */
static bool chosen(const struct process *process, u64 which, u32 who) {
    const struct process *self = current->process;
    switch (which) {
    case PRIO_PROCESS:
        return who ? process->pid == (i32)who : process == self;
    case PRIO_PGRP:
        return process->pgid == (who ? (i32)who : self->pgid);
    default:
        return process->cred->ruid == (who ? who : current->cred->ruid);
    }
}

/* 20 - nice, so that an error can be told from a value. */
i64 sys_getpriority(const u64 *a) {
    struct process *process;
    i64 best = -ESRCH;
    if (a[0] > PRIO_USER)
        return -EINVAL;
    list_for_each(process, &all_processes, all)
        if (chosen(process, a[0], (u32)a[1]))
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
        if (!chosen(process, a[0], (u32)a[1]))
            continue;
        u32 self = current->cred->euid;
        bool own = self == process->cred->ruid || self == process->cred->euid || capable(CAP_SYS_NICE);
        if (!own || (nice < process->nice && !capable(CAP_SYS_NICE))) {
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
#define MEMBARRIER_PRIVATE_RSEQ 0x80u
#define MEMBARRIER_ONE_CPU 1 /* the flag */
#define MEMBARRIER_REGISTRATIONS 0x154u /* each one bit above what it registers for */

i64 sys_membarrier(const u64 *a) {
    struct process *process = current->process;
    u32 command = (u32)a[0];
    if (a[1] && (a[1] != MEMBARRIER_ONE_CPU || command != MEMBARRIER_PRIVATE_RSEQ))
        return -EINVAL;
    switch (command) {
    case 0:
        return MEMBARRIER_GLOBAL | MEMBARRIER_GLOBAL_EXPEDITED | MEMBARRIER_PRIVATE |
               MEMBARRIER_PRIVATE_SYNC_CORE | MEMBARRIER_PRIVATE_RSEQ | MEMBARRIER_REGISTRATIONS;
    case MEMBARRIER_GLOBAL:
    case MEMBARRIER_GLOBAL_EXPEDITED:
        return 0;
    case MEMBARRIER_PRIVATE:
    case MEMBARRIER_PRIVATE_SYNC_CORE:
    case MEMBARRIER_PRIVATE_RSEQ: /* who is in a sequence is not running, and leaves it when it does */
        return process->membarrier & command << 1 ? 0 : -EPERM;
    default:
        if (!command || (command & (command - 1)) || !(command & MEMBARRIER_REGISTRATIONS))
            return -EINVAL;
        process->membarrier |= command;
        return 0;
    }
}
