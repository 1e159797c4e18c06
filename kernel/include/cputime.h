/* CPU time: what was used, the clocks that show it, and events that wait for one of them. */
#pragma once
#include "list.h"

struct process;
struct task;

struct cpu_time {
    u64 user, system; /* ns */
};

/* cputime.c; what the running thread has used is on its meter first (cpumeter.h). */
struct cpu_time task_cpu(const struct task *task);
struct cpu_time process_cpu(const struct process *process); /* all its threads, ended ones too */
struct cpu_time all_cpu(void);                              /* of every thread there ever was */
void cpu_thread_ended(const struct task *task);             /* adds it to what its process keeps */
static inline u64 cpu_sum(struct cpu_time time) { return time.user + time.system; }
static inline void cpu_add(struct cpu_time *to, struct cpu_time more) {
    to->user += more.user;
    to->system += more.system;
}

enum cpu_kind { CPU_PROFILE, CPU_VIRTUAL, CPU_SCHED }; /* virtual: user time alone */

struct cpu_clock {
    struct process *process;
    struct task *task; /* NULL: all threads of the process */
    enum cpu_kind kind;
};

/* The clock of such an id, CLOCK_PROCESS_CPUTIME_ID or CLOCK_THREAD_CPUTIME_ID or one of those that
   clock_getcpuclockid(3) makes; -EINVAL. Valid as long as the kernel does not sleep. */
i64 cpu_clock_find(struct cpu_clock *clock, i32 id);
/* An id that means the same clock whoever asks. */
i32 cpu_clock_id(const struct cpu_clock *clock);
u64 cpu_clock_ns(const struct cpu_clock *clock);

/* cputimer.c: what happens when a clock has got that far. */
struct cpu_event {
    struct list link; /* of process.cpu_events; empty when not armed */
    struct cpu_clock clock;
    u64 expiry;
    void (*fn)(struct cpu_event *event); /* no longer armed then */
};
static inline bool cpu_event_armed(const struct cpu_event *event) { return !list_empty(&event->link); }
void cpu_event_start(struct cpu_event *event); /* by its clock and expiry */
void cpu_event_cancel(struct cpu_event *event);
/* One that has just fired starts again by its period; how many periods were missed. */
u64 cpu_event_again(struct cpu_event *event, u64 period);
u64 cpu_event_left(const struct cpu_event *event); /* ns; 0 when it is not armed, and only then */
/* The clocks of a thread, or with NULL of the process, go on no more: nothing waits for them. */
void cpu_events_end(struct process *process, const struct task *task);
/* The scheduler says who gets the CPU, and who leaves it. */
void cpu_enter(const struct task *task);
void cpu_leave(struct process *process);
/* A thread becomes one of real time, or wakes up as one: RLIMIT_RTTIME counts from here. */
void cpu_realtime_begins(struct task *task);
void cpu_timers_changed(struct process *process); /* an event or a limit was set */
