/* Areas: the map of an address space. Ranges are page-aligned and checked by the callers in mmap.c. */
#include "code.h"
#include "errno.h"
#include "file.h"
#include "lib.h"
#include "linux/resource.h"
#include "pagetable.h"
#include "privilege.h"
#include "task.h"
#include "zeros.h"

#define KEEP_TOGETHER \
    (MAP_SHARED | MAP_PRIVATE | MAP_GROWSDOWN | AREA_LOCKED | AREA_DONT_FORK | AREA_WIPE_ON_FORK | AREA_SEALED | AREA_FIXED_FRAMES | \
     AREA_CHARGED | MAP_NORESERVE)
#define GUARD_GAP (256 * PAGE_SIZE) /* what a growing stack keeps from its neighbour */

static struct area *area_of(struct tree_node *node) {
    return node ? tree_entry(node, struct area, node) : NULL;
}

struct area *area_find(struct mm *mm, u64 addr) {
    struct area *area = area_of(tree_floor(&mm->areas, addr));
    return area && addr < area->end ? area : NULL;
}

struct area *area_first_from(struct mm *mm, u64 addr) {
    struct area *area = area_find(mm, addr);
    return area ? area : area_of(tree_ceil(&mm->areas, addr));
}

struct area *area_next(struct area *area) { return area_of(tree_next(&area->node)); }

bool mm_is_free(struct mm *mm, u64 addr, u64 size) {
    struct area *area = area_first_from(mm, addr);
    return !area || area->node.key >= addr + size;
}

void area_insert(struct mm *mm, struct area *area) {
    tree_insert(&mm->areas, &area->node);
    mm->area_count++;
    mm->reserved += area->end - area->node.key;
}

static void area_free(struct mm *mm, struct area *area) {
    tree_remove(&mm->areas, &area->node);
    mm->area_count--;
    mm->reserved -= area->end - area->node.key;
    if (area->file)
        file_put(area->file);
    kfree(area);
}

static i64 area_split_at(struct mm *mm, u64 addr) {
    struct area *low = area_find(mm, addr);
    if (!low || low->node.key == addr)
        return 0;
    struct area *high = mm->area_count < MM_MAX_AREAS ? kmalloc(sizeof(*high)) : NULL;
    if (!high)
        return -ENOMEM;
    *high = *low;
    high->node.key = addr;
    high->offset += addr - low->node.key;
    if (high->file)
        file_get(high->file);
    mm->reserved -= low->end - addr;
    low->end = addr;
    area_insert(mm, high);
    return 0;
}

i64 area_split(struct mm *mm, u64 from, u64 end) {
    i64 err = area_split_at(mm, from);
    return err ? err : area_split_at(mm, end);
}

bool mm_has_hole(struct mm *mm, u64 from, u64 end) {
    for (const struct area *area; from < end; from = area->end) {
        area = area_find(mm, from);
        if (!area)
            return true;
    }
    return false;
}

static bool continues(const struct area *low, const struct area *high) {
    return low->end == high->node.key && low->prot == high->prot && low->file == high->file &&
           low->name == high->name && same_policy(&low->policy, &high->policy) && !((low->flags ^ high->flags) & KEEP_TOGETHER) &&
           (!low->file || low->offset + (low->end - low->node.key) == high->offset);
}

static struct area *join(struct mm *mm, struct area *low, struct area *high) {
    u64 end = high->end;
    area_free(mm, high);
    mm->reserved += end - low->end;
    low->end = end;
    return low;
}

struct area *area_merge(struct mm *mm, struct area *area) {
    struct area *next = area_next(area), *prev = area_of(tree_prev(&area->node));
    if (next && continues(area, next))
        area = join(mm, area, next);
    if (prev && continues(prev, area))
        area = join(mm, prev, area);
    return area;
}

i64 area_grow_down(struct mm *mm, struct area *area, u64 addr) {
    struct area *below = area_of(tree_prev(&area->node));
    u64 more = area->node.key - addr;
    if (mm != current->mm || addr < MM_MIN_ADDRESS || area->end - addr > current->process->limits[RLIMIT_STACK].cur ||
        (below && !(below->flags & MAP_GROWSDOWN) && below->prot && addr < below->end + GUARD_GAP) ||
        (below && addr < below->end) || !mm_within_limits(mm, more, true))
        return -EFAULT;
    tree_remove(&mm->areas, &area->node);
    area->node.key = addr;
    tree_insert(&mm->areas, &area->node);
    mm->reserved += more;
    return 0;
}

/* As Linux's mmap_base: the room of a usual stack, of as large a one as its limit allows, or 5/6 of all. */
void mm_leave_stack_room(struct mm *mm, u64 limit) {
    u64 room = ROUND_UP(MIN(limit, NV_USER_END / 6 * 5) + GUARD_GAP, PAGE_SIZE);
    mm->map_top = mm->map_hint = MIN(MM_MAP_TOP, NV_USER_END - room);
}

static u64 highest_room(struct mm *mm, u64 top, u64 size) {
    struct area *below = area_of(tree_floor(&mm->areas, top));
    while (top >= size + MM_MIN_ADDRESS) {
        u64 floor = below ? MIN(below->end, top) : MM_MIN_ADDRESS;
        if (top - floor >= size)
            return top - size;
        if (!below)
            return 0;
        top = MIN(top, below->node.key);
        below = area_of(tree_prev(&below->node));
    }
    return 0;
}

/* Downwards from the hint, which follows the lowest mapping; only when that runs out of space are
   holes above searched, and at last the stack's room. */
