/* Counting instructions, exactly: a block of code when it is entered, or each instruction as it runs.

   The first is several times faster and is what happens most of the time. The second is for where it
   matters that the engine stops between two instructions of a block: the end of a slice, a doorbell, an
   instruction that a debugger waits for. Both leave the same counter. The engine keeps the two kinds of
   code apart by HF_EXACT, which is part of the state that a block of code was translated for. */
#include "emu.h"

#define COUNT_MASK 0x7fff /* of block.compiled: the most instructions it was allowed to have */
#define KNOWN_BITS 17
#define PLACED_BITS 8
#define SPACING_BITS 8 /* blocks of the engine's code are seldom closer */

/* What has been found out about the block a call came from. */
enum kind {
    WHOLE,     /* counts when it is entered */
    DELICATE,  /* must be counted by instruction */
    EXACT,     /* is counted by instruction */
    RESTARTED, /* one instruction that the engine has begun a second time */
};

/* Small, as one is looked at for every block that runs: neighbours in the engine's code share a line. */
struct known {
    u32 caller; /* its lower half: the engine's code takes less than 4 GiB */
    u16 count, kind;
};

struct placed {
    u64 caller;
    const struct block *block;
};

struct all {
    struct emu emu;
    struct placed placed[1 << PLACED_BITS];
    struct known known[1 << KNOWN_BITS];
};

EXPORTED u64 emu_size(void) { return sizeof(struct all); }

EXPORTED void emu_forget(struct emu *e) {
    struct all *all = (struct all *)e;
    if (!e->first_caller)
        return;
    for (u64 i = 0; i < 1 << KNOWN_BITS; i++)
        all->known[i].caller = 0;
    for (u64 i = 0; i < 1 << PLACED_BITS; i++)
        all->placed[i].caller = 0;
    e->first_caller = 0;
    e->full = 0;
}

/* The block a call came from; NULL: not the engine we know. */
static const struct block *block_of(struct emu *e, u64 caller) {
    struct placed *placed = &((struct all *)e)->placed[caller >> SPACING_BITS & ((1 << PLACED_BITS) - 1)];
    if (placed->caller != caller && e->find_block)
        *placed = (struct placed){ caller, e->find_block(e->translator, caller) };
    return placed->caller == caller ? placed->block : NULL;
}

