/* Robust futexes: locks that a dying thread still holds are marked and passed on
   (Documentation/locking/robust-futex-ABI.rst of Linux describes the list). */
#include "errno.h"
#include "futex.h"
#include "linux/futex.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

struct robust_head {
    u64 next;
    i64 offset;  /* from an entry to its futex word */
    u64 pending; /* being locked or unlocked right now */
};

#define ENTRY_PI 1UL /* low bit of a link */

static void release(u64 entry, i64 offset, bool pending) {
    u64 addr = (entry & ~ENTRY_PI) + (u64)offset;
    u32 word;
    if ((addr & 3) || get_user(word, addr))
        return;
    if ((word & FUTEX_TID_MASK) != (u32)current->tid) {
        /* Unlocked by us, but nobody has been woken yet. */
        if (pending && !(entry & ENTRY_PI) && !word)
            futex_wake_address(addr, 1);
        return;
    }
    bool waiters = word & FUTEX_WAITERS && !(entry & ENTRY_PI); /* those are served by futex_pi_exit */
    word = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
    if (!put_user(word, addr) && waiters)
        futex_wake_address(addr, 1);
}

static void release_all(void) {
    struct robust_head head;
    u64 at = current->robust_list;
    current->robust_list = 0;
    if (!at || get_user(head, at))
        return;
    u64 entry = head.next;
    for (u32 i = 0; i < ROBUST_LIST_LIMIT && (entry & ~ENTRY_PI) != at; i++) {
        u64 next;
        i64 err = get_user(next, entry & ~ENTRY_PI); /* the lock's new owner may reuse the entry */
        if ((entry & ~ENTRY_PI) != (head.pending & ~ENTRY_PI))
            release(entry, head.offset, false);
        if (err)
            break;
        entry = next;
    }
    if (head.pending & ~ENTRY_PI)
        release(head.pending, head.offset, true);
}

void robust_list_exit(void) {
    release_all();
    futex_pi_exit();
}

i64 sys_set_robust_list(const u64 *a) {
    if (a[1] != sizeof(struct robust_head))
        return -EINVAL;
    current->robust_list = a[0];
    return 0;
}

i64 sys_get_robust_list(const u64 *a) {
    struct task *task = a[0] ? task_find((i32)a[0]) : current;
    u64 size = sizeof(struct robust_head);
    if (!task)
        return -ESRCH;
    if (!may_inspect(task->process, false))
        return -EPERM;
    return put_user(size, a[2]) || put_user(task->robust_list, a[1]) ? -EFAULT : 0;
}
