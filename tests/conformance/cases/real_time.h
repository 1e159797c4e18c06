/* What the cases about real time share: policies, one processor, and who ran in which order. */
#pragma once
#include "case.h"

static inline long set_policy(pid_t who, int policy, int priority)
{
    return syscall(SYS_sched_setscheduler, who, policy, &(struct sched_param){.sched_priority = priority});
}

/* Only root gets real-time priority; natively the case says nothing without. */
#define ROOT_ONLY if (geteuid()) return
