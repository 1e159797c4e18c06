/* The page of zeros: what programs see of private memory they have only read so far. One page for all of
   them, mapped without the right to write; the first write gives the program a frame of its own.

   It is a part of the image, so it never comes from frame_alloc and its references are not counted. Nobody
   may write there, also not by its physical address: whoever wants to write asks for FAULT_WRITE and gets
   another frame. */
#pragma once
#include "pagetable.h"

extern const u8 zero_page[PAGE_SIZE];

static inline paddr zero_frame(void) { return (u64)zero_page - NV_KERNEL_BASE; }
static inline bool is_zero_frame(u64 entry) { return (entry & PTE_FRAME) == zero_frame(); }

/* An entry of this space has come to hold one more reference of its frame, or holds it no longer. */
static inline void entry_get(struct mm *mm, u64 entry) {
    if (is_zero_frame(entry))
        return;
    frame_get(entry & PTE_FRAME);
    mm->resident++;
}

static inline void entry_put(struct mm *mm, u64 entry) {
    if (is_zero_frame(entry))
        return;
    frame_put(entry & PTE_FRAME);
    mm->resident--;
}
