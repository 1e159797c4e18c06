/* The byte queue of pipes: full pages move by segments, small writes gather in the last page. */
#include "fs/ring.h"
#include "errno.h"
#include "frame.h"
#include "lib.h"

#define STEP 64 /* pages moved at once */

/* Pages in all rings. Above a share of memory a ring that has one gets no more, so that every pipe
   works and all of them together leave room for the programs. */
static u64 pages_held;
#define MEMORY_SHARE 8

static u32 free_slots(const struct ring *r) {
    if (pages_held < frames_total() / MEMORY_SHARE)
        return r->slots - r->count;
    return r->count ? 0 : 1;
}

static struct segments runs; /* filled and used without sleeping between */

static struct ring_slot *slot_at(const struct ring *r, u32 n) { return &r->slot[(r->first + n) & (r->slots - 1)]; }

bool ring_writable(const struct ring *r) { return free_slots(r); }

bool ring_init(struct ring *r, enum ring_grain grain) {
    *r = (struct ring){.slots = RING_SLOTS, .grain = grain};
    r->slot = kmalloc(r->slots * sizeof(*r->slot));
    return r->slot != NULL;
}

void ring_free(struct ring *r) {
    pages_held -= r->count;
    for (u32 i = 0; i < r->count; i++)
        frame_put(slot_at(r, i)->frame);
    if (r->spare)
        frame_put(r->spare);
    kfree(r->slot);
}

/* How much of a write of n bytes goes behind what the last page holds: what does not fill a page, if
   it fits there as a whole (as Linux does, so that as many writes fit in a pipe). */
static u64 tail_part(const struct ring *r, u64 n) {
    const struct ring_slot *last = r->count && !r->packets ? slot_at(r, r->count - 1) : NULL;
    u64 part = n % PAGE_SIZE;
    return last && !last->packet && part <= PAGE_SIZE - last->start - last->size ? part : 0;
}

bool ring_takes(const struct ring *r, u64 n) { return free_slots(r) || tail_part(r, n); }

u64 ring_room(const struct ring *r) { return (u64)free_slots(r) * PAGE_SIZE; }

/* A write has met the end of the memory it comes from: how much of it goes in all the same. */
static u64 kept_of_write(const struct ring *r, u64 reach, u64 tail) {
    if (r->grain == RING_BYTES)
        return reach;
    return r->grain == RING_WHOLE || reach < tail ? 0 : tail + ROUND_DOWN(reach - tail, PAGE_SIZE);
}

/* The same of a read. */
static u64 kept_of_read(const struct ring *r, u64 reach, u64 want) {
    u64 kept = 0;
    if (r->grain != RING_PAGES)
        return r->grain == RING_BYTES ? reach : 0;
    for (u32 i = 0; i < r->count; i++) {
        u64 part = MIN((u64)slot_at(r, i)->size, want - kept);
        if (!part || kept + part > reach)
            break;
        kept += part;
    }
    return kept;
}

/* Begin again at `before` and step over what is kept. */
static i64 settle(struct io *io, const struct io *before, u64 kept) {
    *io = *before;
    io_advance(io, kept);
    return kept ? (i64)kept : -EFAULT;
}

i64 ring_write(struct ring *r, struct io *io) {
    struct io before = *io;
    u64 tail = tail_part(r, io->left);
    u64 want = MIN(io->left, tail + (u64)free_slots(r) * PAGE_SIZE);
    u32 old = r->count;
    runs.count = 0;
    if (tail) {
        struct ring_slot *last = slot_at(r, old - 1);
        segments_add(&runs, last->frame + last->start + last->size, tail);
    }
    u64 planned = tail;
    while (planned < want && r->count - old < STEP) {
        paddr frame = r->spare ? r->spare : frame_alloc();
        if (!frame)
            break;
        r->spare = 0;
        u64 part = MIN(want - planned, PAGE_SIZE);
        segments_add(&runs, frame, part);
        *slot_at(r, r->count++) = (struct ring_slot){.frame = frame, .packet = r->packets};
        planned += part;
    }
    i64 moved = planned ? io_take_runs(io, &runs) : -ENOMEM;
    if (unlikely(planned && moved < (i64)planned)) {
        u64 reach = io_reach(&before, planned, false), kept = kept_of_write(r, reach, tail);
        if (reach < planned && moved > (i64)kept)
            moved = settle(io, &before, kept);
    }
    /* Say how much each page got, and give back those that got nothing. */
    u64 left = MAX(moved, 0);
    r->size += left;
    u64 part = MIN(left, tail);
    if (tail)
        slot_at(r, old - 1)->size += part;
    left -= part;
    for (u32 i = old; i < r->count; i++) {
        part = MIN(left, PAGE_SIZE);
        slot_at(r, i)->size = part;
        left -= part;
    }
    while (r->count > old && !slot_at(r, r->count - 1)->size)
        frame_put(slot_at(r, --r->count)->frame);
    pages_held += r->count - old;
    return moved;
}

u64 ring_peek(const struct ring *r, struct segments *out, u64 max) {
    u64 want = MIN(max, r->size), seen = 0;
    out->count = 0;
    for (u32 i = 0; seen < want && i < MIN(r->count, (u32)STEP); i++) {
        struct ring_slot *slot = slot_at(r, i);
        u64 part = MIN((u64)slot->size, want - seen);
        if (slot->packet && seen)
            break;
        segments_add(out, slot->frame + slot->start, part);
        seen += part;
        if (slot->packet)
            break;
    }
    return seen;
}

void ring_drop(struct ring *r, u64 n) {
    for (u64 left = n; left;) {
        struct ring_slot *slot = slot_at(r, 0);
        u64 part = MIN(left, (u64)slot->size);
        slot->start += part;
        slot->size -= part;
        r->size -= part;
        left -= part;
        if (slot->size)
            break;
        if (r->spare)
            frame_put(slot->frame);
        else
            r->spare = slot->frame;
        r->first = (r->first + 1) & (r->slots - 1);
        r->count--;
        pages_held--;
    }
}

bool ring_starts_with_packet(const struct ring *r) { return r->count && slot_at(r, 0)->packet; }

i64 ring_read(struct ring *r, struct io *io) {
    u64 packet = ring_starts_with_packet(r) ? slot_at(r, 0)->size : 0;
    struct io before = *io;
    u64 want = ring_peek(r, &runs, io->left);
    i64 moved = want ? io_put_runs(io, &runs) : 0;
    if (unlikely(moved < (i64)want)) {
        u64 reach = io_reach(&before, want, true), kept = kept_of_read(r, reach, want);
        if (reach < want && moved > (i64)kept)
            moved = settle(io, &before, kept);
    }
    ring_drop(r, moved > 0 && packet ? packet : (u64)MAX(moved, 0));
    return moved;
}

void ring_cut(struct ring *r, u64 keep) {
    while (r->count && r->size - slot_at(r, r->count - 1)->size >= keep) {
        struct ring_slot *last = slot_at(r, --r->count);
        r->size -= last->size;
        frame_put(last->frame);
        pages_held--;
    }
}

i64 ring_resize(struct ring *r, u32 slots) {
    if (slots < r->count)
        return -EBUSY;
    struct ring_slot *fresh = kmalloc(slots * sizeof(*fresh));
    if (!fresh)
        return -ENOMEM;
    for (u32 i = 0; i < r->count; i++)
        fresh[i] = *slot_at(r, i);
    kfree(r->slot);
    r->slot = fresh;
    r->slots = slots;
    r->first = 0;
    return slots;
}
