/* The memory system calls: ranges are checked here, areas.c does the work. */
#include "errno.h"
#include "file.h"
#include "lib.h"
#include "linux/resource.h"
#include "mm.h"
#include "pagetable.h"
#include "syscall.h"
#include "task.h"

#define PROT_KNOWN (PROT_READ | PROT_WRITE | PROT_EXEC)
#define MAP_32BIT 0x40
#define MAP_HUGETLB 0x40000
#define MAP_HUGE_SHIFT 26
#define PROT_GROWSDOWN 0x01000000
#define PROT_GROWSUP 0x02000000
/* What MAP_SHARED_VALIDATE knows; other flags are refused there and ignored elsewhere. */
#define MAP_KNOWN 0x7fb73
#define MAP_BITS 0x1fffff /* where flags are: those above are the kernel's own */

/* Page-aligned, not empty, inside user space. */
static bool valid_range(u64 addr, u64 size) {
    return !(addr & PAGE_MASK) && size && addr <= NV_USER_END && size <= NV_USER_END - addr;
}

/* Private memory that can be written: what RLIMIT_DATA counts. */
static u64 data_bytes(struct mm *mm) {
    u64 bytes = 0;
    for (struct area *area = area_first_from(mm, 0); area; area = area_next(area))
        if ((area->prot & PROT_WRITE) && !(area->flags & (MAP_SHARED | MAP_GROWSDOWN)))
            bytes += area->end - area->node.key;
    return bytes;
}

static bool below(u64 used, u64 more, u64 limit) { return more <= limit && used <= limit - more; }

bool mm_within_limits(struct mm *mm, u64 more, bool data) {
    const struct rlimit *limits = current->process->limits;
    if (!below(mm->reserved, more, limits[RLIMIT_AS].cur))
        return false;
    u64 limit = limits[RLIMIT_DATA].cur;
    return !data || limit == RLIM_INFINITY || below(data_bytes(mm), more, limit);
}

/* Bytes of a range that are mapped, and will be mapped no longer when something is put there. */
static u64 mapped_bytes(struct mm *mm, u64 addr, u64 size) {
    u64 bytes = 0;
    for (struct area *area = area_first_from(mm, addr); area && area->node.key < addr + size; area = area_next(area))
        bytes += MIN(area->end, addr + size) - MAX(area->node.key, addr);
    return bytes;
}

/* Room below 2 GiB, searched upwards; 0: none. */
static u64 find_low_room(struct mm *mm, u64 size) {
    u64 at = 1UL << 30;
    while (at + size <= 1UL << 31) {
        struct area *area = area_first_from(mm, at);
        if (!area || area->node.key >= at + size)
            return at;
        at = area->end;
    }
    return 0;
}

/* Where a mapping goes: the fixed address, the free hint, or the next room. */
static i64 place(struct mm *mm, u64 hint, u64 size, u32 flags) {
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (!valid_range(hint, size))
            return hint & PAGE_MASK ? -EINVAL : -ENOMEM;
        if (hint < MM_MIN_ADDRESS)
            return -EPERM;
        if (!(flags & MAP_FIXED) && !mm_is_free(mm, hint, size))
            return -EEXIST;
        if (mm_is_sealed(mm, hint, hint + size))
            return -EPERM;
        return (i64)hint;
    }
    hint = ROUND_DOWN(hint, PAGE_SIZE);
    if (hint >= MM_MIN_ADDRESS && valid_range(hint, size) && mm_is_free(mm, hint, size))
        return (i64)hint;
    u64 at = flags & MAP_32BIT ? find_low_room(mm, size) : mm_find_room(mm, size);
    return at ? (i64)at : -ENOMEM;
}

