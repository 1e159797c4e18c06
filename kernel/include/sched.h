/* Tasks waiting for things. The kernel is not preemptible and there is one CPU: checking a
   condition and then sleeping on its queue cannot lose a wake-up. */
#pragma once
#include "list.h"

struct task;

struct wait_queue {
    struct list waiters;
};

struct waiter {
    struct list link;
    struct task *task;
};

#define NEVER (~0UL)

static inline void wait_queue_init(struct wait_queue *q) { list_init(&q->waiters); }
/* Sleep until woken (0), a deadline in monotonic ns (-ETIMEDOUT) or a signal (-EINTR). */
i64 sleep_until(u64 deadline);
/* The same as one of a queue's waiters. */
i64 wait_on(struct wait_queue *q, u64 deadline);
/* Sleep that only SIGKILL ends (-EINTR). */
i64 wait_on_killable(struct wait_queue *q);
void wake_all(struct wait_queue *q);
void wake_task(struct task *task);
/* Give the CPU to another runnable task that is not less important, if there is one. */
void yield(void);
/* The same where the other's time has come (need_resched). */
void preempt(void);

/* A timed call that is run again must not wait its full time again: begin with deadline =
   restart_deadline(fresh), and leave by restart_at(deadline) to be called once more as it was, or by
   restart_later to go on in restart_syscall(2), which hands its arguments to `call`. */
u64 restart_deadline(u64 fresh);
i64 restart_at(u64 deadline); /* remembers it; -ERESTARTNOHAND */
i64 restart_later(u64 deadline, i64 (*call)(const u64 *a)); /* -ERESTART_RESTARTBLOCK */

/* Time (kernel/proc/clock.c): ns since boot, and ns since the epoch. */
u64 clock_monotonic(void);
u64 clock_realtime(void);
struct timespec;
/* A user timespec as ns, saturated; -EFAULT or -EINVAL (negative or nsec >= 1e9). */
i64 get_timespec(u64 *ns, u64 addr);
i64 put_timespec(u64 addr, u64 ns);
struct timespec timespec_of(u64 ns);
bool clock_is_real(i32 id);   /* a clock that tells the date */
bool clock_is_steady(i32 id); /* one that only goes on */
/* When a timer of such a clock is due, in monotonic ns; a time that has passed is due at once. */
u64 clock_deadline(i32 id, u64 ns, bool absolute);
/* now + ns without overflow. */
u64 deadline_after(u64 ns);

/* boot/entry.S. Both leave a stack that context_switch can go on with. */
void context_switch(u64 *save_sp, u64 load_sp);
void idle_ring(void);

/* A one-shot timer; fn runs in the kernel at or after the deadline, outside any task's context. */
#include "tree.h"
struct timer {
    struct tree_node node; /* keyed by deadline */
    void (*fn)(struct timer *timer);
    bool armed;
};
void timer_start(struct timer *timer, u64 deadline);
/* The same for one that has just fired and has a period; how many whole periods were missed. A period
   shorter than the way to a handler and back would leave a program no time to run. */
#define TIMER_GAP_NS 200000UL
u64 timer_again(struct timer *timer, u64 period);
void timer_cancel(struct timer *timer);
u64 timer_left(const struct timer *timer); /* ns; 0 when it is not armed, and only then */

/* Host events (kernel/proc/events.c): what a WATCH reports back to. Register, then pass `cookie`
   with the request. `ready` runs outside any task's context and must only wake. */
struct event_source {
    void (*ready)(struct event_source *source, u32 events);
    u64 cookie;
};
bool event_source_register(struct event_source *source); /* false: too many */
/* An event that is still under way finds nobody. */
void event_source_unregister(struct event_source *source);
