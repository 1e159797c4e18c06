/* The memory system calls: ranges are checked here, areas.c does the work. */
#include "errno.h"
#include "file.h"
#include "lib.h"
#include "mm.h"
#include "syscall.h"
#include "task.h"

#define PROT_KNOWN (PROT_READ | PROT_WRITE | PROT_EXEC)
#define RLIMIT_DATA 2
#define RLIMIT_AS 9

/* Page-aligned, not empty, inside user space. */
static bool valid_range(u64 addr, u64 size) {
    return !(addr & PAGE_MASK) && size && addr <= NV_USER_END && size <= NV_USER_END - addr;
}

static bool within_limits(struct mm *mm, u64 more) {
    return more <= current->process->limits[RLIMIT_AS].cur &&
           mm->reserved <= current->process->limits[RLIMIT_AS].cur - more;
}

/* Where a mapping goes: the fixed address, the free hint, or the next room. */
static i64 place(struct mm *mm, u64 hint, u64 size, u32 flags) {
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (!valid_range(hint, size))
            return -EINVAL;
        if (hint < MM_MIN_ADDRESS)
            return -EPERM;
        if (!(flags & MAP_FIXED) && !mm_is_free(mm, hint, size))
            return -EEXIST;
        return (i64)hint;
    }
    hint = ROUND_DOWN(hint, PAGE_SIZE);
    if (hint >= MM_MIN_ADDRESS && valid_range(hint, size) && mm_is_free(mm, hint, size))
        return (i64)hint;
    u64 at = mm_find_room(mm, size);
    return at ? (i64)at : -ENOMEM;
}

static i64 check_file(struct file *file, u32 prot, u32 flags) {
    if (!file_is_regular(file))
        return -ENODEV;
    if (!file_can_read(file))
        return -EACCES;
    if ((flags & MAP_SHARED) && (prot & PROT_WRITE) && !file_can_write(file))
        return file_is_sealed(file) ? -EPERM : -EACCES;
    return 0;
}

static void populate(struct mm *mm, u64 addr, u64 size, u32 prot) {
    for (u64 at = addr; at < addr + size; at += PAGE_SIZE)
        if (!mm_resolve(mm, at, prot & PROT_WRITE ? FAULT_WRITE : 0))
            return;
}

static i64 map_checked(u64 addr, u64 size, u32 prot, u32 flags, struct file *file, u64 offset) {
    struct mm *mm = current->mm;
    i64 at = place(mm, addr, size, flags);
    if (at < 0)
        return at;
    if (!within_limits(mm, size))
        return -ENOMEM;
    at = mm_map(mm, (u64)at, size, prot, flags, file, offset);
    if (at > 0 && (flags & MAP_POPULATE))
        populate(mm, (u64)at, size, prot);
    return at;
}

i64 sys_mmap(const u64 *a) {
    u64 addr = a[0], size = ROUND_UP(a[1], PAGE_SIZE), offset = a[5];
    u32 prot = (u32)a[2] & PROT_KNOWN, flags = (u32)a[3];
    u32 kind = flags & MAP_SHARED_VALIDATE;
    if (!a[1] || (offset & PAGE_MASK) || !kind)
        return -EINVAL;
    if (size < a[1] || size > NV_USER_END)
        return -ENOMEM;
    if (kind == MAP_SHARED_VALIDATE)
        flags = (flags & ~(u32)MAP_SHARED_VALIDATE) | MAP_SHARED;
    struct file *file = NULL;
    if (!(flags & MAP_ANONYMOUS)) {
        if (offset + size < offset)
            return -EOVERFLOW;
        file = fd_file(current->files, (i32)a[4]);
        if (!file)
            return -EBADF;
        if (file_is_zero_device(file)) {
            file_put(file);
            file = NULL;
        }
    }
    i64 err = file ? check_file(file, prot, flags) : 0;
    if (!err && !file && (flags & MAP_SHARED)) {
        file = file_shared_memory(size);
        if (IS_ERR(file))
            return PTR_ERR(file);
        offset = 0;
    }
    i64 result = err ? err : map_checked(addr, size, prot, flags, file, offset);
    if (file)
        file_put(file);
    return result;
}

i64 sys_munmap(const u64 *a) {
    u64 size = ROUND_UP(a[1], PAGE_SIZE);
    return valid_range(a[0], size) ? mm_unmap(current->mm, a[0], size) : -EINVAL;
}

