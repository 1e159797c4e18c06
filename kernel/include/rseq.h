/* Restartable sequences (proc/rseq.c). */
#pragma once
#include "task.h"

/* What the kernel knows of struct rseq, and how it lies in memory: the auxiliary vector says so. */
#define RSEQ_FEATURE_SIZE 28
#define RSEQ_ALIGN 32

/* Before a thread goes on that was interrupted: out of the sequence it is in. */
void rseq_resume(struct trapframe *frame);
/* A forked child has what its maker has; a new thread or program has none. */
void rseq_inherit(struct task *child);
void rseq_forget(struct task *task);
