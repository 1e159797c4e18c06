/* Scheduling policies (sched(7)): those of real time decide who runs, the others how the rest of the CPU is
   shared. */
#include "errno.h"
#include "fair.h"
#include "frame.h"
#include "inherit.h"
#include "linux/resource.h"
#include "linux/sched.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define REALTIME_PRIORITY_MAX 99

static struct task *find_or_self(i32 tid) { return tid ? task_find(tid) : current; }

static u32 kind_of(u32 policy) { return policy & ~SCHED_RESET_ON_FORK; }
static bool is_fair(u32 policy) { return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE; }
static bool is_realtime(u32 policy) { return policy == SCHED_FIFO || policy == SCHED_RR; }

i64 sys_sched_getparam(const u64 *a) {
    if ((i32)a[0] < 0 || !a[1])
        return -EINVAL;
    const struct task *task = find_or_self((i32)a[0]);
    i32 priority = task ? task->own_priority : 0;
    return task ? put_user(priority, a[1]) : -ESRCH;
}

i64 sys_sched_getscheduler(const u64 *a) {
    if ((i32)a[0] < 0)
        return -EINVAL;
    const struct task *task = find_or_self((i32)a[0]);
    if (!task && process_find((i32)a[0])) /* it has ended, and has not been waited for */
        return SCHED_OTHER;
    return task ? (i64)task->policy : -ESRCH;
}

/* May the caller make this the thread's policy? Who is not privileged can give way, not take that back
   (RLIMIT_NICE is 0), and rise within RLIMIT_RTPRIO. */
static bool permitted(const struct task *task, u32 policy, u32 priority) {
    const struct cred *self = current->cred;
    u64 limit = task->process->limits[RLIMIT_RTPRIO].cur;
    if (capable(CAP_SYS_NICE))
        return true;
    if (is_realtime(kind_of(policy)) && ((kind_of(policy) != kind_of(task->policy) && !limit) ||
                                         (priority > task->own_priority && priority > limit)))
        return false;
    bool own = self->euid == task->cred->euid || self->euid == task->cred->ruid;
    bool rises = kind_of(task->policy) == SCHED_IDLE && kind_of(policy) != SCHED_IDLE;
    return own && !rises && !(task->policy & SCHED_RESET_ON_FORK & ~policy);
}

static i64 set_policy(struct task *task, u32 policy, i32 priority) {
    u32 kind = kind_of(policy);
    if (!is_fair(kind) && !is_realtime(kind))
        return -EINVAL;
    if (priority < 0 || priority > REALTIME_PRIORITY_MAX || is_realtime(kind) != (priority != 0))
        return -EINVAL;
    if (!permitted(task, policy, (u32)priority))
        return -EPERM;
    task->policy = policy;
    task->slice_used = 0;
    set_own_priority(task, (u8)priority);
    return 0;
}

void reset_policy(struct task *child) {
    bool other = child->process != current->process;
    if (is_realtime(child->policy)) {
        child->policy = SCHED_OTHER;
        child->own_priority = child->realtime_priority = 0;
        if (other)
            child->process->nice = 0;
    } else if (other) {
        child->process->nice = MAX(child->process->nice, 0);
    }
}

/* `policy` NULL: the one it has. */
static i64 set_scheduler(i32 pid, const i32 *policy, u64 param_addr) {
    i32 priority;
    if (pid < 0 || (policy && *policy < 0) || !param_addr)
        return -EINVAL;
    if (get_user(priority, param_addr))
        return -EFAULT;
    struct task *task = find_or_self(pid);
    return task ? set_policy(task, policy ? (u32)*policy : task->policy, priority) : -ESRCH;
}

i64 sys_sched_setscheduler(const u64 *a) {
    i32 policy = (i32)a[1];
    return set_scheduler((i32)a[0], &policy, a[2]);
}

i64 sys_sched_setparam(const u64 *a) { return set_scheduler((i32)a[0], NULL, a[1]); }

