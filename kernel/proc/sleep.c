/* nanosleep and clock_nanosleep. */
#include "errno.h"
#include "linux/time.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

/* Relative sleeps report what is left when a handler ends them, and go on otherwise. */
static i64 sleep_relative(u64 ns, u64 remaining_addr) {
    u64 deadline = restart_deadline(deadline_after(ns));
    i64 why = 0;
    while (!why && clock_monotonic() < deadline)
        why = sleep_until(deadline);
    if (why != -EINTR)
        return 0;
    u64 now = clock_monotonic();
    if (remaining_addr && put_timespec(remaining_addr, deadline > now ? deadline - now : 0))
        return -EFAULT;
    return restart_at(deadline);
}

i64 sys_nanosleep(const u64 *a) {
    u64 ns;
    i64 err = get_timespec(&ns, a[0]);
    return err ? err : sleep_relative(ns, a[1]);
}

i64 sys_clock_nanosleep(const u64 *a) {
    i32 id = (i32)a[0];
    u64 ns;
    bool realtime = id == CLOCK_REALTIME || id == CLOCK_TAI || id == CLOCK_REALTIME_ALARM;
    if (id == CLOCK_PROCESS_CPUTIME_ID)
        return -EOPNOTSUPP;
    if (!realtime && id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME && id != CLOCK_BOOTTIME_ALARM)
        return id == CLOCK_MONOTONIC_RAW || id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE
                   ? -EOPNOTSUPP : -EINVAL;
    i64 err = get_timespec(&ns, a[2]);
    if (err)
        return err;
    if (!((i32)a[1] & TIMER_ABSTIME))
        return sleep_relative(ns, a[3]);
    u64 offset = realtime ? clock_realtime() - clock_monotonic() : 0;
    u64 deadline = ns > offset ? ns - offset : 0;
    i64 why = 0;
    while (!why && clock_monotonic() < deadline)
        why = sleep_until(deadline);
    return why == -EINTR ? -ERESTARTNOHAND : 0;
}
