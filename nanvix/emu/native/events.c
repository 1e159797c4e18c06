/* What the engine raises between and within instructions. */
#include "emu.h"

#define PF_FETCH 16
#define FIRST_VECTOR_OF_ENGINE 256
#define PAGE_OF(address) ((address) & ~(PAGE_SIZE - 1))

void tell_observer(struct emu *e, unsigned kind, u64 vector, u64 rip) {
    int answer = e->observer ? e->observer(kind, vector, rip, now(e)) : GO_ON;
    if (answer == PAUSE)
        emu_end(e, PAUSED, NOTHING, 0, 0);
    else if (answer == FAILED)
        emu_end(e, ERROR, RAISED, 0, 0);
}

/* An event of the guest. Each is counted, as something begun that did not retire: a guest that can run
   no instruction, because each attempt faults, comes to the end of its slice all the same. */
void event(struct emu *e, unsigned vector, u64 error, unsigned kind, u64 rip, u64 flags) {
    e->counter++;
    e->unretired++;
    tell_observer(e, kind, vector, rip);
    if (!deliver(e, vector, error, kind, rip, flags))
        emu_end(e, SHUTDOWN, TRIPLE_FAULT, rip, 0);
}

bool interruptible(const struct emu *e, u64 flags) {
    if (!(flags & FLAG_IF))
        return false;
    /* A shadow that fetch_fault made is none of the guest's. */
    return !(((const u32 *)e->q)[HFLAGS] & HF_INHIBIT) || e->q[RIP] == e->ahead;
}

void interrupt(struct emu *e, u64 rip, u64 flags) {
    for (unsigned i = 4; i--;) {
        if (!e->pending[i])
            continue;
        unsigned bit = 63 - (unsigned)__builtin_clzll(e->pending[i]);
        e->pending[i] &= ~(1ull << bit);
        event(e, 64 * i + bit, 0, EXTERNAL, rip, flags);
        return;
    }
}

/* An interrupt that could have come before the instruction does: it will fault again. */
static void fault_or_interrupt(struct emu *e, unsigned vector, u64 error, u64 rip, u64 flags) {
    if (any_pending(e) && interruptible(e, flags))
        interrupt(e, rip, flags & ~(u64)FLAG_RF);
    else
        event(e, vector, error, FAULT, rip, flags);
}

/* Raised while the engine translates: nothing was counted, and the lazy flags are right.

   The engine translates ahead, into pages the program may never reach. A fault that is not in the page
   of RIP counts only if it comes again with a single instruction translated, which is what the interrupt
   shadow makes the engine do. */
static void fetch_fault(struct emu *e, unsigned vector, u64 error, u64 rip) {
    e->block = 0;
    if (e->counter >= e->limit || (e->exact && e->counter >= e->until)) {
        /* The slice is over; the next one will find the same fault. */
        words(e)[e->in_flight] = (u32)-1;
        e->at_limit = 1;
        emu_stop(e);
    } else if (vector == VECTOR_PF && PAGE_OF(e->q[CR2] ^ rip) && !(*hflags(e) & HF_INHIBIT)) {
        words(e)[e->in_flight] = (u32)-1;
        *hflags(e) |= HF_INHIBIT;
        e->ahead = rip;
    } else {
        *hflags(e) &= ~HF_INHIBIT;
        fault_or_interrupt(e, vector, error, rip, flags_between(e));
    }
}

void on_exception(void *engine, u32 vector, struct emu *e) {
    u64 rip = e->q[RIP];
    if (e->deferred) {
        /* A single-step trap behind an instruction that is about to be undone. */
        words(e)[e->in_flight] = (u32)-1;
    } else if (vector >= FIRST_VECTOR_OF_ENGINE) {
        emu_end(e, ERROR, ENGINE_EVENT, vector, rip);
    } else if (words(e)[e->is_software]) {
        e->block = 0; /* it was the last of its block */
        event(e, vector, 0, SOFTWARE, rip, flags_at_start(e));
    } else if (vector == VECTOR_DB) {
        e->block = 0;
        event(e, vector, 0, TRAP, rip, flags_between(e));
    } else {
        u64 error = words(e)[e->error_code];
        if ((vector == VECTOR_PF && error & PF_FETCH) || (vector == VECTOR_GP && !canonical(rip))) {
            fetch_fault(e, vector, error, rip);
            return;
        }
        count_settle(e);
        e->unretired++;
        fault_or_interrupt(e, vector, error, rip, flags_at_start(e));
    }
}

u32 on_invalid(void *engine, struct emu *e) {
    u64 rip = e->q[RIP], flags = flags_at_start(e);
    u8 code[2] = { 0 };
    struct place place;
    count_settle(e);
    if (!code_at(e, rip, 2, code) && walk(e, rip, &place) && !ram_check(e, place.physical, 1))
        return 1;
    if (code[0] == 0xf1) { /* icebp, which the engine takes for invalid */
        event(e, VECTOR_DB, 0, TRAP, rip + 1, flags);
        return 1;
    }
    bool rdpmc = code[0] == 0x0f && code[1] == 0x33; /* so it does with this one */
    e->unretired++;
    fault_or_interrupt(e, rdpmc && cpl(e) ? VECTOR_GP : VECTOR_UD, 0, rip, flags);
    return 1;
}
