/* prctl and arch_prctl: settings of the process and of the thread's segment bases. */
#include "errno.h"
#include "lib.h"
#include "linux/prctl.h"
#include "mm.h"
#include "privilege.h"
#include "proc.h"
#include "seccomp.h"
#include "syscall.h"
#include "uaccess.h"

#define TSC_ENABLE 1
#define SPECULATION_KINDS 2 /* the last that Linux knows */
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

/* PR_MCE_KILL: whether to hear of failing memory early, late or by default. None fails here. */
#define FAILURE_DEFAULT 2
#define FAILURE_SET 1

static i64 set_memory_failure(const u64 *a) {
    bool set = a[1] == FAILURE_SET;
    if (a[3] | a[4] || a[1] > FAILURE_SET || a[2] > (set ? FAILURE_DEFAULT : 0))
        return -EINVAL;
    current->process->memory_failure = set ? (u8)(FAILURE_DEFAULT - a[2]) : 0;
    return 0;
}

/* PR_SET_MDWE: memory that is writable, or has not been executable, shall not become executable. */
static i64 refuse_exec_gain(const u64 *a) {
    u8 *refused = &current->process->exec_gain_refused;
    if (a[2] | a[3] | a[4] || a[1] & ~(u64)(MDWE_REFUSE | MDWE_NO_INHERIT) || a[1] == MDWE_NO_INHERIT)
        return -EINVAL;
    if (*refused && *refused != a[1])
        return -EPERM;
    *refused = (u8)a[1];
    return 0;
}

static i64 get_auxv(u64 to, u64 size) {
    const struct mm *mm = current->mm;
    u64 whole = mm->auxv_len * sizeof(u64);
    i64 err = copy_to_user(to, mm->auxv, MIN(size, whole));
    return err ? err : (i64)whole;
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
    case PR_SET_TSC: /* no program can be forbidden to read the counter */
        return a[1] == TSC_ENABLE ? 0 : -EINVAL;
    case PR_MCE_KILL:
        return set_memory_failure(a);
    case PR_MCE_KILL_GET:
        return a[1] | a[2] | a[3] | a[4] ? -EINVAL : FAILURE_DEFAULT - process->memory_failure;
    case PR_SET_THP_DISABLE:
        process->no_huge_pages = a[1] != 0;
        return a[2] | a[3] | a[4] ? -EINVAL : 0;
    case PR_GET_THP_DISABLE:
        return a[1] | a[2] | a[3] | a[4] ? -EINVAL : process->no_huge_pages;
    case PR_SET_MDWE:
        return refuse_exec_gain(a);
    case PR_GET_MDWE:
        return a[1] | a[2] | a[3] | a[4] ? -EINVAL : process->exec_gain_refused;
    case PR_GET_SPECULATION_CTRL: /* not affected */
        return a[2] | a[3] | a[4] ? -EINVAL : a[1] > SPECULATION_KINDS ? -ENODEV : 0;
    case PR_SET_SPECULATION_CTRL:
        return a[3] | a[4] ? -EINVAL : a[1] > SPECULATION_KINDS ? -ENODEV : -ENXIO;
    case PR_GET_AUXV:
        return a[3] | a[4] ? -EINVAL : get_auxv(a[1], a[2]);
    case PR_GET_TIMING:
    case PR_TASK_PERF_EVENTS_DISABLE: /* there are none */
    case PR_TASK_PERF_EVENTS_ENABLE:
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
