/* /proc/<pid>/smaps and smaps_rollup: how much of each mapping is there, and whose it is. */
#include "fs/proc.h"
#include "lib.h"
#include "mm.h"
#include "zeros.h"

/* Kilobytes; a page that several map is divided among them. */
struct presence {
    u64 size, resident, proportional, shared, private_clean, private_dirty, anonymous, locked;
};

static void measure(struct mm *mm, const struct area *area, struct presence *p) {
    const u64 kb = PAGE_SIZE / 1024;
    u64 at = area->node.key, before = p->resident;
    p->size += (area->end - at) / 1024;
    for (u64 *pte; (pte = pte_next(mm->root, &at, area->end)); at += PAGE_SIZE) {
        if (is_zero_frame(*pte))
            continue; /* everybody's */
        paddr cached = area->file ? inode_page_cached(file_inode(area->file),
                                                      (at - area->node.key + area->offset) >> NV_PAGE_SHIFT) : 0;
        paddr frame = *pte & PTE_FRAME;
        bool of_file = cached == frame;
        u64 refs = frame_refs(frame) - (of_file ? 2 : 0); /* without the cache's own and ours */
        if (cached)
            frame_put(cached);
        p->resident += kb;
        p->proportional += kb * 1024 / MAX(refs, 1);
        p->anonymous += of_file ? 0 : kb;
        if (refs > 1)
            p->shared += kb;
        else if (of_file && !(*pte & PTE_WRITE))
            p->private_clean += kb;
        else
            p->private_dirty += kb;
    }
    if (area->flags & AREA_LOCKED)
        p->locked += p->resident - before;
}

static void write_presence(struct text *text, const struct presence *p) {
    text_add(text, "Rss:            %8lu kB\nPss:            %8lu kB\n", p->resident, p->proportional / 1024);
    text_add(text, "Shared_Clean:   %8lu kB\nShared_Dirty:   %8u kB\n", p->shared, 0);
    text_add(text, "Private_Clean:  %8lu kB\nPrivate_Dirty:  %8lu kB\n", p->private_clean, p->private_dirty);
    text_add(text, "Referenced:     %8lu kB\nAnonymous:      %8lu kB\n", p->resident, p->anonymous);
    text_add(text, "LazyFree:       %8u kB\nAnonHugePages:  %8u kB\n", 0, 0);
    text_add(text, "Swap:           %8u kB\nSwapPss:        %8u kB\n", 0, 0);
    text_add(text, "Locked:         %8lu kB\n", p->locked);
}

static void write_flags(struct text *text, const struct area *area) {
    text_add(text, "VmFlags:%s%s%s%s mr mw me%s%s\n", area->prot & PROT_READ ? " rd" : "",
             area->prot & PROT_WRITE ? " wr" : "", area->prot & PROT_EXEC ? " ex" : "",
             area->flags & MAP_SHARED ? " sh" : "", area->flags & MAP_GROWSDOWN ? " gd" : "",
             area->flags & AREA_LOCKED ? " lo" : "");
}

void proc_smaps(struct text *text, struct process *p) {
    struct task *t = proc_task(p);
    for (struct area *area = t ? area_first_from(t->mm, 0) : NULL; area; area = area_next(area)) {
        struct presence here = {0};
        proc_map_line(text, area);
        measure(t->mm, area, &here);
        text_add(text, "Size:           %8lu kB\nKernelPageSize: %8u kB\nMMUPageSize:    %8u kB\n", here.size, 4, 4);
        write_presence(text, &here);
        write_flags(text, area);
    }
}

void proc_smaps_rollup(struct text *text, struct process *p) {
    struct task *t = proc_task(p);
    struct presence all = {0};
    if (!t)
        return;
    struct area *first = area_first_from(t->mm, 0);
    for (struct area *area = first; area; area = area_next(area))
        measure(t->mm, area, &all);
    text_add(text, "%08lx-%08lx ---p 00000000 00:00 0%20s[rollup]\n", first ? first->node.key : 0, (u64)NV_USER_END, "");
    write_presence(text, &all);
}

u64 mm_locked_kb(struct mm *mm) {
    u64 bytes = 0;
    for (struct area *area = area_first_from(mm, 0); area; area = area_next(area))
        bytes += area->flags & AREA_LOCKED ? area->end - area->node.key : 0;
    return bytes / 1024;
}
