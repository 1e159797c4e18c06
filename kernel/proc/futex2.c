/* The newer futex calls: futex_waitv(2), futex_wake(2), futex_wait(2), futex_requeue(2). */
#include "errno.h"
#include "frame.h"
#include "futex.h"
#include "linux/futex.h"
#include "linux/time.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define FUTEX2_SIZE_MASK 3u
#define FUTEX2_SIZE_U32 2u
#define FUTEX2_PRIVATE 128u
#define WAITV_MAX 128

struct futex_waitv {
    u64 value, addr;
    u32 flags, reserved;
};

/* Only 32-bit futexes exist, on Linux as well. */
static i64 check_flags(u32 flags) {
    return (flags & ~(FUTEX2_SIZE_MASK | FUTEX2_PRIVATE)) || (flags & FUTEX2_SIZE_MASK) != FUTEX2_SIZE_U32 ? -EINVAL : 0;
}

static i64 check(const struct futex_waitv *v) {
    i64 error = check_flags(v->flags);
    return error ? error : v->reserved || v->value >> 32 ? -EINVAL : 0;
}

/* An absolute time on a clock as a deadline. */
static i64 get_deadline(u64 *deadline, u64 addr, u32 clock) {
    u64 ns;
    *deadline = NEVER;
    if (!addr)
        return 0;
    if (clock > CLOCK_MONOTONIC)
        return -EINVAL;
    i64 error = get_timespec(&ns, addr);
    u64 offset = clock == CLOCK_REALTIME ? clock_realtime() - clock_monotonic() : 0;
    *deadline = ns > offset ? ns - offset : 0;
    return error;
}

/* The waiters of one futex_waitv, each an object of its own. */
struct waiters {
    u32 count;
    struct futex_waiter *waiter[WAITV_MAX];
};

static i64 add(struct waiters *w, u64 from) {
    struct futex_waitv v;
    u32 value;
    if (get_user(v, from))
        return -EFAULT;
    i64 error = check(&v);
    if (error)
        return error;
    struct futex_waiter *waiter = kzalloc(sizeof(*waiter));
    if (!waiter)
        return -ENOMEM;
    error = futex_key_get(&waiter->key, v.addr, v.flags & FUTEX2_PRIVATE, false);
    if (error) {
        kfree(waiter);
        return error;
    }
    waiter->bitset = FUTEX_BITSET_MATCH_ANY;
    w->waiter[w->count++] = waiter;
    futex_enqueue(waiter);
    error = get_user(value, v.addr);
    return error ? error : value == (u32)v.value ? 0 : -EAGAIN;
}

/* The last that was woken, or -1; all are given back. */
static i64 collect(struct waiters *w) {
    i64 woken = -1;
    for (u32 i = 0; i < w->count; i++) {
        struct futex_waiter *waiter = w->waiter[i];
        if (waiter->woken)
            woken = i;
        list_remove(&waiter->link);
        futex_key_put(&waiter->key);
        kfree(waiter);
    }
    return woken;
}

static bool any_woken(const struct waiters *w) {
    for (u32 i = 0; i < w->count; i++)
        if (w->waiter[i]->woken)
            return true;
    return false;
}

i64 sys_futex_waitv(const u64 *a) {
    u64 deadline;
    u32 n = a[1];
    if ((u32)a[2] || !n || n > WAITV_MAX || !a[0])
        return -EINVAL;
    i64 error = get_deadline(&deadline, a[3], a[4]);
    struct waiters *w = error ? NULL : kzalloc(sizeof(*w));
    if (!w)
        return error ? error : -ENOMEM;
    for (u32 i = 0; i < n && !error; i++)
        error = add(w, a[0] + i * sizeof(struct futex_waitv));
    while (!error && !any_woken(w))
        error = sleep_until(deadline);
    i64 woken = collect(w);
    kfree(w);
    return woken >= 0 ? woken : error == -EINTR ? -ERESTARTSYS : error;
}

i64 sys_futex_wake(const u64 *a) {
    i64 error = check_flags(a[3]);
    if (error || !a[1] || a[1] >> 32)
        return -EINVAL;
    return (i32)a[2] > 0 ? futex_wake_bitset(a[0], a[2], a[3] & FUTEX2_PRIVATE, a[1]) : 0;
}

i64 sys_futex_wait(const u64 *a) {
    u64 deadline;
    i64 error = check_flags(a[3]);
    if (error || !a[2] || a[2] >> 32 || a[1] >> 32)
        return -EINVAL;
    error = get_deadline(&deadline, a[4], a[5]);
    return error ? error : futex_wait_value(a[0], a[1], a[3] & FUTEX2_PRIVATE, a[2], deadline, true);
}

i64 sys_futex_requeue(const u64 *a) {
    struct futex_waitv v[2];
    u32 expected;
    if ((u32)a[1] || !a[0])
        return -EINVAL;
    if (copy_from_user(v, a[0], sizeof(v)))
        return -EFAULT;
    if (check(&v[0]) || check(&v[1]) || (v[0].flags ^ v[1].flags) & FUTEX2_PRIVATE)
        return -EINVAL;
    expected = v[0].value;
    return futex_requeue(v[0].addr, v[1].addr, v[0].flags & FUTEX2_PRIVATE, a[2], a[3], &expected);
}
