/* What only ring 0 may do, and how the kernel does without it.

   On most hosts the kernel simply runs in ring 0. Where ring 0 is interpreted (QUIRK_SLOW_RING0: some
   2,000 cycles per instruction, while ring 3 is native) it *sinks*: a trap still arrives in ring 0, but
   the work is done in ring 3, at the same addresses and on the same stacks, under page tables of
   its own that give it the kernel's memory. Three things then need ring 0 for a moment and are asked
   of a few lines in boot/sink.S: a doorbell, and the return to the program, which also loads its
   address space and segment bases. User page tables never map kernel memory for ring 3. */
#pragma once
#include "hypercall.h"

/* Are we in ring 3? */
extern volatile u8 sunk;
/* Does this host call for it? */
static inline bool privilege_must_sink(void) {
    return (boot.quirks & NV_QUIRK_SLOW_RING0) && (boot.quirks & NV_QUIRK_SYSCALL_FAULTS);
}
/* At boot: go on in ring 3. Later every trap of a program arrives there. */
void privilege_sink(void);
/* CR2 of the page fault being handled. */
u64 fault_address(void);
/* Ring the doorbell with this request page number, from either ring. */
void doorbell(u64 page);

/* The address space programs see, from the next return to them on. */
extern paddr user_root;
void user_space_load(paddr root);
/* The kernel's own address space: no program in it. */
extern paddr kernel_root;
/* A page of the loaded address space has lost rights. */
void user_space_flush(u64 address);
void user_space_flush_all(void);
void user_bases_load(u64 fs, u64 gs);
/* Before a task goes on that another one's trap may have led to. */
void kernel_stack_segment_load(void);
/* Where traps from programs land. */
void user_stack_load(u64 top);
void privilege_init(void);
/* A saved machine goes on on this CPU, from ring 0, `idle` or in a program: settle in the ring it calls for. */
void privilege_adapt(bool idle);
/* Interrupts that came while sunk, for return_to_user to act on; set by boot/sink.S. */
extern volatile union deferred {
    struct {
        u8 timer, event;
    };
    u16 any;
} deferred;
