/* Pages that a process may not touch itself, for a debugger: written ones become private copies. */
#include "file.h"
#include "bulk.h"
#include "pagetable.h"
#include "privilege.h"
#include "zeros.h"

/* The page of a file that an address shows which is not mapped yet; 0: it cannot be had. With a new
   reference. */
static paddr content_of(struct area *area, u64 addr) {
    i64 err = 0;
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
    paddr from = present ? *pte & PTE_FRAME : area->file ? content_of(area, page) : zero_frame();
    if (!from)
        return 0;
    if ((present || !area->file) && (!write || frame_refs(from) == 1))
        return from | (addr & PAGE_MASK);
    paddr own = frame_alloc();
    if (own)
        page_copy(own, from);
    if (!present && area->file)
        frame_put(from);
    if (!own)
        return 0;
    if (present)
        entry_put(mm, *pte);
    *pte = pte_of(own, area->prot ? pte_rights(area->prot, false) : PTE_PRESENT | PTE_NX);
    mm->resident++;
    user_space_flush(page);
    return own | (addr & PAGE_MASK);
}
