/* mlock(2) and its kin. Guest memory is never swapped: locking means that pages are there from now on,
   and that RLIMIT_MEMLOCK counts them. */
#include "errno.h"
#include "linux/resource.h"
#include "mm.h"
#include "syscall.h"
#include "task.h"

#define MLOCK_ONFAULT 1u
#define MCL_CURRENT 1u
#define MCL_FUTURE 2u
#define MCL_ONFAULT 4u

/* Bytes of [first, last) that are locked. */
static u64 locked_in(struct mm *mm, u64 first, u64 last) {
    u64 bytes = 0;
    for (struct area *a = area_first_from(mm, first); a && a->node.key < last; a = area_next(a))
        if (a->flags & AREA_LOCKED)
            bytes += MIN(a->end, last) - MAX(a->node.key, first);
    return bytes;
}

i64 mm_may_lock(struct mm *mm, u64 more) {
    u64 limit = current->process->limits[RLIMIT_MEMLOCK].cur;
    if (capable(CAP_IPC_LOCK) || limit == RLIM_INFINITY)
        return 0;
    if (!limit)
        return -EPERM;
    return more <= limit && locked_in(mm, 0, NV_USER_END) <= limit - more ? 0 : -ENOMEM;
}

/* Mark what is mapped of a range; -ENOMEM at the first hole. */
static i64 mark(struct mm *mm, u64 first, u64 last, bool locked) {
    for (u64 at = first; at < last;) {
        struct area *area = area_find(mm, at);
        if (!area)
            return -ENOMEM;
        i64 err = area_split(mm, at, last);
        if (err)
            return err;
        area = area_find(mm, at);
        at = area->end;
        area->flags = locked ? area->flags | AREA_LOCKED : area->flags & ~AREA_LOCKED;
        area_merge(mm, area);
    }
    return 0;
}

static i64 fault_in(struct mm *mm, u64 first, u64 last) {
    for (struct area *area; first < last && (area = area_find(mm, first)); first = area->end)
        if (mm_populate(mm, first, MIN(area->end, last) - first, (area->prot & PROT_WRITE) && !area->file))
            return -ENOMEM;
    return 0;
}

static i64 change(const u64 *a, bool lock, bool now) {
    struct mm *mm = current->mm;
    u64 first = ROUND_DOWN(a[0], PAGE_SIZE), size = ROUND_UP(a[1] + (a[0] & PAGE_MASK), PAGE_SIZE), last = first + size;
    u64 already = lock && last > first ? locked_in(mm, first, last) : 0;
    i64 err = lock ? mm_may_lock(mm, size - MIN(already, size)) : 0;
    if (err)
        return err;
    if (last < first)
        return -EINVAL;
    if (last > NV_USER_END)
        return -ENOMEM;
    err = mark(mm, first, last, lock);
    return err || !now ? err : fault_in(mm, first, last);
}

i64 sys_mlock(const u64 *a) { return change(a, true, true); }
i64 sys_mlock2(const u64 *a) { return (u32)a[2] & ~MLOCK_ONFAULT ? -EINVAL : change(a, true, !((u32)a[2] & MLOCK_ONFAULT)); }
i64 sys_munlock(const u64 *a) { return change(a, false, false); }

static void mark_all(struct mm *mm, bool locked, bool now) {
    for (u64 at = 0; at < NV_USER_END;) {
        struct area *area = area_first_from(mm, at);
        if (!area)
            break;
        u64 first = area->node.key;
        at = area->end;
        area->flags = locked ? area->flags | AREA_LOCKED : area->flags & ~AREA_LOCKED;
        if (now)
            fault_in(mm, first, at);
    }
}

i64 sys_mlockall(const u64 *a) {
    u32 flags = a[0];
    struct mm *mm = current->mm;
    if (!flags || flags == MCL_ONFAULT || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
        return -EINVAL;
    u64 rest = mm->reserved - locked_in(mm, 0, NV_USER_END);
    i64 err = mm_may_lock(mm, flags & MCL_CURRENT ? rest : 0);
    if (err)
        return err;
    mm->lock_future = flags & MCL_FUTURE;
    if (flags & MCL_CURRENT)
        mark_all(mm, true, !(flags & MCL_ONFAULT));
    return 0;
}

i64 sys_munlockall(const u64 *a) {
    current->mm->lock_future = false;
    mark_all(current->mm, false, false);
    return 0;
}
