/* Memory that a debugger on the host watches: by the rights of its pages, so on every host.

   When a program goes on, no page it is watched in can be written. A write then faults and the page comes
   to be writable as ever, but this once the program executes one instruction only, by the trap flag: the
   window. Behind it the host is told, and the page is closed again. What the kernel itself has written
   it tells before the program goes on. What changed is for the host to find out, by comparing. */
#include "watch.h"
#include "debug.h"
#include "lib.h"
#include "pagetable.h"
#include "privilege.h"
#include "proc.h"
#include "trap.h"

static struct {
    u64 mm; /* its serial; 0: this place is free */
    u64 page;
    bool closed; /* it is not writable because of us: the next write there is no fault of the program's */
} watched[NV_WATCHED_PAGES];

/* Who may write to watched pages, until it has executed the instruction at rip. */
static struct {
    struct task *by;
    u64 rip, address;
} window;

static u32 stepping; /* threads with watch_step; one that dies so leaves it too high, which costs little */
static u64 written;  /* by the kernel, an address there; 0: nothing */

static bool is_watched(const struct mm *mm, u64 address) {
    for (u32 i = 0; i < NV_WATCHED_PAGES; i++)
        if (watched[i].mm == mm->serial && watched[i].page == ROUND_DOWN(address, PAGE_SIZE))
            return true;
    return false;
}

/* Steps under way must find their way back, also when nothing is watched any more. */
static void settle(void) {
    boot.flags &= ~BOOT_WATCHING;
    if (stepping)
        boot.flags |= BOOT_WATCHING;
    for (u32 i = 0; i < NV_WATCHED_PAGES; i++)
        if (watched[i].mm)
            boot.flags |= BOOT_WATCHING;
}

bool watch_page(i32 pid, u64 address, bool on) {
    struct process *process = process_find(pid);
    struct mm *mm = process && process->leader ? process->leader->mm : NULL;
    if (!mm || address >= NV_USER_END)
        return false;
    u64 page = ROUND_DOWN(address, PAGE_SIZE);
    bool done = !on || is_watched(mm, page);
    for (u32 i = 0; i < NV_WATCHED_PAGES; i++) {
        if (!on && watched[i].mm == mm->serial && watched[i].page == page) {
            watched[i].mm = 0;
        } else if (!done && !watched[i].mm) {
            watched[i].mm = mm->serial;
            watched[i].page = page;
            watched[i].closed = false;
            done = true;
        }
    }
    settle();
    return done;
}

void watch_forget(struct mm *mm) {
    for (u32 i = 0; i < NV_WATCHED_PAGES; i++)
        if (watched[i].mm == mm->serial)
            watched[i].mm = 0;
    settle();
}

void watch_reached(struct mm *mm, u64 address) {
    if (is_watched(mm, address))
        written = address;
}

bool watch_closed(const struct mm *mm, u64 address) {
    for (u32 i = 0; i < NV_WATCHED_PAGES; i++)
        if (watched[i].mm == mm->serial && watched[i].page == ROUND_DOWN(address, PAGE_SIZE))
            return watched[i].closed;
    return false;
}

void watch_faulted(struct trapframe *frame, u64 address) {
    if (!is_watched(current->mm, address))
        return;
    window.by = current;
    window.rip = frame->rip;
    window.address = address;
}

/* Take our trap flag out of a program that others may have stepped as well. */
static bool end_step(struct trapframe *frame) {
    if (!current->watch_step)
        return false;
    frame->rflags &= ~(u64)FLAG_TF;
    current->watch_step = false;
    stepping--;
    return true;
}

bool watch_stepped(struct trapframe *frame) {
    bool ours = end_step(frame), wrote = window.by == current;
    if (!ours && !wrote)
        return false;
    window.by = NULL;
    return debug_told(NV_DEBUG_WATCHED, ours ? 1 : 2, wrote ? window.address : 0, window.rip) || ours;
}

bool watch_told(void) {
    u64 address = written;
    written = 0;
    if (address)
        debug_told(NV_DEBUG_WATCHED, 0, address, 0);
    return address;
}

static void close_pages(const struct mm *mm) {
    for (u32 i = 0; i < NV_WATCHED_PAGES; i++) {
        u64 *pte = watched[i].mm == mm->serial ? pte_find(mm->root, watched[i].page) : NULL;
        if (!pte || (*pte & (PTE_PRESENT | PTE_WRITE)) != (PTE_PRESENT | PTE_WRITE))
            continue;
        *pte &= ~PTE_WRITE;
        watched[i].closed = true;
        user_space_flush(watched[i].page);
    }
}

void watch_leave(struct trapframe *frame) {
    if (window.by == current && frame->rip == window.rip) {
        if (!(frame->rflags & FLAG_TF)) {
            frame->rflags |= FLAG_TF;
            stepping += !current->watch_step;
            current->watch_step = true;
        }
        return;
    }
    /* Nobody has a window any more: whoever had it was interrupted, and will fault again. */
    window.by = NULL;
    end_step(frame);
    close_pages(current->mm);
    settle();
}
