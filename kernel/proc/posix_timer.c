/* timer_create(2) and its family: timers that send a signal, to the process or to one thread. */
#include "cputime.h"
#include "errno.h"
#include "frame.h"
#include "linux/resource.h"
#include "linux/sigframe.h"
#include "linux/time.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"
#include "user.h"

#define TIMERS_PER_PROCESS 64
#define OVERRUN_MAX 0x7fffffff

struct posix_timer {
    struct timer timer;
    struct cpu_event event; /* instead, where the clock is one of CPU time: `clock` is below 0 */
    struct process *process;
    struct user *user; /* within whose RLIMIT_SIGPENDING there is always room for its signal */
    i32 id, clock, signo, tid; /* signo 0: SIGEV_NONE; tid 0: the whole process */
    u64 value, interval;
    i32 overrun;
};

struct timer_table {
    struct posix_timer *slot[TIMERS_PER_PROCESS];
};

static void notify(const struct posix_timer *t, u64 missed) {
    struct siginfo info = {
        .code = SI_TIMER, .timer_id = t->id, .overrun = (i32)MIN(missed, OVERRUN_MAX), .timer_value = t->value,
    };
    struct task *task = t->tid ? task_find(t->tid) : NULL;
    if (!t->signo || (t->tid && (!task || task->process != t->process)))
        return;
    if (signal_timer_again(t->process, task, t->signo, t->id, missed + 1))
        return;
    signal_timer_send(t->process, task, t->signo, &info);
}

static void expired(struct timer *timer) {
    const struct posix_timer *t = container_of(timer, struct posix_timer, timer);
    notify(t, t->interval ? timer_again(timer, t->interval) : 0);
}

static void cpu_expired(struct cpu_event *event) {
    const struct posix_timer *t = container_of(event, struct posix_timer, event);
    notify(t, t->interval ? cpu_event_again(event, t->interval) : 0);
}

static void timer_free(struct posix_timer *t) {
    user_signal_taken(t->user);
    kfree(t);
}

static void disarm(struct posix_timer *t) {
    struct task *task = t->tid ? task_find(t->tid) : NULL;
    timer_cancel(&t->timer);
    cpu_event_cancel(&t->event);
    if (t->signo && (!t->tid || (task && task->process == t->process)))
        signal_timer_void(t->process, task, t->signo, t->id);
}

static struct posix_timer **slot_of(i32 id) {
    struct timer_table *table = current->process->posix_timers;
    return table && id >= 0 && id < TIMERS_PER_PROCESS && table->slot[id] ? &table->slot[id] : NULL;
}

void posix_timer_taken(i32 id, i32 overrun) {
    struct posix_timer **slot = slot_of(id);
    if (slot)
        (*slot)->overrun = overrun;
}

void posix_timers_free(struct process *process) {
    struct timer_table *table = process->posix_timers;
    if (!table)
        return;
    for (u32 i = 0; i < TIMERS_PER_PROCESS; i++) {
        if (table->slot[i]) {
            timer_cancel(&table->slot[i]->timer);
            cpu_event_cancel(&table->slot[i]->event);
            timer_free(table->slot[i]);
        }
    }
    kfree(table);
    process->posix_timers = NULL;
}

static struct posix_timer **free_slot(void) {
    struct process *process = current->process;
    if (!process->posix_timers && !(process->posix_timers = kzalloc(sizeof(struct timer_table))))
        return NULL;
    struct timer_table *table = process->posix_timers;
    for (u32 i = 0; i < TIMERS_PER_PROCESS; i++)
        if (!table->slot[i])
            return &table->slot[i];
    return NULL;
}

/* Who hears of the timer, from the user's sigevent (SIGALRM with the timer's id by default). */
static i64 parse_event(struct posix_timer *t, u64 addr) {
    struct sigevent event = { .signo = SIGALRM, .notify = SIGEV_SIGNAL };
    if (!addr)
        event.value = (u64)t->id;
    else if (get_user(event, addr))
        return -EFAULT;
    i32 kind = event.notify & ~SIGEV_THREAD_ID;
    if (kind != SIGEV_SIGNAL && event.notify != SIGEV_NONE)
        return -EINVAL;
    if (event.notify & SIGEV_THREAD_ID) {
        struct task *task = task_find(event.tid);
        if (!task || task->process != current->process)
            return -EINVAL;
        t->tid = event.tid;
    }
    if (kind == SIGEV_SIGNAL && (event.signo < 1 || event.signo > NSIG))
        return -EINVAL;
    t->signo = kind == SIGEV_SIGNAL ? event.signo : 0;
    t->value = event.value;
    return 0;
}

