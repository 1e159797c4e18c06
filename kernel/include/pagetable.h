/* Four-level page tables (Intel SDM vol. 3, 4.5), user half. */
#pragma once
#include "frame.h"
#include "mm.h"

#define PTE_PRESENT 1UL
#define PTE_WRITE 2UL
#define PTE_USER 4UL
#define PTE_ACCESSED 0x20UL
#define PTE_DIRTY 0x40UL
#define PTE_AROUND 0x200UL /* ours: zeros, mapped because a neighbour was touched */
#define PTE_NX (1UL << 63)
#define PTE_FRAME 0x000ffffffffff000UL

/* The entry of a page, or NULL where a level is missing. */
u64 *pte_find(paddr root, u64 address);
/* The same, making the missing levels; NULL when memory is out. */
u64 *pte_make(struct mm *mm, u64 address);
/* The first present entry in [*address, end); moves *address there. NULL when there is none. */
u64 *pte_next(paddr root, u64 *address, u64 end);
/* The rights of a user page. */
u64 pte_rights(u32 prot, bool writable);
/* The entry of a page. */
static inline u64 pte_of(paddr frame, u64 rights) {
    if (!(rights & PTE_NX))
        frame_note_code(frame);
    return frame | rights;
}
/* Free the tables themselves; all pages are gone. */
void pagetable_free(struct mm *mm);
