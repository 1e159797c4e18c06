/* Fair shares for the threads without a real-time priority (proc/fair.c). Each has a virtual time: the CPU time
   it has had, which goes by the faster the less important it is. Whoever is furthest behind runs next. */
#pragma once
#include "task.h"

#define TURN_NS 4000000UL   /* how long a thread may run while others wait: as a Linux that ticks 250 times a second */
#define CREDIT_NS 3000000UL /* who wakes up is at most this far behind: more sleep gives no more */

extern struct tree fair_queue; /* by virtual time */
extern struct fair_turn {
    u64 begun;   /* ns of CPU time: the running thread had had so much then */
    u64 reached; /* its virtual time then, or that of another before it if that was greater */
    u64 left;    /* ns from now until it may have to give way to one that waits */
    u32 chance;  /* how long turns are: threads that wait by the clock would else fall in step with them */
} fair_turn;

/* The first that may run, or NULL; those a debugger holds may not. */
static inline struct task *fair_first(void) {
    struct tree_node *node = tree_first(&fair_queue);
    while (unlikely(node != NULL && tree_entry(node, struct task, virtual_time)->held))
        node = tree_next(node);
    return node ? tree_entry(node, struct task, virtual_time) : NULL;
}

/* It has slept, or is new. */
static inline void fair_wakes(struct task *task) {
    u64 reached = fair_turn.reached;
    task->virtual_time.key = MAX(task->virtual_time.key, reached - MIN(reached, CREDIT_NS));
}

/* It goes on the CPU. */
static inline void fair_begins_turn(const struct task *next) {
    fair_turn.reached = MAX(fair_turn.reached, next->virtual_time.key);
    fair_turn.begun = cpu_sum(next->cpu);
    fair_turn.chance = fair_turn.chance * 1664525 + 1013904223;
    fair_turn.left = TURN_NS / 2 + ((u64)fair_turn.chance * TURN_NS >> 32);
}

/* `current`, which is not in the queue, pays for what its meter has counted (cpu_settle). */
void fair_charge(void);
/* The timers have had the CPU for so long: the running thread does not pay for them. */
void fair_interrupted(u64 ns);
void fair_inherit(struct task *child); /* a new thread of `current` has no claim that its maker has not */
void fair_yields(const struct task *next); /* `current` lets that one go first */
bool fair_preempts(const struct task *next); /* must `current` give way to it now? */