static int64_t next_signed(const u8 **at) {
    int64_t value = 0;
    unsigned shift = 0;
    u8 byte;
    do {
        byte = *(*at)++;
        value |= (int64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80 && shift < 63);
    return byte & 0x40 && shift < 64 ? value | (int64_t)(~0ull << shift) : value;
}

/* Where the instructions of a block start: behind its code the engine keeps three LEB128 numbers for
   each, of which the first is the distance from the one before. */
struct starts {
    const u8 *at;
    u64 pc;
};

static struct starts starts_of(const struct block *block) {
    return (struct starts){ block->code + block->code_size, block->pc };
}

static u64 next_start(struct starts *starts) {
    starts->pc += (u64)next_signed(&starts->at);
    next_signed(&starts->at);
    next_signed(&starts->at);
    return starts->pc;
}

/* Instructions of the block in front of the one at `rip`; all if it is not in the block. */
static u64 index_of(const struct block *block, u64 rip) {
    struct starts starts = starts_of(block);
    for (unsigned i = 0; i < block->instructions; i++)
        if (next_start(&starts) == rip + block->cs_base)
            return i;
    return block->instructions;
}

u64 count_at_rip(struct emu *e) {
    if (!e->block)
        return e->counter;
    const struct block *block = block_of(e, e->block);
    u64 index = index_of(block, e->q[RIP]);
    return index < block->instructions ? e->base + index + 1 : e->counter;
}

void count_settle(struct emu *e) {
    e->counter = count_at_rip(e);
    e->block = 0;
}

/* Ports, and what our CPU refuses: behind these the engine has to stop at once. */
static bool is_delicate(const u8 *code, unsigned size) {
    unsigned at = 0;
    for (; at < size; at++) {
        u8 byte = code[at];
        bool prefix = (byte & 0xe7) == 0x26 || (byte >= 0x64 && byte <= 0x67) || (byte & 0xf0) == 0x40 ||
                      byte == 0xf0 || byte == 0xf2 || byte == 0xf3;
        if (!prefix)
            break;
    }
    if (at == size)
        return true;
    const u8 *op = code + at;
    unsigned left = size - at;
    if (*op == 0x0f)
        return left >= 3 && op[1] == 0x01 && op[2] == 0xf9; /* rdtscp */
    return (*op & 0xfc) == 0x6c || (*op & 0xf4) == 0xe4;    /* ins, outs; in, out */
}

/* A quick look, which may be wrong in one direction. */
static bool may_be_delicate(const u8 *code, u64 size) {
    bool found = false;
    for (u64 i = 0; i < size; i++)
        found |= (code[i] & 0xfc) == 0x6c || (code[i] & 0xf4) == 0xe4 || code[i] == 0xf9;
    return found;
}

static bool has_delicate(struct emu *e, const struct block *block) {
    struct place place;
    if ((block->pc & (PAGE_SIZE - 1)) + block->size <= PAGE_SIZE && walk(e, block->pc, &place) &&
        place.physical + block->size <= e->ram_size && !may_be_delicate(e->ram + place.physical, block->size))
        return false;
    struct starts starts = starts_of(block);
    u64 end = block->pc + block->size;
    u64 start = next_start(&starts);
    for (unsigned i = 1; i < block->instructions; i++) {
        u64 next = next_start(&starts);
        u8 code[15];
        if (next <= start || next > end || next - start > sizeof(code))
            return true;
        unsigned size = (unsigned)(next - start);
        if (code_at(e, start, size, code) != size || is_delicate(code, size))
            return true;
        start = next;
    }
    return false;
}

static bool is_probed(const struct emu *e, u64 pc, u32 size) {
    for (u64 i = 0; i < e->probe_count; i++)
        if (e->probes[i].address - pc < size)
            return true;
    return false;
}

static void learn(struct emu *e, struct known *known, u64 caller, u64 pc, u32 size) {
    if (!e->first_caller || caller < e->first_caller)
        e->first_caller = caller;
    if (caller - e->first_caller > e->code_space)
        e->full = 1; /* before the engine notices, and drops all code within a slice */
    const struct block *block = block_of(e, caller);
    known->caller = (u32)caller;
    if (!block || block->pc != pc || block->size != size || !block->instructions) {
        e->by_blocks = 0; /* from now on by instruction */
        known->kind = e->exact ? EXACT : DELICATE;
        known->count = 1;
        return;
    }
    known->count = block->instructions;
    if ((block->compiled & COUNT_MASK) == 1)
        known->kind = RESTARTED;
    else if (block->flags & HF_EXACT)
        known->kind = EXACT;
    else
        known->kind = is_probed(e, pc, size) || has_delicate(e, block) ? DELICATE : WHOLE;
}

/* A store into its own block: the engine has gone back to the start of that instruction, which now is
   a block of its own. It counts once. */
static void restarted(struct emu *e, u64 caller) {
    if (block_of(e, caller)->flags & HF_EXACT) {
        e->counter -= e->counter > 0;
        words(e)[CC_OP] = CC_OP_EFLAGS; /* the code that counts has computed them */
        return;
    }
    if (e->block)
        e->counter = count_at_rip(e) - 1;
    e->base = e->counter++;
    e->block = caller;
}

/* The engine is about to run a block. */
void on_block(void *engine, u64 pc, u32 size, struct emu *e) {
    u64 caller = (u64)__builtin_return_address(0);
    struct known *known = &((struct all *)e)->known[caller >> SPACING_BITS & ((1 << KNOWN_BITS) - 1)];
    if (unlikely(e->stopped))
        return;
    if (unlikely(known->caller != (u32)caller))
        learn(e, known, caller, pc, size);
    u64 after = e->counter + known->count;
    if (likely(known->kind == WHOLE && after <= e->limit && !e->full)) {
        e->base = e->counter;
        e->counter = after;
        e->block = caller;
    } else if (known->kind == RESTARTED) {
        restarted(e, caller);
    } else if (known->kind != EXACT || e->full) {
        e->block = 0;
        e->retry = e->full ? 0 : known->count;
        emu_stop(e);
    }
}

/* The engine is about to run an instruction of a block that is counted so. */
void on_code(void *engine, u64 pc, u32 size, struct emu *e) {
    if (e->stopped)
        return;
    if (e->counter >= e->until || e->counter >= e->limit)
        emu_stop(e);
    else
        e->counter++;
}
