/* Bulk moves. Where ring 0 is interpreted a host round trip costs as much as copying some hundred
   bytes by hand, so the quirk decides where the line is. */
#include "bulk.h"
#include "frame.h"
#include "hypercall.h"
#include "lib.h"
#include "privilege.h"

#define BY_HAND_SLOW 512 /* bytes: about what one round trip costs in interpreted ring 0 */

static bool by_hand(u64 n) { return sunk || !quirk(NV_QUIRK_SLOW_RING0) || n <= BY_HAND_SLOW; }

void page_zero(paddr frame) {
    if (by_hand(PAGE_SIZE)) {
        memset(phys_to_virt(frame), 0, PAGE_SIZE);
        return;
    }
    hc_begin(NV_OP_ZERO);
    hc_out_phys(frame, PAGE_SIZE);
    hc_ring();
}

void phys_copy(paddr to, paddr from, u64 n) {
    if (by_hand(n)) {
        memcpy(phys_to_virt(to), phys_to_virt(from), n);
        return;
    }
    hc_begin(NV_OP_COPY);
    hc_in_phys(from, n);
    hc_out_phys(to, n);
    hc_ring();
}

void page_copy(paddr to, paddr from) { phys_copy(to, from, PAGE_SIZE); }

u64 segments_size(const struct segments *s) {
    u64 size = 0;
    for (u64 i = 0; i < s->count; i++)
        size += s->at[i].size;
    return size;
}

bool segments_add(struct segments *s, paddr at, u64 size) {
    struct nv_segment *last = s->count ? &s->at[s->count - 1] : NULL;
    if (last && last->gpa + last->size == at) {
        last->size += size;
        return true;
    }
    if (s->count == ARRAY_LEN(s->at))
        return false;
    s->at[s->count++] = (struct nv_segment){ at, size };
    return true;
}

static void copy_by_hand(const struct segments *to, const struct segments *from, u64 n) {
    u64 ti = 0, fi = 0, toff = 0, foff = 0;
    while (n) {
        u64 part = MIN(n, MIN(to->at[ti].size - toff, from->at[fi].size - foff));
        memcpy(phys_to_virt(to->at[ti].gpa + toff), phys_to_virt(from->at[fi].gpa + foff), part);
        n -= part;
        toff += part;
        foff += part;
        if (toff == to->at[ti].size)
            ti++, toff = 0;
        if (foff == from->at[fi].size)
            fi++, foff = 0;
    }
}

/* The first n bytes of a table. */
static void add_first(const struct segments *s, u64 n, void (*add)(paddr, u64)) {
    for (u64 i = 0; n; i++) {
        u64 part = MIN(n, s->at[i].size);
        add(s->at[i].gpa, part);
        n -= part;
    }
}

u64 segments_copy(const struct segments *to, const struct segments *from) {
    u64 n = MIN(segments_size(to), segments_size(from));
    if (by_hand(n)) {
        copy_by_hand(to, from, n);
        return n;
    }
    hc_begin(NV_OP_COPY);
    add_first(from, n, hc_in_phys);
    add_first(to, n, hc_out_phys);
    hc_ring();
    return n;
}
