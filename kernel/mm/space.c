/* Address spaces: made, copied on fork, activated, destroyed. */
#include "errno.h"
#include "file.h"
#include "lib.h"
#include "pagetable.h"
#include "privilege.h"
#include "watch.h"
#include "zeros.h"

#define KERNEL_SLOT 511 /* of the PML4: direct map, image, kernel stacks */

struct list all_mms = LIST_INIT(all_mms);

static u64 last_serial;

struct mm *mm_new(void) {
    struct mm *mm = kzalloc(sizeof(*mm));
    paddr root = mm ? frame_alloc_zero() : 0;
    if (!root) {
        kfree(mm);
        return ERR_PTR(-ENOMEM);
    }
    u64 *from = phys_to_virt(kernel_root), *to = phys_to_virt(root);
    to[KERNEL_SLOT] = from[KERNEL_SLOT] & ~PTE_USER;
    mm->refs = 1;
    mm->serial = ++last_serial;
    mm->root = root;
    mm->map_top = mm->map_hint = MM_MAP_TOP;
    list_append(&all_mms, &mm->all);
    return mm;
}

/* Share the pages of one area; private ones lose their write right in both spaces. */
static i64 copy_pages(struct mm *to, struct mm *from, const struct area *area) {
    u64 at = area->node.key;
    bool private = !(area->flags & MAP_SHARED);
    for (u64 *pte; (pte = pte_next(from->root, &at, area->end)); at += PAGE_SIZE) {
        u64 *copy = pte_make(to, at);
        if (!copy)
            return -ENOMEM;
        if (private)
            *pte &= ~PTE_WRITE;
        *copy = *pte;
        entry_get(to, *pte);
    }
    return 0;
}

struct mm *mm_fork(struct mm *from) {
    struct mm *to = mm_new();
    if (IS_ERR(to))
        return to;
    to->brk_start = from->brk_start;
    to->brk = from->brk;
    to->stack_top = from->stack_top;
    to->arg_start = from->arg_start;
    to->arg_end = from->arg_end;
    to->env_start = from->env_start;
    to->env_end = from->env_end;
    to->vdso = from->vdso;
    to->program = from->program ? file_get(from->program) : NULL;
    to->map_top = from->map_top;
    to->map_hint = from->map_hint;
    memcpy(to->auxv, from->auxv, sizeof(to->auxv));
    to->auxv_len = from->auxv_len;
    i64 err = 0;
    for (struct area *area = area_first_from(from, 0); area && !err; area = area_next(area)) {
        if (area->flags & AREA_DONT_FORK)
            continue;
        struct area *copy = kmalloc(sizeof(*copy));
        if (!copy) {
            err = -ENOMEM;
            break;
        }
        *copy = *area;
        copy->flags &= ~AREA_LOCKED; /* locks are not inherited */
        if (copy->file)
            file_get(copy->file);
        area_insert(to, copy);
        if (!(area->flags & AREA_WIPE_ON_FORK))
            err = copy_pages(to, from, area);
    }
    user_space_flush_all(); /* the parent's write rights have gone */
    if (err) {
        mm_put(to);
        return ERR_PTR(err);
    }
    return to;
}

void mm_get(struct mm *mm) { mm->refs++; }

void mm_put(struct mm *mm) {
    if (--mm->refs)
        return;
    if (watching())
        watch_forget(mm);
    if (mm->aio.next)
        aio_exit(mm);
    for (struct area *area = area_first_from(mm, 0), *next; area; area = next) {
        next = area_next(area);
        mm_unmap(mm, area->node.key, area->end - area->node.key);
    }
    list_remove(&mm->all);
    file_put(mm->program);
    if (user_root == mm->root)
        user_space_load(kernel_root);
    pagetable_free(mm);
    kfree(mm);
}

void mm_truncated(void *inode, u64 pages) {
    struct mm *mm;
    list_for_each(mm, &all_mms, all) {
        for (struct area *area = area_first_from(mm, 0); area; area = area_next(area)) {
            if (!area->file || file_inode(area->file) != inode)
                continue;
            u64 first = area->offset >> NV_PAGE_SHIFT;
            u64 kept = pages > first ? (pages - first) << NV_PAGE_SHIFT : 0;
            if (area->node.key + kept < area->end)
                mm_discard(mm, area->node.key + kept, area->end);
        }
    }
}

u64 mm_count_areas(void *inode) {
    struct mm *mm;
    u64 count = 0;
    list_for_each(mm, &all_mms, all)
        for (struct area *area = area_first_from(mm, 0); area; area = area_next(area))
            count += area->file && file_inode(area->file) == inode;
    return count;
}

bool mm_shares_writable(void *inode) {
    struct mm *mm;
    list_for_each(mm, &all_mms, all)
        for (struct area *area = area_first_from(mm, 0); area; area = area_next(area))
            if (area->file && file_inode(area->file) == inode && (area->flags & MAP_SHARED) &&
                (file_can_write(area->file) || (area->prot & PROT_WRITE)))
                return true;
    return false;
}

void mm_forget_pages(void *inode) {
    struct mm *mm;
    list_for_each(mm, &all_mms, all) {
        for (struct area *area = area_first_from(mm, 0); area; area = area_next(area)) {
            if (!area->file || file_inode(area->file) != inode)
                continue;
            u64 at = area->node.key;
            for (u64 *pte; (pte = pte_next(mm->root, &at, area->end)); at += PAGE_SIZE) {
                paddr cached = inode_page_cached(inode, (at - area->node.key + area->offset) >> NV_PAGE_SHIFT);
                if (cached == (*pte & PTE_FRAME)) {
                    frame_put(cached);
                    *pte = 0;
                    mm->resident--;
                    user_space_flush(at);
                }
                if (cached)
                    frame_put(cached);
            }
        }
    }
}
