/* Events after so much CPU time: ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU. An ordinary timer is armed
   for the rest while a thread of the process has the CPU, so nothing ticks for anybody else. */
#include "linux/resource.h"
#include "proc.h"

static void expired(struct timer *timer);

/* The earliest of what is set; 0 when nothing is. */
static u64 earliest(const struct process *process) {
    u64 next = NEVER;
    for (u32 i = 0; i < ARRAY_LEN(process->cpu_itimers); i++)
        if (process->cpu_itimers[i].expiry)
            next = MIN(next, process->cpu_itimers[i].expiry);
    u64 limit = MIN(process->limits[RLIMIT_CPU].cur, process->limits[RLIMIT_CPU].max);
    if (limit < NEVER / SECOND_NS)
        next = MIN(next, MAX(limit, 1) * SECOND_NS);
    return next == NEVER ? 0 : next;
}

void cpu_enter(struct process *process) {
    if (likely(!process->cpu_expiry))
        return;
    u64 used = process_cpu_ns(process);
    process->cpu_timer.fn = expired;
    timer_start(&process->cpu_timer,
                clock_monotonic() + (process->cpu_expiry > used ? process->cpu_expiry - used : 0));
}

void cpu_leave(struct process *process) { timer_cancel(&process->cpu_timer); }

void cpu_timers_changed(struct process *process) {
    process->cpu_expiry = earliest(process);
    timer_cancel(&process->cpu_timer);
    if (current && process == current->process)
        cpu_enter(process);
}

static void send(struct process *process, i32 sig) {
    signal_process(process, sig, &(struct siginfo){ .signo = sig, .code = SI_KERNEL });
}

/* SIGXCPU at the soft limit and every second from there, SIGKILL at the hard one. */
static void check_limit(struct process *process, u64 used) {
    struct rlimit *limit = &process->limits[RLIMIT_CPU];
    u64 seconds = used / SECOND_NS;
    if (seconds >= MAX(limit->max, 1)) {
        send(process, SIGKILL);
    } else if (seconds >= MAX(limit->cur, 1)) {
        limit->cur = seconds + 1;
        send(process, SIGXCPU);
    }
}

static void expired(struct timer *timer) {
    static const i32 signals[] = { SIGVTALRM, SIGPROF };
    struct process *process = container_of(timer, struct process, cpu_timer);
    u64 used = process_cpu_ns(process);
    for (u32 i = 0; i < ARRAY_LEN(signals); i++) {
        struct cpu_itimer *t = &process->cpu_itimers[i];
        if (t->expiry && t->expiry <= used) {
            t->expiry = t->interval ? used + MAX(t->interval, TIMER_GAP_NS) : 0;
            send(process, signals[i]);
        }
    }
    check_limit(process, used);
    cpu_timers_changed(process);
}
