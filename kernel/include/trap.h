/* Traps: what entry.S calls, and what a crash report needs. */
#pragma once
#include "task.h"

void trap(struct trapframe *frame);
/* 1: return by sysret. */
int trap_syscall(struct trapframe *frame);
/* What every path back to user mode does: reschedule, deliver signals. */
void return_to_user(struct trapframe *frame);
extern bool need_resched;
