/* seccomp(2): filters, how they come to threads, and what their verdicts do. */
#include "seccomp.h"
#include "bpf.h"
#include "errno.h"
#include "fs/open.h"
#include "lib.h"
#include "proc.h"
#include "seccomp_notify.h"
#include "ptrace.h"
#include "syscall.h"
#include "trace.h"
#include "uaccess.h"

#define CHAIN_MAX 32768 /* instructions of all filters of a thread, each with its overhead */
#define OVERHEAD 4
#define ERRNO_MAX 4095

/* Shared by all threads that have it; each filter holds on to the one before it. */
struct seccomp_filter {
    u32 refs;
    u32 count; /* filters up to here */
    u32 total; /* and their instructions */
    struct seccomp_filter *previous;
    struct listener *listener; /* whom SECCOMP_RET_USER_NOTIF asks, or NULL */
    struct bpf_program program;
};

static const u32 actions[] = {
    SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
    SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW,
};

static void filter_put(struct seccomp_filter *filter) {
    while (filter && !--filter->refs) {
        struct seccomp_filter *previous = filter->previous;
        listener_filter_gone(filter->listener);
        bpf_free(&filter->program);
        kfree(filter);
        filter = previous;
    }
}

static struct seccomp_filter *filter_get(struct seccomp_filter *filter) {
    if (filter)
        filter->refs++;
    return filter;
}

void seccomp_inherit(struct task *child) {
    child->call_work = current->call_work & ~CALL_TRACED;
    child->filters = filter_get(current->filters);
    child->no_new_privs = current->no_new_privs;
}

void seccomp_release(struct task *task) { filter_put(task->filters); }

u32 seccomp_mode(const struct task *task) {
    return task->call_work & CALL_STRICT ? SECCOMP_MODE_STRICT
           : task->call_work & CALL_FILTERED ? SECCOMP_MODE_FILTER : SECCOMP_MODE_DISABLED;
}

u32 seccomp_count(const struct task *task) { return task->filters ? task->filters->count : 0; }

static struct seccomp_data data_of(const struct trapframe *frame) {
    return (struct seccomp_data){
        .nr = (i32)frame->error, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = frame->rip,
        .args = { frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9 },
    };
}

/* Every filter is asked, the newest first; the strictest action counts, and of equals the newest: `by`. */
static u32 verdict(const struct seccomp_data *data, const struct seccomp_filter **by) {
    u32 strictest = SECCOMP_RET_ALLOW;
    for (const struct seccomp_filter *filter = current->filters; filter; filter = filter->previous) {
        u32 said = bpf_run(&filter->program, data);
        if ((i32)(said & SECCOMP_RET_ACTION) < (i32)(strictest & SECCOMP_RET_ACTION)) {
            strictest = said;
            *by = filter;
        }
    }
    return strictest;
}

static bool strict_allows(u64 nr) {
    return nr == SYS_read || nr == SYS_write || nr == SYS_exit || nr == SYS_rt_sigreturn;
}

static void trap_call(const struct trapframe *frame, u32 reason) {
    signal_force(&(struct siginfo){
        .signo = SIGSYS, .error = (i32)reason, .code = SYS_SECCOMP, .call_address = frame->rip,
        .call = (i32)frame->error, .call_arch = AUDIT_ARCH_X86_64,
    });
}

static void tell_death(i32 sig, const struct trapframe *frame) {
    trace_event(NV_TRACE_SIGNAL, (u16)sig, 0, frame->rip, SIG_DFL);
}

static bool judge(struct trapframe *frame, bool again);

/* A tracer may change the call, which the filters then judge again, or say by its number that there is none. */
static bool tracer_allows(struct trapframe *frame, u32 data) {
    if (!ptrace_wants(PTRACE_EVENT_SECCOMP)) {
        frame->rax = (u64)-ENOSYS;
        return false;
    }
    ptrace_event(PTRACE_EVENT_SECCOMP, data);
    return !current->kill_pending && (i32)frame_call(frame) >= 0 && judge(frame, true);
}

static bool judge(struct trapframe *frame, bool again) {
    const struct seccomp_filter *by = NULL;
    struct seccomp_data call = data_of(frame);
    u32 said = verdict(&call, &by), data = said & SECCOMP_RET_DATA;
    switch (said & SECCOMP_RET_ACTION) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG: /* there is no log that a program could read */
        return true;
    case SECCOMP_RET_TRACE:
        return again || tracer_allows(frame, data);
    case SECCOMP_RET_USER_NOTIF:
        return listener_allows(by->listener, frame, &call);
    case SECCOMP_RET_ERRNO:
        frame->rax = (u64)-(i64)MIN(data, ERRNO_MAX);
        return false;
    case SECCOMP_RET_TRAP: /* the handler sees the registers as they were at the call */
        trap_call(frame, data);
        frame->rax = frame->error;
        return false;
    case SECCOMP_RET_KILL_THREAD:
        tell_death(SIGSYS, frame);
        exit_thread(SIGSYS);
    default:
        tell_death(SIGSYS, frame);
        exit_group(SIGSYS);
    }
}

