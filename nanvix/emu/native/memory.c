/* Guest memory through the guest's page tables: 4-level paging (Intel SDM vol. 3, 4.5), as
   nanvix/machine/paging.py walks it. */
#include "emu.h"

#define PRESENT 1ull
#define WRITE 2ull
#define HUGE 0x80ull
#define ADDRESS_MASK 0x000ffffffffff000ull

void copy(void *to, const void *from, u64 size) {
    u8 *target = to;
    const u8 *source = from;
    while (size--)
        *target++ = *source++;
}

bool ram_check(struct emu *e, u64 physical, u64 size) {
    if (physical <= e->ram_size && size <= e->ram_size - physical)
        return true;
    emu_end(e, ERROR, OUTSIDE_RAM, physical, size);
    return false;
}

bool walk(const struct emu *e, u64 address, struct place *found) {
    if (!canonical(address))
        return false;
    u64 table = e->q[CR3] & ADDRESS_MASK;
    u64 rights = WRITE;
    unsigned shift = 39;
    for (;; shift -= 9) {
        u64 where = table + (address >> shift & 511) * 8;
        if (where + 8 > e->ram_size)
            return false;
        u64 entry = *(const u64 *)(e->ram + where);
        if (!(entry & PRESENT))
            return false;
        rights &= entry;
        table = entry & ADDRESS_MASK;
        if (shift == 12)
            break;
        if (entry & HUGE) {
            if (shift == 39)
                return false;
            break;
        }
    }
    u64 offset = (1ull << shift) - 1;
    found->physical = (table & ~offset) | (address & offset);
    found->write = rights & WRITE;
    return true;
}

unsigned code_at(const struct emu *e, u64 rip, unsigned size, u8 *code) {
    unsigned done = 0;
    while (done < size) {
        struct place place;
        u64 part = PAGE_SIZE - (rip & (PAGE_SIZE - 1));
        if (!walk(e, rip, &place))
            break;
        if (part > size - done)
            part = size - done;
        if (place.physical >= e->ram_size || part > e->ram_size - place.physical)
            break;
        copy(code + done, e->ram + place.physical, part);
        done += (unsigned)part;
        rip += part;
    }
    return done;
}
