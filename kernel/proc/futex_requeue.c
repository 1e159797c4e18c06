/* Waiters of one futex that are moved to another instead of being woken, to wait on there: those of a
   condition to its mutex, which only one of them can have at a time. */
#include "errno.h"
#include "frame.h"
#include "futex.h"
#include "inherit.h"
#include "linux/futex.h"
#include "proc.h"
#include "uaccess.h"

/* Both keys, if the first word has the value expected of it. */
static i64 get_keys(struct futex_key *from, struct futex_key *to, u64 addr, u64 addr2, bool private, const u32 *expected) {
    u32 value;
    i64 result = futex_key_get(from, addr, private, false);
    if (result)
        return result;
    result = futex_key_get(to, addr2, private, true);
    if (!result && expected) {
        result = get_user(value, addr);
        if (!result && value != *expected)
            result = -EAGAIN;
        if (result)
            futex_key_put(to);
    }
    if (result)
        futex_key_put(from);
    return result;
}

static void put_keys(const struct futex_key *from, const struct futex_key *to) {
    futex_key_put(to);
    futex_key_put(from);
}

static void move(struct futex_waiter *waiter, const struct futex_key *to) {
    list_remove(&waiter->link);
    futex_key_put(&waiter->key);
    waiter->key = *to;
    if (!to->mm)
        frame_get(ROUND_DOWN(to->at, PAGE_SIZE));
    futex_queue(waiter);
}

/* Wake some waiters of one futex and move up to `count` others to a second one. */
i64 futex_requeue(u64 addr, u64 addr2, bool private, u32 wake, u32 count, const u32 *expected) {
    struct futex_key from, to;
    if ((i32)wake < 0 || (i32)count < 0)
        return -EINVAL;
    i64 result = get_keys(&from, &to, addr, addr2, private, expected);
    if (result)
        return result;
    struct futex_waiter *waiter, *next;
    i64 done = 0;
    list_for_each_safe(waiter, next, futex_bucket(&from), link) {
        if (done - (i64)wake >= (i64)count)
            break;
        if (!futex_same(&waiter->key, &from))
            continue;
        if (waiter->owner || waiter->lock) {
            result = -EINVAL;
            break;
        }
        if (++done <= (i64)wake)
            futex_release(waiter, 0);
        else if (!futex_same(&from, &to))
            move(waiter, &to);
    }
    put_keys(&from, &to);
    return result ? result : done;
}

/* FUTEX_WAIT_REQUEUE_PI: back with the lock, or without. */
i64 futex_wait_requeue_pi(u64 addr, u32 expected, bool private, u64 deadline, u64 addr2) {
    struct futex_waiter waiter = { .bitset = FUTEX_BITSET_MATCH_ANY };
    struct futex_key lock;
    if (addr == addr2)
        return -EINVAL;
    i64 result = get_keys(&waiter.key, &lock, addr, addr2, private, &expected);
    if (result)
        return result;
    waiter.lock = &lock;
    result = futex_same(&waiter.key, &lock) ? -EINVAL : futex_sleep(&waiter, deadline);
    bool moved = waiter.owner;
    if (moved)
        inherit_end(&waiter);
    put_keys(&waiter.key, &lock);
    return result != -EINTR ? result : moved ? -EAGAIN : -ERESTARTNOINTR;
}

/* FUTEX_CMP_REQUEUE_PI: the first gets the lock if it is free, the others wait for it. */
i64 futex_requeue_pi(u64 addr, u64 addr2, bool private, u32 wake, u32 count, u32 expected) {
    struct futex_key from, to;
    if ((i32)wake < 0 || (i32)count < 0 || addr == addr2 || wake != 1)
        return -EINVAL;
    i64 result = get_keys(&from, &to, addr, addr2, private, &expected);
    if (result)
        return result;
    struct task *owner = NULL;
    i64 done = 0;
    if (futex_same(&from, &to))
        result = -EINVAL;
    for (struct futex_waiter *waiter; !result && done - 1 < (i64)count && (waiter = futex_first(&from));) {
        if (!waiter->lock || !futex_same(waiter->lock, &to))
            result = -EINVAL;
        else if (!owner)
            result = futex_take_pi(addr2, &to, waiter->task, count, &owner);
        if (result == 1) {
            owner = waiter->task;
            result = 0;
            futex_release(waiter, 0);
        } else if (!result && inherit_deadlocks(waiter->task, owner)) {
            result = -EDEADLK;
        } else if (!result) {
            waiter->lock = NULL;
            move(waiter, &to);
            inherit_begin(waiter, owner);
        }
        done += !result;
    }
    put_keys(&from, &to);
    return result ? result : done;
}
