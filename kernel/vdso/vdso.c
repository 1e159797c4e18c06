/* The vDSO: clocks without entering the kernel. The clock page is mapped right below this image, and
   under BOOT_TAPE the tape page below that; what they cannot answer is asked of the kernel, so callers
   never notice.

   Everything here runs in user mode, in programs that know nothing of us: no data, no relocations. */
#include "abi.h"
#include "linux/time.h"
#include "tape.h"

#define EXPORT __attribute__((visibility("default")))

extern const char __ehdr_start[] __attribute__((visibility("hidden"))); /* from the linker */

static const volatile struct nv_clock *clock_page(void) {
    return (const volatile struct nv_clock *)(__ehdr_start - NV_PAGE_SIZE);
}

static volatile struct nv_tape *tape_page(void) {
    return (volatile struct nv_tape *)(__ehdr_start - 2 * NV_PAGE_SIZE);
}

static long system_call(long number, long first, long second) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "memory");
    return result;
}

/* ns since boot, or since the epoch; false when the counter must not be used. The host changes the
   page only while no guest code runs, but that may be between two of our instructions. */
static bool read_clock(bool realtime, u64 *ns) {
    const volatile struct nv_clock *clock = clock_page();
    u32 before;
    do {
        before = clock->sequence;
        if (clock->flags & NV_BOOT_NO_VDSO_TSC)
            return false;
        if (!(clock->flags & NV_BOOT_TAPE))
            *ns = clock_page_ns(clock);
        else if (!tape_read(clock, tape_page(), ns))
            return false;
        if (realtime)
            *ns += (u64)clock->realtime_offset;
    } while ((before & 1) || clock->sequence != before);
    return true;
}

static void split(u64 ns, struct timespec *out) {
    out->sec = (i64)(ns / SECOND_NS);
    out->nsec = (i64)(ns % SECOND_NS);
}

static bool clock_known(i32 id, bool *realtime) {
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *realtime = true;
        return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *realtime = false;
        return true;
    default:
        return false;
    }
}

EXPORT int __vdso_clock_gettime(i32 id, struct timespec *out) {
    bool realtime;
    u64 ns;
    if (!clock_known(id, &realtime) || !read_clock(realtime, &ns))
        return (int)system_call(SYS_clock_gettime, id, (long)out);
    split(ns, out);
    return 0;
}

EXPORT int __vdso_clock_getres(i32 id, struct timespec *out) {
    bool realtime;
    if (!clock_known(id, &realtime))
        return (int)system_call(SYS_clock_getres, id, (long)out);
    if (out)
        *out = (struct timespec){ 0, 1 };
    return 0;
}

EXPORT int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz) {
    struct timespec now;
    u64 ns;
    if (!read_clock(true, &ns))
        return (int)system_call(SYS_gettimeofday, (long)tv, (long)tz);
    split(ns, &now);
    if (tv)
        *tv = (struct timeval){ now.sec, now.nsec / 1000 };
    if (tz)
        *tz = (struct timezone){ 0, 0 };
    return 0;
}

EXPORT i64 __vdso_time(i64 *out) {
    u64 ns;
    if (!read_clock(true, &ns))
        return system_call(SYS_time, (long)out, 0);
    i64 seconds = (i64)(ns / SECOND_NS);
    if (out)
        *out = seconds;
    return seconds;
}

/* There is one CPU. */
EXPORT int __vdso_getcpu(u32 *cpu, u32 *node, void *unused) {
    (void)unused;
    if (cpu)
        *cpu = 0;
    if (node)
        *node = 0;
    return 0;
}

#define ALIAS(name) EXPORT __attribute__((weak, alias("__vdso_" #name)))
ALIAS(clock_gettime) int clock_gettime(i32 id, struct timespec *out);
ALIAS(clock_getres) int clock_getres(i32 id, struct timespec *out);
ALIAS(gettimeofday) int gettimeofday(struct timeval *tv, struct timezone *tz);
ALIAS(time) i64 time(i64 *out);
ALIAS(getcpu) int getcpu(u32 *cpu, u32 *node, void *unused);
