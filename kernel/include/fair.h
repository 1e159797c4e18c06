/* Fair shares for the threads without a real-time priority (proc/fair.c). Each has a virtual time: the CPU time
   it has had, which goes by the faster the less important it is. Whoever is furthest behind runs next. */
#pragma once
#include "task.h"

#define TURN_NS 4000000UL /* how long a thread may run while others wait: as a Linux that ticks 250 times a second */

extern struct tree fair_queue; /* by virtual time */

/* The first that may run, or NULL; those a debugger holds may not. */
static inline struct task *fair_first(void) {
    struct tree_node *node = tree_first(&fair_queue);
    while (unlikely(node != NULL && tree_entry(node, struct task, virtual_time)->held))
        node = tree_next(node);
    return node ? tree_entry(node, struct task, virtual_time) : NULL;
}

/* `current`, which is not in the queue, pays for what its meter has counted (cpu_settle). */
void fair_charge(void);
/* The timers have had the CPU for so long: the running thread does not pay for them. */
void fair_interrupted(u64 ns);
void fair_begin(struct task *child); /* a new thread of `current` has no claim that its maker has not */
void fair_wakes(struct task *task);  /* it has slept: that is no claim to much of the CPU */
void fair_turn(const struct task *next); /* it goes on the CPU */
void fair_yields(const struct task *next); /* `current` lets that one go first */
bool fair_preempts(const struct task *next); /* must `current` give way to it now? */
