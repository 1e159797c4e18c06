/* The event ring: a flight recorder always, a complete stream when the host asks for one. */
#pragma once
#include "abi.h"

void trace_event(u16 type, u16 code, u64 a0, u64 a1, u64 a2);
void trace_syscall_enter(u16 nr, const u64 *args);
void trace_syscall_exit(u16 nr, i64 result);
/* The registers of a program that runs step by step. */
struct trapframe;
void trace_step(const struct trapframe *frame);
/* EXEC: up to 48 bytes of the path. */
void trace_exec(const char *path);
