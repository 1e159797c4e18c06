/* Who a process is: its numbers, group and session. */
#include "errno.h"
#include "proc.h"
#include "syscall.h"
#include "terminal.h"

i64 sys_getpid(const u64 *a) { return current->process->pid; }
i64 sys_gettid(const u64 *a) { return current->tid; }
i64 sys_getpgrp(const u64 *a) { return current->process->pgid; }

i64 sys_getppid(const u64 *a) {
    struct process *parent = current->process->parent;
    return parent ? parent->pid : 0;
}

static struct process *find_or_self(i32 pid) { return pid ? process_find(pid) : current->process; }

i64 sys_getpgid(const u64 *a) {
    struct process *process = find_or_self((i32)a[0]);
    return process ? process->pgid : -ESRCH;
}

i64 sys_getsid(const u64 *a) {
    struct process *process = find_or_self((i32)a[0]);
    return process ? process->sid : -ESRCH;
}

/* Is there a group of this number in this session? */
static bool group_in_session(i32 pgid, i32 sid) {
    struct process *process;
    list_for_each(process, &all_processes, all)
        if (process->pgid == pgid && process->sid == sid)
            return true;
    return false;
}

i64 sys_setpgid(const u64 *a) {
    struct process *process = find_or_self((i32)a[0]);
    i32 pgid = a[1] ? (i32)a[1] : process ? process->pid : 0;
    if (pgid < 0)
        return -EINVAL;
    if (!process || (process != current->process && process->parent != current->process))
        return -ESRCH;
    if (process != current->process && process->has_execed)
        return -EACCES;
    if (process->sid != current->process->sid || process->sid == process->pid)
        return -EPERM;
    if (pgid != process->pid && !group_in_session(pgid, process->sid))
        return -EPERM;
    process->pgid = pgid;
    return 0;
}

i64 sys_setsid(const u64 *a) {
    struct process *self = current->process, *process;
    list_for_each(process, &all_processes, all)
        if (process->pgid == self->pid)
            return -EPERM;
    self->sid = self->pgid = self->pid;
    self->terminal = NULL;
    self->lost_foreground = 0;
    return self->pid;
}

/* A group is orphaned when no member has a parent elsewhere in its session: nobody could continue
   it, so it must not be stopped from the terminal. */
bool group_is_orphaned(i32 pgid) {
    struct process *process;
    list_for_each(process, &all_processes, all) {
        struct process *parent = process->parent;
        if (process->pgid == pgid && !process->zombie && parent && parent->pgid != pgid &&
            parent->sid == process->sid)
            return false;
    }
    /* The first process is a job of the user's own shell. */
    return !(console_suspends && init_process->pgid == pgid && init_process->terminal == &console_control);
}

i64 sys_set_tid_address(const u64 *a) {
    current->clear_tid = a[0];
    return current->tid;
}
