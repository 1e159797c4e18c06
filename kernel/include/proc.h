/* Calls between the parts of kernel/proc and the rest: start-up, time, scheduling, program start. */
#pragma once
#include "task.h"

void proc_init(void);            /* process.c: tables, clock, timers */

/* timer.c */
void timer_interrupt(void);      /* VECTOR_TIMER: run what is due, arm what is next */
u64 timer_next(void);            /* deadline of the earliest timer, or NEVER */
void tick_needed(bool yes);      /* more than one task is runnable: ask for a scheduling tick */

/* events.c */
void events_poll(void);          /* take what the host has put into the event ring */

/* sched.c */
void sched_add(struct task *task);       /* make a new or woken task runnable */
noreturn void schedule_dead(void);       /* current is TASK_DEAD: never runs again */
void schedule(void);                     /* current sleeps, has stopped, or yields */

/* signal.c: must return_to_user call signal_deliver? */
bool signal_work(const struct task *task);

/* process.c */
struct process *process_new(struct process *parent); /* NULL: too many or no memory */
struct task *task_new(struct process *process);      /* linked into it; NULL likewise */
void process_free(struct process *process);             /* one that never ran */

/* exit.c: execve in a threaded process ends the other threads and waits for them; 0 or -EINTR.
   vfork_release lets the parent of a vfork go on (exec or exit of the child). */
i64 end_other_threads(void);
void vfork_release(struct process *process);

/* oom.c: a frame was needed and there is none: the largest process dies. */
void out_of_memory(void);
