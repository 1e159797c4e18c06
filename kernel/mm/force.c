/* Pages that a process may not touch itself, for a debugger: written ones become private copies. */
#include "file.h"
#include "bulk.h"
#include "pagetable.h"
#include "privilege.h"

/* What an address that is not mapped yet would show; 0: it cannot be had. With a new reference. */
static paddr content_of(struct area *area, u64 addr) {
    i64 err = 0;
    if (!area->file)
        return frame_alloc_zero();
    return inode_page(file_inode(area->file), (addr - area->node.key + area->offset) >> NV_PAGE_SHIFT, &err);
}

paddr mm_resolve_forced(struct mm *mm, u64 addr, bool write) {
    struct area *area = area_find(mm, addr);
    u64 page = ROUND_DOWN(addr, PAGE_SIZE);
    if (!area || (area->prot & (write ? PROT_WRITE : PROT_READ | PROT_WRITE | PROT_EXEC)))
        return mm_resolve(mm, addr, write ? FAULT_WRITE : 0);
    if ((area->flags & AREA_FIXED_FRAMES) || (area->flags & MAP_SHARED))
        return 0;
    u64 *pte = pte_make(mm, page);
    if (!pte)
        return 0;
    bool present = *pte & PTE_FRAME;
    paddr own = 0, from = present ? *pte & PTE_FRAME : content_of(area, page);
    if (!from)
        return 0;
    if (present && (!write || frame_refs(from) == 1))
        return from | (addr & PAGE_MASK);
    if (!area->file && !present) {
        own = from;
    } else if ((own = frame_alloc())) {
        page_copy(own, from);
        frame_put(from);
    } else {
        if (!present)
            frame_put(from);
        return 0;
    }
    *pte = pte_of(own, area->prot ? pte_rights(area->prot, false) : PTE_PRESENT | PTE_NX);
    mm->resident += !present;
    user_space_flush(page);
    return own | (addr & PAGE_MASK);
}
