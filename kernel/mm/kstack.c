/* Kernel stacks live in a region of their own, each above an unmapped guard: an overflow is a double
   fault on its own stack, not silent corruption. Stacks of dead tasks keep their frames for the next. */
#include "kstack.h"
#include "cpu.h"
#include "lib.h"
#include "pagetable.h"
#include "hypercall.h"

#define SLOTS_MAX 32768
#define PAGES_PER_TABLE 512

static u64 *directory;     /* page directory of the region's first GiB */
static u64 free_stack;     /* head of the list linked through the stacks' first words */
static u32 slots;

static u64 *table_of(paddr entry) { return phys_to_virt(entry & PTE_FRAME); }

static bool directory_init(void) {
    paddr frame = frame_alloc_zero();
    if (!frame)
        return false;
    u64 *pml4 = table_of(read_cr3());
    u64 *pdpt = table_of(pml4[KSTACK_BASE >> 39 & 511]);
    pdpt[KSTACK_BASE >> 30 & 511] = frame | PTE_PRESENT | PTE_WRITE;
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
        *upper = frame | PTE_PRESENT | PTE_WRITE;
    }
    return table_of(*upper) + page % PAGES_PER_TABLE;
}

paddr kstack_phys(u64 address) {
    return (*entry_of(address) & PTE_FRAME) | (address & PAGE_MASK);
}

/* Undo a half-made stack. */
static void unmap(u64 stack, u64 mapped) {
    for (u64 at = 0; at < mapped; at += PAGE_SIZE) {
        u64 *entry = entry_of(stack + at);
        frame_put(*entry & PTE_FRAME);
        *entry = 0;
        invlpg(stack + at);
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
        *entry = frame | PTE_PRESENT | PTE_WRITE | PTE_NX;
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
