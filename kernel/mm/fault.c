/* Page faults: the only place where a program's pages come to be.

   A fault costs far more than mapping a page (on an interpreted ring 0 a hundred times as much), so
   every fault also maps what lies around it: for anonymous memory the page of zeros when it is read and
   fresh frames when it is written, for files cached pages. */
#include "code.h"
#include "errno.h"
#include "file.h"
#include "bulk.h"
#include "lib.h"
#include "linux/resource.h"
#include "pagetable.h"
#include "privilege.h"
#include "task.h"
#include "trap.h"
#include "watch.h"
#include "zeros.h"

#define AROUND_ANONYMOUS 16 /* pages, a power of two: 64 KiB; and while a program goes through memory */
#define AROUND_STRIDING 256 /* in order, doubled with every fault up to this */
#define SPARE 8             /* such a window is at most one in this many free frames */
#define AROUND_FILE 64
#define AROUND_COPY 16 /* private pages of a file: who writes one (a linker, say) writes its neighbours */

/* The window of `pages` pages around addr, inside the area and one page table. */
static void window(const struct area *area, u64 addr, u64 pages, u64 *first, u64 *last) {
    u64 span = pages << NV_PAGE_SHIFT;
    *first = MAX(ROUND_DOWN(addr, span), area->node.key);
    *last = MIN(ROUND_DOWN(addr, span) + span, area->end);
}

/* How many pages a fault on fresh memory maps: more and more while each begins where the last window
   ended, if that costs no frames or few of those that are left. */
static u64 stride(const struct mm *mm, u64 addr, bool write) {
    u64 pages = mm->strides[write].pages;
    if (addr != mm->strides[write].end || (write && pages >= frames_free() / SPARE))
        return AROUND_ANONYMOUS;
    return MIN(pages * 2, AROUND_STRIDING);
}

static bool map_fresh(struct mm *mm, u64 *pte, u64 rights) {
    paddr frame = frame_alloc_zero();
    if (!frame)
        return false;
    *pte = pte_of(frame, rights);
    mm->resident++;
    return true;
}

/* A read: the page of zeros, for all there is nothing of. */
static i64 fault_read(struct mm *mm, struct area *area, u64 addr, u64 *pte) {
    u64 first, last, pages = stride(mm, addr, false), zeros = pte_of(zero_frame(), pte_rights(area->prot, false));
    *pte = zeros;
    window(area, addr, pages, &first, &last);
    u64 *entry = pte - ((addr - first) >> NV_PAGE_SHIFT);
    for (u64 at = first; at < last; at += PAGE_SIZE, entry++)
        if (!(*entry & PTE_PRESENT))
            *entry = zeros | PTE_AROUND;
    mm->strides[false].pages = pages;
    mm->strides[false].end = last;
    return 0;
}

/* A write: a frame of its own for this page and for its neighbours that have none. */
static i64 fault_fresh(struct mm *mm, struct area *area, u64 addr, u64 *pte) {
    u64 first, last, rights = pte_rights(area->prot, true), pages = stride(mm, addr, true), shown = *pte;
    if (!map_fresh(mm, pte, rights))
        return -ENOMEM;
    window(area, addr, pages, &first, &last);
    u64 *entry = pte - ((addr - first) >> NV_PAGE_SHIFT);
    if (shown)
        user_space_flush(addr);
    rights |= PTE_AROUND;
    for (u64 at = first; at < last; at += PAGE_SIZE, entry++) {
        shown = *entry;
        if (shown && !is_zero_frame(shown))
            continue;
        if (!map_fresh(mm, entry, rights))
            break; /* out of memory for neighbours is no error */
        if (unlikely(shown))
            user_space_flush(at);
    }
    mm->strides[true].pages = pages;
    mm->strides[true].end = last;
    return 0;
}

/* A private page of its own with this content. */
static i64 map_copy(u64 *pte, paddr from, const struct area *area) {
    paddr frame = frame_alloc();
    if (!frame)
        return -ENOMEM;
    page_copy(frame, from);
    *pte = pte_of(frame, pte_rights(area->prot, true));
    return 0;
}

static void map_around(struct mm *mm, struct area *area, struct inode *inode, u64 addr, u64 *pte) {
    u64 first, last, rights = pte_rights(area->prot, false);
    window(area, addr, AROUND_FILE, &first, &last);
    u64 *entry = pte - ((addr - first) >> NV_PAGE_SHIFT);
    u64 index = (first - area->node.key + area->offset) >> NV_PAGE_SHIFT;
    for (u64 at = first; at < last; at += PAGE_SIZE, entry++, index++) {
        if (*entry & PTE_PRESENT)
            continue;
        paddr frame = inode_page_cached(inode, index);
        if (!frame)
            continue;
        *entry = pte_of(frame, rights);
        mm->resident++;
    }
}

