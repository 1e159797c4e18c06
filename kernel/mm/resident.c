/* mincore(2): which pages are there. */
#include "errno.h"
#include "file.h"
#include "mm.h"
#include "pagetable.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"
#include "zeros.h"

static bool is_cached(const struct area *area, u64 at) {
    u64 index = (at - area->node.key + area->offset) >> NV_PAGE_SHIFT;
    paddr frame = inode_page_cached(file_inode(area->file), index);
    if (frame)
        frame_put(frame);
    return frame;
}

/* Has anything been written to a page of zeros? */
static bool is_written(paddr frame) {
    const u64 *word = phys_to_virt(frame);
    for (u64 i = 0; i < PAGE_SIZE / sizeof(*word); i++)
        if (word[i])
            return true;
    return false;
}

/* Where the kernel has mapped a page only because its neighbour was touched, Linux has none before it is
   touched itself: the content tells. */
bool mm_is_resident(struct mm *mm, const struct area *area, u64 addr) {
    u64 *pte = pte_find(mm->root, addr);
    if (!pte || !(*pte & PTE_PRESENT))
        return area->file && is_cached(area, addr);
    if ((*pte & PTE_AROUND) && (is_zero_frame(*pte) || !is_written(*pte & PTE_FRAME)))
        return false;
    *pte &= ~PTE_AROUND;
    return true;
}

i64 sys_mincore(const u64 *a) {
    struct mm *mm = current->mm;
    u64 end = ROUND_UP(a[0] + a[1], PAGE_SIZE);
    if (a[0] & PAGE_MASK)
        return -EINVAL;
    if (end < a[0] || end > NV_USER_END)
        return -ENOMEM;
    if (!in_user_space(a[2], (end - a[0]) / PAGE_SIZE))
        return -EFAULT;
    for (u64 at = a[0], out = a[2]; at < end; at += PAGE_SIZE, out++) {
        const struct area *area = area_find(mm, at);
        if (!area)
            return -ENOMEM;
        u8 resident = mm_is_resident(mm, area, at);
        if (put_user(resident, out))
            return -EFAULT;
        if (current->kill_pending)
            return -EINTR;
    }
    return 0;
}
