/* Secure computing: what a thread has given up of its system calls (seccomp(2); proc/seccomp.c). */
#pragma once
#include "task.h"

/* Bits of task.call_work: who looks at each of the thread's calls before it is made. */
#define CALL_STRICT 1u   /* read, write, exit, rt_sigreturn, and no other */
#define CALL_FILTERED 2u /* the filters decide */
#define CALL_TRACED 4u   /* a tracer stops it (ptrace.h) */

struct seccomp_filter;

/* May the current thread make the call in its frame? False: it has been dealt with, and its rax is the result. */
bool seccomp_allows(struct trapframe *frame);
/* SECCOMP_MODE_*, and how many filters there are. */
u32 seccomp_mode(const struct task *task);
u32 seccomp_count(const struct task *task);
/* prctl(PR_SET_SECCOMP) */
i64 seccomp_set_mode(u64 mode, u64 filter);
/* A new thread has what its maker has; a thread that has ended holds on to nothing. */
void seccomp_inherit(struct task *child);
void seccomp_release(struct task *task);
