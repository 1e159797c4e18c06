/* CPU time of threads: what the meter has counted (cpumeter.h), as nanoseconds.

   Between two readings on the way out of the kernel and back into it lie the ways themselves, which are
   the kernel's too but not seen by it. The shortest time from leaving to coming back that was ever seen
   is taken for them. */
#include "cpumeter.h"
#include "errno.h"
#include "linux/time.h"

#define NO_CLOCK 1 /* the sequence of no clock page */

struct cpu_meter cpu_meter = { .ways = { NEVER, NEVER }, .sequence = NO_CLOCK };
static struct nv_clock rate; /* by which the meter counts */
static struct cpu_time ended;

static bool by_host(void) { return boot.flags & NV_BOOT_HOST_TIME; }

u64 cpu_way_shorter(enum cpu_entry by, u64 ticks) {
    if (ticks)
        cpu_meter.ways[by] = ticks;
    return ticks;
}

void cpu_settle(void) {
    u64 user = cpu_meter.user, system = cpu_meter.system;
    current->cpu.user += clock_span(&rate, user);
    current->cpu.system += clock_span(&rate, system);
    cpu_meter.user = cpu_meter.system = 0;
}

static u64 last_ns(void) {
    u64 ticks = cpu_meter.last > rate.tsc_base ? cpu_meter.last - rate.tsc_base : 0;
    return rate.monotonic_base + clock_span(&rate, ticks);
}

/* A machine that was saved and loaded may have another counter; its monotonic time just goes on. */
static u64 change_counter(void) {
    u64 now = clock_monotonic(), last = last_ns();
    cpu_settle();
    rate = *clock_page();
    cpu_meter = (struct cpu_meter){ .last = rdtsc(), .ways = { NEVER, NEVER }, .sequence = rate.sequence };
    return now > last ? now - last : 0;
}

/* Under BOOT_HOST_TIME time is what the host last said. It only moves in the kernel, whoever has spent
   it, so all of it counts as the program's. */
u64 cpu_meter_read_other(u64 *to) {
    if (!by_host()) {
        *to += change_counter();
        return 0;
    }
    current->cpu.user += host_time - cpu_meter.last;
    cpu_meter.last = host_time;
    return 0;
}

void cpu_restart(void) {
    u64 nobodys = 0;
    if (by_host())
        cpu_meter.last = host_time;
    else
        cpu_meter_read(&nobodys);
}

struct cpu_time task_cpu(const struct task *task) {
    if (task == current) {
        cpu_charge();
        cpu_settle();
    }
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
