/* Calls between the parts of kernel/proc and the rest: start-up, time, scheduling, program start. */
#pragma once
#include "cpu.h"
#include "errno.h"
#include "hypercall.h"
#include "task.h"

/* timer.c */
void timer_interrupt(void);      /* VECTOR_TIMER: run what is due, arm what is next */
u64 timer_next(void);            /* deadline of the earliest timer, or NEVER */
void tick_needed(bool yes);      /* more than one task is runnable: ask for a scheduling tick */
void turn_begins(void);          /* a task goes on the CPU */
extern bool timers_stale;        /* the host's timer may be late: call timers_arm before ring 3 */
void timers_arm(void);

/* clock.c */
/* Only the host writes it, and only while the guest does not run: no seqlock needed in ring 0. */
static inline const struct nv_clock *clock_page(void) {
    return (const struct nv_clock *)(NV_DIRECT_BASE + NV_CLOCK_PHYS);
}
/* Under BOOT_HOST_TIME the counter stands still until clock_refresh. */
static inline u64 clock_ticks(void) { return unlikely(boot.flags & NV_BOOT_HOST_TIME) ? host_time : rdtsc(); }
void clock_refresh(void);
u64 clock_span(const struct nv_clock *clock, u64 ticks); /* as ns */

/* events.c */
void events_poll(void);          /* take what the host has put into the event ring */

/* sched.c */
void sched_add(struct task *task);       /* make a new or woken task runnable */
noreturn void schedule_dead(void);       /* current is TASK_DEAD: never runs again */
void schedule(void);                     /* current sleeps, has stopped, or yields */

/* Is this the frame of a call that returns? */
static inline bool in_call(const struct trapframe *frame) {
    return frame->vector == VECTOR_SYSCALL || frame->vector == VECTOR_CALL_CHANGED;
}

/* Did a system call end with one of the codes programs must not see? */
static inline bool wants_restart(const struct trapframe *frame) {
    return frame->rax + ERESTART_RESTARTBLOCK <= ERESTART_RESTARTBLOCK - ERESTARTSYS && in_call(frame);
}

/* Must return_to_user call signal_deliver? */
static inline bool signal_work(const struct task *task, const struct trapframe *frame) {
    return ((task->pending.bits | task->process->pending.bits) & ~task->blocked) || task->work ||
           (task->process->stopped && !task->trace) || wants_restart(frame);
}

/* policy.c: a new task whose maker wants its policy reset (SCHED_RESET_ON_FORK). */
void reset_policy(struct task *child);

/* process.c */
#define PID_MAX 32768
/* With this number, which must be free, or with 0 the next. NULL: too many or no memory. */
struct process *process_new(struct process *parent, i32 pid);
struct task *task_new(struct process *process, i32 tid); /* linked into it; NULL likewise */
bool pid_taken(i32 pid);
void task_count_dead(i32 change);                    /* threads kept for their tracers hold their slots */
void process_free(struct process *process);          /* one that never ran, or was waited for */
void task_unlink(struct task *task);                 /* off its process and the table */
void task_set_tid(struct task *task, i32 tid);

/* exit.c */
void process_kill(struct process *process, i32 status); /* every thread ends as soon as it can */
void robust_list_exit(void);             /* robust.c: unlock what the thread still holds */
void posix_timers_free(struct process *process); /* posix_timer.c */
void posix_timer_taken(i32 id, i32 overrun);     /* its signal has been delivered */

/* stop.c: job control. */
void process_stop(i32 sig);                  /* the current process, by this signal */
void process_continue(struct process *process);
void wait_while_stopped(void);
void hang_up_orphans(i32 pgid);              /* SIGHUP and SIGCONT if orphaned with stopped members */
bool group_is_orphaned(i32 pgid);
/* SIGCHLD to the parent and a wake-up for its wait4. */
void notify_parent(struct process *process, i32 code, i32 status);
/* A signal about a child, by this number, to a parent or tracer. */
void child_signal(struct process *to, i32 signal, i32 id, struct process *child, i32 code, i32 status);

/* prctl.c: arch_prctl(2) of a thread, for itself or for who traces it. */
i64 arch_prctl_task(struct task *task, i32 option, u64 value);

/* futex.c: wake `count` waiters at a user address of the current task. */
void futex_wake_address(u64 addr, u32 count);

/* exit.c: execve in a threaded process ends the other threads and waits for them; 0 or -EINTR.
   vfork_release lets the parent of a vfork go on (exec or exit of the child). */
i64 end_other_threads(void);
void vfork_release(struct process *process);
/* A process has ended: tell who is to wait for it, or, if nobody wants to know, be done with it. */
void process_announce_end(struct process *process);
bool process_reap_unwanted(struct process *process); /* true if it is no more */

/* oom.c: a frame was needed and there is none: the process with the most pages, as adjusted, dies. */
#define OOM_ADJUST_MIN (-1000) /* never */
#define OOM_ADJUST_MAX 1000    /* as if it had all memory */
#define OOM_NEVER (i64)(1UL << 63)
void out_of_memory(void);
i64 oom_badness(const struct process *process); /* pages, or OOM_NEVER */
