/* Moving data in quantity, between physical runs. */
#pragma once
#include "abi.h"

struct segments {
    u64 count;
    struct nv_segment at[NV_MAX_SEGMENTS / 2];
};

void page_zero(paddr frame);
void page_copy(paddr to, paddr from);
/* Copy n bytes between physical runs that do not overlap. */
void phys_copy(paddr to, paddr from, u64 n);
/* Copy as many bytes as both sides hold; how many. */
u64 segments_copy(const struct segments *to, const struct segments *from);
/* Append a run, merging it with the last one where they touch; false when the table is full. */
bool segments_add(struct segments *s, paddr at, u64 size);
u64 segments_size(const struct segments *s);
