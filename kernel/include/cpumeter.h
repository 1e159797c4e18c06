/* The meter of the running thread. At every way into the kernel and out of it the counter is read, and
   the ticks since the last reading go to one side or the other. They become nanoseconds of the thread
   when it leaves the CPU or somebody asks (cputime.c): calls are many, questions few. */
#pragma once
#include "proc.h"

enum cpu_entry { BY_CALL, BY_TRAP };

extern struct cpu_meter {
    u64 last;         /* the counter at the last reading */
    u64 user, system; /* ticks */
    u64 ways[2];      /* out of the kernel, and into it by either entry, which the kernel does not see */
    u32 sequence;     /* of the clock page whose counter this is; of none under BOOT_HOST_TIME */
} cpu_meter;

/* The counter is not that of the last reading: the ns since then go to `to`; 0. */
u64 cpu_meter_read_other(u64 *to);
u64 cpu_way_shorter(enum cpu_entry by, u64 ticks); /* the shortest way so far */

/* Ticks since the last reading. */
static inline u64 cpu_meter_read(u64 *to) {
    if (unlikely(clock_page()->sequence != cpu_meter.sequence))
        return cpu_meter_read_other(to);
    u64 now = rdtsc(), since = now - cpu_meter.last;
    cpu_meter.last = now;
    return likely((i64)since >= 0) ? since : 0; /* not every host's counter is steady */
}

/* Since the last reading a program ran. The way here is left for the kernel's next reading. */
static inline void cpu_from_user(enum cpu_entry by) {
    u64 since = cpu_meter_read(&current->cpu.user), way = cpu_meter.ways[by];
    if (unlikely(since < way))
        way = cpu_way_shorter(by, since);
    cpu_meter.last -= way;
    cpu_meter.user += since - way;
}

/* Since the last reading the kernel worked for `current`. */
static inline void cpu_charge(void) { cpu_meter.system += cpu_meter_read(&current->cpu.system); }

void cpu_restart(void); /* since the last reading nobody ran (idle) */
void cpu_settle(void); /* the meter's ticks become time of `current` */
