/* Priority inheritance: who holds a lock (FUTEX_LOCK_PI) runs with the priority of the most important that
   waits for it, so that nobody in between keeps both from running. Whoever waits and holds a lock himself
   passes on what he inherits. */
#include "inherit.h"
#include "futex.h"
#include "run_queue.h"

#define CHAIN_MAX 1024 /* as Linux's kernel.max_lock_depth */

static u8 priority_due(const struct task *task) {
    const struct futex_waiter *heir;
    u8 priority = task->own_priority;
    list_for_each(heir, &task->heirs, owned)
        priority = MAX(priority, heir->task->realtime_priority);
    return priority;
}

void inherit_adjust(struct task *task) {
    for (u32 i = 0; task && i < CHAIN_MAX; i++) {
        u8 priority = priority_due(task);
        if (likely(priority == task->realtime_priority))
            return;
        run_queue_prioritise(task, priority);
        struct futex_waiter *waiter = task->lock_wait;
        if (!waiter)
            return;
        futex_queue_again(waiter);
        task = waiter->owner;
    }
}

void set_own_priority(struct task *task, u8 priority) {
    task->own_priority = priority;
    inherit_adjust(task);
}

void inherit_move(struct futex_waiter *waiter, struct task *owner) {
    if (waiter->owner)
        list_remove(&waiter->owned);
    waiter->owner = owner;
    waiter->task->lock_wait = owner ? waiter : NULL;
    if (owner)
        list_append(&owner->heirs, &waiter->owned);
}

void inherit_begin(struct futex_waiter *waiter, struct task *owner) {
    inherit_move(waiter, owner);
    inherit_adjust(owner);
}

void inherit_end(struct futex_waiter *waiter) {
    struct task *owner = waiter->owner;
    inherit_move(waiter, NULL);
    inherit_adjust(owner);
}

bool inherit_deadlocks(const struct task *task, const struct task *owner) {
    for (u32 i = 0; i < CHAIN_MAX; i++) {
        if (owner == task)
            return true;
        if (!owner->lock_wait)
            return false;
        owner = owner->lock_wait->owner;
    }
    return true;
}