bool seccomp_allows(struct trapframe *frame) {
    if (!(current->call_work & CALL_STRICT))
        return judge(frame, false);
    if (strict_allows((u32)frame->error))
        return true;
    tell_death(SIGKILL, frame);
    exit_thread(SIGKILL);
}

/* Is `filter` one of those that `task` has, or none? */
static bool has_filter(const struct task *task, const struct seccomp_filter *filter) {
    const struct seccomp_filter *own = task->filters;
    while (own && own != filter)
        own = own->previous;
    return own == filter;
}

/* A thread that could not take over the caller's filters without losing its own, or NULL. */
static const struct task *who_has_others(void) {
    const struct task *task;
    list_for_each(task, &current->process->threads, thread_link)
        if (task != current && !task->kill_pending &&
            (task->call_work & CALL_STRICT || !has_filter(current, task->filters)))
            return task;
    return NULL;
}

static void give_to_all_threads(void) {
    struct task *task;
    list_for_each(task, &current->process->threads, thread_link) {
        if (task == current)
            continue;
        struct seccomp_filter *before = task->filters;
        task->filters = filter_get(current->filters);
        task->call_work |= CALL_FILTERED;
        task->no_new_privs |= current->no_new_privs;
        filter_put(before);
    }
}

static bool has_listener(void) {
    const struct seccomp_filter *filter = current->filters;
    while (filter && !listener_is_open(filter->listener))
        filter = filter->previous;
    return filter;
}

static i64 attach(struct seccomp_filter *filter, u32 flags) {
    struct seccomp_filter *previous = current->filters;
    filter->count = seccomp_count(current) + 1;
    filter->total = filter->program.length + (previous ? previous->total + OVERHEAD : 0);
    if (filter->total > CHAIN_MAX)
        return -ENOMEM;
    if (filter->listener && has_listener())
        return -EBUSY;
    if (flags & SECCOMP_FILTER_FLAG_TSYNC) {
        const struct task *other = who_has_others();
        if (other)
            return flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -ESRCH : other->tid;
    }
    filter->previous = previous;
    current->filters = filter;
    current->call_work |= CALL_FILTERED;
    if (flags & SECCOMP_FILTER_FLAG_TSYNC)
        give_to_all_threads();
    return 0;
}

/* With a listener the descriptor of it; the filter is freed where that or attaching it fails. */
static i64 install(struct seccomp_filter *filter, u32 flags) {
    i64 fd = 0;
    if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) {
        filter->listener = listener_new();
        fd = filter->listener ? listener_open(filter->listener, flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
                              : -ENOMEM;
    }
    i64 err = fd < 0 ? fd : current->call_work & CALL_STRICT ? -EINVAL : attach(filter, flags);
    if (!err)
        return fd;
    if (fd > 0)
        fd_close(current->files, (i32)fd);
    filter_put(filter);
    return err;
}

static bool flags_fit(u64 flags) {
    bool listens = flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
    if (flags & ~(u64)(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
                       SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
                       SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV))
        return false;
    if (listens && (flags & SECCOMP_FILTER_FLAG_TSYNC) && !(flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH))
        return false; /* one result cannot be a descriptor and the number of a thread */
    return listens || !(flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}

static i64 set_filter(u64 flags, u64 at) {
    struct sock_fprog program;
    if (!flags_fit(flags))
        return -EINVAL;
    if (get_user(program, at))
        return -EFAULT;
    if (!program.length || program.length > BPF_MAXINSNS)
        return -EINVAL;
    if (!current->no_new_privs && !capable(CAP_SYS_ADMIN))
        return -EACCES;
    struct seccomp_filter *filter = kzalloc(sizeof(*filter));
    if (!filter)
        return -ENOMEM;
    i64 err = bpf_load(&filter->program, program.filter, program.length);
    if (err) {
        kfree(filter);
        return err;
    }
    filter->refs = 1;
    return install(filter, (u32)flags);
}

static i64 set_strict(u64 flags, u64 arguments) {
    if (flags || arguments || current->filters)
        return -EINVAL;
    current->call_work |= CALL_STRICT;
    return 0;
}

static i64 action_available(u64 flags, u64 at) {
    u32 action;
    if (flags)
        return -EINVAL;
    if (get_user(action, at))
        return -EFAULT;
    for (u32 i = 0; i < ARRAY_LEN(actions); i++)
        if (actions[i] == action)
            return 0;
    return -EOPNOTSUPP;
}

i64 seccomp_set_mode(u64 mode, u64 filter) {
    if (mode == SECCOMP_MODE_STRICT) /* whatever else is said is not looked at */
        return set_strict(0, 0);
    return mode == SECCOMP_MODE_FILTER ? set_filter(0, filter) : -EINVAL;
}

i64 sys_seccomp(const u64 *a) {
    u32 flags = (u32)a[1];
    switch ((u32)a[0]) {
    case SECCOMP_SET_MODE_STRICT:
        return set_strict(flags, a[2]);
    case SECCOMP_SET_MODE_FILTER:
        return set_filter(flags, a[2]);
    case SECCOMP_GET_ACTION_AVAIL:
        return action_available(flags, a[2]);
    case SECCOMP_GET_NOTIF_SIZES:
        return flags ? -EINVAL : listener_sizes(a[2]);
    default:
        return -EINVAL;
    }
}
