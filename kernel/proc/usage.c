/* What processes have used: getrusage, times. */
#include "errno.h"
#include "lib.h"
#include "linux/resource.h"
#include "mm.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define KIB_PER_PAGE 4
#define NS_PER_TICK (SECOND_NS / USER_HZ)

struct tms {
    i64 utime, stime, cutime, cstime;
};

static struct timeval to_timeval(u64 ns) {
    return (struct timeval){ (i64)(ns / SECOND_NS), (i64)(ns % SECOND_NS / 1000) };
}

static u64 peak_resident(const struct process *process) {
    u64 now = process->leader && process->leader->mm ? process->leader->mm->resident : 0;
    return MAX(now, process->peak_resident);
}

void usage_add(struct usage_counts *to, const struct usage_counts *more) {
    to->minor_faults += more->minor_faults;
    to->major_faults += more->major_faults;
    to->waits += more->waits;
    to->preemptions += more->preemptions;
}

struct usage_counts usage_of(const struct process *process) {
    struct usage_counts sum = process->counts;
    const struct task *task;
    list_for_each(task, &process->threads, thread_link)
        usage_add(&sum, &task->counts);
    return sum;
}

static void fill(struct rusage *out, struct cpu_time cpu, u64 pages, const struct usage_counts *counts) {
    memset(out, 0, sizeof(*out));
    out->utime = to_timeval(cpu.user);
    out->stime = to_timeval(cpu.system);
    out->maxrss = (i64)(pages * KIB_PER_PAGE);
    out->minflt = (i64)counts->minor_faults;
    out->majflt = (i64)counts->major_faults;
    out->nvcsw = (i64)counts->waits;
    out->nivcsw = (i64)counts->preemptions;
}

void rusage_of(struct rusage *out, const struct process *p, bool with_children) {
    struct cpu_time cpu = process_cpu(p);
    u64 pages = peak_resident(p);
    struct usage_counts counts = usage_of(p);
    if (with_children) {
        cpu_add(&cpu, p->child_cpu);
        pages = MAX(pages, p->child_peak_resident);
        usage_add(&counts, &p->child_counts);
    }
    fill(out, cpu, pages, &counts);
}

i64 sys_getrusage(const u64 *a) {
    struct process *p = current->process;
    struct rusage usage;
    switch ((i32)a[0]) {
    case RUSAGE_SELF:
        rusage_of(&usage, p, false);
        break;
    case RUSAGE_CHILDREN:
        fill(&usage, p->child_cpu, p->child_peak_resident, &p->child_counts);
        break;
    case RUSAGE_THREAD:
        fill(&usage, task_cpu(current), peak_resident(p), &current->counts);
        break;
    default:
        return -EINVAL;
    }
    return put_user(usage, a[1]);
}

i64 sys_times(const u64 *a) {
    struct process *p = current->process;
    struct cpu_time cpu = process_cpu(p);
    struct tms out = {
        (i64)(cpu.user / NS_PER_TICK),
        (i64)(cpu.system / NS_PER_TICK),
        (i64)(p->child_cpu.user / NS_PER_TICK),
        (i64)(p->child_cpu.system / NS_PER_TICK),
    };
    if (a[0] && put_user(out, a[0]))
        return -EFAULT;
    return (i64)(clock_monotonic() / NS_PER_TICK);
}
