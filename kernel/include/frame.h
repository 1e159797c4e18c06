/* Physical frames (4 KiB) with reference counts, and small kernel objects. */
#pragma once
#include "abi.h"

#define PAGE_SIZE NV_PAGE_SIZE
#define PAGE_MASK (PAGE_SIZE - 1)

static inline void *phys_to_virt(paddr p) { return (void *)(p + NV_DIRECT_BASE); }
/* Physical address of a kernel pointer: image, direct map or a kernel stack. */
paddr virt_to_phys(const void *p);

void frame_init(void);
/* A frame with one reference and undefined content, or 0 when memory is out. */
paddr frame_alloc(void);
/* The same, all zeros. */
paddr frame_alloc_zero(void);
/* Up to n zero frames into out[]; how many. */
u64 frame_alloc_zero_many(paddr *out, u64 n);
void frame_get(paddr frame);
/* Drop a reference; the last one frees the frame. */
void frame_put(paddr frame);
u32 frame_refs(paddr frame);
/* Whether a frame has been executable since it was allocated. */
void frame_note_code(paddr frame);
bool frame_has_code(paddr frame);
extern u32 frames_left; /* free ones */
static inline u64 frames_free(void) { return frames_left; }
u64 frames_total(void);

/* Objects of 1..4096 bytes; NULL when memory is out. kfree(NULL) is fine. */
void *kmalloc(u64 size);
void *kzalloc(u64 size);
void kfree(void *object);
