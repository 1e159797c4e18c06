/* A debugger on the host: what the kernel does for it. Nothing, unless the host has said in the control
   page which events it waits for; it does so only under BOOT_TRACE. */
#pragma once
#include "hypercall.h"
#include "task.h"
#include "types.h"

/* Tell the host of an event, if it waits for such, and let it work on the stopped guest; true when it
   says that the program is to know nothing of it. */
bool debug_told(u16 kind, u64 a0, u64 a1, u64 a2);
/* The same for what it has asked for. */
bool debug_stop(u16 kind, u64 a0, u64 a1, u64 a2);
/* Take the trap flag of a program that a debugger steps out of what a handler's frame will save; true if
   it was there. */
bool debug_hides_step(struct trapframe *frame);
/* The signal to act on in place of `sig`, 0 for none. */
i32 debug_chosen(i32 sig);
