/* Readings of the clock that can be repeated (TAPE in nanvix/abi/layout.py). The kernel and the vDSO
   take them the same way, and while a recording is replayed by the same instructions. */
#pragma once
#include "abi.h"

/* The loads on both sides of rdtsc must stay there, and rdtsc itself must not run early. */
static inline u64 ordered_rdtsc(void) {
    u32 low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
    return (u64)high << 32 | low;
}

static inline u64 clock_page_ns(const volatile struct nv_clock *clock) {
    u64 ticks = ordered_rdtsc() - clock->tsc_base;
    return clock->monotonic_base + (u64)((unsigned __int128)ticks * clock->mult >> clock->shift);
}

/* ns since boot; false when the host has to be asked first. There is one CPU, so the number of a reading
   is nobody else's, whatever interrupts this; until its slot is filled the host takes nothing behind it. */
static inline bool tape_read(const volatile struct nv_clock *clock, volatile struct nv_tape *tape, u64 *ns) {
    u32 number = 1;
    __asm__ volatile("xaddl %0, %1" : "+r"(number), "+m"(tape->head)::"memory", "cc");
    if (number - tape->tail >= NV_TAPE_SLOTS)
        return false;
    volatile u64 *slot = &tape->values[number % NV_TAPE_SLOTS];
    u64 now = clock_page_ns(clock), given = *slot;
    *ns = clock->flags & NV_CLOCK_GIVEN ? given : now;
    *slot = *ns;
    return *ns != 0;
}