static i64 check_file(struct file *file, u32 prot, u32 flags) {
    if (!file_can_read(file))
        return -EACCES;
    if ((flags & MAP_SHARED) && (prot & PROT_WRITE) && !file_can_write(file))
        return file_is_sealed(file) ? -EPERM : -EACCES;
    if (!file_is_regular(file))
        return -ENODEV;
    return flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

i64 mm_populate(struct mm *mm, u64 addr, u64 size, bool write) {
    const u64 needed = PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0);
    for (u64 at = addr, end = addr + size; at < end;) {
        if (!mm_resolve(mm, at, write ? FAULT_WRITE : 0)) {
            i64 err = mm_fault(mm, at, write ? FAULT_WRITE : 0);
            if (err || signal_interrupts(current))
                return err ? err : -EINTR;
            at += PAGE_SIZE;
            continue;
        }
        /* What a fault maps around it is populated as well, up to the end of the page table. */
        u64 stop = MIN(end, ROUND_DOWN(at, NV_HUGE_SIZE) + NV_HUGE_SIZE);
        for (u64 *pte = pte_find(mm->root, at); at < stop && (*pte & needed) == needed; at += PAGE_SIZE, pte++)
            *pte &= ~PTE_AROUND;
    }
    return 0;
}

i64 mm_map_checked(u64 addr, u64 size, u32 prot, u32 flags, struct file *file, u64 offset) {
    struct mm *mm = current->mm;
    i64 at = place(mm, addr, size, flags);
    if (at < 0)
        return at;
    if (mm->lock_future)
        flags |= MAP_LOCKED;
    i64 err = flags & MAP_LOCKED ? mm_may_lock(mm, size) : 0;
    if (err)
        return err == -ENOMEM ? -EAGAIN : err;
    u64 more = size - (flags & MAP_FIXED ? mapped_bytes(mm, at, size) : 0);
    if (!mm_within_limits(mm, more, (prot & PROT_WRITE) && !(flags & (MAP_SHARED | MAP_GROWSDOWN))))
        return -ENOMEM;
    if (mm_is_charged(prot, flags)) {
        if (!mm_may_commit(size))
            return -ENOMEM;
        flags |= AREA_CHARGED;
    }
    at = mm_map(mm, (u64)at, size, prot, flags, file, offset);
    if (at > 0 && (flags & (MAP_POPULATE | MAP_LOCKED)))
        mm_populate(mm, (u64)at, size, prot & PROT_WRITE);
    return at;
}

/* The default, and what the processor's larger pages have. */
static bool is_huge_shift(u32 shift) { return !shift || shift == 21 || shift == 30; }

