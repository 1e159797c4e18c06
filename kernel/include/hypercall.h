/* The guest's end of the channel: one request page, filled and rung synchronously.

   hc_begin(NV_OP_X); hc_arg(0, node); hc_in(...); hc_out(...); i64 r = hc_ring();

   There is one page and the kernel never blocks between begin and ring, so calls cannot nest. */
#pragma once
#include "bulk.h"

void hc_begin(u16 op);
void hc_arg(int index, u64 value);
void hc_cookie(u64 cookie);
/* Inputs first, then outputs; kernel memory by pointer (image, heap or stack). */
void hc_in(const void *data, u64 size);
void hc_out(void *data, u64 size);
void hc_in_phys(paddr at, u64 size);
void hc_out_phys(paddr at, u64 size);
void hc_in_segments(const struct segments *s);
void hc_out_segments(const struct segments *s);
/* Result (>= 0) or a negative errno. */
i64 hc_ring(void);
/* out[index] of the last call. */
u64 hc_result(int index);

/* Under BOOT_HOST_TIME: ns since boot when the host last answered, or the clock was last read. */
extern u64 host_time;

extern struct nv_boot_info boot; /* the kernel's own copy, taken at boot */
extern volatile struct nv_control *control;
static inline bool quirk(u64 bit) { return boot.quirks & bit; }
