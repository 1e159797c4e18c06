/* Who runs next: real-time threads by priority (proc/run_queue.c), then all others by what they have had
   (fair.h). Where there are no real-time threads, their queue costs next to nothing. */
#pragma once
#include "fair.h"
#include "task.h"

extern struct list realtime_queue;
extern u64 others_until; /* until then it is the turn of those without a priority; 0: it is not */

void run_queue_add_realtime(struct task *task, bool first);
struct task *run_queue_next_realtime(void);
bool run_queue_preempts_realtime(const struct task *next);
void run_queue_switch_realtime(struct task *last, const struct task *next);
void run_queue_leave_realtime(void);

/* A runnable task that is not running; `first`: before those of its own priority. */
static inline void run_queue_add(struct task *task, bool first) {
    if (unlikely(task->realtime_priority | current->realtime_priority))
        run_queue_add_realtime(task, first);
    if (likely(!task->realtime_priority))
        tree_insert(&fair_queue, &task->virtual_time);
    task->queued = true;
}

static inline void run_queue_remove(struct task *task) {
    if (likely(!task->realtime_priority))
        tree_remove(&fair_queue, &task->virtual_time);
    else
        list_remove(&task->run_link);
    task->queued = false;
}

static inline bool run_queue_empty(void) { return !fair_queue.root && list_empty(&realtime_queue); }

/* The task that has the best claim, or NULL; it stays in the queue. Those a debugger holds have none. */
static inline struct task *run_queue_next(void) {
    struct task *task = unlikely(!list_empty(&realtime_queue)) ? run_queue_next_realtime() : NULL;
    return likely(!task) ? fair_first() : task;
}

/* Must the running task give way to the next now? */
static inline bool run_queue_preempts(const struct task *next) {
    return unlikely(current->realtime_priority | next->realtime_priority) ? run_queue_preempts_realtime(next)
                                                                          : fair_preempts(next);
}

/* `last` leaves the CPU, to wait or to give way: is it the turn of those without a priority? */
static inline void run_queue_leave(const struct task *last) {
    if (unlikely(last->realtime_priority))
        run_queue_leave_realtime();
}

/* `next` goes on the CPU after `last`. */
static inline void run_queue_switch(struct task *last, const struct task *next) {
    fair_begins_turn(next);
    if (unlikely(last->realtime_priority | next->realtime_priority))
        run_queue_switch_realtime(last, next);
}

/* Change the priority by which a task runs, wherever it is; 0: real time no longer. */
void run_queue_prioritise(struct task *task, u8 priority);
