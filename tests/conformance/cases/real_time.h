/* What the cases about real time share: policies, and one processor. */
#pragma once
#include "case.h"

static inline long set_policy(pid_t who, int policy, int priority)
{
    return syscall(SYS_sched_setscheduler, who, policy, &(struct sched_param){.sched_priority = priority});
}

/* Only root gets real-time priority; natively the case says nothing without. */
#define ROOT_ONLY if (geteuid()) return

/* This thread, and what it starts, on one of its processors: the first. */
static inline void one_processor(void)
{
    unsigned long set[128] = {0};
    MUST(syscall(SYS_sched_getaffinity, 0, sizeof set, set));
    int at = 0;
    while (!set[at])
        at++;
    unsigned long first = set[at] & -set[at];
    memset(set, 0, sizeof set);
    set[at] = first;
    MUST(syscall(SYS_sched_setaffinity, 0, sizeof set, set));
}
