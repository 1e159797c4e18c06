/* Memory watched for a debugger on the host (mm/watch.c). Costs nothing while nothing is. */
#pragma once
#include "hypercall.h"
#include "task.h"

/* In the kernel's own copy of the boot flags, which the way out looks at anyway: something is watched. */
#define BOOT_WATCHING (1UL << 63)
static inline bool watching(void) { return unlikely(boot.flags & BOOT_WATCHING); }

/* Watch the page of an address of a process, or no longer; false: there is no such process or no room. */
bool watch_page(i32 pid, u64 address, bool on);
/* The address space is no more. */
void watch_forget(struct mm *mm);

/* The kernel has made the page of an address writable, to write there itself. */
void watch_reached(struct mm *mm, u64 address);
/* A write there faults for our sake alone. */
bool watch_closed(const struct mm *mm, u64 address);
/* A program has, by a fault on it. */
void watch_faulted(struct trapframe *frame, u64 address);
/* A program was trapped behind an instruction: tell the host if that was one that wrote. True when
   the trap was only for that. */
bool watch_stepped(struct trapframe *frame);
/* Tell the host of what the kernel has written; true if there was something, and much may have changed. */
bool watch_told(void);
/* The current thread goes on in user mode, now. */
void watch_leave(struct trapframe *frame);
