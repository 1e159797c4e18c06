/* Interval timers: setitimer, getitimer, alarm. Only real time: the timers of CPU time would need a
   tick while one task runs alone. */
#include "errno.h"
#include "linux/time.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

static void alarm_fired(struct timer *timer) {
    struct process *process = container_of(timer, struct process, alarm);
    struct siginfo info = { .signo = SIGALRM, .code = SI_KERNEL };
    if (process->alarm_interval) {
        u64 now = clock_monotonic(), next = timer->node.key + process->alarm_interval;
        timer_start(timer, next > now ? next : now + process->alarm_interval);
    }
    signal_process(process, SIGALRM, &info);
}

static struct timeval to_timeval(u64 ns) {
    return (struct timeval){ (i64)(ns / SECOND_NS), (i64)(ns % SECOND_NS / 1000) };
}

static u64 alarm_left(const struct process *process) {
    u64 now = clock_monotonic();
    if (!process->alarm.armed)
        return 0;
    /* An armed timer is never reported as none. */
    return process->alarm.node.key > now + 1000 ? process->alarm.node.key - now : 1000;
}

static void alarm_set(u64 value, u64 interval) {
    struct process *process = current->process;
    timer_cancel(&process->alarm);
    process->alarm_interval = interval;
    if (value) {
        process->alarm.fn = alarm_fired;
        timer_start(&process->alarm, deadline_after(value));
    }
}

static i64 put_itimer(u64 addr) {
    struct process *process = current->process;
    struct itimerval out = { to_timeval(process->alarm_interval), to_timeval(alarm_left(process)) };
    return put_user(out, addr);
}

static bool valid(const struct timeval *tv) { return tv->sec >= 0 && (u64)tv->usec < 1000000; }

static u64 to_ns(const struct timeval *tv) {
    return MIN((u64)tv->sec, NEVER / 4 / SECOND_NS) * SECOND_NS + (u64)tv->usec * 1000;
}

i64 sys_getitimer(const u64 *a) { return a[0] == ITIMER_REAL ? put_itimer(a[1]) : -EINVAL; }

i64 sys_setitimer(const u64 *a) {
    struct itimerval new = { 0 };
    if (a[0] != ITIMER_REAL)
        return -EINVAL;
    if (a[1] && get_user(new, a[1]))
        return -EFAULT;
    if (!valid(&new.value) || !valid(&new.interval))
        return -EINVAL;
    if (a[2] && put_itimer(a[2]))
        return -EFAULT;
    alarm_set(to_ns(&new.value), to_ns(&new.interval));
    return 0;
}

i64 sys_alarm(const u64 *a) {
    u64 left = alarm_left(current->process);
    alarm_set((u32)a[0] * (u64)SECOND_NS, 0);
    return left ? (i64)MAX((left + SECOND_NS / 2) / SECOND_NS, 1) : 0;
}
