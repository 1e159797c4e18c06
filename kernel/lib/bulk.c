/* Physical runs and copies between them. */
#include "bulk.h"
#include "frame.h"
#include "lib.h"

void page_zero(paddr frame) { memset(phys_to_virt(frame), 0, PAGE_SIZE); }
void page_copy(paddr to, paddr from) { phys_copy(to, from, PAGE_SIZE); }
void phys_copy(paddr to, paddr from, u64 n) { memcpy(phys_to_virt(to), phys_to_virt(from), n); }

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

u64 segments_copy(const struct segments *to, const struct segments *from) {
    u64 total = MIN(segments_size(to), segments_size(from));
    u64 ti = 0, fi = 0, toff = 0, foff = 0;
    for (u64 left = total; left;) {
        u64 part = MIN(left, MIN(to->at[ti].size - toff, from->at[fi].size - foff));
        phys_copy(to->at[ti].gpa + toff, from->at[fi].gpa + foff, part);
        left -= part;
        toff += part;
        foff += part;
        if (toff == to->at[ti].size)
            ti++, toff = 0;
        if (foff == from->at[fi].size)
            fi++, foff = 0;
    }
    return total;
}