static i64 fault_file(struct mm *mm, struct area *area, u64 addr, u32 access, u64 *pte) {
    struct inode *inode = file_inode(area->file);
    u64 index = (addr - area->node.key + area->offset) >> NV_PAGE_SHIFT;
    i64 err = 0;
    paddr frame = inode_page(inode, index, &err);
    if (!frame)
        return err == -ENOMEM ? err : -ENXIO;
    bool write = access & FAULT_WRITE;
    if (write && !(area->flags & MAP_SHARED)) {
        err = map_copy(pte, frame, area);
        frame_put(frame);
        if (err)
            return err;
    } else {
        if (write)
            inode_page_dirty(inode, index);
        *pte = pte_of(frame, pte_rights(area->prot, write));
        code_executed_here(area, addr);
        if (write)
            code_written_here(area, addr, frame);
    }
    mm->resident++;
    if (!area_is_shared_code(area))
        map_around(mm, area, inode, addr, pte);
    return 0;
}

/* Replace a shared page by a private copy; the only user of a frame just keeps it. */
static i64 unshare(struct area *area, u64 addr, u64 *pte) {
    paddr frame = *pte & PTE_FRAME;
    if (frame_refs(frame) == 1) {
        *pte = pte_of(frame, pte_rights(area->prot, true));
    } else {
        i64 err = map_copy(pte, frame, area);
        if (err)
            return err;
        frame_put(frame);
    }
    user_space_flush(addr);
    return 0;
}

/* The page is there but may not be written yet. */
static i64 fault_write(struct mm *mm, struct area *area, u64 addr, u64 *pte) {
    if (is_zero_frame(*pte))
        return fault_fresh(mm, area, addr, pte);
    if (area->flags & MAP_SHARED) {
        if (area->file)
            inode_page_dirty(file_inode(area->file), (addr - area->node.key + area->offset) >> NV_PAGE_SHIFT);
        paddr frame = *pte & PTE_FRAME;
        *pte = pte_of(frame, pte_rights(area->prot, true));
        user_space_flush(addr);
        if (area->file)
            code_written_here(area, addr, frame);
        return 0;
    }
    i64 err = unshare(area, addr, pte);
    if (err || !area->file)
        return err;
    u64 first, last;
    window(area, addr, AROUND_COPY, &first, &last);
    u64 *entry = pte - ((addr - first) >> NV_PAGE_SHIFT);
    for (u64 at = first; at < last; at += PAGE_SIZE, entry++)
        if ((*entry & PTE_PRESENT) && !(*entry & PTE_WRITE) && unshare(area, at, entry))
            break; /* out of memory for neighbours is no error */
    return 0;
}

/* A stack reaches no further than its limit says now, however much of it was reserved. */
static bool beyond_stack(struct mm *mm, const struct area *area, u64 addr) {
    return (area->flags & MAP_GROWSDOWN) && mm == current->mm &&
           area->end - addr > current->process->limits[RLIMIT_STACK].cur;
}

/* The area of an address, or one that grows down to it. */
static struct area *area_for(struct mm *mm, u64 addr) {
    struct area *area = area_first_from(mm, addr);
    if (!area || area->node.key <= addr)
        return area;
    return (area->flags & MAP_GROWSDOWN) && !area_grow_down(mm, area, addr) ? area : NULL;
}

i64 mm_fault(struct mm *mm, u64 addr, u32 access) {
    struct area *area = area_for(mm, ROUND_DOWN(addr, PAGE_SIZE));
    if (!area)
        return -EFAULT;
    u32 needed = access & FAULT_WRITE ? PROT_WRITE : access & FAULT_EXEC ? PROT_EXEC
                                                   : PROT_READ | PROT_WRITE | PROT_EXEC;
    if (!(area->prot & needed))
        return -EACCES;
    addr = ROUND_DOWN(addr, PAGE_SIZE);
    u64 *pte = pte_make(mm, addr);
    if (!pte)
        return -ENOMEM;
    if (*pte & PTE_PRESENT) {
        if ((access & FAULT_WRITE) && !(*pte & PTE_WRITE))
            return fault_write(mm, area, addr, pte);
        user_space_flush(addr); /* a stale translation: the entry already allows it */
        return 0;
    }
    if (beyond_stack(mm, area, addr))
        return -EFAULT;
    if (area->file)
        return fault_file(mm, area, addr, access, pte);
    return access & FAULT_WRITE ? fault_fresh(mm, area, addr, pte) : fault_read(mm, area, addr, pte);
}

i64 mm_install(struct mm *mm, u64 addr, paddr frame, u32 prot) {
    u64 *pte = pte_make(mm, addr);
    if (!pte)
        return -ENOMEM;
    *pte = pte_of(frame, pte_rights(prot, true));
    mm->resident++;
    return 0;
}

paddr mm_resolve(struct mm *mm, u64 addr, u32 access) {
    u64 needed = PTE_PRESENT | PTE_USER | (access & FAULT_WRITE ? PTE_WRITE : 0);
    for (int attempt = 0; attempt < 2; attempt++) {
        u64 *pte = pte_find(mm->root, addr);
        if (pte && (*pte & needed) == needed) {
            if ((access & FAULT_WRITE) && !(*pte & PTE_NX))
                code_written(*pte & PTE_FRAME);
            return (*pte & PTE_FRAME) | (addr & PAGE_MASK);
        }
        i64 err = attempt ? -EFAULT : mm_fault(mm, addr, access);
        if (err == -ENOMEM)
            current->starved = need_resched = true; /* seen to on the way back: no call fails for it */
        if (err)
            break;
        if (watching() && (access & FAULT_WRITE))
            watch_reached(mm, addr);
    }
    return 0;
}
