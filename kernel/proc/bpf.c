/* Classic BPF: programs are checked once, so that running them needs no checks. */
#include "bpf.h"
#include "errno.h"
#include "lib.h"
#include "uaccess.h"

/* What an instruction asks of its constant k or its jumps. */
enum rule { UNKNOWN, PLAIN, WORD, DIVISOR, SHIFT, FETCH, STORE, JUMP, BRANCH, END };

#define BOTH(code, rule) [(code) | BPF_K] = (rule), [(code) | BPF_X] = PLAIN
#define CHOICE(code) [BPF_JMP | (code) | BPF_K] = BRANCH, [BPF_JMP | (code) | BPF_X] = BRANCH

static const u8 rules[256] = {
    [BPF_LD | BPF_ABS] = WORD, [BPF_LD | BPF_LEN] = PLAIN, [BPF_LDX | BPF_LEN] = PLAIN,
    [BPF_LD | BPF_IMM] = PLAIN, [BPF_LDX | BPF_IMM] = PLAIN,
    [BPF_LD | BPF_MEM] = FETCH, [BPF_LDX | BPF_MEM] = FETCH, [BPF_ST] = STORE, [BPF_STX] = STORE,
    BOTH(BPF_ALU | BPF_ADD, PLAIN), BOTH(BPF_ALU | BPF_SUB, PLAIN), BOTH(BPF_ALU | BPF_MUL, PLAIN),
    BOTH(BPF_ALU | BPF_DIV, DIVISOR), BOTH(BPF_ALU | BPF_AND, PLAIN), BOTH(BPF_ALU | BPF_OR, PLAIN),
    BOTH(BPF_ALU | BPF_XOR, PLAIN), BOTH(BPF_ALU | BPF_LSH, SHIFT), BOTH(BPF_ALU | BPF_RSH, SHIFT),
    [BPF_ALU | BPF_NEG] = PLAIN, [BPF_MISC | BPF_TAX] = PLAIN, [BPF_MISC | BPF_TXA] = PLAIN,
    [BPF_JMP | BPF_JA] = JUMP, CHOICE(BPF_JEQ), CHOICE(BPF_JGT), CHOICE(BPF_JGE), CHOICE(BPF_JSET),
    [BPF_RET | BPF_K] = END, [BPF_RET | BPF_A] = END,
};

static const struct sock_filter *instruction(const struct bpf_program *program, u32 at) {
    return &program->pages[at / BPF_PER_PAGE][at % BPF_PER_PAGE];
}

static u8 rule_of(const struct sock_filter *i) { return i->code < ARRAY_LEN(rules) ? rules[i->code] : UNKNOWN; }

/* `left`: instructions behind this one. */
static bool is_sound(const struct sock_filter *i, u32 left) {
    switch (rule_of(i)) {
    case UNKNOWN:
        return false;
    case WORD:
        return i->k < sizeof(struct seccomp_data) && !(i->k & 3);
    case DIVISOR:
        return i->k;
    case SHIFT:
        return i->k < 32;
    case FETCH:
    case STORE:
        return i->k < BPF_MEMWORDS;
    case JUMP:
        return i->k < left;
    case BRANCH:
        return i->jt < left && i->jf < left;
    default:
        return true;
    }
}

#define MASKS_PER_PAGE (PAGE_SIZE / sizeof(u16))
#define MASK_PAGES (BPF_MAXINSNS / MASKS_PER_PAGE)

/* For each instruction, which words of memory have been stored on every way that jumps there. */
struct stored {
    u16 *pages[MASK_PAGES];
};

static u16 *stored_at(struct stored *s, u32 at) { return &s->pages[at / MASKS_PER_PAGE][at % MASKS_PER_PAGE]; }

/* Jumps lead forward only, so one pass sees every way to an instruction before the instruction. */
static bool fetches_what_is_stored(const struct bpf_program *program, struct stored *s) {
    u16 now = 0;
    for (u32 at = 0; at < program->length; at++) {
        const struct sock_filter *i = instruction(program, at);
        now &= *stored_at(s, at);
        switch (rule_of(i)) {
        case STORE:
            now |= (u16)(1u << i->k);
            break;
        case FETCH:
            if (!(now >> i->k & 1))
                return false;
            break;
        case JUMP:
            *stored_at(s, at + 1 + i->k) &= now;
            now = 0xffff; /* nothing falls through: only jumps decide */
            break;
        case BRANCH:
            *stored_at(s, at + 1 + i->jt) &= now;
            *stored_at(s, at + 1 + i->jf) &= now;
            now = 0xffff;
            break;
        default:
            break;
        }
    }
    return true;
}

