/* The emulator's part in C: what the engine asks in the middle of the guest's instructions.

   The engine's CPU structure is worked on in place; nanvix/emu/cpu.py finds it and checks it. A hook
   must leave CC_OP right. What is left for the run loop stands in struct emu (layout.py). */
#pragma once
#include "layout.h"

#define PAGE_SIZE 4096ull
#define EXPORTED __attribute__((visibility("default")))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* The head of the engine's translated block (2.1.4, 64-bit hosts). */
struct block {
    u64 pc, cs_base;
    u32 flags;
    u16 size, instructions;
    u32 compiled, trace;
    const u8 *code; /* behind its `code_size` bytes the table of its instructions */
    u64 code_size;
};

/* An address at which a debugger is called, and the bounds of the engine's hook that does it. */
struct probe {
    u64 *bounds;
    u64 address;
};

static inline u32 *words(struct emu *e) { return (u32 *)e->q; }
static inline u32 *hflags(struct emu *e) { return words(e) + HFLAGS; }
static inline u64 cpl(struct emu *e) { return *hflags(e) & HF_CPL; }
static inline u64 segment_base(struct emu *e, unsigned segment) { return e->q[SEGMENT_QUADS + 3 * segment]; }
static inline u32 segment_limit(struct emu *e, unsigned segment) { return words(e)[SEGMENT_WORDS + 4 + 6 * segment]; }
static inline u16 segment_selector(struct emu *e, unsigned segment) {
    return (u16)words(e)[SEGMENT_WORDS + 6 * segment];
}
void segment_set(struct emu *e, unsigned segment, u64 selector, u64 base, u32 limit, u32 attributes);

/* count.c */
EXPORTED void on_block(void *engine, u64 pc, u32 size, struct emu *e);
EXPORTED void on_code(void *engine, u64 pc, u32 size, struct emu *e);
/* The counter as if every instruction had been counted as it ran, that at RIP being the last. */
u64 count_at_rip(struct emu *e);
/* The same, and the rest of the block will not run. */
void count_settle(struct emu *e);
/* The engine has dropped its code: other blocks may come to lie where these were. */
EXPORTED void emu_forget(struct emu *e);
/* Virtual time: retired up to the instruction at RIP. */
static inline u64 now(struct emu *e) { return e->retired + count_at_rip(e) - e->unretired; }

/* flags.c */
u64 flags_between(struct emu *e);  /* RFLAGS at a boundary of instructions */
u64 flags_at_start(struct emu *e); /* RFLAGS at the start of the instruction a hook was called from */
void flags_set(struct emu *e, u64 flags);
/* At the end of a hook that has not set them. */
static inline void flags_keep(struct emu *e) {
    if (e->exact)
        words(e)[CC_OP] = CC_OP_EFLAGS;
}

/* memory.c: guest memory as ring 0 sees it */
struct place {
    u64 physical;
    bool write; /* by the rights of all levels */
};
static inline bool canonical(u64 address) { return address + (1ull << 47) < 1ull << 48; }
bool walk(const struct emu *e, u64 address, struct place *found);
/* False after emu_end: it is not in RAM. */
bool ram_check(struct emu *e, u64 physical, u64 size);
/* The bytes at a linear address; how many, fewer where the next page is none of RAM. */
unsigned code_at(const struct emu *e, u64 rip, unsigned size, u8 *code);
void copy(void *to, const void *from, u64 size);

/* delivery.c: false is shutdown, or after emu_end */
bool deliver(struct emu *e, unsigned vector, u64 error, unsigned kind, u64 rip, u64 flags);

/* events.c */
/* Before the kernel is entered. */
void tell_observer(struct emu *e, unsigned kind, u64 vector, u64 rip);
void event(struct emu *e, unsigned vector, u64 error, unsigned kind, u64 rip, u64 flags);
/* A pending interrupt at a boundary, the highest vector first. */
void interrupt(struct emu *e, u64 rip, u64 flags);
bool interruptible(const struct emu *e, u64 flags);
static inline bool any_pending(const struct emu *e) {
    return e->pending[0] | e->pending[1] | e->pending[2] | e->pending[3];
}
EXPORTED void on_exception(void *engine, u32 vector, struct emu *e);
EXPORTED u32 on_invalid(void *engine, struct emu *e);

/* slice.c */
/* The slice ends; the first reason stays. The engine stops in front of the next instruction that it
   asks about: in a block that was counted as a whole, behind the block. */
void emu_end(struct emu *e, u64 reason, u64 detail, u64 a, u64 b);
void emu_stop(struct emu *e);

/* instructions.c */
EXPORTED void on_syscall(void *engine, struct emu *e);
EXPORTED u32 on_sysenter(void *engine, struct emu *e);
EXPORTED u32 on_cpuid(void *engine, struct emu *e);
EXPORTED u32 on_rdtsc(void *engine, struct emu *e);
EXPORTED u32 on_rdtscp(void *engine, struct emu *e);
EXPORTED u32 on_in(void *engine, u32 port, int size, struct emu *e);
EXPORTED void on_out(void *engine, u32 port, int size, u32 value, struct emu *e);
