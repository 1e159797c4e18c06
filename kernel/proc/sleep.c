/* nanosleep and clock_nanosleep. */
#include "cputime.h"
#include "errno.h"
#include "linux/time.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

/* Relative sleeps report what is left when a handler ends them, and go on otherwise. */
static i64 sleep_relative(u64 ns, u64 remaining_addr, i64 (*call)(const u64 *a)) {
    u64 deadline = restart_deadline(deadline_after(ns));
    i64 why = 0;
    while (!why && clock_monotonic() < deadline)
        why = sleep_until(deadline);
    if (why != -EINTR)
        return 0;
    u64 now = clock_monotonic();
    if (remaining_addr && put_timespec(remaining_addr, deadline > now ? deadline - now : 0))
        return -EFAULT;
    return restart_later(deadline, call);
}

i64 sys_nanosleep(const u64 *a) {
    u64 ns;
    i64 err = get_timespec(&ns, a[0]);
    return err ? err : sleep_relative(ns, a[1], sys_nanosleep);
}

/* Until a clock of CPU time has gone so far; not one that stands still meanwhile. */
struct cpu_sleep {
    struct cpu_event event;
    struct task *task;
};

static void cpu_sleep_over(struct cpu_event *event) { wake_task(container_of(event, struct cpu_sleep, event)->task); }

static i64 sleep_by_cpu(i32 id, bool absolute, u64 ns, u64 remaining_addr) {
    struct cpu_sleep sleep = { .event.fn = cpu_sleep_over, .task = current };
    if (cpu_clock_find(&sleep.event.clock, id) || sleep.event.clock.task == current)
        return -EINVAL;
    u64 now = cpu_clock_ns(&sleep.event.clock);
    if (absolute && ns <= now)
        return 0;
    sleep.event.expiry = absolute ? ns : restart_deadline(now + ns);
    cpu_event_start(&sleep.event);
    i64 why = 0;
    while (!why && cpu_event_armed(&sleep.event))
        why = sleep_until(NEVER);
    u64 left = cpu_event_left(&sleep.event);
    cpu_event_cancel(&sleep.event);
    if (!left)
        return 0;
    if (absolute)
        return -ERESTARTNOHAND;
    return remaining_addr && put_timespec(remaining_addr, left) ? -EFAULT
                                                                     : restart_later(sleep.event.expiry, sys_clock_nanosleep);
}

i64 sys_clock_nanosleep(const u64 *a) {
    i32 id = (i32)a[0];
    u64 ns;
    bool realtime = id == CLOCK_REALTIME || id == CLOCK_TAI || id == CLOCK_REALTIME_ALARM;
    bool cpu = id < 0 || id == CLOCK_PROCESS_CPUTIME_ID;
    if (!cpu && !realtime && id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME && id != CLOCK_BOOTTIME_ALARM)
        return id == CLOCK_THREAD_CPUTIME_ID || id == CLOCK_MONOTONIC_RAW || id == CLOCK_REALTIME_COARSE ||
                       id == CLOCK_MONOTONIC_COARSE
                   ? -EOPNOTSUPP : -EINVAL;
    i64 err = get_timespec(&ns, a[2]);
    if (err)
        return err;
    if (cpu)
        return sleep_by_cpu(id, (i32)a[1] & TIMER_ABSTIME, ns, a[3]);
    if (!((i32)a[1] & TIMER_ABSTIME))
        return sleep_relative(ns, a[3], sys_clock_nanosleep);
    u64 offset = realtime ? clock_realtime() - clock_monotonic() : 0;
    u64 deadline = ns > offset ? ns - offset : 0;
    i64 why = 0;
    while (!why && clock_monotonic() < deadline)
        why = sleep_until(deadline);
    return why == -EINTR ? -ERESTARTNOHAND : 0;
}
