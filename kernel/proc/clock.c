/* The clocks: the time-stamp counter through the clock page. */
#include "cputime.h"
#include "errno.h"
#include "frame.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/time.h"
#include "proc.h"
#include "syscall.h"
#include "tape.h"
#include "uaccess.h"

#define COARSE_RESOLUTION 1 /* ns: the coarse clocks are the fine ones */
#define DEADLINE_MAX (1UL << 61)

static bool on_tape(u64 *ns) { return tape_read(clock_page(), phys_to_virt(NV_TAPE_PHYS), ns); }

static void ask_host(void) {
    hc_begin(NV_OP_TIME);
    hc_ring();
}

static void read_tape(void) {
    u64 ns = 0;
    if (!on_tape(&ns)) {
        ask_host(); /* who takes what is on the tape */
        on_tape(&ns);
    }
    host_time = MAX(host_time, ns);
}

/* For what a program sees of the time, and for what depends on how much has passed just now. */
void clock_refresh(void) {
    if (likely(!(boot.flags & NV_BOOT_HOST_TIME)))
        return;
    if (boot.flags & NV_BOOT_TAPE)
        read_tape();
    else
        ask_host();
}

u64 clock_span(const struct nv_clock *clock, u64 ticks) {
    return (u64)((unsigned __int128)ticks * clock->mult >> clock->shift);
}

u64 clock_monotonic(void) {
    if (unlikely(boot.flags & NV_BOOT_HOST_TIME)) {
        if (boot.flags & NV_BOOT_TAPE)
            read_tape();
        return host_time;
    }
    const struct nv_clock *clock = clock_page();
    return clock->monotonic_base + clock_span(clock, clock_ticks() - clock->tsc_base);
}

u64 clock_realtime(void) { return clock_monotonic() + (u64)clock_page()->realtime_offset; }

u64 deadline_after(u64 ns) {
    clock_refresh();
    return clock_monotonic() + MIN(ns, DEADLINE_MAX);
}

i64 get_timespec(u64 *ns, u64 addr) {
    struct timespec ts;
    if (get_user(ts, addr))
        return -EFAULT;
    if (ts.sec < 0 || (u64)ts.nsec >= SECOND_NS)
        return -EINVAL;
    *ns = (u64)ts.sec >= DEADLINE_MAX / SECOND_NS ? DEADLINE_MAX : (u64)ts.sec * SECOND_NS + (u64)ts.nsec;
    return 0;
}

i64 put_timespec(u64 addr, u64 ns) {
    struct timespec ts = { (i64)(ns / SECOND_NS), (i64)(ns % SECOND_NS) };
    return put_user(ts, addr);
}

struct timespec timespec_of(u64 ns) {
    return (struct timespec){ (i64)(ns / SECOND_NS), (i64)(ns % SECOND_NS) };
}

bool clock_is_real(i32 id) { return id == CLOCK_REALTIME || id == CLOCK_REALTIME_ALARM || id == CLOCK_TAI; }

bool clock_is_steady(i32 id) {
    return id == CLOCK_MONOTONIC || id == CLOCK_BOOTTIME || id == CLOCK_BOOTTIME_ALARM;
}

u64 clock_deadline(i32 id, u64 ns, bool absolute) {
    if (!absolute)
        return deadline_after(ns);
    u64 offset = clock_is_real(id) ? clock_realtime() - clock_monotonic() : 0;
    return ns > offset ? ns - offset : 1;
}

static i64 read_cpu_clock(i32 id, u64 *ns) {
    struct cpu_clock clock;
    i64 err = cpu_clock_find(&clock, id);
    if (!err)
        *ns = cpu_clock_ns(&clock);
    return err;
}

static i64 read_clock(i32 id, u64 *ns) {
    clock_refresh();
    switch (id) {
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        *ns = clock_monotonic();
        return 0;
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
        *ns = clock_realtime();
        return 0;
    default:
        return read_cpu_clock(id, ns);
    }
}

i64 sys_clock_gettime(const u64 *a) {
    u64 ns;
    i64 err = read_clock((i32)a[0], &ns);
    return err ? err : put_timespec(a[1], ns);
}

i64 sys_clock_getres(const u64 *a) {
    u64 ns;
    i64 err = read_clock((i32)a[0], &ns);
    return err ? err : a[1] ? put_timespec(a[1], COARSE_RESOLUTION) : 0;
}

/* Guest time follows the host's; nobody inside may set it. */
i64 sys_clock_settime(const u64 *a) {
    u64 ns;
    if ((i32)a[0] < 0 && !read_cpu_clock((i32)a[0], &ns))
        return -EPERM;
    i64 err = (i32)a[0] == CLOCK_REALTIME ? get_timespec(&ns, a[1]) : -EINVAL;
    return err ? err : -EPERM;
}

i64 sys_settimeofday(const u64 *a) {
    i64 time[2] = { 0 };
    i32 zone[2];
    if (a[0] && copy_from_user(time, a[0], sizeof(time)))
        return -EFAULT;
    if (time[1] < 0 || time[1] > 1000000)
        return -EINVAL;
    if (a[1] && get_user(zone, a[1]))
        return -EFAULT;
    return a[0] && time[0] < 0 ? -EINVAL : a[0] || a[1] || !capable(CAP_SYS_TIME) ? -EPERM : 0;
}

/* Guest time follows the host's, without steering of its own. */
static i64 adjust(u64 addr) {
    struct timex timex;
    if (get_user(timex, addr))
        return -EFAULT;
    if (timex.modes)
        return -EPERM;
    clock_refresh();
    u64 ns = clock_realtime();
    timex = (struct timex){
        .maxerror = MAXERROR_US,
        .esterror = MAXERROR_US,
        .status = STA_UNSYNC,
        .constant = 2,
        .precision = 1,
        .tolerance = 500L << 16,
        .time = { (i64)(ns / SECOND_NS), (i64)(ns % SECOND_NS / 1000) },
        .tick = 1000000 / USER_HZ,
    };
    return put_user(timex, addr) ? -EFAULT : TIME_ERROR;
}

i64 sys_adjtimex(const u64 *a) { return adjust(a[0]); }

i64 sys_clock_adjtime(const u64 *a) {
    i32 id = (i32)a[0];
    u64 ns;
    struct timex timex;
    if (get_user(timex, a[1]))
        return -EFAULT;
    if (id == CLOCK_REALTIME)
        return adjust(a[1]);
    return read_clock(id, &ns) ? -EINVAL : -EOPNOTSUPP;
}

i64 sys_gettimeofday(const u64 *a) {
    clock_refresh();
    u64 ns = clock_realtime();
    struct timeval tv = { (i64)(ns / SECOND_NS), (i64)(ns % SECOND_NS / 1000) };
    struct timezone tz = { 0, 0 };
    if (a[0] && put_user(tv, a[0]))
        return -EFAULT;
    return a[1] ? put_user(tz, a[1]) : 0;
}

i64 sys_time(const u64 *a) {
    clock_refresh();
    i64 seconds = (i64)(clock_realtime() / SECOND_NS);
    return a[0] && put_user(seconds, a[0]) ? -EFAULT : seconds;
}
