/* prctl and arch_prctl: settings of the process and of the thread's segment bases. */
#include "errno.h"
#include "lib.h"
#include "linux/prctl.h"
#include "privilege.h"
#include "proc.h"
#include "seccomp.h"
#include "syscall.h"
#include "uaccess.h"

#define TSC_ENABLE 1
#define PERSONALITY_QUERY 0xffffffffu

static i64 set_name(u64 addr) {
    char name[COMM_LEN] = { 0 };
    i64 length = copy_string_from_user(name, addr, COMM_LEN - 1);
    if (length == -EFAULT)
        return -EFAULT;
    name[COMM_LEN - 1] = 0;
    memcpy(current->comm, name, COMM_LEN);
    return 0;
}

i64 sys_prctl(const u64 *a) {
    struct process *process = current->process;
    i32 number;
    switch ((i32)a[0]) {
    case PR_SET_NAME:
        return set_name(a[1]);
    case PR_GET_NAME:
        return copy_to_user(a[1], current->comm, COMM_LEN);
    case PR_SET_PDEATHSIG:
        if (a[1] > NSIG)
            return -EINVAL;
        process->parent_death_signal = (i32)a[1];
        return 0;
    case PR_GET_PDEATHSIG:
        return put_user(process->parent_death_signal, a[1]);
    case PR_SET_DUMPABLE:
        if (a[1] > 1)
            return -EINVAL;
        process->not_dumpable = !a[1];
        return 0;
    case PR_GET_DUMPABLE:
        return !process->not_dumpable;
    case PR_SET_NO_NEW_PRIVS:
        if (a[1] != 1 || a[2] || a[3] || a[4])
            return -EINVAL;
        current->no_new_privs = true;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return a[1] || a[2] || a[3] || a[4] ? -EINVAL : current->no_new_privs;
    case PR_SET_CHILD_SUBREAPER:
        process->subreaper = a[1] != 0;
        return 0;
    case PR_GET_CHILD_SUBREAPER:
        number = process->subreaper;
        return put_user(number, a[1]);
    case PR_CAPBSET_READ:
    case PR_CAPBSET_DROP:
    case PR_GET_KEEPCAPS:
    case PR_SET_KEEPCAPS:
    case PR_GET_SECUREBITS:
    case PR_SET_SECUREBITS:
    case PR_CAP_AMBIENT:
        return prctl_capabilities(a);
    case PR_GET_TSC:
        number = TSC_ENABLE;
        return put_user(number, a[1]);
    case PR_GET_TID_ADDRESS:
        return put_user(current->clear_tid, a[1]);
    case PR_GET_TIMERSLACK:
        return (i64)current->timer_slack;
    case PR_SET_TIMERSLACK: /* kept for those who ask: timers are exact here */
        current->timer_slack = (i64)a[1] > 0 ? a[1] : current->default_slack;
        return 0;
    case PR_GET_SECCOMP:
        return seccomp_mode(current);
    case PR_SET_SECCOMP:
        return seccomp_set_mode(a[1], a[2]);
    case PR_GET_TIMING:
    case PR_GET_THP_DISABLE:
        return 0;
    case PR_SET_TIMING:
        return a[1] ? -EINVAL : 0;
    default:
        return -EINVAL;
    }
}

static i64 set_base(struct task *task, u64 *base, u64 value) {
    if (value >= NV_USER_END)
        return -EPERM;
    *base = value;
    if (task == current)
        user_bases_load(task->fs_base, task->gs_base);
    return 0;
}

i64 arch_prctl_task(struct task *task, i32 option, u64 value) {
    switch (option) {
    case ARCH_SET_FS:
        return set_base(task, &task->fs_base, value);
    case ARCH_SET_GS:
        return set_base(task, &task->gs_base, value);
    case ARCH_GET_FS:
        return put_user(task->fs_base, value);
    case ARCH_GET_GS:
        return put_user(task->gs_base, value);
    case ARCH_GET_CPUID: /* the instruction is allowed, and nothing could forbid it */
        return 1;
    case ARCH_SET_CPUID:
        return -ENODEV;
    default:
        return -EINVAL;
    }
}

i64 sys_arch_prctl(const u64 *a) { return arch_prctl_task(current, (i32)a[0], a[1]); }

/* Kept for those who ask; only the flag for fixed addresses would mean anything, and addresses are
   fixed anyway. */
i64 sys_personality(const u64 *a) {
    u32 old = current->process->personality;
    if ((u32)a[0] != PERSONALITY_QUERY)
        current->process->personality = (u32)a[0];
    return old;
}