/* struct sched_attr in its first version (linux/sched/types.h). */
struct attributes {
    u32 size, policy;
    u64 flags;
    i32 nice;
    u32 priority;
    u64 runtime, deadline, period;
};
#define FLAG_RESET_ON_FORK 1
#define FLAG_KEEP_POLICY 8
#define FLAG_KEEP_PARAMS 16
#define FLAGS_KNOWN 0x7f

i64 sys_sched_getattr(const u64 *a) {
    u32 size = (u32)a[2];
    if ((i32)a[0] < 0 || !a[1] || size < sizeof(struct attributes) || size > PAGE_SIZE || a[3])
        return -EINVAL;
    const struct task *task = find_or_self((i32)a[0]);
    if (!task)
        return -ESRCH;
    struct attributes out = {
        .size = sizeof(out), .policy = kind_of(task->policy),
        .flags = task->policy & SCHED_RESET_ON_FORK ? FLAG_RESET_ON_FORK : 0,
        .nice = is_realtime(kind_of(task->policy)) ? 0 : task->process->nice, .priority = task->own_priority,
    };
    return put_user(out, a[1]);
}

/* What a caller of a later version says beyond ours must be nothing. */
static i64 get_attributes(struct attributes *in, u64 at) {
    const u32 ours = sizeof(*in);
    u32 size;
    if (get_user(size, at))
        return -EFAULT;
    size = size ? size : ours;
    bool fits = size >= ours && size <= PAGE_SIZE;
    for (u64 i = ours; fits && i < size; i++) {
        u8 byte;
        if (get_user(byte, at + i))
            return -EFAULT;
        fits = !byte;
    }
    if (!fits)
        return put_user(ours, at) ? -EFAULT : -E2BIG;
    return copy_from_user(in, at, ours);
}

i64 sys_sched_setattr(const u64 *a) {
    struct attributes in;
    if (!a[1] || (i32)a[0] < 0 || a[2])
        return -EINVAL;
    i64 err = get_attributes(&in, a[1]);
    if (err)
        return err;
    if ((i32)in.policy < 0 || (in.flags & ~(u64)FLAGS_KNOWN))
        return -EINVAL;
    struct task *task = find_or_self((i32)a[0]);
    if (!task)
        return -ESRCH;
    u32 policy = in.flags & FLAG_KEEP_POLICY ? kind_of(task->policy) : in.policy;
    i32 nice = in.flags & FLAG_KEEP_PARAMS || !is_fair(policy) ? task->process->nice
                                                               : MIN(MAX(in.nice, NICE_MIN), NICE_MAX);
    if (nice < task->process->nice && !capable(CAP_SYS_NICE))
        return -EPERM;
    if (in.priority > REALTIME_PRIORITY_MAX)
        return -EINVAL;
    u32 priority = in.flags & FLAG_KEEP_PARAMS ? task->own_priority : in.priority;
    err = set_policy(task, policy | (in.flags & FLAG_RESET_ON_FORK ? SCHED_RESET_ON_FORK : 0), (i32)priority);
    if (!err)
        task->process->nice = nice;
    return err;
}

static i64 priority_limit(i32 policy, i64 realtime) {
    if (is_realtime((u32)policy))
        return realtime;
    return is_fair((u32)policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

i64 sys_sched_get_priority_max(const u64 *a) { return priority_limit((i32)a[0], REALTIME_PRIORITY_MAX); }
i64 sys_sched_get_priority_min(const u64 *a) { return priority_limit((i32)a[0], 1); }

i64 sys_sched_rr_get_interval(const u64 *a) {
    if ((i32)a[0] < 0)
        return -EINVAL;
    const struct task *task = find_or_self((i32)a[0]);
    if (!task)
        return -ESRCH;
    u32 kind = kind_of(task->policy);
    return put_timespec(a[1], kind == SCHED_RR ? SCHED_RR_SLICE_NS : kind == SCHED_FIFO ? 0 : TURN_NS);
}
