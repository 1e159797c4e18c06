/* A slice of the guest's time: pieces in which the engine runs, by whole blocks of code or by single
   instructions. */
#include "emu.h"

#define SHORT 8 /* instructions for which running by blocks is not worth starting */
#define EVERYWHERE_FIRST 1 /* bounds of a hook: a first above the last means all addresses */
#define EVERYWHERE_LAST 0

void segment_set(struct emu *e, unsigned segment, u64 selector, u64 base, u32 limit, u32 attributes) {
    u32 *part = words(e) + SEGMENT_WORDS + 6 * segment;
    part[0] = (u32)selector;
    part[4] = limit;
    part[5] = attributes;
    e->q[SEGMENT_QUADS + 3 * segment] = base;
}

void emu_stop(struct emu *e) {
    e->stopped = 1;
    e->stop(e->engine);
}

void emu_end(struct emu *e, u64 reason, u64 detail, u64 a, u64 b) {
    if (!e->exit) {
        e->exit = reason;
        e->detail = detail;
        e->numbers[0] = a;
        e->numbers[1] = b;
        e->started = count_at_rip(e);
    }
    emu_stop(e);
}

/* A slice starts: instructions retired before it, and idle time before it. */
EXPORTED void emu_begin(struct emu *e, u64 retired, u64 skipped) {
    e->retired = retired;
    e->tsc_base = retired + skipped;
    e->counter = e->unretired = 0;
    e->exit = NOT_ENDED;
    e->behind = e->at_limit = e->deferred = e->stopped = 0;
    e->block = 0;
}

/* Let the engine run until something stops it; its error. */
static int piece(struct emu *e, bool exact, u64 until) {
    e->exact = exact;
    e->until = until;
    e->retry = e->stopped = 0;
    e->block = 0;
    /* Code is translated with the hooks or without them; HF_EXACT keeps the two apart. */
    e->code_hook[0] = exact ? EVERYWHERE_FIRST : NOWHERE;
    e->code_hook[1] = exact ? EVERYWHERE_LAST : NOWHERE;
    for (u64 i = 0; i < e->probe_count; i++)
        e->probes[i].bounds[0] = e->probes[i].bounds[1] = exact ? e->probes[i].address : NOWHERE;
    if (exact)
        *hflags(e) |= HF_EXACT;
    int error = e->start(e->engine, e->q[RIP], 0, 0, 0);
    *hflags(e) &= ~HF_EXACT;
    return error;
}

/* Run `limit` instructions or up to an end, after emu_begin; the engine's error. */
EXPORTED int emu_run(struct emu *e, u64 limit) {
    e->limit = limit;
    bool exact = limit < SHORT;
    u64 until = limit;
    for (;;) {
        int error = piece(e, exact || !e->by_blocks, e->by_blocks ? until : limit);
        bool over = error || !e->stopped || e->exit || e->deferred || e->behind;
        if (over || e->counter >= e->limit)
            return error;
        if (e->full) {
            e->control(e->engine, FLUSH_CODE);
            emu_forget(e);
        }
        exact = e->retry;
        until = exact ? e->counter + e->retry : limit;
        e->at_limit = 0;
    }
}

/* Of the header this was built with. */
EXPORTED u32 emu_layout(void) { return (u32)FINGERPRINT; }

/* Between slices. */
EXPORTED void emu_fault(struct emu *e, u64 vector, u64 rip, u64 flags) {
    event(e, (unsigned)vector, 0, FAULT, rip, flags);
}

EXPORTED void emu_interrupt(struct emu *e, u64 rip, u64 flags) { interrupt(e, rip, flags); }

EXPORTED int emu_interruptible(struct emu *e, u64 flags) { return interruptible(e, flags); }
