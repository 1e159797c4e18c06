/* futex(2): waiting and waking. The kernel is not preemptible, so looking at the value and going to
   sleep is one step. */
#include "futex.h"
#include "errno.h"
#include "linux/futex.h"
#include "linux/time.h"
#include "mm.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define BUCKETS 64

static struct list buckets[BUCKETS];

struct list *futex_bucket(const struct futex_key *key) {
    struct list *bucket = &buckets[(key->at >> 2 ^ key->at >> 12 ^ (u64)key->mm >> 9) % BUCKETS];
    if (!bucket->next)
        list_init(bucket);
    return bucket;
}

i64 futex_key_get(struct futex_key *key, u64 addr, bool private, bool write) {
    if (addr & 3)
        return -EINVAL;
    if (!private) {
        /* Memory that cannot be shared is private whatever the caller says, but it has to be there. */
        struct area *area = addr < NV_USER_END ? area_find(current->mm, addr) : NULL;
        if (!area || !(area->prot & PROT_WRITE || (area->file && !write)) || (area->file && !mm_resolve(current->mm, addr, 0)))
            return -EFAULT;
        private = !(area->flags & MAP_SHARED);
    }
    if (private) {
        *key = (struct futex_key){ current->mm, addr };
        return addr < NV_USER_END ? 0 : -EFAULT;
    }
    paddr at = mm_resolve(current->mm, addr, 0);
    if (!at)
        return -EFAULT;
    frame_get(ROUND_DOWN(at, PAGE_SIZE));
    *key = (struct futex_key){ NULL, at };
    return 0;
}

void futex_key_put(const struct futex_key *key) {
    if (!key->mm)
        frame_put(ROUND_DOWN(key->at, PAGE_SIZE));
}

void futex_queue(struct futex_waiter *waiter) {
    struct list *bucket = futex_bucket(&waiter->key);
    struct futex_waiter *other = NULL;
    u8 priority = waiter->task->realtime_priority;
    if (unlikely(priority))
        list_for_each(other, bucket, link)
            if (other->task->realtime_priority < priority)
                break;
    struct list *behind = other ? &other->link : bucket;
    list_insert_between(&waiter->link, behind->prev, behind);
}

void futex_queue_again(struct futex_waiter *waiter) {
    list_remove(&waiter->link);
    futex_queue(waiter);
}

void futex_enqueue(struct futex_waiter *waiter) {
    waiter->task = current;
    waiter->woken = false;
    futex_queue(waiter);
}

i64 futex_sleep(struct futex_waiter *waiter, u64 deadline) {
    i64 why = 0;
    futex_enqueue(waiter);
    while (!waiter->woken && !why)
        why = sleep_until(deadline);
    list_remove(&waiter->link);
    return waiter->woken ? waiter->result : why;
}

void futex_release(struct futex_waiter *waiter, i64 result) {
    list_remove(&waiter->link);
    waiter->woken = true;
    waiter->result = result;
    wake_task(waiter->task);
}

/* As on Linux one is woken where `count` is 0; -EINVAL when a waiter wants a lock. */
static i64 futex_wake(const struct futex_key *key, u32 count, u32 bitset) {
    struct futex_waiter *waiter, *next;
    i64 woken = 0;
    list_for_each_safe(waiter, next, futex_bucket(key), link) {
        if (!futex_same(&waiter->key, key))
            continue;
        if (waiter->owner || waiter->lock)
            return -EINVAL;
        if (!(waiter->bitset & bitset))
            continue;
        futex_release(waiter, 0);
        if (++woken >= count)
            break;
    }
    return woken;
}

struct futex_waiter *futex_first(const struct futex_key *key) {
    struct futex_waiter *waiter;
    list_for_each(waiter, futex_bucket(key), link)
        if (futex_same(&waiter->key, key))
            return waiter;
    return NULL;
}

i64 futex_wake_bitset(u64 addr, u32 count, bool private, u32 bitset) {
    struct futex_key key;
    i64 result = futex_key_get(&key, addr, private, false);
    if (result)
        return result;
    result = futex_wake(&key, count, bitset);
    futex_key_put(&key);
    return result;
}

void futex_wake_address(u64 addr, u32 count) { futex_wake_bitset(addr, count, false, FUTEX_BITSET_MATCH_ANY); }

i64 futex_wait_value(u64 addr, u32 expected, bool private, u32 bitset, u64 deadline, bool restartable) {
    struct futex_waiter waiter = { .bitset = bitset };
    u32 value;
    if (!bitset)
        return -EINVAL;
    i64 result = futex_key_get(&waiter.key, addr, private, false);
    if (result)
        return result;
    result = get_user(value, addr);
    if (!result)
        result = value == expected ? futex_sleep(&waiter, deadline) : -EAGAIN;
    futex_key_put(&waiter.key);
    if (result == -EINTR)
        return restartable ? -ERESTARTSYS : restart_later(deadline, sys_futex);
    return result;
}

