/* clone, clone3, fork, vfork: new threads and processes. */
#include "cpu.h"
#include "errno.h"
#include "fair.h"
#include "file.h"
#include "fs/open.h"
#include "fs/pidfd.h"
#include "fpu.h"
#include "kstack.h"
#include "lib.h"
#include "linux/clone.h"
#include "linux/sched.h"
#include "linux/sigframe.h"
#include "mm.h"
#include "proc.h"
#include "ptrace.h"
#include "rseq.h"
#include "seccomp.h"
#include "syscall.h"
#include "trace.h"
#include "trap.h"
#include "uaccess.h"

struct clone_args {
    u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
#define CLONE3_FLAGS 0x3ffffff80UL /* all there are, up to CLONE_INTO_CGROUP */
#define PID_NAMESPACES_MAX 32
#define CLONE_ARGS_FIRST 64 /* size of the structure's first version */

extern char task_start[];

/* What clone3 refuses and clone does not notice. */
static i64 check_new_flags(const struct clone_args *args) {
    u64 flags = args->flags;
    if ((flags & (CSIGNAL | CLONE_DETACHED | ~CLONE3_FLAGS)) || !args->stack != !args->stack_size)
        return -EINVAL;
    return (flags & (CLONE_THREAD | CLONE_PARENT)) && args->exit_signal ? -EINVAL : 0;
}

/* The number the caller wants for the child; 0 when he leaves it to us. There is one PID name space. */
static i64 wanted_tid(const struct clone_args *args) {
    i32 tid = 0;
    if (args->set_tid_size > PID_NAMESPACES_MAX || !args->set_tid != !args->set_tid_size)
        return -EINVAL;
    if (!args->set_tid)
        return 0;
    if (get_user(tid, args->set_tid))
        return -EFAULT;
    if (args->set_tid_size > 1 || tid < 1 || tid >= PID_MAX)
        return -EINVAL;
    if (!capable(CAP_CHECKPOINT_RESTORE) && !capable(CAP_SYS_ADMIN))
        return -EPERM;
    return pid_taken(tid) ? -EEXIST : tid;
}

static i64 check_flags(u64 flags) {
    if ((flags & CLONE_FS) && (flags & (CLONE_NEWNS | CLONE_NEWUSER)))
        return -EINVAL;
    if ((flags & CLONE_THREAD) && (flags & (CLONE_NEWUSER | CLONE_NEWPID)))
        return -EINVAL;
    if (flags & CLONE_NEW_NAMESPACES)
        return -EPERM; /* a guest process has no privilege over name spaces */
    if ((flags & CLONE_PIDFD) && (flags & CLONE_DETACHED))
        return -EINVAL;
    if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
        return -EINVAL;
    if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
        return -EINVAL;
    if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
        return -EINVAL;
    return 0;
}

/* Share or copy what the flags say. On failure the parts that exist are released by task_free. */
static i64 copy_resources(struct task *child, u64 flags) {
    if (flags & CLONE_VM) {
        mm_get(current->mm);
        child->mm = current->mm;
    } else {
        struct mm *mm = mm_fork(current->mm);
        if (IS_ERR(mm))
            return PTR_ERR(mm);
        child->mm = mm;
    }
    child->files = flags & CLONE_FILES ? fd_table_get(current->files) : fd_table_fork(current->files);
    if (IS_ERR(child->files)) {
        child->files = NULL;
        return -ENOMEM;
    }
    child->fs = flags & CLONE_FS ? fs_context_get(current->fs) : fs_context_fork(current->fs);
    if (IS_ERR(child->fs)) {
        child->fs = NULL;
        return -ENOMEM;
    }
    if (flags & CLONE_SIGHAND) {
        current->sighand->refs++;
        child->sighand = current->sighand;
    } else {
        child->sighand = sighand_dup(current->sighand);
        if (!child->sighand)
            return -ENOMEM;
        if (flags & CLONE_CLEAR_SIGHAND)
            sighand_reset(child->sighand);
    }
    return 0;
}

/* The child returns from the same call with 0, on its own kernel stack. */
static void copy_registers(struct task *child, const struct clone_args *args) {
    child->frame = (struct trapframe *)(child->kernel_stack + KSTACK_SIZE) - 1;
    *child->frame = *current->frame;
    child->frame->rax = 0;
    child->frame->vector = VECTOR_NONE;
    if (current->trace && current->trace->step_ours)
        child->frame->rflags &= ~FLAG_TF;
    if (args->stack)
        child->frame->rsp = args->stack + args->stack_size;
    fpu_save(child->fpu);
    child->fs_base = args->flags & CLONE_SETTLS ? args->tls : current->fs_base;
    child->gs_base = current->gs_base;
    u64 *sp = (u64 *)child->frame;
    *--sp = (u64)task_start;
    for (int i = 0; i < 6; i++) /* what context_switch pops */
        *--sp = 0;
    child->kernel_sp = (u64)sp;
}

/* A sister (CLONE_PARENT) tells the parent of her end as the caller would. */
static struct process *new_process(const struct clone_args *args, i32 pid) {
    bool sister = args->flags & CLONE_PARENT && current->process->parent;
    struct process *process = process_new(sister ? current->process->parent : current->process, pid);
    if (!process)
        return NULL;
    process->exit_signal = sister ? current->process->exit_signal : (i32)args->exit_signal;
    memcpy(process->exe, current->process->exe, sizeof(process->exe));
    return process;
}

/* vfork: the parent waits until the child has another address space or none; false if it is killed. */
static bool wait_for_vfork(i32 pid) {
    struct process *child;
    while ((child = process_find(pid)) && child->parent == current->process && !child->vfork_released)
        if (wait_on_killable(&child->vfork_done))
            return false;
    return true;
}

static void abandon(struct task *child, struct process *process) {
    if (child) {
        if (child->trace)
            ptrace_untie(child->trace);
        if (child->kernel_stack)
            kstack_free(child->kernel_stack);
        task_free(child);
    }
    if (process != current->process)
        process_free(process);
}

/* The event that a tracer hears of this child; 0: none. */
static u32 event_of(const struct clone_args *args) {
    u32 event = args->flags & CLONE_VFORK       ? PTRACE_EVENT_VFORK
                : args->exit_signal != SIGCHLD ? PTRACE_EVENT_CLONE
                                               : PTRACE_EVENT_FORK;
    return !(args->flags & CLONE_UNTRACED) && ptrace_wants(event) ? event : 0;
}

/* CLONE_PIDFD: a descriptor of the child; a new process does not get it itself. */
static i64 give_pidfd(struct task *child, u64 to) {
    bool thread = child->process == current->process;
    struct file *file = thread ? pidfd_thread_file(child, 0) : pidfd_file(child->process, 0);
    i64 fd = IS_ERR(file) ? PTR_ERR(file) : fd_install(file, 0, true);
    if (fd < 0)
        return fd;
    i32 number = (i32)fd;
    if (!put_user(number, to))
        return 0;
    fd_close(current->files, number);
    return -EFAULT;
}

static i64 clone(const struct clone_args *args, i32 tid) {
    u64 flags = args->flags;
    i64 err = check_flags(flags);
    if (err)
        return err;
    if (args->exit_signal > NSIG || ((flags & CLONE_SETTLS) && args->tls >= NV_USER_END))
        return args->exit_signal > NSIG ? -EINVAL : -EPERM;
    struct process *process = flags & CLONE_THREAD ? current->process : new_process(args, tid);
    if (!process)
        return -EAGAIN;
    struct task *child = task_new(process, tid);
    err = child && (child->kernel_stack = kstack_alloc()) ? copy_resources(child, flags) : -EAGAIN;
    u32 event = event_of(args);
    if (!err && current->trace && (event || (flags & CLONE_PTRACE)))
        err = ptrace_inherit(child);
    if (err) {
        abandon(child, process);
        return err;
    }
    if (flags & CLONE_PIDFD)
        err = give_pidfd(child, args->pidfd);
    if (err) {
        abandon(child, process);
        return err;
    }
    copy_registers(child, args);
    memcpy(child->comm, current->comm, COMM_LEN);
    child->timer_slack = child->default_slack = current->timer_slack;
    child->blocked = current->blocked;
    seccomp_inherit(child);
    child->memory_policy = current->memory_policy;
    child->io_priority = current->io_priority;
    child->policy = current->policy & ~SCHED_RESET_ON_FORK;
    child->own_priority = child->realtime_priority = current->own_priority;
    if (unlikely(child->policy != current->policy))
        reset_policy(child);
    if (!(flags & CLONE_VM))
        rseq_inherit(child);
    if (!(flags & CLONE_VM) || (flags & CLONE_VFORK)) {
        child->altstack_sp = current->altstack_sp;
        child->altstack_size = current->altstack_size;
        child->altstack_flags = current->altstack_flags;
    } else {
        child->altstack_flags = SS_DISABLE;
    }
    fair_inherit(child);
    tid = child->tid;
    if (flags & CLONE_CHILD_CLEARTID)
        child->clear_tid = args->child_tid;
    if (flags & CLONE_PARENT_SETTID)
        put_user(tid, args->parent_tid); /* a bad address is the caller's loss, as on Linux */
    if (flags & CLONE_CHILD_SETTID)
        mm_copy_out(child->mm, args->child_tid, &tid, sizeof(tid));
    trace_event(NV_TRACE_FORK, flags & CLONE_THREAD ? NV_FORK_THREAD : flags & CLONE_VFORK ? NV_FORK_WAITS : NV_FORK,
                (u64)tid, (u64)process->pid, flags);
    sched_add(child);
    i32 pid = process->pid;
    if (event)
        ptrace_event(event, (u64)tid);
    if ((flags & CLONE_VFORK) && wait_for_vfork(pid) && current->trace)
        ptrace_event(PTRACE_EVENT_VFORK_DONE, (u64)tid);
    return tid;
}

i64 sys_clone(const u64 *a) {
    if ((a[0] & CLONE_PIDFD) && (a[0] & CLONE_PARENT_SETTID)) /* both want the same argument */
        return -EINVAL;
    return clone(&(struct clone_args){
        .flags = a[0] & 0xffffffffUL & ~CSIGNAL,
        .exit_signal = a[0] & CSIGNAL,
        .stack = a[1],
        .parent_tid = a[2],
        .pidfd = a[2],
        .child_tid = a[3],
        .tls = a[4],
    }, 0);
}

i64 sys_clone3(const u64 *a) {
    struct clone_args args = { 0 };
    if (a[1] < CLONE_ARGS_FIRST)
        return -EINVAL;
    if (a[1] > PAGE_SIZE)
        return -E2BIG;
    if (copy_from_user(&args, a[0], MIN(a[1], sizeof(args))))
        return -EFAULT;
    for (u64 at = sizeof(args); at < a[1]; at++) {
        u8 unknown = 0;
        if (get_user(unknown, a[0] + at))
            return -EFAULT;
        if (unknown)
            return -E2BIG;
    }
    i64 err = check_new_flags(&args);
    i64 tid = err ? err : wanted_tid(&args);
    return tid < 0 ? tid : clone(&args, (i32)tid);
}

i64 sys_fork(const u64 *a) { return clone(&(struct clone_args){ .exit_signal = SIGCHLD }, 0); }

i64 sys_vfork(const u64 *a) {
    return clone(&(struct clone_args){ .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD }, 0);
}
