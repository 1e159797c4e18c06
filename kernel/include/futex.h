/* Futexes: keys, and the queues of those who wait on them (kernel/proc/futex*.c). */
#pragma once
#include "list.h"
#include "sched.h"
#include "types.h"

struct mm;

/* Two waiters mean the same futex when their keys are equal. Private: address space and address.
   Shared: physical address, with `mm` NULL; the page is kept while somebody waits. */
struct futex_key {
    struct mm *mm;
    u64 at;
};

struct futex_waiter {
    struct list link; /* of its bucket, more important ones first */
    struct futex_key key;
    struct task *task;
    u32 bitset;
    bool woken;
    i64 result;         /* once woken: 0 or an errno */
    struct task *owner; /* it waits to be the next owner of a lock that is his; NULL: for a wake-up */
    struct list owned;  /* of owner->heirs */
    const struct futex_key *lock; /* it waits for a wake-up, to be moved to this lock (FUTEX_WAIT_REQUEUE_PI) */
};

static inline bool futex_same(const struct futex_key *x, const struct futex_key *y) {
    return x->mm == y->mm && x->at == y->at;
}

/* A key for this user address; -EINVAL when unaligned, -EFAULT. futex_key_put when done. `write`: even a
   file may not be read-only there. */
i64 futex_key_get(struct futex_key *key, u64 addr, bool private, bool write);
void futex_key_put(const struct futex_key *key);
struct list *futex_bucket(const struct futex_key *key);
void futex_queue(struct futex_waiter *waiter);       /* where its task's priority puts it */
void futex_queue_again(struct futex_waiter *waiter); /* the priority has changed */
void futex_enqueue(struct futex_waiter *waiter);     /* the current task */
/* Queue the current task and sleep; its result when woken, else -ETIMEDOUT or -EINTR. */
i64 futex_sleep(struct futex_waiter *waiter, u64 deadline);
void futex_release(struct futex_waiter *waiter, i64 result);
/* The first who waits there, or NULL. */
struct futex_waiter *futex_first(const struct futex_key *key);
/* The calls behind futex(2): wait while the word has this value; wake. */
i64 futex_wait_value(u64 addr, u32 expected, bool private, u32 bitset, u64 deadline, bool restartable);
i64 futex_wake_bitset(u64 addr, u32 count, bool private, u32 bitset);

/* futex_requeue.c: wake some and move others; wait to be moved to a lock, and move those who do. */
i64 futex_requeue(u64 addr, u64 addr2, bool private, u32 wake, u32 move, const u32 *expected);
i64 futex_wait_requeue_pi(u64 addr, u32 expected, bool private, u64 deadline, u64 addr2);
i64 futex_requeue_pi(u64 addr, u64 addr2, bool private, u32 wake, u32 move, u32 expected);

/* futex_pi.c: locks whose word is the owner's thread id. */
i64 futex_lock_pi(u64 addr, bool private, bool try, u64 deadline);
i64 futex_unlock_pi(u64 addr, bool private);
/* The lock for a task: 1 if it is his now, 0 if it is `owner`'s, or an errno. `waited_for`: by others. */
i64 futex_take_pi(u64 addr, const struct futex_key *key, const struct task *task, bool waited_for, struct task **owner);
/* The current thread ends: whoever waits for one of its locks gets it, and is told. */
void futex_pi_exit(void);
