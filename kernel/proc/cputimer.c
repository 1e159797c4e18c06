/* Events after so much CPU time: interval and POSIX timers, sleeps, RLIMIT_CPU, RLIMIT_RTTIME. An ordinary timer is
   armed for the rest while a thread of the process has the CPU, so nothing ticks for anybody else. */
#include "cputime.h"
#include "linux/resource.h"
#include "proc.h"

/* While a program mostly calls, user time goes on by less than hoped for at every attempt. */
#define GRAIN_NS 20000UL

static void expired(struct timer *timer);

static u64 limit_of(const struct process *process) {
    u64 limit = MIN(process->limits[RLIMIT_CPU].cur, process->limits[RLIMIT_CPU].max);
    return limit < NEVER / SECOND_NS ? MAX(limit, 1) * SECOND_NS : NEVER;
}

static u64 left_until(u64 expiry, u64 used) { return expiry > used ? expiry - used : 0; }

/* What a thread of real time may run without a pause, and has. */
static u64 realtime_limit(const struct process *process) {
    const struct rlimit *limit = &process->limits[RLIMIT_RTTIME];
    return limit->cur < NEVER / 1000 ? MIN(limit->cur, limit->max) * 1000 : NEVER;
}

static u64 realtime_used(const struct task *task) {
    return task->realtime_priority ? cpu_sum(task_cpu(task)) - task->realtime_from : 0;
}

void cpu_realtime_begins(struct task *task) {
    task->realtime_from = cpu_sum(task_cpu(task));
    if (task == current && task->process->cpu_watched)
        cpu_timers_changed(task->process);
}

void cpu_enter(const struct task *task) {
    struct process *process = task->process;
    if (likely(!process->cpu_watched))
        return;
    u64 limit = limit_of(process);
    u64 left = limit == NEVER ? NEVER : left_until(limit, cpu_sum(process_cpu(process)));
    u64 stretch = task->realtime_priority ? realtime_limit(process) : NEVER;
    if (stretch != NEVER)
        left = MIN(left, left_until(stretch, realtime_used(task)));
    const struct cpu_event *event;
    list_for_each(event, &process->cpu_events, link)
        if (!event->clock.task || event->clock.task == task)
            left = MIN(left, left_until(event->expiry, cpu_clock_ns(&event->clock)));
    if (left == NEVER)
        return;
    process->cpu_timer.fn = expired;
    timer_start(&process->cpu_timer, clock_monotonic() + MAX(left, GRAIN_NS));
}

void cpu_leave(struct process *process) { timer_cancel(&process->cpu_timer); }

void cpu_timers_changed(struct process *process) {
    process->cpu_watched = !list_empty(&process->cpu_events) || limit_of(process) != NEVER ||
                           realtime_limit(process) != NEVER;
    timer_cancel(&process->cpu_timer);
    if (current && process == current->process)
        cpu_enter(current);
}

void cpu_event_start(struct cpu_event *event) {
    list_append(&event->clock.process->cpu_events, &event->link);
    cpu_timers_changed(event->clock.process);
}

void cpu_event_cancel(struct cpu_event *event) {
    if (!cpu_event_armed(event))
        return;
    list_remove(&event->link);
    cpu_timers_changed(event->clock.process);
}

u64 cpu_event_again(struct cpu_event *event, u64 period) {
    u64 used = cpu_clock_ns(&event->clock), missed = left_until(used, event->expiry) / period;
    if (period < TIMER_GAP_NS) {
        missed = TIMER_GAP_NS / period;
        event->expiry = used + TIMER_GAP_NS;
    } else {
        event->expiry += (missed + 1) * period;
    }
    cpu_event_start(event);
    return missed;
}

u64 cpu_event_left(const struct cpu_event *event) {
    return cpu_event_armed(event) ? MAX(left_until(event->expiry, cpu_clock_ns(&event->clock)), 1) : 0;
}

void cpu_events_end(struct process *process, const struct task *task) {
    struct cpu_event *event, *next;
    list_for_each_safe(event, next, &process->cpu_events, link)
        if (!task || event->clock.task == task)
            list_remove(&event->link);
}

static void send(struct process *process, i32 sig) {
    signal_process(process, sig, &(struct siginfo){ .signo = sig, .code = SI_KERNEL });
}

/* SIGXCPU at the soft limit and every second from there, SIGKILL at the hard one. */
static void check_limit(struct process *process) {
    struct rlimit *limit = &process->limits[RLIMIT_CPU];
    u64 seconds = cpu_sum(process_cpu(process)) / SECOND_NS;
    if (seconds >= MAX(limit->max, 1)) {
        send(process, SIGKILL);
    } else if (seconds >= MAX(limit->cur, 1)) {
        limit->cur = seconds + 1;
        send(process, SIGXCPU);
    }
}

/* The same for the running thread at RLIMIT_RTTIME, which is in microseconds. */
static void check_realtime(const struct task *task) {
    struct rlimit *limit = &task->process->limits[RLIMIT_RTTIME];
    u64 used = realtime_used(task) / 1000;
    if (!task->realtime_priority || limit->cur == RLIM_INFINITY)
        return;
    if (used >= limit->max) {
        send(task->process, SIGKILL);
    } else if (used >= limit->cur) {
        limit->cur += SECOND_NS / 1000;
        send(task->process, SIGXCPU);
    }
}

static void expired(struct timer *timer) {
    struct process *process = container_of(timer, struct process, cpu_timer);
    struct cpu_event *event, *next;
    list_for_each_safe(event, next, &process->cpu_events, link) {
        if (event->expiry > cpu_clock_ns(&event->clock))
            continue;
        list_remove(&event->link);
        event->fn(event);
    }
    check_limit(process);
    if (process == current->process)
        check_realtime(current);
    cpu_timers_changed(process);
}
