/* Advisory locks: fcntl's (owned by a process), OFD's and flock's (owned by an open file). */
#include "errno.h"
#include "fs/lock.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define MAX_LOCKS 4096 /* of one file */
#define BLOCKED_MAX 64 /* links of a chain of waiting processes that are followed */

/* Whoever waits for a lock waits here: locks are contended rarely, and looked at again cheaply. */
static struct wait_queue waiting = {LIST_INIT(waiting.waiters)};

/* Processes that wait for a lock of another one, on the stacks of those who wait. */
struct blocked {
    struct list link;
    const void *owner, *by;
};
static struct list blocked = LIST_INIT(blocked);

/* Would waiting for `by` close a circle? */
static bool deadlock(const void *owner, const void *by) {
    for (u32 depth = 0; depth < BLOCKED_MAX; depth++) {
        struct blocked *b, *found = NULL;
        list_for_each(b, &blocked, link)
            if (!found && b->owner == by)
                found = b;
        if (!found)
            return false;
        by = found->by;
        if (by == owner)
            return true;
    }
    return false;
}

/* Wait until a lock may have gone. Only processes can be caught in a deadlock: open files and their
   locks belong to nobody. */
static i64 wait_for(const struct lock *other, const struct lock *want) {
    struct blocked self = {.owner = want->owner, .by = other->owner};
    bool process = want->kind == LOCK_PROCESS && other->kind == LOCK_PROCESS;
    if (process && deadlock(want->owner, other->owner))
        return -EDEADLK;
    if (process)
        list_append(&blocked, &self.link);
    i64 error = wait_on(&waiting, NEVER);
    if (process)
        list_remove(&self.link);
    return error ? -ERESTARTSYS : 0;
}

static struct lock *next_in(struct inode *inode, struct lock *l) {
    struct list *link = l ? l->link.next : inode->locks.next;
    return link == &inode->locks ? NULL : list_entry(link, struct lock, link);
}

static bool overlaps(const struct lock *a, const struct lock *b) {
    return a->start <= b->end && b->start <= a->end;
}

static bool same_owner(const struct lock *a, const struct lock *b) {
    return a->owner == b->owner && a->kind == b->kind;
}

struct lock *lock_conflict(struct inode *inode, const struct lock *want) {
    struct lock *first = NULL;
    for (struct lock *l = next_in(inode, NULL); l; l = next_in(inode, l))
        if ((l->kind == LOCK_FLOCK) == (want->kind == LOCK_FLOCK) && !same_owner(l, want) && overlaps(l, want) &&
            (l->write || want->write) && (!first || l->start < first->start))
            first = l;
    return first;
}

static void drop(struct lock *l) {
    list_remove(&l->link);
    kfree(l);
}

/* Take [want->start, want->end] from the owner's locks; `spare` is used if one must be split. */
static struct lock *cut(struct inode *inode, const struct lock *want, struct lock *spare) {
    struct lock *l, *next;
    for (l = next_in(inode, NULL); l; l = next) {
        next = next_in(inode, l);
        if (!same_owner(l, want) || !overlaps(l, want))
            continue;
        bool before = l->start < want->start, behind = l->end > want->end;
        if (before && behind) {
            *spare = *l;
            spare->start = want->end + 1;
            l->end = want->start - 1;
            list_push(&l->link, &spare->link);
            return NULL;
        }
        if (before)
            l->end = want->start - 1;
        else if (behind)
            l->start = want->end + 1;
        else
            drop(l);
    }
    return spare;
}

/* Let a new lock swallow the owner's locks of the same type that touch it. */
static void merge(struct inode *inode, struct lock *lock) {
    struct lock *l, *next;
    for (l = next_in(inode, NULL); l; l = next) {
        next = next_in(inode, l);
        if (l == lock || !same_owner(l, lock) || l->write != lock->write)
            continue;
        if (l->end + 1 == lock->start)
            lock->start = l->start;
        else if (lock->end != LOCK_END && lock->end + 1 == l->start)
            lock->end = l->end;
        else
            continue;
        drop(l);
    }
}

i64 lock_set(struct inode *inode, const struct lock *want, bool wait) {
    for (struct lock *other; (other = lock_conflict(inode, want));) {
        i64 error = wait ? wait_for(other, want) : -EAGAIN;
        if (error)
            return error;
    }
    u64 count = 0;
    for (struct lock *l = next_in(inode, NULL); l; l = next_in(inode, l))
        count++;
    struct lock *spare = kmalloc(sizeof(*spare)), *fresh = kmalloc(sizeof(*fresh));
    if (!spare || !fresh || count >= MAX_LOCKS) {
        kfree(spare);
        kfree(fresh);
        return -ENOLCK;
    }
    kfree(cut(inode, want, spare));
    *fresh = *want;
    list_append(&inode->locks, &fresh->link);
    if (want->kind != LOCK_FLOCK)
        merge(inode, fresh);
    wake_all(&waiting); /* a write lock may have become a read lock */
    return 0;
}

i64 lock_clear(struct inode *inode, const struct lock *range) {
    struct lock *spare = kmalloc(sizeof(*spare));
    if (!spare)
        return -ENOLCK;
    kfree(cut(inode, range, spare));
    wake_all(&waiting);
    return 0;
}

static void release(struct inode *inode, const void *owner, bool process) {
    struct lock *l, *next;
    for (l = next_in(inode, NULL); l; l = next) {
        next = next_in(inode, l);
        if (l->owner == owner && (l->kind == LOCK_PROCESS) == process)
            drop(l);
    }
    wake_all(&waiting);
}

void locks_release_table(struct inode *inode, struct fd_table *table) { release(inode, table, true); }
void locks_release_file(struct inode *inode, struct file *file) { release(inode, file, false); }

/* Changing the kind is giving up the one and asking for the other, which another may get meanwhile. */
static i64 flock_set(struct inode *inode, const struct lock *want, bool wait) {
    for (struct lock *l = next_in(inode, NULL); l; l = next_in(inode, l)) {
        if (!same_owner(l, want))
            continue;
        if (l->write == want->write)
            return 0;
        drop(l);
        wake_all(&waiting);
        break;
    }
    return lock_set(inode, want, wait);
}

i64 sys_flock(const u64 *a) {
    struct file *file = fd_file(current->files, a[0]);
    u32 operation = a[1] & ~(u64)LOCK_NB;
    if (!file)
        return -EBADF;
    struct lock lock = {
        .kind = LOCK_FLOCK, .owner = file, .end = LOCK_END, .write = operation == LOCK_EX,
        .pid = current->process->pid,
    };
    i64 error = -EINVAL;
    if (operation == LOCK_UN)
        error = lock_clear(file->inode, &lock);
    else if (operation == LOCK_SH || operation == LOCK_EX)
        error = flock_set(file->inode, &lock, !(a[1] & LOCK_NB));
    file_put(file);
    return error;
}