u64 mm_find_room(struct mm *mm, u64 size) {
    if (size > MM_MAP_TOP)
        return 0;
    if (mm->map_hint >= size + MM_MIN_ADDRESS && mm_is_free(mm, mm->map_hint - size, size))
        return mm->map_hint - size;
    u64 at = highest_room(mm, mm->map_top, size);
    return at || mm->map_top == MM_MAP_TOP ? at : highest_room(mm, MM_MAP_TOP, size);
}

i64 mm_map(struct mm *mm, u64 addr, u64 size, u32 prot, u32 flags, struct file *file, u64 offset) {
    return mm_map_named(mm, addr, size, prot, flags, file, offset, NULL);
}

i64 mm_map_named(struct mm *mm, u64 addr, u64 size, u32 prot, u32 flags, struct file *file, u64 offset,
                 const char *name) {
    struct area like = { .prot = prot, .flags = flags, .file = file, .name = name };
    return mm_map_like(mm, addr, size, &like, offset);
}

i64 mm_map_like(struct mm *mm, u64 addr, u64 size, const struct area *like, u64 offset) {
    i64 err = mm_unmap(mm, addr, size);
    if (err)
        return err;
    struct area *area = mm->area_count < MM_MAX_AREAS ? kzalloc(sizeof(*area)) : NULL;
    if (!area)
        return -ENOMEM;
    area->node.key = addr;
    area->end = addr + size;
    area->prot = like->prot;
    area->flags = like->flags & KEEP_TOGETHER;
    area->file = like->file ? file_get(like->file) : NULL;
    area->offset = offset;
    area->policy = like->policy;
    area->name = like->name;
    area_insert(mm, area);
    if (addr < mm->map_hint && addr + size > mm->map_hint - size && addr + size <= mm->map_top)
        mm->map_hint = addr;
    area_merge(mm, area);
    return (i64)addr;
}

void mm_discard(struct mm *mm, u64 addr, u64 end) {
    for (u64 *pte; (pte = pte_next(mm->root, &addr, end)); addr += PAGE_SIZE) {
        entry_put(mm, *pte);
        *pte = 0;
        user_space_flush(addr);
    }
}

i64 mm_unmap(struct mm *mm, u64 addr, u64 size) {
    u64 end = addr + size;
    struct area *area = area_first_from(mm, addr);
    if (!area || area->node.key >= end)
        return 0;
    i64 err = area_split(mm, addr, end);
    if (err)
        return err;
    for (area = area_first_from(mm, addr); area && area->node.key < end;) {
        struct area *next = area_next(area);
        u64 start = area->node.key, stop = area->end;
        mm_discard(mm, start, stop);
        if (area->file && (area->flags & MAP_SHARED) && (area->prot & PROT_WRITE))
            inode_write_back(file_inode(area->file), area->offset >> NV_PAGE_SHIFT,
                             (area->offset + (stop - start)) >> NV_PAGE_SHIFT);
        area_free(mm, area);
        if (start == mm->map_hint)
            mm->map_hint = stop;
        area = next;
    }
    return 0;
}

/* New rights for the pages already mapped. Write rights come back through a fault, which knows
   about sharing. */
static void reprotect(struct mm *mm, u64 addr, u64 end, u32 prot) {
    for (u64 *pte; (pte = pte_next(mm->root, &addr, end)); addr += PAGE_SIZE) {
        u64 frame = *pte & (PTE_FRAME | PTE_AROUND);
        if (!prot) {
            /* PROT_NONE keeps its pages: not present for the CPU, but not lost. */
            *pte = frame | PTE_PRESENT | PTE_NX;
        } else {
            if ((prot & PROT_EXEC) && (*pte & PTE_NX) && !is_zero_frame(*pte))
                code_written(*pte & PTE_FRAME);
            *pte = pte_of(frame, pte_rights(prot, (*pte & PTE_WRITE) != 0));
        }
        user_space_flush(addr);
    }
}

/* As far as the range is mapped: what lies before a hole is changed all the same. */
i64 mm_protect(struct mm *mm, u64 addr, u64 size, u32 prot) {
    u64 end = addr + size;
    for (u64 at = addr; at < end;) {
        struct area *area = area_find(mm, at);
        if (!area)
            return -ENOMEM;
        if (area->flags & AREA_SEALED)
            return -EPERM;
        if ((prot & PROT_WRITE) && (area->flags & MAP_SHARED) && area->file && !file_can_write(area->file))
            return -EACCES;
        if (unlikely(current->process->exec_gain_refused) && (prot & PROT_EXEC) && !(area->prot & PROT_EXEC))
            return -EACCES;
        if ((prot & PROT_WRITE) && !((area->prot & PROT_WRITE) | (area->flags & MAP_SHARED)) &&
            !mm_within_limits(mm, 0, true))
            return -ENOMEM;
        bool charged = mm_is_charged(prot, area->flags);
        if (charged && !(area->flags & AREA_CHARGED) && !mm_may_commit(MIN(end, area->end) - at))
            return -ENOMEM;
        i64 err = area_split(mm, at, end);
        if (err)
            return err;
        area = area_find(mm, at);
        area->prot = prot;
        area->flags |= charged ? AREA_CHARGED : 0;
        if (area_is_shared_code(area))
            mm_discard(mm, area->node.key, area->end); /* only a fault tells who else has the pages */
        reprotect(mm, area->node.key, area->end, prot);
        at = area->end;
        area_merge(mm, area);
    }
    return 0;
}
