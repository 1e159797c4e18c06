/* Interrupts and exceptions enter the guest here, through its own IDT.

   The engine stops at every exception and leaves the rest to its user, so this is the part of the CPU
   that Intel SDM vol. 3, chapter 6 describes: gate checks, stack switch through the TSS, the frame, and
   what becomes of a fault on the way (6.15: double fault, then shutdown). Only 64-bit mode: our guests
   never leave it in ring 0. */
#include "emu.h"

#define CR0_WP (1ull << 16)
#define CR0_PG (1ull << 31)
#define GATE_INTERRUPT 14
#define GATE_TRAP 15
#define TSS_RSP 4
#define TSS_IST 36

/* Attributes as the CPU structure keeps them: the descriptor's high word. */
#define TYPE_MASK 0x1800
#define CODE 0x1800
#define CONFORMING 0x400
#define DPL(attributes) ((attributes) >> 13 & 3)
#define SEGMENT_PRESENT 0x8000
#define LONG_SEGMENT 0x200000
#define DEFAULT_32 0x400000
#define GRANULAR 0x800000
#define ATTRIBUTE_MASK 0xf0ff00
/* What a ring-0 stack segment holds after delivery. Hardware leaves it unusable; kept flat, it gives the
   engine the same translation key as after SYSCALL, so kernel code is translated once. */
#define FLAT_DATA 0xc09300

/* One attempt to deliver: what went wrong, if it did. */
enum result { DONE, AGAIN, IMPOSSIBLE };
struct attempt {
    struct emu *e;
    enum result result;
    unsigned vector; /* AGAIN: the fault on the way */
    u64 error;
    u64 external; /* EXT, bit 0 of selector error codes: the program did not ask for this event */
};

static bool refuse(struct attempt *a, unsigned vector, u64 error) {
    a->result = AGAIN;
    a->vector = vector;
    a->error = error;
    return false;
}

static bool physical(struct attempt *a, u64 address, bool write, u64 *found) {
    struct emu *e = a->e;
    struct place place;
    u64 error = 0;
    if (!walk(e, address, &place)) {
        if (!canonical(address))
            return refuse(a, VECTOR_GP, a->external);
    } else if (write && !place.write && e->q[CR0] & CR0_WP) {
        error = 1;
    } else {
        *found = place.physical;
        return true;
    }
    e->q[CR2] = address;
    return refuse(a, VECTOR_PF, error | (write ? 2 : 0));
}

static bool in_ram(struct attempt *a, u64 place, u64 size) {
    if (ram_check(a->e, place, size))
        return true;
    a->result = IMPOSSIBLE;
    return false;
}

static bool fetch(struct attempt *a, u64 address, void *data, u64 size) {
    u8 *to = data;
    while (size) {
        u64 part = PAGE_SIZE - (address & (PAGE_SIZE - 1)), place;
        if (part > size)
            part = size;
        if (!physical(a, address, false, &place) || !in_ram(a, place, part))
            return false;
        copy(to, a->e->ram + place, part);
        to += part;
        address += part;
        size -= part;
    }
    return true;
}

/* A frame of words. What is pushed first lies highest: that is the address of a fault. */
static bool store(struct attempt *a, u64 address, const u64 *frame, unsigned count) {
    u64 places[6];
    for (unsigned i = count; i--;)
        if (!physical(a, address + 8 * i, true, &places[i]) || !in_ram(a, places[i], 8))
            return false;
    for (unsigned i = 0; i < count; i++)
        *(u64 *)(a->e->ram + places[i]) = frame[i];
    return true;
}

static bool from_tss(struct attempt *a, u64 offset, u64 *pointer) {
    struct emu *e = a->e;
    if (offset + 7 > segment_limit(e, TR))
        return refuse(a, VECTOR_TS, (segment_selector(e, TR) & ~3u) | a->external);
    return fetch(a, segment_base(e, TR) + offset, pointer, 8);
}

struct code_segment {
    u32 attributes, limit;
    u64 base;
};

static bool find_code(struct attempt *a, u16 selector, u64 cpl, struct code_segment *found) {
    struct emu *e = a->e;
    if (!(selector & ~3u))
        return refuse(a, VECTOR_GP, a->external);
    u64 refused = (selector & ~3u) | a->external;
    unsigned table = selector & 4 ? LDT : GDT;
    if ((selector & ~7u) + 7 > segment_limit(e, table))
        return refuse(a, VECTOR_GP, refused);
    u32 words[2];
    if (!fetch(a, segment_base(e, table) + (selector & ~7u), words, sizeof(words)))
        return false;
    u32 low = words[0], high = words[1];
    if ((high & TYPE_MASK) != CODE || DPL(high) > cpl || !(high & LONG_SEGMENT) || high & DEFAULT_32)
        return refuse(a, VECTOR_GP, refused);
    if (!(high & SEGMENT_PRESENT))
        return refuse(a, VECTOR_NP, refused);
    found->limit = (high & 0xf0000) | (low & 0xffff);
    if (high & GRANULAR)
        found->limit = found->limit << 12 | 0xfff;
    found->base = (high & 0xff000000) | (high & 0xff) << 16 | low >> 16;
    found->attributes = high & ATTRIBUTE_MASK;
    return true;
}

