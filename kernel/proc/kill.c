/* Sending signals from programs: kill, tkill, tgkill, sigqueue. */
#include "errno.h"
#include "linux/sigframe.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

static bool may_signal(const struct process *target, i32 sig) {
    const struct cred *self = current->cred, *other = target->cred;
    if (target == current->process || self->euid == other->ruid || self->euid == other->suid ||
        self->ruid == other->ruid || self->ruid == other->suid || capable(CAP_KILL))
        return true;
    return sig == SIGCONT && current->process->sid == target->sid;
}

i64 signal_from_program(struct process *process, i32 sig, const struct siginfo *info) {
    if (sig < 0 || sig > NSIG)
        return -EINVAL;
    if (!may_signal(process, sig))
        return -EPERM;
    return sig ? signal_process(process, sig, info) : 0;
}

/* To each that passes the test of kill(2)'s negative pids: pgid 0 means everybody but init and self. */
static i64 send_to_many(i32 pgid, i32 sig, const struct siginfo *info) {
    struct process *process;
    i64 result = -ESRCH;
    bool any = false;
    list_for_each(process, &all_processes, all) {
        if (pgid ? process->pgid != pgid : process == init_process || process == current->process)
            continue;
        result = signal_from_program(process, sig, info);
        any |= !result;
    }
    return any ? 0 : result;
}

i64 signal_group_from_program(i32 pgid, i32 sig, const struct siginfo *info) {
    return sig < 0 || sig > NSIG ? -EINVAL : send_to_many(pgid, sig, info);
}

i64 sys_kill(const u64 *a) {
    i32 pid = (i32)a[0], sig = (i32)a[1];
    if (sig < 0 || sig > NSIG)
        return -EINVAL;
    if (pid > 0) {
        struct process *process = process_find(pid);
        if (!process) { /* a thread's number names its process */
            struct task *task = task_find(pid);
            process = task ? task->process : NULL;
        }
        return process ? signal_from_program(process, sig, NULL) : -ESRCH;
    }
    if (pid == (i32)0x80000000)
        return -ESRCH;
    return send_to_many(pid == 0 ? current->process->pgid : pid == -1 ? 0 : -pid, sig, NULL);
}

i64 signal_thread_from_program(i32 tgid, i32 tid, i32 sig, const struct siginfo *info) {
    struct siginfo own = { .code = SI_TKILL, .pid = current->process->pid, .uid = current->cred->ruid };
    if (tid <= 0 || sig < 0 || sig > NSIG)
        return -EINVAL;
    struct task *task = task_find(tid);
    struct process *process = task ? task->process : process_find(tid); /* a leader that has ended is still there */
    if (!process || (tgid && process->pid != tgid))
        return -ESRCH;
    if (!may_signal(process, sig))
        return -EPERM;
    return sig && task ? signal_task(task, sig, info ? info : &own) : 0;
}

i64 sys_tkill(const u64 *a) { return signal_thread_from_program(0, (i32)a[0], (i32)a[1], NULL); }

i64 sys_tgkill(const u64 *a) {
    return (i32)a[0] > 0 ? signal_thread_from_program((i32)a[0], (i32)a[1], (i32)a[2], NULL) : -EINVAL;
}

i64 siginfo_from_user(struct siginfo *info, u64 addr, i32 pid) {
    *info = (struct siginfo){ 0 };
    if (copy_from_user(info, addr, SIGINFO_USED))
        return -EFAULT;
    return (info->code >= 0 || info->code == SI_TKILL) && pid != current->tid ? -EPERM : 0;
}

i64 sys_rt_sigqueueinfo(const u64 *a) {
    struct siginfo info;
    i32 sig = (i32)a[1];
    i64 err = siginfo_from_user(&info, a[2], (i32)a[0]);
    if (err)
        return err;
    struct process *process = process_find((i32)a[0]);
    if (sig < 0 || sig > NSIG)
        return -EINVAL;
    info.signo = sig;
    return process ? signal_from_program(process, sig, &info) : -ESRCH;
}

i64 sys_rt_tgsigqueueinfo(const u64 *a) {
    struct siginfo info;
    i64 err = siginfo_from_user(&info, a[3], (i32)a[1]);
    if (err)
        return err;
    info.signo = (i32)a[2];
    return (i32)a[0] > 0 ? signal_thread_from_program((i32)a[0], (i32)a[1], (i32)a[2], &info) : -EINVAL;
}
