/* Privileged state, from either ring (privilege.h). */
#include "privilege.h"
#include "cpu.h"
#include "pagetable.h"

paddr user_root, kernel_root;
u64 user_fs, user_gs, kernel_stack_top;
extern volatile u8 bases_changed; /* for boot/sink.S */

extern char syscall_entry[];

/* The page of syscall_entry stays out of ring 3's reach even for the sunk kernel: where `syscall` jumps
   there without raising the privilege, the fetch must fault to get into ring 0 at all. */
void privilege_init(void) {
    __asm__ volatile("mov %%cr3, %0" : "=r"(kernel_root));
    user_root = kernel_root;
    *pte_find(kernel_root, (u64)syscall_entry) &= ~PTE_USER;
    user_space_flush((u64)syscall_entry);
}

static void load_root(paddr root) { __asm__ volatile("mov %0, %%cr3" ::"r"(root) : "memory"); }

static void load_bases(u64 fs, u64 gs) {
    wrmsr(MSR_FS_BASE, fs);
    wrmsr(MSR_GS_BASE, gs);
}

/* A program that was running has its segment bases. Those of one that is to run again are loaded by
   boot/sink.S on the way there, or now. */
void privilege_adapt(bool idle) {
    sunk = bases_changed = false;
    if (privilege_must_sink()) {
        load_root(kernel_root);
        bases_changed = idle;
        return privilege_sink();
    }
    load_root(user_root);
    if (idle)
        load_bases(user_fs, user_gs);
}

void user_space_load(paddr root) {
    if (root == user_root)
        return;
    user_root = root;
    if (!sunk)
        load_root(root);
}

/* The way back from ring 3 loads the root anyway, which flushes everything. */
void user_space_flush(u64 address) {
    if (!sunk)
        __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

void user_space_flush_all(void) {
    if (!sunk)
        load_root(user_root);
}

/* Also if they are the same: a program that has loaded a selector is without its base, and whoever comes
   next must not be. */
void user_bases_load(u64 fs, u64 gs) {
    user_fs = fs;
    user_gs = gs;
    if (sunk) {
        bases_changed = true;
        return;
    }
    load_bases(fs, gs);
}

/* A trap from ring 3 leaves SS null, and on AMD's CPUs sysret loads its selector but not what belongs to it
   (APM vol. 3): 32-bit code of a task that returns by sysret after another's trap would have no stack. */
void kernel_stack_segment_load(void) {
    u32 ss;
    __asm__ volatile("mov %%ss, %0" : "=r"(ss));
    if (!sunk && ss != NV_SEL_KERNEL_DATA)
        __asm__ volatile("mov %0, %%ss" ::"r"(NV_SEL_KERNEL_DATA));
}

extern u64 saved_cr2;

u64 fault_address(void) { return sunk ? saved_cr2 : read_cr2(); }

void monitor_doorbell(u64 page);

void doorbell(u64 page) {
    if (sunk)
        return monitor_doorbell(page);
    /* The branch behind the OUT ends the translated block, so an emulator can stop exactly here. */
    __asm__ volatile("outl %0, %1\n\tjmp 1f\n1:" ::"a"((u32)page), "i"(NV_PORT) : "memory");
}
