/* A debugger on the host: what the kernel does for it. Nothing, unless the host has said in the control
   page which events it waits for. */
#pragma once
#include "hypercall.h"
#include "task.h"

static inline bool debug_wants(u16 kind) { return control->debug_events >> kind & 1; }
/* Tell the host of an event and let it work on the stopped guest; true when it says that the program
   is to know nothing of it. */
bool debug_stop(u16 kind, u64 a0, u64 a1, u64 a2);
/* A breakpoint or a step of a program; true when it was the debugger's. */
bool debug_trap(struct trapframe *frame);
/* The signal to act on in place of `sig`, 0 for none. */
i32 debug_chosen(i32 sig);
