/* Who runs next: real-time threads by priority, then all others in turns. What concerns real-time threads is
   in proc/run_queue.c; where there are none, the queue costs next to nothing. */
#pragma once
#include "task.h"

extern struct list run_queue;
extern u64 others_until; /* until then it is the turn of those without a priority; 0: it is not */

void run_queue_add_realtime(struct task *task, bool first);
struct task *run_queue_next_other(void);
bool run_queue_preempts_realtime(const struct task *running, const struct task *next);
void run_queue_switch_realtime(struct task *last, const struct task *next);
void run_queue_leave_realtime(void);

/* A runnable task that is not running; `first`: before those of its own priority. */
static inline void run_queue_add(struct task *task, bool first) {
    if (likely(!(task->realtime_priority | current->realtime_priority)))
        list_append(&run_queue, &task->run_link);
    else
        run_queue_add_realtime(task, first);
}

/* The task that has the best claim, or NULL; it stays in the queue. Those a debugger holds have none. */
static inline struct task *run_queue_next(void) {
    struct task *task = unlikely(others_until) ? run_queue_next_other() : NULL;
    if (unlikely(task != NULL))
        return task;
    list_for_each(task, &run_queue, run_link)
        if (likely(!task->held))
            return task;
    return NULL;
}

/* Must the running task give way to the next now? */
static inline bool run_queue_preempts(const struct task *running, const struct task *next) {
    return likely(!(running->realtime_priority | next->realtime_priority)) ||
           run_queue_preempts_realtime(running, next);
}

/* `last` leaves the CPU, to wait or to give way: is it the turn of those without a priority? */
static inline void run_queue_leave(const struct task *last) {
    if (unlikely(last->realtime_priority))
        run_queue_leave_realtime();
}

/* `next` goes on the CPU after `last`. */
static inline void run_queue_switch(struct task *last, const struct task *next) {
    if (unlikely(last->realtime_priority | next->realtime_priority))
        run_queue_switch_realtime(last, next);
}

/* Change the priority by which a task runs, wherever it is; 0: real time no longer. */
void run_queue_prioritise(struct task *task, u8 priority);
