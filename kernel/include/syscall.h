/* The system-call table: one X-macro list per family, in kernel/include/calls/. */
#pragma once
#include "abi.h"

/* A system call gets its six arguments as an array and returns a value or a negative errno. */
typedef i64 (*syscall_fn)(const u64 *a);

#define X(name) i64 sys_##name(const u64 *a);
#include "calls/mm.def"
#include "calls/proc.def"
#include "calls/fs.def"
#include "calls/net.def"
#include "calls/ipc.def"
#undef X
