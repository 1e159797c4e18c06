/* mremap(2): moving pages that are already there. */
#include "errno.h"
#include "file.h"
#include "lib.h"
#include "pagetable.h"
#include "privilege.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define MREMAP_MAYMOVE 1
#define MREMAP_FIXED 2
#define MREMAP_DONTUNMAP 4

/* Move the pages of [from, from+size) to `to`, where nothing is mapped; on -ENOMEM some of them. */
static i64 move_pages(struct mm *mm, u64 from, u64 to, u64 size) {
    u64 at = from, end = from + size;
    for (u64 *pte; (pte = pte_next(mm->root, &at, end)); at += PAGE_SIZE) {
        u64 *target = pte_make(mm, to + (at - from));
        if (!target)
            return -ENOMEM;
        *target = *pte;
        *pte = 0;
        user_space_flush(at);
    }
    return 0;
}

static i64 move(struct mm *mm, u64 old, u64 old_size, u64 to, u64 new_size, u32 flags) {
    i64 err = area_split(mm, old, old + old_size);
    if (err)
        return err;
    struct area like = *area_find(mm, old);
    if (!(like.flags & AREA_FIXED_FRAMES))
        like.name = NULL; /* heap and stack are places, the vDSO is a thing */
    i64 at = mm_map_like(mm, to, new_size, &like, like.offset);
    if (at < 0)
        return at;
    err = move_pages(mm, old, to, MIN(old_size, new_size));
    if (err) { /* back again: where they come from they have their tables */
        move_pages(mm, to, old, MIN(old_size, new_size));
        mm_unmap(mm, to, new_size);
        return err;
    }
    if (!(flags & MREMAP_DONTUNMAP) && old_size)
        mm_unmap(mm, old, old_size);
    return (i64)to;
}

static i64 grow_in_place(struct mm *mm, struct area *area, u64 old, u64 old_size, u64 new_size) {
    u64 end = old + old_size, more = new_size - old_size;
    if (area->end != end || !mm_is_free(mm, end, more) || end + more > NV_USER_END)
        return -ENOMEM;
    i64 at = mm_map_like(mm, end, more, area, area->offset + (end - area->node.key));
    return at < 0 ? at : (i64)old;
}

i64 sys_mremap(const u64 *a) {
    struct mm *mm = current->mm;
    u64 old = a[0], old_size = ROUND_UP(a[1], PAGE_SIZE), new_size = ROUND_UP(a[2], PAGE_SIZE);
    u32 flags = (u32)a[3];
    if ((old & PAGE_MASK) || !new_size || new_size > NV_USER_END || (flags & ~7u) ||
        ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE)) ||
        ((flags & MREMAP_DONTUNMAP) && old_size != new_size))
        return -EINVAL;
    struct area *area = area_find(mm, old);
    if (!area)
        return -EFAULT;
    if (!old_size && !(area->flags & MAP_SHARED)) /* a second mapping of the same is for shared memory */
        return -EINVAL;
    if (old_size > area->end - old)
        return -EFAULT;
    if (mm_is_sealed(mm, old, old + MAX(old_size, PAGE_SIZE)) ||
        ((flags & MREMAP_FIXED) && mm_is_sealed(mm, a[4], a[4] + new_size)))
        return -EPERM;
    if (new_size > old_size || (flags & MREMAP_DONTUNMAP)) {
        u64 more = new_size - (flags & MREMAP_DONTUNMAP ? 0 : old_size);
        i64 err = area->flags & AREA_LOCKED ? mm_may_lock(mm, more) : 0;
        if (err)
            return -EAGAIN;
        if (!mm_within_limits(mm, more, (area->prot & PROT_WRITE) && !(area->flags & MAP_SHARED)) ||
            ((area->flags & AREA_CHARGED) && !mm_may_commit(more)))
            return -ENOMEM;
    }
    if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
        u64 to = a[4];
        if ((to & PAGE_MASK) || to > NV_USER_END || new_size > NV_USER_END - to ||
            (to < old + old_size && old < to + new_size) || ((flags & MREMAP_FIXED) && to < MM_MIN_ADDRESS))
            return -EINVAL;
        if (!(flags & MREMAP_FIXED)) { /* a hint */
            if (to < MM_MIN_ADDRESS || !mm_is_free(mm, to, new_size))
                to = mm_find_room(mm, new_size);
            return to ? move(mm, old, old_size, to, new_size, flags) : -ENOMEM;
        }
        i64 err = mm_unmap(mm, to, new_size);
        return err ? err : move(mm, old, old_size, to, new_size, flags);
    }
    if (new_size <= old_size) {
        i64 err = new_size < old_size ? mm_unmap(mm, old + new_size, old_size - new_size) : 0;
        return err ? err : (i64)old;
    }
    if (old_size) {
        i64 at = grow_in_place(mm, area, old, old_size, new_size);
        if (at > 0 || !(flags & MREMAP_MAYMOVE))
            return at;
    }
    u64 to = mm_find_room(mm, new_size);
    return to ? move(mm, old, old_size, to, new_size, flags) : -ENOMEM;
}
