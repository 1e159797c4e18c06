/* Physical frames: a bump pointer over memory nobody has used yet (all zeros), then free lists.

   Zeroing is expensive where ring 0 is interpreted, so frames known to be zero are kept apart, and
   freed ones are zeroed by the host in batches when they are needed as zero frames. */
#include "frame.h"
#include "file.h"
#include "heap.h"
#include "hypercall.h"
#include "lib.h"

struct frame {
    u32 refs;
    u32 link; /* next free frame, or the owner's tag while in use */
};

#define ZERO_BATCH 64

static struct frame *frames;
static u32 total, bump;
static u32 clean_head, dirty_head; /* frame numbers; 0 ends a list */
static u32 free_count;

void frame_init(void) {
    total = (u32)(boot.memory_size >> NV_PAGE_SHIFT);
    frames = phys_to_virt(boot.free_start);
    u64 first = ROUND_UP(boot.free_start + total * sizeof(struct frame), PAGE_SIZE);
    bump = (u32)(first >> NV_PAGE_SHIFT);
    assert(bump < total);
    free_count = total - bump;
}

u64 frames_free(void) { return free_count; }
u64 frames_total(void) { return total; }

static struct frame *frame_of(paddr at) { return &frames[at >> NV_PAGE_SHIFT]; }

static u32 pop(u32 *head) {
    u32 n = *head;
    if (n)
        *head = frames[n].link;
    return n;
}

static void push(u32 *head, u32 n) {
    frames[n].link = *head;
    *head = n;
}

static u32 pop_fresh(void) { return bump < total ? bump++ : 0; }

static paddr hand_out(u32 n) {
    frames[n] = (struct frame){ .refs = 1 };
    free_count--;
    u64 used = ++control->frames_used;
    if (used > control->frames_peak)
        control->frames_peak = used;
    return (paddr)n << NV_PAGE_SHIFT;
}

/* Have the host zero a batch of freed frames. */
static bool clean_batch(void) {
    u32 batch[ZERO_BATCH], count = 0;
    while (count < ZERO_BATCH && dirty_head)
        batch[count++] = pop(&dirty_head);
    if (!count)
        return false;
    hc_begin(NV_OP_ZERO);
    for (u32 i = 0; i < count; i++)
        hc_out_phys((paddr)batch[i] << NV_PAGE_SHIFT, PAGE_SIZE);
    hc_ring();
    for (u32 i = 0; i < count; i++)
        push(&clean_head, batch[i]);
    return true;
}

static bool refill(void) { return dirty_head || clean_head || bump < total || pagecache_reclaim(ZERO_BATCH); }

paddr frame_alloc(void) {
    if (!refill())
        return 0;
    u32 n = pop(&dirty_head);
    if (!n)
        n = pop(&clean_head);
    if (!n)
        n = pop_fresh();
    return n ? hand_out(n) : 0;
}

static u32 pop_zero(void) {
    u32 n = pop(&clean_head);
    if (!n)
        n = pop_fresh();
    if (!n && clean_batch())
        n = pop(&clean_head);
    return n;
}

paddr frame_alloc_zero(void) {
    if (!refill())
        return 0;
    u32 n = pop_zero();
    return n ? hand_out(n) : 0;
}

u64 frame_alloc_zero_many(paddr *out, u64 n) {
    u64 got = 0;
    while (got < n && (out[got] = frame_alloc_zero()) != 0)
        got++;
    return got;
}

void frame_get(paddr at) { frame_of(at)->refs++; }

void frame_put(paddr at) {
    struct frame *frame = frame_of(at);
    if (--frame->refs)
        return;
    push(&dirty_head, (u32)(at >> NV_PAGE_SHIFT));
    free_count++;
    control->frames_used--;
}

u32 frame_refs(paddr at) { return frame_of(at)->refs; }
u32 frame_tag(paddr at) { return frame_of(at)->link; }
void frame_set_tag(paddr at, u32 tag) { frame_of(at)->link = tag; }