static i64 check_memory(const struct bpf_program *program) {
    struct stored s = { 0 };
    bool room = true;
    for (u32 i = 0; i * MASKS_PER_PAGE < program->length && room; i++) {
        s.pages[i] = kmalloc(PAGE_SIZE);
        room = s.pages[i];
        if (room)
            memset(s.pages[i], 0xff, PAGE_SIZE);
    }
    i64 err = !room ? -ENOMEM : fetches_what_is_stored(program, &s) ? 0 : -EINVAL;
    for (u32 i = 0; i < MASK_PAGES; i++)
        kfree(s.pages[i]);
    return err;
}

static i64 check(const struct bpf_program *program) {
    for (u32 at = 0; at < program->length; at++)
        if (!is_sound(instruction(program, at), program->length - 1 - at))
            return -EINVAL;
    if (rule_of(instruction(program, program->length - 1)) != END)
        return -EINVAL;
    return check_memory(program);
}

static i64 read_in(struct bpf_program *program, u64 at) {
    for (u32 i = 0, left = program->length; left; i++) {
        u32 part = MIN(left, BPF_PER_PAGE);
        u64 size = part * sizeof(struct sock_filter);
        program->pages[i] = kmalloc(size);
        if (!program->pages[i])
            return -ENOMEM;
        if (copy_from_user(program->pages[i], at + i * PAGE_SIZE, size))
            return -EFAULT;
        left -= part;
    }
    return 0;
}

i64 bpf_load(struct bpf_program *program, u64 at, u32 length) {
    *program = (struct bpf_program){ .length = length };
    i64 err = at ? read_in(program, at) : -EINVAL;
    if (!err)
        err = check(program);
    if (err)
        bpf_free(program);
    return err;
}

void bpf_free(struct bpf_program *program) {
    for (u32 i = 0; i < BPF_PAGES; i++)
        kfree(program->pages[i]);
}

static u32 computed(u16 code, u32 a, u32 operand) {
    switch (code & 0xf0) {
    case BPF_ADD:
        return a + operand;
    case BPF_SUB:
        return a - operand;
    case BPF_MUL:
        return a * operand;
    case BPF_DIV:
        return a / operand;
    case BPF_AND:
        return a & operand;
    case BPF_OR:
        return a | operand;
    case BPF_XOR:
        return a ^ operand;
    case BPF_LSH:
        return a << (operand & 31);
    case BPF_RSH:
        return a >> (operand & 31);
    default: /* BPF_NEG */
        return -a;
    }
}

static bool holds(u16 code, u32 a, u32 operand) {
    switch (code & 0xf0) {
    case BPF_JEQ:
        return a == operand;
    case BPF_JGT:
        return a > operand;
    case BPF_JGE:
        return a >= operand;
    default: /* BPF_JSET */
        return a & operand;
    }
}

u32 bpf_run(const struct bpf_program *program, const struct seccomp_data *data) {
    u32 a = 0, x = 0, memory[BPF_MEMWORDS];
    for (u32 at = 0;; at++) {
        const struct sock_filter *i = instruction(program, at);
        u32 operand = i->code & BPF_X ? x : i->k;
        switch (i->code) {
        case BPF_LD | BPF_ABS:
            a = ((const u32 *)data)[i->k / 4];
            continue;
        case BPF_LD | BPF_IMM:
            a = i->k;
            continue;
        case BPF_LDX | BPF_IMM:
            x = i->k;
            continue;
        case BPF_LD | BPF_LEN:
            a = sizeof(*data);
            continue;
        case BPF_LDX | BPF_LEN:
            x = sizeof(*data);
            continue;
        case BPF_LD | BPF_MEM:
            a = memory[i->k];
            continue;
        case BPF_LDX | BPF_MEM:
            x = memory[i->k];
            continue;
        case BPF_ST:
            memory[i->k] = a;
            continue;
        case BPF_STX:
            memory[i->k] = x;
            continue;
        case BPF_MISC | BPF_TAX:
            x = a;
            continue;
        case BPF_MISC | BPF_TXA:
            a = x;
            continue;
        case BPF_RET | BPF_K:
            return i->k;
        case BPF_RET | BPF_A:
            return a;
        case BPF_JMP | BPF_JA:
            at += i->k;
            continue;
        case BPF_ALU | BPF_DIV | BPF_X:
            if (!x)
                return 0; /* the strictest answer but one: as Linux ends a program that divides by zero */
            break;
        default:
            break;
        }
        if ((i->code & 7) == BPF_ALU)
            a = computed(i->code, a, operand);
        else
            at += holds(i->code, a, operand) ? i->jt : i->jf;
    }
}
