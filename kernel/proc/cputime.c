/* CPU time of threads: the time-stamp counter is read at every way into the kernel and out of it.

   Between those two readings lie the ways themselves, which are the kernel's too but not seen by it.
   The shortest time from leaving to coming back that was ever seen is taken for them. */
#include "cputime.h"
#include "errno.h"
#include "linux/time.h"
#include "proc.h"

/* On the monotonic clock: a machine that was saved and loaded may have another counter. */
static u64 last_charge;
static u64 ways[] = { NEVER, NEVER }; /* likewise: out of the kernel, and into it by either entry */
static struct cpu_time ended;

static u64 since_last_charge(void) {
    u64 now = clock_monotonic(), since = now - last_charge;
    last_charge = now;
    return (i64)since > 0 ? since : 0; /* not every host's counter is steady */
}

void cpu_from_user(enum cpu_entry by) {
    u64 span = since_last_charge();
    if (unlikely(span < ways[by]) && span)
        ways[by] = span;
    u64 system = MIN(span, ways[by]);
    current->cpu.user += span - system;
    current->cpu.system += system;
}

/* Under BOOT_HOST_TIME the counter only moves in the kernel, whoever has spent the time. */
void cpu_charge(void) {
    u64 span = since_last_charge();
    *(unlikely(boot.flags & NV_BOOT_HOST_TIME) ? &current->cpu.user : &current->cpu.system) += span;
}

void cpu_restart(void) { last_charge = clock_monotonic(); }

struct cpu_time task_cpu(const struct task *task) {
    if (task == current)
        cpu_charge();
    return task->cpu;
}

struct cpu_time process_cpu(const struct process *process) {
    const struct task *task;
    struct cpu_time sum = process->cpu;
    list_for_each(task, &process->threads, thread_link)
        cpu_add(&sum, task_cpu(task));
    return sum;
}

struct cpu_time all_cpu(void) {
    const struct process *process;
    const struct task *task;
    struct cpu_time sum = ended;
    list_for_each(process, &all_processes, all)
        list_for_each(task, &process->threads, thread_link)
            cpu_add(&sum, task_cpu(task));
    return sum;
}

void cpu_thread_ended(const struct task *task) {
    struct cpu_time used = task_cpu(task);
    cpu_add(&task->process->cpu, used);
    cpu_add(&ended, used);
}

/* An id below 0 is ~number << 3 | 4 for a thread | kind (linux/posix-timers.h); number 0 is the caller. */
i64 cpu_clock_find(struct cpu_clock *clock, i32 id) {
    if (id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID)
        id = -8 | (id == CLOCK_THREAD_CPUTIME_ID ? 4 : 0) | CPU_SCHED;
    i32 number = ~(id >> 3);
    if (id >= 0 || (id & 3) > CPU_SCHED)
        return -EINVAL;
    *clock = (struct cpu_clock){ .kind = id & 3 };
    if (id & 4) {
        struct task *task = number ? task_find(number) : current;
        clock->task = task;
        clock->process = task && task->process == current->process ? task->process : NULL;
    } else {
        clock->process = number && number != current->tid ? process_find(number) : current->process;
    }
    return clock->process ? 0 : -EINVAL;
}

i32 cpu_clock_id(const struct cpu_clock *clock) {
    i32 number = clock->task ? clock->task->tid : clock->process->pid;
    return (i32)((u32)~number << 3 | (clock->task ? 4 : 0) | clock->kind);
}

u64 cpu_clock_ns(const struct cpu_clock *clock) {
    struct cpu_time used = clock->task ? task_cpu(clock->task) : process_cpu(clock->process);
    return clock->kind == CPU_VIRTUAL ? used.user : cpu_sum(used);
}
