/* madvise(2): most advice is about speed and ignored; the rest changes what memory holds. */
#include "errno.h"
#include "file.h"
#include "mm.h"
#include "syscall.h"
#include "task.h"

#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_REMOVE 9
#define MADV_DONTFORK 10
#define MADV_DOFORK 11
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#define MADV_DONTNEED_LOCKED 24
#define MADV_COLLAPSE 25
#define MADV_HWPOISON 100
#define MADV_SOFT_OFFLINE 101

static bool known(u64 advice) {
    return advice <= MADV_DONTNEED || (advice >= MADV_FREE && advice <= MADV_COLLAPSE);
}

/* Set or clear flags of a part of an area. */
static i64 mark(struct mm *mm, u64 first, u64 last, u32 set, u32 clear) {
    i64 err = area_split_at(mm, first);
    if (!err)
        err = area_split_at(mm, last);
    if (err)
        return err;
    struct area *area = area_find(mm, first);
    area->flags = (area->flags & ~clear) | set;
    area_merge(mm, area);
    return 0;
}

static i64 populate(struct mm *mm, u64 first, u64 last, bool write) {
    i64 err = mm_populate(mm, first, last - first, write);
    return err == -EACCES ? -EINVAL : err == -ENXIO ? -EFAULT : err;
}

/* A hole in the file behind a shared mapping. */
static i64 punch(struct area *area, u64 first, u64 last) {
    if (!area->file || (area->flags & AREA_LOCKED))
        return -EINVAL;
    if (!(area->flags & MAP_SHARED) || !file_can_write(area->file))
        return -EACCES;
    return file_punch(area->file, first - area->node.key + area->offset, last - first);
}

static i64 advise(struct mm *mm, struct area *area, u64 first, u64 last, u64 advice) {
    bool private = !area->file && !(area->flags & MAP_SHARED);
    switch (advice) {
    case MADV_FREE:
        if (!private)
            return -EINVAL;
        /* fall through */
    case MADV_DONTNEED:
        if (area->flags & AREA_LOCKED)
            return -EINVAL;
        /* fall through */
    case MADV_DONTNEED_LOCKED:
        mm_discard(mm, first, last);
        return 0;
    case MADV_REMOVE:
        return punch(area, first, last);
    case MADV_DONTFORK:
        return mark(mm, first, last, AREA_DONT_FORK, 0);
    case MADV_DOFORK:
        return mark(mm, first, last, 0, AREA_DONT_FORK);
    case MADV_WIPEONFORK:
        return private ? mark(mm, first, last, AREA_WIPE_ON_FORK, 0) : -EINVAL;
    case MADV_KEEPONFORK:
        return mark(mm, first, last, 0, AREA_WIPE_ON_FORK);
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
        return populate(mm, first, last, advice == MADV_POPULATE_WRITE);
    }
    return 0;
}

i64 sys_madvise(const u64 *a) {
    u64 addr = a[0], size = ROUND_UP(a[1], PAGE_SIZE), end = addr + size;
    if (a[2] == MADV_HWPOISON || a[2] == MADV_SOFT_OFFLINE)
        return -EPERM;
    if (!known(a[2]) || (addr & PAGE_MASK) || size < a[1] || end < addr)
        return -EINVAL;
    if (!size)
        return 0;
    if (end > NV_USER_END)
        return -ENOMEM;
    i64 result = 0;
    for (u64 at = addr; at < end;) {
        struct area *area = area_first_from(current->mm, at);
        if (!area || area->node.key >= end)
            return -ENOMEM;
        bool hole = area->node.key > at;
        if (hole && (a[2] == MADV_POPULATE_READ || a[2] == MADV_POPULATE_WRITE))
            return -ENOMEM;
        if (hole)
            result = -ENOMEM; /* holes are reported, what is mapped is advised all the same */
        u64 first = MAX(at, area->node.key), last = MIN(end, area->end);
        i64 err = advise(current->mm, area, first, last, a[2]);
        if (err)
            return err;
        at = last;
    }
    return result;
}
