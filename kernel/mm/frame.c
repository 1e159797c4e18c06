/* Physical frames: a bump pointer over memory nobody has used yet, which is all zeros, and a list of
   those that came back, which are not. */
#include "bulk.h"
#include "code.h"
#include "file.h"
#include "heap.h"
#include "hypercall.h"
#include "lib.h"
#include "privilege.h"
#include "zeros.h"

struct frame {
    u32 refs;
    u32 link; /* next free frame, or the owner's tag while in use */
};

#define RECLAIM_BATCH 64
#define HAS_CODE (1u << 31) /* of refs */

/* The host is told of frames before their first use: it can make many at once for a fraction of what
   each costs when it is touched. How many grows with what the guest has taken already. */
#define ANNOUNCE_LEAST 64
#define ANNOUNCE_MOST (NV_HUGE_SIZE / PAGE_SIZE)

static struct frame *frames;
static u32 total, fresh; /* frame numbers; `fresh` is the first never used */
static u32 start, announced; /* the first there was, the first the host has not been told of */
static u32 free_head;    /* 0 ends the list */
u32 frames_left;

const u8 zero_page[PAGE_SIZE] __attribute__((aligned(4096)));

static struct frame *frame_of(paddr at) { return &frames[at >> NV_PAGE_SHIFT]; }

void frame_init(void) {
    total = (u32)(boot.memory_size >> NV_PAGE_SHIFT);
    frames = phys_to_virt(boot.free_start);
    u64 first = ROUND_UP(boot.free_start + total * sizeof(struct frame), PAGE_SIZE);
    start = fresh = (u32)(first >> NV_PAGE_SHIFT);
    announced = start + ANNOUNCE_LEAST; /* what booting takes goes without saying */
    assert(fresh < total);
    frames_left = total - fresh;
    frame_of(zero_frame())->refs = 2; /* so nobody is ever its only user, or its last */
}

u64 frames_total(void) { return total; }

static paddr hand_out(u32 n) {
    frames[n] = (struct frame){ .refs = 1 };
    frames_left--;
    u64 used = ++control->frames_used;
    if (used > control->frames_peak)
        control->frames_peak = used;
    return (paddr)n << NV_PAGE_SHIFT;
}

static paddr take_used(void) {
    u32 n = free_head;
    if (!n)
        return 0;
    free_head = frames[n].link;
    code_written((paddr)n << NV_PAGE_SHIFT);
    return hand_out(n);
}

/* With a request page of its own: frames are wanted while other requests are being put together. */
static void announce(void) {
    static struct nv_request request __attribute__((aligned(4096)));
    u32 count = MIN(MAX((fresh - start) / 4, ANNOUNCE_LEAST), ANNOUNCE_MOST);
    count = MIN(count, total - fresh);
    request.op = NV_OP_MEMORY;
    request.arg[0] = (u64)fresh << NV_PAGE_SHIFT;
    request.arg[1] = (u64)count << NV_PAGE_SHIFT;
    doorbell(virt_to_phys(&request) >> NV_PAGE_SHIFT);
    announced = fresh + count;
}

static paddr take_fresh(void) {
    if (fresh == announced)
        announce();
    return hand_out(fresh++);
}

static bool available(void) { return frames_left || pagecache_reclaim(RECLAIM_BATCH); }

paddr frame_alloc(void) {
    if (!available())
        return 0;
    paddr frame = take_used();
    return frame ? frame : take_fresh();
}

paddr frame_alloc_zero(void) {
    if (!available())
        return 0;
    if (fresh < total)
        return take_fresh();
    paddr frame = take_used();
    page_zero(frame);
    return frame;
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
    if (--frame->refs & ~HAS_CODE)
        return;
    frame->link = free_head;
    free_head = (u32)(at >> NV_PAGE_SHIFT);
    frames_left++;
    control->frames_used--;
}

u32 frame_refs(paddr at) { return frame_of(at)->refs & ~HAS_CODE; }
void frame_note_code(paddr at) { frame_of(at)->refs |= HAS_CODE; }
bool frame_has_code(paddr at) { return frame_of(at)->refs & HAS_CODE; }
u32 frame_tag(paddr at) { return frame_of(at)->link; }
void frame_set_tag(paddr at, u32 tag) { frame_of(at)->link = tag; }