static i32 sign_extend_12(u32 value) { return (i32)(value << 20) >> 20; }

/* FUTEX_WAKE_OP: change the second word, wake on the first, and on the second if its old value
   compares as asked. */
static i64 wake_op(u64 addr, u64 addr2, bool private, u32 count, u32 count2, u32 code) {
    u32 op = code >> 28 & 7, cmp = code >> 24 & 15;
    i32 argument = sign_extend_12(code >> 12 & 0xfff), limit = sign_extend_12(code & 0xfff), old, new;
    bool matches;
    if (code >> 31) /* FUTEX_OP_OPARG_SHIFT */
        argument = (i32)(1u << (argument & 31));
    struct futex_key first, second;
    i64 error = futex_key_get(&first, addr, private, false);
    if (error)
        return error;
    futex_key_put(&first);
    error = futex_key_get(&second, addr2, private, true);
    if (error)
        return error;
    futex_key_put(&second);
    if (get_user(old, addr2))
        return -EFAULT;
    switch (op) {
    case 0: new = argument; break;
    case 1: new = (i32)((u32)old + (u32)argument); break;
    case 2: new = old | argument; break;
    case 3: new = old & ~argument; break;
    case 4: new = old ^ argument; break;
    default: return -ENOSYS;
    }
    switch (cmp) {
    case 0: matches = old == limit; break;
    case 1: matches = old != limit; break;
    case 2: matches = old < limit; break;
    case 3: matches = old <= limit; break;
    case 4: matches = old > limit; break;
    case 5: matches = old >= limit; break;
    default: return -ENOSYS;
    }
    if (put_user(new, addr2))
        return -EFAULT;
    i64 woken = futex_wake_bitset(addr, count, private, FUTEX_BITSET_MATCH_ANY);
    if (woken < 0 || !matches)
        return woken;
    i64 more = futex_wake_bitset(addr2, count2, private, FUTEX_BITSET_MATCH_ANY);
    return more < 0 ? more : woken + more;
}

/* The timeout as a deadline on the monotonic clock. FUTEX_WAIT's is relative, the others' absolute. */
static i64 get_deadline(u64 *deadline, u64 addr, u32 command, bool realtime) {
    u64 ns;
    *deadline = NEVER;
    if (!addr)
        return 0;
    i64 err = get_timespec(&ns, addr);
    if (err)
        return err;
    if (command == FUTEX_WAIT) {
        *deadline = restart_deadline(deadline_after(ns));
    } else if (realtime) {
        u64 offset = clock_realtime() - clock_monotonic();
        *deadline = ns > offset ? ns - offset : 0;
    } else {
        *deadline = ns;
    }
    return 0;
}

i64 sys_futex(const u64 *a) {
    u64 addr = a[0], addr2 = a[4], deadline = NEVER;
    u32 op = (u32)a[1], command = op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME), value = (u32)a[2];
    bool private = op & FUTEX_PRIVATE_FLAG, realtime = op & FUTEX_CLOCK_REALTIME;
    if (realtime && command != FUTEX_WAIT_BITSET && command != FUTEX_LOCK_PI2 && command != FUTEX_WAIT_REQUEUE_PI)
        return -ENOSYS;
    if (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
        command == FUTEX_LOCK_PI2 || command == FUTEX_WAIT_REQUEUE_PI) {
        i64 err = get_deadline(&deadline, a[3], command, realtime || command == FUTEX_LOCK_PI);
        if (err)
            return err;
    }
    switch (command) {
    case FUTEX_WAIT:
        return futex_wait_value(addr, value, private, FUTEX_BITSET_MATCH_ANY, deadline, !a[3]);
    case FUTEX_WAIT_BITSET: /* an absolute timeout stays right when the call starts over */
        return futex_wait_value(addr, value, private, (u32)a[5], deadline, true);
    case FUTEX_WAKE:
        return futex_wake_bitset(addr, value, private, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET:
        return a[5] & FUTEX_BITSET_MATCH_ANY ? futex_wake_bitset(addr, value, private, (u32)a[5]) : -EINVAL;
    case FUTEX_REQUEUE:
        return futex_requeue(addr, addr2, private, value, (u32)a[3], NULL);
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(addr, addr2, private, value, (u32)a[3], &(u32){ (u32)a[5] });
    case FUTEX_WAKE_OP:
        return wake_op(addr, addr2, private, value, (u32)a[3], (u32)a[5]);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
        return futex_lock_pi(addr, private, false, deadline);
    case FUTEX_TRYLOCK_PI:
        return futex_lock_pi(addr, private, true, NEVER);
    case FUTEX_UNLOCK_PI:
        return futex_unlock_pi(addr, private);
    case FUTEX_WAIT_REQUEUE_PI:
        return futex_wait_requeue_pi(addr, value, private, deadline, addr2);
    case FUTEX_CMP_REQUEUE_PI:
        return futex_requeue_pi(addr, addr2, private, value, (u32)a[3], (u32)a[5]);
    default:
        return -ENOSYS;
    }
}
