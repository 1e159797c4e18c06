/* mseal(2): mappings that stay as they are until the program ends. */
#include "errno.h"
#include "mm.h"
#include "syscall.h"
#include "task.h"

bool mm_is_sealed(struct mm *mm, u64 from, u64 end) {
    for (struct area *area = area_first_from(mm, from); area && area->node.key < end; area = area_next(area))
        if (area->flags & AREA_SEALED)
            return true;
    return false;
}

i64 sys_mseal(const u64 *a) {
    struct mm *mm = current->mm;
    u64 from = a[0], size = ROUND_UP(a[1], PAGE_SIZE), end = from + size;
    if (a[2] || (from & PAGE_MASK) || size < a[1] || end < from)
        return -EINVAL;
    if (mm_has_hole(mm, from, end))
        return -ENOMEM;
    while (from < end) {
        i64 err = area_split(mm, from, end);
        if (err)
            return err;
        struct area *area = area_find(mm, from);
        from = area->end;
        area->flags |= AREA_SEALED;
        area_merge(mm, area);
    }
    return 0;
}
