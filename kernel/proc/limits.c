/* Resource limits: kept here, enforced by those who own the resource. */
#include "errno.h"
#include "hypercall.h"
#include "linux/resource.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

static i64 set_limit(struct process *process, u32 which, const struct rlimit *new) {
    struct rlimit *limit = &process->limits[which];
    if (new->cur > new->max)
        return -EINVAL;
    if (new->max > limit->max && !capable(CAP_SYS_RESOURCE))
        return -EPERM;
    /* What the host has given is a limit for everybody. */
    if ((which == RLIMIT_NOFILE && new->max > boot.max_files) ||
        (which == RLIMIT_SIGPENDING && new->max > limit->max) ||
        (which == RLIMIT_NPROC && new->max != RLIM_INFINITY && new->max > boot.max_tasks))
        return -EPERM;
    *limit = *new;
    if (which == RLIMIT_CPU || which == RLIMIT_RTTIME)
        cpu_timers_changed(process);
    return 0;
}

static bool permitted(const struct process *target) {
    const struct cred *self = current->cred, *other = target->cred;
    return target == current->process || capable(CAP_SYS_RESOURCE) ||
           (self->ruid == other->euid && self->ruid == other->ruid && self->ruid == other->suid &&
            self->rgid == other->egid && self->rgid == other->rgid && self->rgid == other->sgid);
}

i64 sys_prlimit64(const u64 *a) {
    struct process *process = a[0] ? process_find((i32)a[0]) : current->process;
    struct rlimit new, old;
    if (a[2] && get_user(new, a[2]))
        return -EFAULT;
    if (!process)
        return -ESRCH;
    if (!permitted(process))
        return -EPERM;
    if (a[1] >= RLIM_COUNT)
        return -EINVAL;
    old = process->limits[a[1]];
    i64 err = a[2] ? set_limit(process, (u32)a[1], &new) : 0;
    return err ? err : a[3] ? put_user(old, a[3]) : 0;
}

i64 sys_getrlimit(const u64 *a) {
    if (a[0] >= RLIM_COUNT)
        return -EINVAL;
    return put_user(current->process->limits[a[0]], a[1]);
}

i64 sys_setrlimit(const u64 *a) {
    struct rlimit new;
    if (get_user(new, a[1]))
        return -EFAULT;
    if (a[0] >= RLIM_COUNT)
        return -EINVAL;
    return set_limit(current->process, (u32)a[0], &new);
}
