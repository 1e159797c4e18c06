/* madvise(2), process_madvise(2): most advice is about speed and ignored; the rest changes what memory holds. */
#include "errno.h"
#include "file.h"
#include "fs/io.h"
#include "fs/pidfd.h"
#include "fs/remote.h"
#include "mm.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define MADV_WILLNEED 3
#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_REMOVE 9
#define MADV_DONTFORK 10
#define MADV_DOFORK 11
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#define MADV_COLD 20
#define MADV_PAGEOUT 21
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
    i64 err = area_split(mm, first, last);
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
    bool private = !area->file && !(area->flags & (MAP_SHARED | AREA_FIXED_FRAMES));
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
        if (area->flags & AREA_FIXED_FRAMES) /* nothing would bring them back */
            return (area->prot & PROT_EXEC) ? 0 : -EINVAL;
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

/* Sealed memory that could not be written either keeps what it holds. */
static bool keeps(const struct area *area, u64 advice) {
    bool drops = advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE || advice == MADV_DONTFORK ||
                 advice == MADV_WIPEONFORK || advice == MADV_DONTNEED_LOCKED;
    return drops && (area->flags & AREA_SEALED) && !area->file && !(area->prot & PROT_WRITE);
}

static i64 advise_range(struct mm *mm, u64 addr, u64 length, u64 advice) {
    u64 size = ROUND_UP(length, PAGE_SIZE), end = addr + size;
    if (advice == MADV_HWPOISON || advice == MADV_SOFT_OFFLINE)
        return -EPERM;
    if (!known(advice) || (addr & PAGE_MASK) || size < length || end < addr)
        return -EINVAL;
    if (!size)
        return 0;
    if (end > NV_USER_END)
        return -ENOMEM;
    i64 result = 0;
    for (u64 at = addr; at < end;) {
        struct area *area = area_first_from(mm, at);
        if (!area || area->node.key >= end)
            return -ENOMEM;
        bool hole = area->node.key > at;
        if (hole && (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE))
            return -ENOMEM;
        if (hole)
            result = -ENOMEM; /* holes are reported, what is mapped is advised all the same */
        u64 first = MAX(at, area->node.key), last = MIN(end, area->end);
        i64 err = keeps(area, advice) ? -EPERM : advise(mm, area, first, last, advice);
        if (err)
            return err;
        at = last;
    }
    return result;
}

i64 sys_madvise(const u64 *a) { return advise_range(current->mm, a[0], a[1], a[2]); }

/* What may be said about the memory of others. */
static bool for_others(u64 advice) {
    return advice == MADV_WILLNEED || advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_COLLAPSE;
}

static i64 advise_all(struct mm *mm, u64 vector, u64 count, u64 advice) {
    u64 done = 0;
    for (u64 i = 0; i < count; i++) {
        struct iovec v;
        i64 err = get_user(v, vector + i * sizeof(v));
        if (!err)
            err = advise_range(mm, v.base, v.size, advice);
        if (err)
            return done ? (i64)done : err;
        done += v.size;
    }
    return (i64)done;
}

i64 sys_process_madvise(const u64 *a) {
    struct io io;
    u32 opened, advice = (u32)a[3];
    i64 err = (u32)a[4] ? -EINVAL : io_vector(&io, a[1], a[2]);
    if (err)
        return err;
    const struct pid_handle *handle = pidfd_handle((i32)a[0], &opened);
    if (IS_ERR(handle))
        return PTR_ERR(handle);
    const struct task *task = handle->thread ? handle->thread : handle->process ? handle->process->leader : NULL;
    if (!task || !task->mm)
        return -ESRCH;
    if (!may_inspect(task->process, true))
        return -EACCES;
    if (task->mm != current->mm && !for_others(advice))
        return -EINVAL;
    if (task->mm != current->mm && !capable(CAP_SYS_NICE))
        return -EPERM;
    return advise_all(task->mm, a[1], a[2], advice);
}

/* The memory of a process that is being killed goes with its threads: there is nothing to be hurried. */
i64 sys_process_mrelease(const u64 *a) {
    u32 opened;
    if ((u32)a[1])
        return -EINVAL;
    const struct pid_handle *handle = pidfd_handle((i32)a[0], &opened);
    if (IS_ERR(handle))
        return PTR_ERR(handle);
    const struct process *process = handle->thread ? handle->thread->process : handle->process;
    if (!process || process->zombie || !process->leader)
        return -ESRCH;
    return process->exiting ? 0 : -EINVAL;
}
