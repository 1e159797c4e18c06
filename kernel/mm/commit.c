/* How much memory may be promised (Documentation/mm/overcommit-accounting.rst, mode 0): nobody is refused
   for what others have been promised, but who asks at once for more than the machine has gets nothing. */
#include "mm.h"
#include "pagetable.h"

bool mm_may_commit(u64 bytes) { return bytes >> NV_PAGE_SHIFT <= frames_total(); }

bool mm_is_charged(u32 prot, u32 flags) { return (prot & PROT_WRITE) && !(flags & (MAP_SHARED | MAP_NORESERVE)); }

u64 mm_committed(void) {
    struct mm *mm;
    u64 bytes = 0;
    list_for_each(mm, &all_mms, all)
        for (struct area *area = area_first_from(mm, 0); area; area = area_next(area))
            bytes += area->flags & AREA_CHARGED ? area->end - area->node.key : 0;
    return bytes;
}

u64 mm_tables(void) {
    struct mm *mm;
    u64 tables = 0;
    list_for_each(mm, &all_mms, all)
        tables += mm->table_count;
    return tables;
}
