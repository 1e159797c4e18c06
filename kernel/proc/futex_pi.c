/* Futexes that hold the owner's thread id (FUTEX_LOCK_PI). The kernel hands such a lock from its owner to
   the most important waiter, and lends the owner that waiter's priority until then (inherit.c). */
#include "futex.h"
#include "errno.h"
#include "inherit.h"
#include "linux/futex.h"
#include "mm.h"
#include "proc.h"
#include "uaccess.h"

i64 futex_take_pi(u64 addr, const struct futex_key *key, const struct task *task, bool waited_for, struct task **owner) {
    const struct futex_waiter *other = futex_first(key);
    u32 word;
    if (get_user(word, addr))
        return -EFAULT;
    i32 holder = (i32)(word & FUTEX_TID_MASK);
    if (holder == task->tid)
        return -EDEADLK;
    if (other) {
        *owner = other->owner;
        return other->owner && other->owner->tid == holder ? 0 : -EINVAL;
    }
    if (!holder)
        word = (u32)task->tid | (word & FUTEX_OWNER_DIED) | (waited_for ? FUTEX_WAITERS : 0);
    else
        word |= FUTEX_WAITERS; /* now its owner cannot let go without us */
    if (put_user(word, addr))
        return -EFAULT;
    if (!holder)
        return 1;
    *owner = task_find(holder);
    return *owner ? 0 : -ESRCH;
}

static i64 wait_for(struct futex_waiter *waiter, struct task *owner, u64 deadline) {
    waiter->task = current;
    inherit_begin(waiter, owner);
    i64 result = futex_sleep(waiter, deadline);
    if (waiter->owner)
        inherit_end(waiter);
    return result;
}

i64 futex_lock_pi(u64 addr, bool private, bool try, u64 deadline) {
    struct futex_waiter waiter = { .task = current };
    struct task *owner;
    i64 result = futex_key_get(&waiter.key, addr, private, true);
    if (result)
        return result;
    result = futex_take_pi(addr, &waiter.key, current, false, &owner);
    if (!result)
        result = try ? -EAGAIN : inherit_deadlocks(current, owner) ? -EDEADLK : wait_for(&waiter, owner, deadline);
    futex_key_put(&waiter.key);
    return result == 1 ? 0 : result == -EINTR ? -ERESTARTNOINTR : result;
}

/* The key's word, also where the current task does not have it in its memory. */
static i64 set_word(const struct futex_key *key, u32 word) {
    if (key->mm)
        return mm_copy_out(key->mm, key->at, &word, sizeof(word));
    *(u32 *)phys_to_virt(key->at) = word;
    return 0;
}

/* From its owner to the first that waits, for whom the others wait from now on. */
static i64 hand_over(const struct futex_key *key, struct futex_waiter *next, u32 flags) {
    struct task *owner = next->owner, *heir = next->task;
    struct futex_waiter *waiter;
    i64 err = set_word(key, (u32)heir->tid | FUTEX_WAITERS | flags);
    inherit_move(next, NULL);
    list_for_each(waiter, futex_bucket(key), link)
        if (waiter != next && waiter->owner == owner && futex_same(&waiter->key, key))
            inherit_move(waiter, heir);
    inherit_adjust(heir);
    futex_release(next, err);
    inherit_adjust(owner);
    return err;
}

i64 futex_unlock_pi(u64 addr, bool private) {
    struct futex_key key;
    u32 word, free = 0;
    if (get_user(word, addr))
        return -EFAULT;
    if ((word & FUTEX_TID_MASK) != (u32)current->tid)
        return -EPERM;
    i64 result = futex_key_get(&key, addr, private, true);
    if (result)
        return result;
    struct futex_waiter *next = futex_first(&key);
    if (!next)
        result = put_user(free, addr);
    else
        result = next->owner == current ? hand_over(&key, next, 0) : -EINVAL;
    futex_key_put(&key);
    return result;
}

void futex_pi_exit(void) {
    while (!list_empty(&current->heirs)) {
        const struct futex_key *key = &list_first(&current->heirs, struct futex_waiter, owned)->key;
        struct futex_waiter *next = futex_first(key);
        hand_over(&next->key, next, FUTEX_OWNER_DIED);
    }
}
