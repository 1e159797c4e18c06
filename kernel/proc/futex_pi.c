/* Futexes that hold the owner's thread id (FUTEX_LOCK_PI). The scheduler has no priorities, so there
   is nothing to inherit: what counts is that ownership is handed over in order. */
#include "futex.h"
#include "errno.h"
#include "linux/futex.h"
#include "proc.h"
#include "uaccess.h"

/* Take the lock if it is free; otherwise mark that somebody waits. 1 taken, 0 to wait, or an errno. */
static i64 take(u64 addr, bool try) {
    u32 word, self = (u32)current->tid;
    if (get_user(word, addr))
        return -EFAULT;
    u32 owner = word & FUTEX_TID_MASK;
    if (owner == self)
        return -EDEADLK;
    if (!owner) {
        word = self | (word & (FUTEX_WAITERS | FUTEX_OWNER_DIED));
        return put_user(word, addr) ? -EFAULT : 1;
    }
    if (!task_find((i32)owner))
        return -ESRCH;
    if (try)
        return -EAGAIN;
    if (word & FUTEX_WAITERS)
        return 0;
    word |= FUTEX_WAITERS;
    return put_user(word, addr) ? -EFAULT : 0;
}

i64 futex_lock_pi(u64 addr, bool private, bool try, u64 deadline) {
    struct futex_waiter waiter = { .pi = true };
    i64 result = futex_key_get(&waiter.key, addr, private, true);
    if (result)
        return result;
    result = take(addr, try);
    if (!result)
        result = futex_sleep(&waiter, deadline); /* woken: it is ours already */
    futex_key_put(&waiter.key);
    return result == 1 ? 0 : result == -EINTR ? -ERESTARTNOINTR : result;
}

/* The word after a hand-over to the first waiter, or 0 | flags when nobody waits. */
static i64 hand_over(u64 addr, const struct futex_key *key, u32 flags) {
    bool more;
    struct futex_waiter *next = futex_first_pi(key, &more);
    u32 word = (next ? (u32)next->task->tid : 0) | (more ? FUTEX_WAITERS : 0) | flags;
    if (put_user(word, addr))
        return -EFAULT;
    if (next)
        futex_release(next);
    return 0;
}

i64 futex_unlock_pi(u64 addr, bool private) {
    struct futex_key key;
    u32 word;
    if (get_user(word, addr))
        return -EFAULT;
    if ((word & FUTEX_TID_MASK) != (u32)current->tid)
        return -EPERM;
    i64 result = futex_key_get(&key, addr, private, true);
    if (result)
        return result;
    result = hand_over(addr, &key, 0);
    futex_key_put(&key);
    return result;
}

void futex_pi_owner_died(u64 addr) {
    struct futex_key key;
    if (futex_key_get(&key, addr, false, true))
        return;
    hand_over(addr, &key, FUTEX_OWNER_DIED);
    futex_key_put(&key);
}
