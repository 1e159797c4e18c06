/* /proc/<pid>: settings that are numbers in files, and figures of a thread. */
#include "errno.h"
#include "fs/io.h"
#include "fs/proc.h"
#include "lib.h"
#include "proc.h"
#include "ptrace.h"

#define NUMBER_MAX 24

/* One number, decimal or after 0x, with nothing but space behind it; how many bytes that were. */
i64 proc_take_number(struct io *io, i64 *out) {
    char text[NUMBER_MAX + 1] = {0}, *at = text;
    u64 size = io->left, part = MIN(size, NUMBER_MAX), value = 0, base = 10;
    if (io_take(io, text, part) < (i64)part)
        return -EFAULT;
    bool negative = *at == '-';
    at += negative;
    if (at[0] == '0' && at[1] == 'x') {
        base = 16;
        at += 2;
    }
    const char *first = at;
    for (;; at++) {
        u64 digit = *at >= '0' && *at <= '9' ? (u64)(*at - '0') : base == 16 && *at >= 'a' && *at <= 'f' ? (u64)(*at - 'a' + 10) : base;
        if (digit >= base)
            break;
        value = MIN(value * base + digit, 1UL << 62);
    }
    if (at == first || (*at && *at != '\n' && *at != ' '))
        return -EINVAL;
    *out = negative ? -(i64)value : (i64)value;
    return (i64)size;
}

static struct task *thread_of(struct process *p, i32 number) {
    struct task *task = task_find(number ? number : p->pid);
    return task && task->process == p ? task : NULL;
}

void proc_core_filter(struct text *text, struct process *p) { text_add(text, "%08x\n", p->core_filter); }

/* What a core file would hold; none is written. */
i64 proc_set_core_filter(struct process *p, i32 number, struct io *io) {
    i64 value, size = proc_take_number(io, &value);
    if (size >= 0)
        p->core_filter = (u16)value & CORE_FILTER_KNOWN;
    return size;
}

void proc_slack(struct text *text, struct process *p, i32 number) {
    const struct task *task = thread_of(p, number);
    if (task)
        text_add(text, "%lu\n", task->timer_slack);
}

i64 proc_set_slack(struct process *p, i32 number, struct io *io) {
    struct task *task = thread_of(p, number);
    i64 value, size = proc_take_number(io, &value);
    if (size < 0 || !task)
        return size < 0 ? size : -ESRCH;
    if (task != current && !capable(CAP_SYS_NICE))
        return -EPERM;
    task->timer_slack = value > 0 ? (u64)value : task->default_slack;
    return size;
}

void proc_personality(struct text *text, struct process *p) { text_add(text, "%08x\n", p->personality); }
void proc_wchan(struct text *text, struct process *p) { text_add(text, "0"); } /* the kernel's places are its own */

void proc_schedstat(struct text *text, struct process *p, i32 number) {
    const struct task *task = thread_of(p, number);
    if (task)
        text_add(text, "%lu 0 %lu\n", cpu_sum(task_cpu(task)), task->counts.waits + task->counts.preemptions + 1);
}

/* The call in which a thread waits: number, arguments, stack and place. */
void proc_syscall(struct text *text, struct process *p, i32 number) {
    const struct task *task = thread_of(p, number);
    if (!task || !may_inspect(p, false))
        return;
    const struct trapframe *f = task->frame;
    if (task->state == TASK_RUNNABLE || !f)
        text_add(text, "running\n");
    else if (frame_call(f) < 0)
        text_add(text, "-1 0x%lx 0x%lx\n", f->rsp, f->rip);
    else
        text_add(text, "%ld 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n", frame_call(f), f->rdi, f->rsi, f->rdx, f->r10,
                 f->r8, f->r9, f->rsp, f->rip);
}

/* The children a thread has made; those of threads that are gone are the first one's. */
void proc_children(struct text *text, struct process *p, i32 number) {
    const struct process *child;
    list_for_each(child, &p->children, sibling) {
        const struct task *maker = thread_of(p, child->maker);
        if ((maker ? maker->tid : p->pid) == number)
            text_add(text, "%d ", child->pid);
    }
}