i64 sys_mprotect(const u64 *a) {
    u64 size = ROUND_UP(a[1], PAGE_SIZE);
    if ((a[0] & PAGE_MASK) || (a[2] & ~(u64)(PROT_KNOWN | 0x03000000)))
        return -EINVAL;
    if (!a[1])
        return 0;
    return valid_range(a[0], size) ? mm_protect(current->mm, a[0], size, (u32)a[2] & PROT_KNOWN) : -ENOMEM;
}

i64 sys_brk(const u64 *a) {
    struct mm *mm = current->mm;
    u64 old = ROUND_UP(mm->brk, PAGE_SIZE), new = ROUND_UP(a[0], PAGE_SIZE);
    if (a[0] < mm->brk_start || a[0] > NV_USER_END ||
        new - mm->brk_start > current->process->limits[RLIMIT_DATA].cur)
        return (i64)mm->brk;
    if (new < old) {
        if (mm_unmap(mm, new, old - new))
            return (i64)mm->brk;
    } else if (new > old) {
        if (!mm_is_free(mm, old, new - old) || !within_limits(mm, new - old) ||
            mm_map(mm, old, new - old, PROT_READ | PROT_WRITE, MAP_PRIVATE, NULL, 0) < 0)
            return (i64)mm->brk;
    }
    mm->brk = a[0];
    return (i64)mm->brk;
}

#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_REMOVE 9
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23

i64 sys_madvise(const u64 *a) {
    u64 addr = a[0], size = ROUND_UP(a[1], PAGE_SIZE), end = addr + size;
    if ((addr & PAGE_MASK) || size < a[1])
        return -EINVAL;
    if (!size)
        return 0;
    if (!valid_range(addr, size))
        return -ENOMEM;
    i64 result = 0;
    for (u64 at = addr; at < end;) {
        struct area *area = area_first_from(current->mm, at);
        if (!area || area->node.key >= end)
            return -ENOMEM;
        if (area->node.key > at)
            result = -ENOMEM; /* holes are reported, what is mapped is advised all the same */
        u64 first = MAX(at, area->node.key), last = MIN(end, area->end);
        switch (a[2]) {
        case MADV_DONTNEED:
        case MADV_FREE:
            if (a[2] == MADV_FREE && (area->file || (area->flags & MAP_SHARED)))
                return -EINVAL;
            mm_discard(current->mm, first, last);
            break;
        case MADV_POPULATE_READ:
        case MADV_POPULATE_WRITE:
            populate(current->mm, first, last - first, a[2] == MADV_POPULATE_WRITE ? PROT_WRITE : 0);
            break;
        case MADV_REMOVE:
            return -EOPNOTSUPP;
        default: /* the rest only advises about speed or dumps; unknown advice is an error */
            if (a[2] > 25 && !(a[2] >= 100 && a[2] <= 101))
                return -EINVAL;
        }
        at = last;
    }
    return result;
}

i64 sys_msync(const u64 *a) {
    u64 size = ROUND_UP(a[1], PAGE_SIZE), end = a[0] + size;
    if ((a[0] & PAGE_MASK) || (a[2] & ~7UL) || ((a[2] & 1) && (a[2] & 4)))
        return -EINVAL;
    for (u64 at = a[0]; at < end;) {
        struct area *area = area_find(current->mm, at);
        if (!area)
            return -ENOMEM;
        u64 last = MIN(end, area->end);
        if (area->file && (area->flags & MAP_SHARED)) {
            u64 first = at - area->node.key + area->offset;
            i64 err = inode_write_back(file_inode(area->file), first >> NV_PAGE_SHIFT,
                                       (first + (last - at)) >> NV_PAGE_SHIFT);
            if (err)
                return err;
        }
        at = last;
    }
    return 0;
}

/* Guest memory is never swapped, so locking is only the check that the range is mapped. */
i64 sys_mlock(const u64 *a) {
    u64 first = ROUND_DOWN(a[0], PAGE_SIZE), end = ROUND_UP(a[0] + a[1], PAGE_SIZE);
    for (u64 at = first; at < end;) {
        struct area *area = area_find(current->mm, at);
        if (!area)
            return -ENOMEM;
        populate(current->mm, at, MIN(end, area->end) - at, area->prot);
        at = area->end;
    }
    return 0;
}

i64 sys_munlock(const u64 *a) {
    return valid_range(ROUND_DOWN(a[0], PAGE_SIZE), ROUND_UP(a[1] + (a[0] & PAGE_MASK), PAGE_SIZE)) || !a[1]
               ? 0 : -ENOMEM;
}
