/* Priority inheritance (proc/inherit.c): who holds a lock is as important as whoever waits for it. */
#pragma once
#include "task.h"

/* The priority of a task itself, by policy; it runs with no less than its heirs have. */
void set_own_priority(struct task *task, u8 priority);
#define PRIORITY_OF_DYING 100 /* beyond what programs can have */

/* A task waits for a lock of this owner; or no longer, having got it or given up. */
void inherit_begin(struct futex_waiter *waiter, struct task *owner);
void inherit_end(struct futex_waiter *waiter);
/* It waits on, now for another owner; the priorities are adjusted once all waiters of a lock have moved. */
void inherit_move(struct futex_waiter *waiter, struct task *owner);
void inherit_adjust(struct task *task);
/* Would a task that waits for the owner wait for itself in the end, or for too many others? */
bool inherit_deadlocks(const struct task *task, const struct task *owner);
