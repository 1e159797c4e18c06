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
    struct list link; /* of its bucket */
    struct futex_key key;
    struct task *task;
    u32 bitset;
    bool woken;
    bool pi;          /* waits for ownership, not for a wake-up */
};

/* A key for this user address; -EINVAL when unaligned, -EFAULT. futex_key_put when done. `write`: even a
   file may not be read-only there. */
i64 futex_key_get(struct futex_key *key, u64 addr, bool private, bool write);
void futex_key_put(const struct futex_key *key);
void futex_enqueue(struct futex_waiter *waiter); /* the current task */
/* Queue the current task and sleep; 0 when woken, else -ETIMEDOUT or -EINTR. */
i64 futex_sleep(struct futex_waiter *waiter, u64 deadline);
i64 futex_wake(const struct futex_key *key, u32 count, u32 bitset);
/* The calls behind futex(2): wait while the word has this value; wake; wake some and move others. */
i64 futex_wait_value(u64 addr, u32 expected, bool private, u32 bitset, u64 deadline, bool restartable);
i64 futex_wake_bitset(u64 addr, u32 count, bool private, u32 bitset);
i64 futex_requeue(u64 addr, u64 addr2, bool private, u32 wake, u32 move, const u32 *expected);
/* The first that waits for ownership of this key, or NULL; `more`: are there others? */
struct futex_waiter *futex_first_pi(const struct futex_key *key, bool *more);
void futex_release(struct futex_waiter *waiter);

/* futex_pi.c */
i64 futex_lock_pi(u64 addr, bool private, bool try, u64 deadline);
i64 futex_unlock_pi(u64 addr, bool private);
/* The owner has died: the next waiter gets the lock and is told. */
void futex_pi_owner_died(u64 addr);
