/* ptrace(2): who may trace whom, and what a tracer asks of a thread that stands. */
#include "ptrace.h"
#include "errno.h"
#include "proc.h"
#include "syscall.h"

/* The thread that made this process, or one in its place. */
static struct task *parent_thread(const struct process *process) {
    struct task *maker = task_find(process->maker);
    if (!process->parent)
        return NULL;
    return maker && maker->process == process->parent ? maker : process->parent->leader;
}

static i64 trace_me(void) {
    struct task *parent = parent_thread(current->process);
    if (current->trace)
        return -EPERM;
    return parent ? ptrace_tie(current, parent, 0, false) : 0;
}

static i64 attach(struct task *task, u64 options, bool seize) {
    if (task->process == current->process || !may_inspect(task->process, false))
        return -EPERM;
    i64 err = ptrace_tie(task, current, (u32)options, seize);
    if (err)
        return err;
    if (!seize)
        signal_task(task, SIGSTOP, &(struct siginfo){ .signo = SIGSTOP, .code = SI_KERNEL });
    if (task->process->stopped) {
        task->trace->stop_due = true;
        ptrace_make_due(task->trace);
    }
    return 0;
}

static i64 seize(struct task *task, u64 addr, u64 options) {
    if (addr || (options & ~(u64)PTRACE_O_KNOWN))
        return -EIO;
    return attach(task, options, true);
}

static i64 set_options(struct tracee *t, u64 options) {
    if (options & ~(u64)PTRACE_O_KNOWN)
        return -EINVAL;
    t->options = (u32)options;
    return 0;
}

static i64 interrupt(struct tracee *t) {
    if (!t->seized)
        return -EIO;
    t->trap_due = true;
    ptrace_make_due(t);
    return 0;
}

static i64 listen(struct tracee *t) {
    if (!t->seized || t->code >> 8 != PTRACE_EVENT_STOP)
        return -EIO;
    t->listening = true;
    if (t->notice_due)
        ptrace_make_due(t);
    return 0;
}

static i64 go_on(struct tracee *t, u64 signal, enum tracee_mode mode) {
    if (signal > NSIG)
        return -EIO;
    ptrace_go_on(t, (i32)signal, mode);
    return 0;
}

static i64 detach(struct tracee *t, u64 signal) {
    i64 err = go_on(t, signal, TRACEE_RUNS);
    if (!err)
        ptrace_untie(t);
    return err;
}

static i64 steer(struct tracee *t, u64 request, u64 addr, u64 data) {
    i64 result = ptrace_registers(t->task, request, addr, data);
    if (result == -ENXIO)
        result = ptrace_look(t, request, addr, data);
    if (result != -ENXIO)
        return result;
    switch (request) {
    case PTRACE_CONT:
        return go_on(t, data, TRACEE_RUNS);
    case PTRACE_SYSCALL:
        return go_on(t, data, TRACEE_CALLS);
    case PTRACE_SINGLESTEP:
        return go_on(t, data, TRACEE_STEPS);
    case PTRACE_SYSEMU:
        return go_on(t, data, TRACEE_EMULATES);
    case PTRACE_SYSEMU_SINGLESTEP:
        return go_on(t, data, TRACEE_EMULATES_STEPS);
    case PTRACE_DETACH:
        return detach(t, data);
    case PTRACE_LISTEN:
        return listen(t);
    case PTRACE_SETOPTIONS:
    case PTRACE_OLDSETOPTIONS:
        return set_options(t, data);
    case PTRACE_ARCH_PRCTL:
        return arch_prctl_task(t->task, (i32)data, addr);
    default:
        return -EIO;
    }
}

i64 sys_ptrace(const u64 *a) {
    u64 request = a[0];
    if (request == PTRACE_TRACEME)
        return trace_me();
    struct task *task = task_find((i32)a[1]);
    if (!task)
        return (request == PTRACE_ATTACH || request == PTRACE_SEIZE) && process_find((i32)a[1]) ? -EPERM : -ESRCH;
    if (request == PTRACE_ATTACH)
        return attach(task, 0, false);
    if (request == PTRACE_SEIZE)
        return seize(task, a[2], a[3]);
    struct tracee *t = task->trace;
    if (!t || t->tracer != current)
        return -ESRCH;
    if (request == PTRACE_KILL) {
        process_kill(t->process, SIGKILL);
        return 0;
    }
    if (request == PTRACE_INTERRUPT)
        return interrupt(t);
    if (!t->standing || t->listening)
        return -ESRCH;
    return steer(t, request, a[2], a[3]);
}
