/* Kernel stacks live in a region of their own, each above an unmapped guard: an overflow is a double
   fault on its own stack, not silent corruption. Stacks of dead tasks keep their frames for the next. */
#include "kstack.h"
#include "lib.h"
#include "pagetable.h"
#include "privilege.h"
#include "hypercall.h"

#define SLOTS_MAX 32768
#define PAGES_PER_TABLE 512

static u64 *directory;     /* page directory of the region's first GiB */
static u64 free_stack;     /* head of the list linked through the stacks' first words */
static u32 slots;

/* Ring 3 may use this memory only where the top level says so too: in the sunk kernel's own tables. */

static u64 *table_of(paddr entry) { return phys_to_virt(entry & PTE_FRAME); }

static bool directory_init(void) {
    paddr frame = frame_alloc_zero();
    if (!frame)
        return false;
    u64 *pml4 = phys_to_virt(kernel_root);
    u64 *pdpt = table_of(pml4[KSTACK_BASE >> 39 & 511]);
    pdpt[KSTACK_BASE >> 30 & 511] = frame | PTE_PRESENT | PTE_WRITE | PTE_USER;
    directory = phys_to_virt(frame);
    return true;
}

static u64 *entry_of(u64 address) {
    u64 page = (address - KSTACK_BASE) >> NV_PAGE_SHIFT;
    u64 *upper = &directory[page / PAGES_PER_TABLE];
    if (!*upper) {
        paddr frame = frame_alloc_zero();
        if (!frame)
            return NULL;
        *upper = frame | PTE_PRESENT | PTE_WRITE | PTE_USER;
    }
    return table_of(*upper) + page % PAGES_PER_TABLE;
}

static paddr kstack_phys(u64 address) {
    return (*entry_of(address) & PTE_FRAME) | (address & PAGE_MASK);
}

/* Undo a half-made stack. */
static void unmap(u64 stack, u64 mapped) {
    for (u64 at = 0; at < mapped; at += PAGE_SIZE) {
        u64 *entry = entry_of(stack + at);
        frame_put(*entry & PTE_FRAME);
        *entry = 0;
        user_space_flush(stack + at);
    }
}

u64 kstack_alloc(void) {
    if (free_stack) {
        u64 stack = free_stack;
        free_stack = *(u64 *)stack;
        return stack;
    }
    if (slots == SLOTS_MAX || (!directory && !directory_init()))
        return 0;
    u64 stack = KSTACK_BASE + (u64)slots * KSTACK_STRIDE + KSTACK_SIZE;
    for (u64 at = 0; at < KSTACK_SIZE; at += PAGE_SIZE) {
        u64 *entry = entry_of(stack + at);
        paddr frame = entry ? frame_alloc() : 0;
        if (!frame) {
            unmap(stack, at);
            return 0;
        }
        *entry = frame | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY | PTE_NX;
    }
    slots++;
    return stack;
}

void kstack_free(u64 stack) {
    *(u64 *)stack = free_stack;
    free_stack = stack;
}

paddr virt_to_phys(const void *p) {
    u64 at = (u64)p;
    if (at >= KSTACK_BASE)
        return kstack_phys(at);
    return at >= NV_KERNEL_BASE ? at - NV_KERNEL_BASE : at - NV_DIRECT_BASE;
}
