/* Code that changes under a CPU that runs translations of it (NV_QUIRK_TRANSLATED).

   A processor sees what it executes change, whenever and at whatever address it is written. Such a CPU looks
   for translations only at the first store behind a new entry of its TLB, and drops only those of the bytes
   stored. So it is told of every frame whose content changes between two times of being executable. Between
   these a frame must not be executable at all: a shared page that has an address for stores and another for
   execution (as just-in-time compilers want it) is mapped at the one or at the other, and each change takes
   a fault. */
#include "code.h"
#include "file.h"
#include "hypercall.h"
#include "pagetable.h"
#include "privilege.h"

void code_written(paddr frame) {
    if (!quirk(NV_QUIRK_TRANSLATED) || !frame_has_code(frame))
        return;
    control->code_frame = frame;
    doorbell(NV_CODE_WRITTEN);
}

bool area_is_shared_code(const struct area *area) {
    return quirk(NV_QUIRK_TRANSLATED) && (area->flags & MAP_SHARED) && (area->prot & PROT_EXEC) && area->file;
}

/* Where an area has the byte `offset` of its file, or 0. */
static u64 address_of(const struct area *area, u64 offset) {
    u64 size = area->end - area->node.key;
    return offset >= area->offset && offset - area->offset < size ? area->node.key + (offset - area->offset) : 0;
}

/* Take the right to write, or to execute, this page of a file from all other places in one space. */
static void take(struct mm *mm, const struct area *keep, struct inode *inode, u64 offset, u32 right) {
    for (struct area *area = area_first_from(mm, 0); area; area = area_next(area)) {
        if (area == keep || !area->file || !(area->flags & MAP_SHARED) || !(area->prot & right) ||
            file_inode(area->file) != inode)
            continue;
        u64 at = address_of(area, offset), *pte = at ? pte_find(mm->root, at) : NULL;
        if (!pte || !(*pte & PTE_PRESENT))
            continue;
        if (right == PROT_EXEC) {
            mm_discard(mm, at, at + PAGE_SIZE);
        } else {
            *pte &= ~PTE_WRITE;
            user_space_flush(at);
        }
    }
}

static void take_from_all(const struct area *keep, u64 addr, u32 right) {
    struct inode *inode = file_inode(keep->file);
    u64 offset = ROUND_DOWN(addr, PAGE_SIZE) - keep->node.key + keep->offset;
    struct mm *mm;
    list_for_each(mm, &all_mms, all)
        take(mm, keep, inode, offset, right);
}

static bool shared_code; /* there is, or was, some */

void code_executed_here(const struct area *area, u64 addr) {
    if (!area_is_shared_code(area))
        return;
    shared_code = true;
    take_from_all(area, addr, PROT_WRITE);
}

void code_written_here(const struct area *area, u64 addr, paddr frame) {
    if (shared_code && quirk(NV_QUIRK_TRANSLATED))
        take_from_all(area, addr, PROT_EXEC);
    code_written(frame);
}

void code_adapt(void) {
    struct mm *mm;
    list_for_each(mm, &all_mms, all)
        for (struct area *area = area_first_from(mm, 0); area; area = area_next(area))
            if (area_is_shared_code(area))
                mm_discard(mm, area->node.key, area->end);
}
