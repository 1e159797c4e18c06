/* Counting instructions, exactly: a block of code when it is entered, or each instruction as it runs.

   The first is several times faster and is what happens most of the time. The second is for where it
   matters that the engine stops between two instructions of a block: the end of a slice, a doorbell, a
   debugger's probes. Both leave the same counter. The engine keeps the two kinds of code apart by
   HF_EXACT, which is part of the state that a block of code was translated for. */
#include "emu.h"

#define COUNT_MASK 0x7fff /* of block.compiled: the most instructions it was allowed to have */
#define KNOWN_BITS 15

/* What has been found out about the block a call came from. */
enum kind {
    WHOLE,     /* counts when it is entered */
    DELICATE,  /* must be counted by instruction */
    EXACT,     /* is counted by instruction */
    RESTARTED, /* one instruction that the engine has begun a second time */
};

struct known {
    u64 caller, pc;
    const struct block *block;
    u16 size, count;
    u32 kind;
};

static struct known *table(struct emu *e) { return (struct known *)(e + 1); }

EXPORTED u64 emu_size(void) {
    return sizeof(struct emu) + (sizeof(struct known) << KNOWN_BITS);
}

EXPORTED void emu_forget(struct emu *e) {
    for (u64 i = 0; i < 1u << KNOWN_BITS; i++)
        table(e)[i].caller = 0;
    e->first_caller = 0;
    e->full = 0;
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

u64 count_at_rip(const struct emu *e) {
    if (!e->block)
        return e->counter;
    u64 index = index_of(e->block, e->q[RIP]);
    return index < e->block->instructions ? e->base + index + 1 : e->counter;
}

void count_settle(struct emu *e) {
    e->counter = count_at_rip(e);
    e->block = NULL;
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

static bool has_delicate(struct emu *e, const struct block *block) {
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

static void learn(struct emu *e, struct known *known, u64 caller, u64 pc, u32 size) {
    const struct block *block = e->find_block ? e->find_block(e->translator, caller) : NULL;
    if (!e->first_caller || caller < e->first_caller)
        e->first_caller = caller;
    if (caller - e->first_caller > e->code_space)
        e->full = 1; /* before the engine notices, and drops all code within a slice */
    bool found = block && block->pc == pc && block->size == size && block->instructions;
    *known = (struct known){ .caller = caller, .pc = pc, .size = (u16)size };
    if (!found) {
        e->by_blocks = 0; /* not the engine we know: from now on by instruction */
        known->kind = e->exact ? EXACT : DELICATE;
        known->count = 1;
        return;
    }
    known->block = block;
    known->count = block->instructions;
    if ((block->compiled & COUNT_MASK) == 1)
        known->kind = RESTARTED;
    else if (block->flags & HF_EXACT)
        known->kind = EXACT;
    else
        known->kind = has_delicate(e, block) ? DELICATE : WHOLE;
}

/* A store into its own block: the engine has gone back to the start of that instruction, which now is
   a block of its own. It counts once. */
static void restarted(struct emu *e, const struct known *known) {
    if (known->block->flags & HF_EXACT) {
        e->counter -= e->counter > 0;
        words(e)[CC_OP] = CC_OP_EFLAGS; /* the code that counts has computed them */
        return;
    }
    if (e->block) {
        u64 index = index_of(e->block, e->q[RIP]);
        if (index < e->block->instructions)
            e->counter = e->base + index;
    }
    e->base = e->counter++;
    e->block = known->block;
}

/* The engine is about to run a block. */
void on_block(void *engine, u64 pc, u32 size, struct emu *e) {
    u64 caller = (u64)__builtin_return_address(0);
    struct known *known = table(e) + (caller * 0x9e3779b97f4a7c15ull >> (64 - KNOWN_BITS));
    if (e->stopped)
        return;
    if (unlikely(known->caller != caller || known->pc != pc || known->size != size))
        learn(e, known, caller, pc, size);
    u64 after = e->counter + known->count;
    if (likely(known->kind == WHOLE && after <= e->limit && !e->full)) {
        e->base = e->counter;
        e->counter = after;
        e->block = known->block;
    } else if (known->kind == RESTARTED) {
        restarted(e, known);
    } else if (known->kind != EXACT || e->full) {
        e->block = NULL;
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