/* The id to keep: the clocks of the caller himself by number, so that they stay his. */
static i64 lasting_clock(i32 *id) {
    struct cpu_clock cpu;
    if (*id == CLOCK_REALTIME || *id == CLOCK_MONOTONIC || *id == CLOCK_BOOTTIME || *id == CLOCK_TAI)
        return 0;
    if (*id == CLOCK_MONOTONIC_RAW || *id == CLOCK_REALTIME_COARSE || *id == CLOCK_MONOTONIC_COARSE)
        return -EOPNOTSUPP;
    i64 err = cpu_clock_find(&cpu, *id);
    if (!err)
        *id = cpu_clock_id(&cpu);
    return err;
}

i64 sys_timer_create(const u64 *a) {
    i32 clock = (i32)a[0];
    if (user_reach(a[1], a[1] ? sizeof(struct sigevent) : 0, false) < (a[1] ? sizeof(struct sigevent) : 0))
        return -EFAULT;
    i64 unknown = lasting_clock(&clock);
    if (unknown)
        return unknown;
    struct posix_timer **slot = free_slot();
    if (!slot)
        return -EAGAIN;
    struct user *user = user_queue_signal(current->cred->ruid, current->process->limits[RLIMIT_SIGPENDING].cur);
    struct posix_timer *t = user ? kzalloc(sizeof(*t)) : NULL;
    if (!t) {
        user_signal_taken(user);
        return -EAGAIN;
    }
    t->user = user;
    t->timer.fn = expired;
    t->event.fn = cpu_expired;
    list_init(&t->event.link);
    t->process = current->process;
    t->clock = clock;
    t->id = (i32)(slot - ((struct timer_table *)current->process->posix_timers)->slot);
    i64 err = parse_event(t, a[1]);
    if (!err)
        err = put_user(t->id, a[2]);
    if (err)
        timer_free(t);
    else
        *slot = t;
    return err;
}

static i64 put_setting(const struct posix_timer *t, u64 addr) {
    struct itimerspec out = {
        timespec_of(t->interval),
        timespec_of(t->clock < 0 ? cpu_event_left(&t->event) : timer_left(&t->timer)),
    };
    return put_user(out, addr);
}

static void arm(struct posix_timer *t, u64 value, bool absolute) {
    if (t->clock >= 0)
        return timer_start(&t->timer, clock_deadline(t->clock, value, absolute));
    t->event.expiry = value + (absolute ? 0 : cpu_clock_ns(&t->event.clock));
    cpu_event_start(&t->event);
}

i64 sys_timer_settime(const u64 *a) {
    struct posix_timer **slot = slot_of((i32)a[0]);
    u64 interval, value;
    if (!a[2])
        return -EINVAL;
    i64 err = get_timespec(&interval, a[2]);
    if (!err)
        err = get_timespec(&value, a[2] + offsetof(struct itimerspec, value));
    if (err || !slot)
        return err ? err : -EINVAL;
    struct posix_timer *t = *slot;
    if (a[3] && put_setting(t, a[3]))
        return -EFAULT;
    disarm(t);
    if (t->clock < 0 && cpu_clock_find(&t->event.clock, t->clock))
        return -ESRCH; /* whose time it was has gone */
    t->interval = interval;
    t->overrun = 0;
    if (value)
        arm(t, value, (i32)a[1] & TIMER_ABSTIME);
    return 0;
}

i64 sys_timer_gettime(const u64 *a) {
    struct posix_timer **slot = slot_of((i32)a[0]);
    return slot ? put_setting(*slot, a[1]) : -EINVAL;
}

i64 sys_timer_getoverrun(const u64 *a) {
    struct posix_timer **slot = slot_of((i32)a[0]);
    return slot ? (*slot)->overrun : -EINVAL;
}

i64 sys_timer_delete(const u64 *a) {
    struct posix_timer **slot = slot_of((i32)a[0]);
    if (!slot)
        return -EINVAL;
    disarm(*slot);
    timer_free(*slot);
    *slot = NULL;
    return 0;
}
