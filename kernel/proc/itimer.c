/* Interval timers: setitimer, getitimer, alarm. */
#include "errno.h"
#include "linux/time.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

static void alarm_fired(struct timer *timer) {
    struct process *process = container_of(timer, struct process, alarm);
    struct siginfo info = { .signo = SIGALRM, .code = SI_KERNEL };
    if (process->alarm_interval)
        timer_again(timer, process->alarm_interval);
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

static void cpu_fired(struct cpu_event *event) {
    struct process *process = event->clock.process;
    i32 sig = event->clock.kind == CPU_VIRTUAL ? SIGVTALRM : SIGPROF;
    struct cpu_itimer *timer = container_of(event, struct cpu_itimer, event);
    if (timer->interval)
        cpu_event_again(event, timer->interval);
    signal_process(process, sig, &(struct siginfo){ .signo = sig, .code = SI_KERNEL });
}

static u64 cpu_left(const struct cpu_itimer *timer) {
    u64 left = cpu_event_left(&timer->event);
    return left ? MAX(left, 1000) : 0;
}

static void cpu_set(struct cpu_itimer *timer, enum cpu_kind kind, u64 value, u64 interval) {
    cpu_event_cancel(&timer->event);
    timer->event.clock = (struct cpu_clock){ .process = current->process, .kind = kind };
    timer->event.expiry = cpu_clock_ns(&timer->event.clock) + value;
    timer->event.fn = cpu_fired;
    timer->interval = interval;
    if (value)
        cpu_event_start(&timer->event);
}

static i64 put_itimer(u64 which, u64 addr) {
    struct process *process = current->process;
    struct cpu_itimer *timer = &process->cpu_itimers[which - ITIMER_VIRTUAL];
    bool real = which == ITIMER_REAL;
    struct itimerval out = {
        to_timeval(real ? process->alarm_interval : timer->interval),
        to_timeval(real ? alarm_left(process) : cpu_left(timer)),
    };
    return put_user(out, addr);
}

static bool valid(const struct timeval *tv) { return tv->sec >= 0 && (u64)tv->usec < 1000000; }

static u64 to_ns(const struct timeval *tv) {
    return MIN((u64)tv->sec, NEVER / 4 / SECOND_NS) * SECOND_NS + (u64)tv->usec * 1000;
}

i64 sys_getitimer(const u64 *a) { return a[0] <= ITIMER_PROF ? put_itimer(a[0], a[1]) : -EINVAL; }

i64 sys_setitimer(const u64 *a) {
    struct itimerval new = { 0 };
    if (a[1] && get_user(new, a[1]))
        return -EFAULT;
    if (a[0] > ITIMER_PROF)
        return -EINVAL;
    if (!valid(&new.value) || !valid(&new.interval))
        return -EINVAL;
    if (a[2] && put_itimer(a[0], a[2]))
        return -EFAULT;
    if (a[0] == ITIMER_REAL)
        alarm_set(to_ns(&new.value), to_ns(&new.interval));
    else
        cpu_set(&current->process->cpu_itimers[a[0] - ITIMER_VIRTUAL],
                a[0] == ITIMER_VIRTUAL ? CPU_VIRTUAL : CPU_PROFILE, to_ns(&new.value), to_ns(&new.interval));
    return 0;
}

i64 sys_alarm(const u64 *a) {
    u64 left = alarm_left(current->process);
    alarm_set((u32)a[0] * (u64)SECOND_NS, 0);
    return left ? (i64)MAX((left + SECOND_NS / 2) / SECOND_NS, 1) : 0;
}
