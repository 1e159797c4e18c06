/* RFLAGS, which the engine keeps in parts and computes when it must. */
#include "emu.h"

u64 flags_between(struct emu *e) {
    u64 flags = 0;
    e->read_register(e->engine, REG_EFLAGS, &flags);
    return flags;
}

/* Where instructions are counted one by one, the code that counts has just computed the arithmetic
   flags into CC_SRC. The engine's own view is wrong there: it restores the CC_OP that was valid before,
   which no longer describes CC_SRC. */
u64 flags_at_start(struct emu *e) {
    if (!e->exact)
        return flags_between(e);
    words(e)[CC_OP] = CC_OP_EFLAGS;
    u64 flags = (e->q[EFLAGS] & ~(u64)(ARITHMETIC | FLAG_DF)) | (e->q[CC_SRC] & ARITHMETIC);
    return (int)words(e)[DF] < 0 ? flags | FLAG_DF : flags;
}

/* All of them go into EFLAGS too: the engine takes the split parts from there whenever it is entered,
   and ignores them there while it runs. */
void flags_set(struct emu *e, u64 flags) {
    e->q[EFLAGS] = flags | 2;
    e->q[CC_SRC] = flags & ARITHMETIC;
    words(e)[CC_OP] = CC_OP_EFLAGS;
    words(e)[DF] = flags & FLAG_DF ? (u32)-1 : 1;
}