static bool has_error_code(unsigned vector) {
    return vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) || vector == VECTOR_AC;
}

struct gate {
    u16 low, selector;
    u8 ist, access;
    u16 middle;
    u32 high, reserved;
};

/* Nothing of the guest has changed if it fails, except CR2. */
static bool enter(struct attempt *a, unsigned vector, u64 error, unsigned kind, u64 rip, u64 flags) {
    struct emu *e = a->e;
    u64 *q = e->q, level, stack, cpl_now = cpl(e);
    struct code_segment code;
    struct gate gate;
    a->external = kind != SOFTWARE;

    u64 refused = vector << 3 | 2 | a->external;
    if (vector * 16 + 15 > segment_limit(e, IDT))
        return refuse(a, VECTOR_GP, refused);
    if (!fetch(a, segment_base(e, IDT) + vector * 16, &gate, sizeof(gate)))
        return false;
    unsigned type = gate.access & 0x1f, ist = gate.ist & 7;
    if ((type != GATE_INTERRUPT && type != GATE_TRAP) || (kind == SOFTWARE && (gate.access >> 5 & 3u) < cpl_now))
        return refuse(a, VECTOR_GP, refused);
    if (!(gate.access & 0x80))
        return refuse(a, VECTOR_NP, refused);
    if (!find_code(a, gate.selector, cpl_now, &code))
        return false;
    level = code.attributes & CONFORMING ? cpl_now : DPL(code.attributes);

    stack = q[RSP];
    if (ist ? !from_tss(a, TSS_IST + 8 * (ist - 1), &stack)
            : level < cpl_now && !from_tss(a, TSS_RSP + 8 * level, &stack))
        return false;
    if (!canonical(stack))
        return refuse(a, VECTOR_SS, a->external);
    u64 target = (u64)gate.high << 32 | (u64)gate.middle << 16 | gate.low;
    if (!canonical(target))
        return refuse(a, VECTOR_GP, a->external);

    u64 frame[6] = { error, rip, segment_selector(e, CS), flags, q[RSP], segment_selector(e, SS) };
    unsigned first = kind == FAULT && has_error_code(vector) ? 0 : 1, count = 6 - first;
    stack = (stack & ~15ull) - 8 * count;
    if (!store(a, stack, frame + first, count))
        return false;

    flags &= ~(u64)(FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM | (type == GATE_INTERRUPT ? FLAG_IF : 0));
    flags_set(e, flags);
    if (level != cpl_now || ist)
        segment_set(e, SS, level, 0, 0xffffffff, FLAT_DATA | (u32)level << 13);
    segment_set(e, CS, (gate.selector & ~3u) | level, code.base, code.limit, code.attributes);
    q[RSP] = stack;
    q[RIP] = target;
    *hflags(e) = (*hflags(e) & ~(HF_CPL | HF_INHIBIT | HF_ADDSEG)) | (u32)level | HF_LONG;
    return true;
}

static bool contributory(unsigned vector) {
    return vector == VECTOR_DE || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

/* SDM vol. 3, table 6-5: two exceptions that make a double fault. */
static bool escalates(unsigned first, unsigned second) {
    if (contributory(first))
        return contributory(second);
    return (first == VECTOR_PF || first == VECTOR_DF) && (contributory(second) || second == VECTOR_PF);
}

/* RIP of an INT n that was refused (of its opcode, if it has useless prefixes). */
static u64 start_of_software_interrupt(struct emu *e, unsigned vector, u64 after) {
    u8 byte = 0;
    if (vector == VECTOR_BP && code_at(e, after - 1, 1, &byte) && byte == 0xcc)
        return after - 1;
    return after - 2;
}

/* `rip` and `flags` are what gets saved. */
bool deliver(struct emu *e, unsigned vector, u64 error, unsigned kind, u64 rip, u64 flags) {
    struct attempt attempt = { .e = e };
    words(e)[e->in_flight] = (u32)-1;
    if (!(e->q[CR0] & CR0_PG) || !(*hflags(e) & HF_LMA)) {
        emu_end(e, ERROR, OUTSIDE_LONG_MODE, vector, 0);
        return true;
    }
    if (kind == FAULT)
        flags |= FLAG_RF;
    while (!enter(&attempt, vector, error, kind, rip, flags)) {
        if (attempt.result == IMPOSSIBLE)
            return true;
        if (kind == SOFTWARE)
            rip = start_of_software_interrupt(e, vector, rip);
        if (vector == VECTOR_DF && kind != SOFTWARE && kind != EXTERNAL)
            return false;
        /* An interrupt is benign: what went wrong is simply the next event. */
        bool twice = kind != SOFTWARE && kind != EXTERNAL && escalates(vector, attempt.vector);
        vector = twice ? VECTOR_DF : attempt.vector;
        error = twice ? 0 : attempt.error;
        kind = FAULT;
        flags |= FLAG_RF;
    }
    return true;
}