i64 sys_mmap(const u64 *a) {
    u64 addr = a[0], size = ROUND_UP(a[1], PAGE_SIZE), offset = a[5];
    u32 prot = (u32)a[2] & PROT_KNOWN, flags = (u32)a[3];
    u32 kind = flags & 0xf;
    if (!a[1] || (offset & PAGE_MASK) || !kind || kind > MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (size < a[1] || size > NV_USER_END)
        return -ENOMEM;
    if (kind == MAP_SHARED_VALIDATE && (flags & ~MAP_KNOWN))
        return -EOPNOTSUPP;
    if ((flags & MAP_ANONYMOUS) && (kind == MAP_SHARED_VALIDATE || (kind == MAP_SHARED && (flags & MAP_GROWSDOWN))))
        return -EINVAL;
    if (flags & MAP_HUGETLB) /* there are no huge pages to be had, of whatever size */
        return is_huge_shift(flags >> MAP_HUGE_SHIFT & 0x3f) ? -ENOMEM : -EINVAL;
    flags &= MAP_BITS;
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
    if (!err && current->process->exec_gain_refused && (prot & PROT_EXEC) && (prot & PROT_WRITE))
        err = -EACCES;
    if (!err && !file && (flags & (MAP_SHARED | MAP_NORESERVE)) == MAP_SHARED && !mm_may_commit(size))
        err = -ENOMEM;
    if (!err && !file && (flags & MAP_SHARED)) {
        file = file_shared_memory(size);
        if (IS_ERR(file))
            return PTR_ERR(file);
        offset = 0;
    }
    i64 result = err ? err : mm_map_checked(addr, size, prot, flags, file, offset);
    if (file && result >= 0)
        file_accessed(file);
    if (file)
        file_put(file);
    return result;
}

i64 sys_munmap(const u64 *a) {
    u64 size = ROUND_UP(a[1], PAGE_SIZE);
    if (!valid_range(a[0], size))
        return -EINVAL;
    return mm_is_sealed(current->mm, a[0], a[0] + size) ? -EPERM : mm_unmap(current->mm, a[0], size);
}

i64 sys_mprotect(const u64 *a) {
    u64 size = ROUND_UP(a[1], PAGE_SIZE);
    u32 grows = (u32)a[2] & (PROT_GROWSDOWN | PROT_GROWSUP), prot = (u32)a[2] & PROT_KNOWN;
    if ((a[0] & PAGE_MASK) || (a[2] & ~(u64)(PROT_KNOWN | PROT_GROWSDOWN | PROT_GROWSUP)) ||
        grows == (PROT_GROWSDOWN | PROT_GROWSUP))
        return -EINVAL;
    if (!a[1])
        return 0;
    if (!valid_range(a[0], size))
        return -ENOMEM;
    if (!grows)
        return mm_protect(current->mm, a[0], size, prot);
    /* Down to the start of a stack, however far that has grown; none grows upwards here. */
    const struct area *area = area_first_from(current->mm, a[0]);
    if (!area || area->node.key >= a[0] + size)
        return -ENOMEM;
    if (grows == PROT_GROWSUP || !(area->flags & MAP_GROWSDOWN))
        return -EINVAL;
    return mm_protect(current->mm, area->node.key, a[0] + size - area->node.key, prot);
}

i64 sys_brk(const u64 *a) {
    struct mm *mm = current->mm;
    u64 old = ROUND_UP(mm->brk, PAGE_SIZE), new = ROUND_UP(a[0], PAGE_SIZE);
    if (a[0] < mm->brk_start || a[0] > NV_USER_END ||
        new - mm->brk_start > current->process->limits[RLIMIT_DATA].cur)
        return (i64)mm->brk;
    if (new < old) {
        if (mm_is_sealed(mm, new, old) || mm_unmap(mm, new, old - new))
            return (i64)mm->brk;
    } else if (new > old) {
        if (!mm_is_free(mm, old, new - old) || !mm_within_limits(mm, new - old, true) || !mm_may_commit(new - old) ||
            mm_map_named(mm, old, new - old, PROT_READ | PROT_WRITE, MAP_PRIVATE | AREA_CHARGED, NULL, 0, "[heap]") < 0)
            return (i64)mm->brk;
    }
    mm->brk = a[0];
    return (i64)mm->brk;
}

#define MS_INVALIDATE 2

i64 sys_msync(const u64 *a) {
    u64 size = ROUND_UP(a[1], PAGE_SIZE), end = a[0] + size;
    if ((a[0] & PAGE_MASK) || (a[2] & ~7UL) || ((a[2] & 1) && (a[2] & 4)))
        return -EINVAL;
    if (end < a[0])
        return -ENOMEM;
    i64 result = 0;
    for (u64 at = a[0]; at < end;) {
        struct area *area = area_first_from(current->mm, at);
        if (!area || area->node.key >= end)
            return -ENOMEM;
        if (area->node.key > at)
            result = -ENOMEM; /* holes are reported, what is mapped is written all the same */
        at = MAX(at, area->node.key);
        u64 last = MIN(end, area->end);
        if ((a[2] & MS_INVALIDATE) && (area->flags & AREA_LOCKED))
            return -EBUSY;
        if (area->file && (area->flags & MAP_SHARED)) {
            u64 first = at - area->node.key + area->offset;
            i64 err = inode_write_back(file_inode(area->file), first >> NV_PAGE_SHIFT,
                                       (first + (last - at)) >> NV_PAGE_SHIFT);
            if (err)
                return err;
        }
        at = last;
    }
    return result;
}

/* Protection keys: the virtual CPU has none, so there is only the one every page has. */
i64 sys_pkey_mprotect(const u64 *a) { return (i32)a[3] == -1 || !(i32)a[3] ? sys_mprotect(a) : -EINVAL; }
i64 sys_pkey_alloc(const u64 *a) { return a[0] || (a[1] & ~3UL) ? -EINVAL : -ENOSPC; }
i64 sys_pkey_free(const u64 *a) { return -EINVAL; }
