/* timerfd_create(2) and its family: timers that are read. */
#include "errno.h"
#include "fs/anon.h"
#include "fs/proc.h"
#include "lib.h"
#include "linux/time.h"
#include "proc.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define TFD_TIMER_ABSTIME 1
#define TFD_TIMER_CANCEL_ON_SET 2
#define TFD_IOC_SET_TICKS 0x40085400

struct timerfd {
    struct timer timer;
    i32 clock;
    u32 flags;           /* as it was last set */
    u64 interval, ticks; /* ns; expirations nobody has read */
    bool resting;        /* it has expired, and goes on when somebody looks */
    struct poll_head head;
};

static void expired(struct timer *timer) {
    struct timerfd *t = container_of(timer, struct timerfd, timer);
    t->ticks++;
    t->resting = t->interval;
    poll_wake(&t->head, POLLIN | POLLRDNORM);
}

/* One that is due has expired, though the interrupt that says so may be resting (proc/timer.c). */
static void expire_if_due(struct timerfd *t) {
    if (!t->timer.armed || t->timer.node.key > clock_monotonic())
        return;
    timer_cancel(&t->timer);
    expired(&t->timer);
}

/* What has passed since a periodic timer expired is counted when it is asked for: one with a short period
   that nobody reads costs nothing. */
static void catch_up(struct timerfd *t) {
    if (!t->resting)
        return;
    u64 due = t->timer.node.key, missed = (clock_monotonic() - due) / t->interval;
    t->resting = false;
    t->ticks += missed;
    timer_start(&t->timer, due + (missed + 1) * t->interval);
}

static i64 timerfd_read(struct file *file, struct io *io, u64 *pos) {
    struct timerfd *t = file->private;
    if (io->left < sizeof(u64))
        return -EINVAL;
    while (expire_if_due(t), !t->ticks) {
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        if (wait_on(&t->head.sleepers, NEVER))
            return -ERESTARTSYS;
    }
    catch_up(t);
    u64 ticks = t->ticks;
    t->ticks = 0;
    return io_put(io, &ticks, sizeof(ticks));
}

static u32 timerfd_poll(struct file *file, struct poll_table *table) {
    struct timerfd *t = file->private;
    expire_if_due(t);
    poll_add(table, &t->head);
    return t->ticks ? POLLIN | POLLRDNORM : 0;
}

static i64 timerfd_ioctl(struct file *file, u64 command, u64 argument) {
    struct timerfd *t = file->private;
    u64 ticks;
    if (command != TFD_IOC_SET_TICKS)
        return -ENOTTY;
    if (get_user(ticks, argument))
        return -EFAULT;
    if (!ticks)
        return -EINVAL;
    t->ticks = ticks;
    poll_wake(&t->head, POLLIN | POLLRDNORM);
    return 0;
}

static void timerfd_release(struct file *file) {
    struct timerfd *t = file->private;
    timer_cancel(&t->timer);
    poll_head_detach(&t->head);
    kfree(t);
}

static void timerfd_show(struct file *file, struct text *text) {
    const struct timerfd *t = file->private;
    u64 left = timer_left(&t->timer);
    text_add(text, "clockid: %d\nticks: %lu\nsettime flags: 0%o\n", t->clock, t->ticks, t->flags);
    text_add(text, "it_value: (%lu, %lu)\nit_interval: (%lu, %lu)\n", left / SECOND_NS, left % SECOND_NS,
             t->interval / SECOND_NS, t->interval % SECOND_NS);
}

static const struct file_ops timerfd_ops = {
    .read = timerfd_read, .poll = timerfd_poll, .seek = anon_seek, .ioctl = timerfd_ioctl, .release = timerfd_release,
    .show = timerfd_show,
};

i64 sys_timerfd_create(const u64 *a) {
    i32 clock = a[0];
    u32 flags = a[1];
    if (flags & ~(u32)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    if ((!clock_is_real(clock) && !clock_is_steady(clock)) || clock == CLOCK_TAI)
        return -EINVAL;
    if ((clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) && !capable(CAP_WAKE_ALARM))
        return -EPERM;
    struct timerfd *t = kzalloc(sizeof(*t));
    if (!t)
        return -ENOMEM;
    t->timer.fn = expired;
    t->clock = clock;
    poll_head_init(&t->head);
    struct file *file = anon_file("anon_inode:[timerfd]", &timerfd_ops, O_RDWR | (flags & O_NONBLOCK), t);
    if (IS_ERR(file)) {
        kfree(t);
        return PTR_ERR(file);
    }
    return fd_install(file, 0, flags & O_CLOEXEC);
}

static struct timerfd *find(i32 fd, i64 *error) {
    struct file *file = fd_peek(fd);
    *error = !file ? -EBADF : file->ops != &timerfd_ops ? -EINVAL : 0;
    return *error ? NULL : file->private;
}

static i64 put_setting(struct timerfd *t, u64 addr) {
    expire_if_due(t);
    catch_up(t);
    struct itimerspec out = { timespec_of(t->interval), timespec_of(timer_left(&t->timer)) };
    return put_user(out, addr);
}

i64 sys_timerfd_settime(const u64 *a) {
    u64 interval, value;
    u32 flags = a[1];
    i64 error;
    if (!a[2])
        return -EFAULT;
    i64 bad = get_timespec(&interval, a[2]);
    if (!bad)
        bad = get_timespec(&value, a[2] + offsetof(struct itimerspec, value));
    if (bad)
        return bad;
    if (flags & ~(u32)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
        return -EINVAL;
    struct timerfd *t = find(a[0], &error);
    if (!t)
        return error;
    if (a[3] && put_setting(t, a[3]))
        return -EFAULT;
    timer_cancel(&t->timer);
    t->interval = interval;
    t->ticks = 0;
    t->resting = false;
    t->flags = flags;
    /* Nobody can set the guest's clock, so there is never anything to cancel. */
    if (value)
        timer_start(&t->timer, clock_deadline(t->clock, value, flags & TFD_TIMER_ABSTIME));
    return 0;
}

i64 sys_timerfd_gettime(const u64 *a) {
    i64 error;
    struct timerfd *t = find(a[0], &error);
    return t ? put_setting(t, a[1]) : error;
}
