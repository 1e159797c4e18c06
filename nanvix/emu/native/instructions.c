/* Instructions that the engine leaves to us. */
#include "emu.h"

#define EFER_SCE 1
#define KERNEL_CODE 0xa09b00
#define KERNEL_DATA 0xc09300
#define LONGEST_INSTRUCTION 15
#define FLOATING_PORT 0xffffffff

/* A fault (error code 0) in an instruction that the engine will complete. It stops before the next one;
   then the effect is undone. */
static void refuse(struct emu *e, unsigned vector) {
    if (e->deferred)
        return;
    flags_keep(e);
    count_settle(e);
    e->deferred = 1;
    e->deferred_vector = vector;
    e->deferred_rip = e->q[RIP];
    copy(e->deferred_registers, e->q, sizeof(e->deferred_registers));
    e->unretired++;
    emu_stop(e);
}

static bool is_prefix(u8 byte) {
    return (byte & 0xf0) == 0x40 || byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
           (byte >= 0x64 && byte <= 0x67) || byte == 0xf2 || byte == 0xf3;
}

/* Length of the SYSCALL at `rip` with its useless prefixes; 0 if the engine took for one what is none:
   with a LOCK prefix, or VEX-encoded. */
static unsigned syscall_length(struct emu *e, u64 rip) {
    u8 code[LONGEST_INSTRUCTION];
    unsigned size = code_at(e, rip, 2, code), at = 0;
    if (size == 2 && code[0] == 0x0f && code[1] == 0x05)
        return 2;
    size = code_at(e, rip, sizeof(code), code);
    while (at < size && is_prefix(code[at]))
        at++;
    return at + 2 <= size && code[at] == 0x0f && code[at + 1] == 0x05 ? at + 2 : 0;
}

/* SYSCALL (SDM vol. 2). The engine adds the instruction's length to RIP afterwards. */
void on_syscall(void *engine, struct emu *e) {
    u64 *q = e->q, rip = q[RIP], flags = flags_at_start(e);
    unsigned length = syscall_length(e, rip);
    u32 hidden = *hflags(e);
    if (!length || !(q[EFER] & EFER_SCE) || !(hidden & HF_CS64)) {
        refuse(e, VECTOR_UD);
        return;
    }
    e->block = 0; /* it is the last of its block */
    if (any_pending(e) && interruptible(e, flags)) {
        e->unretired++;
        interrupt(e, rip, flags);
    } else {
        flags &= ~(u64)FLAG_RF;
        u64 star = q[e->star] >> 32;
        q[RCX] = rip + length;
        q[R11] = flags;
        q[RIP] = q[e->lstar];
        flags_set(e, flags & ~q[e->sfmask]);
        segment_set(e, CS, star & 0xfffc, 0, 0xffffffff, KERNEL_CODE);
        segment_set(e, SS, ((star & 0xfffc) + 8) & 0xffff, 0, 0xffffffff, KERNEL_DATA);
        *hflags(e) = (hidden & ~(HF_CPL | HF_INHIBIT)) | HF_LONG;
        tell_observer(e, CALL, q[RAX], rip);
    }
    q[RIP] -= length;
}

/* Not in our CPU model. */
u32 on_sysenter(void *engine, struct emu *e) {
    refuse(e, VECTOR_UD);
    return 1;
}

/* Not in our CPU model either. */
u32 on_rdtscp(void *engine, struct emu *e) {
    refuse(e, VECTOR_UD);
    return 1;
}

/* Rows of leaf, subleaf, whether that matters, eax, ebx, ecx, edx; what has no row is zero. */
u32 on_cpuid(void *engine, struct emu *e) {
    u32 leaf = (u32)e->q[RAX], subleaf = (u32)e->q[RCX];
    static const u32 none[7];
    const u32 *found = none;
    for (u64 i = 0; i < e->cpuid_rows; i++) {
        const u32 *row = e->cpuid + 7 * i;
        if (row[0] == leaf && (!row[2] || row[1] == subleaf))
            found = row;
    }
    e->q[RAX] = found[3];
    e->q[RBX] = found[4];
    e->q[RCX] = found[5];
    e->q[RDX] = found[6];
    flags_keep(e);
    return 1;
}

u32 on_rdtsc(void *engine, struct emu *e) {
    u64 tsc = e->tsc_base + count_at_rip(e) - e->unretired;
    e->q[RAX] = (u32)tsc;
    e->q[RDX] = tsc >> 32;
    flags_keep(e);
    return 1;
}

void on_out(void *engine, u32 port, int size, u32 value, struct emu *e) {
    flags_keep(e);
    if (cpl(e)) {
        refuse(e, VECTOR_GP);
    } else if (port == PORT && size == 4) {
        e->value = value;
        emu_end(e, DOORBELL, NOTHING, 0, 0);
    }
}

u32 on_in(void *engine, u32 port, int size, struct emu *e) {
    flags_keep(e);
    if (cpl(e))
        refuse(e, VECTOR_GP);
    return FLOATING_PORT;
}
