/* Page tables: find, make, iterate, free. An address space chains its tables through their frames'
   tags, so that freeing them need not search the tree. */
#include "pagetable.h"
#include "heap.h"

#define ENTRIES 512

static u64 *table_at(u64 entry) { return phys_to_virt(entry & PTE_FRAME); }
static u64 index_at(u64 address, int level) { return address >> (12 + 9 * level) & (ENTRIES - 1); }

u64 *pte_find(paddr root, u64 address) {
    u64 *table = table_at(root);
    for (int level = 3; level > 0; level--) {
        u64 entry = table[index_at(address, level)];
        if (!(entry & PTE_PRESENT))
            return NULL;
        table = table_at(entry);
    }
    return &table[index_at(address, 0)];
}

u64 *pte_make(struct mm *mm, u64 address) {
    u64 *table = table_at(mm->root);
    for (int level = 3; level > 0; level--) {
        u64 *entry = &table[index_at(address, level)];
        if (!(*entry & PTE_PRESENT)) {
            paddr frame = frame_alloc_zero();
            if (!frame)
                return NULL;
            frame_set_tag(frame, mm->tables);
            mm->tables = (u32)(frame >> NV_PAGE_SHIFT);
            mm->table_count++;
            *entry = frame | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED;
        }
        table = table_at(*entry);
    }
    return &table[index_at(address, 0)];
}

/* The first present entry from i on, or `end`; eight at a time, as most tables are mostly empty. */
static u64 first_present(const u64 *table, u64 i, u64 end) {
    for (; i + 8 <= end; i += 8) {
        const u64 *e = table + i;
        if ((e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]) & PTE_PRESENT)
            break;
    }
    while (i < end && !(table[i] & PTE_PRESENT))
        i++;
    return i;
}

u64 *pte_next(paddr root, u64 *address, u64 end) {
    u64 at = *address;
    while (at < end) {
        u64 *table = table_at(root);
        int level = 3;
        while (level > 0) {
            u64 entry = table[index_at(at, level)];
            if (!(entry & PTE_PRESENT))
                break;
            table = table_at(entry);
            level--;
        }
        if (level > 0) { /* nothing below this entry: on to the next one */
            u64 span = 1UL << (12 + 9 * level);
            at = ROUND_DOWN(at, span) + span;
            continue;
        }
        u64 first = index_at(at, 0);
        if (table[first] & PTE_PRESENT) {
            *address = at;
            return &table[first];
        }
        u64 stop = MIN(first + (ROUND_UP(end - at, PAGE_SIZE) >> NV_PAGE_SHIFT), ENTRIES);
        u64 found = first_present(table, first, stop);
        at += (found - first) << NV_PAGE_SHIFT;
        if (found < stop) {
            *address = at;
            return &table[found];
        }
    }
    *address = end;
    return NULL;
}

/* Accessed and dirty are set beforehand: the kernel does not use them, and a hypervisor that shadows
   these tables would otherwise fault once more to set each of them. */
u64 pte_rights(u32 prot, bool writable) {
    u64 bits = PTE_USER | PTE_ACCESSED;
    if (prot)
        bits |= PTE_PRESENT;
    if (writable && (prot & PROT_WRITE))
        bits |= PTE_WRITE | PTE_DIRTY;
    if (!(prot & PROT_EXEC))
        bits |= PTE_NX;
    return bits;
}

void pagetable_free(struct mm *mm) {
    while (mm->tables) {
        paddr frame = (paddr)mm->tables << NV_PAGE_SHIFT;
        mm->tables = frame_tag(frame);
        frame_put(frame);
    }
    frame_put(mm->root);
}
