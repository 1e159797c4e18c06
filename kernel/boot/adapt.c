/* A saved machine goes on on another CPU: what boot has arranged for the old one is arranged anew.

   The host saves a machine only while a program runs or the kernel is idle, so no kernel code is under way
   that could remember in which ring it ran. Stacks of sleeping tasks hold nothing that depends on it.
   The host enters here, in ring 0, with the vCPU's vector registers and segments as they were. */
#include "code.h"
#include "cpu.h"
#include "fpu.h"
#include "frame.h"
#include "hypercall.h"
#include "lib.h"
#include "privilege.h"
#include "proc.h"

extern char task_start[]; /* boot/entry.S */
extern u64 idle_sp, kernel_stack_top;

/* As if the program had just trapped: a stack that context_switch goes on with (compare fork.c). */
static u64 interrupted(const struct nv_move *move) {
    struct trapframe *frame = current->frame;
    _Static_assert(sizeof(move->registers) == sizeof(*frame), "struct nv_move");
    memcpy(frame, move->registers, sizeof(*frame));
    frame->vector = VECTOR_NONE;
    frame->error = ~0UL;
    frame->cs = NV_SEL_USER_CODE;
    frame->ss = NV_SEL_USER_DATA;
    frame->rflags = (frame->rflags & FLAGS_USER) | FLAG_IF | 2;
    u64 *sp = (u64 *)frame;
    *--sp = (u64)task_start;
    for (int i = 0; i < 6; i++)
        *--sp = 0;
    return (u64)sp;
}

noreturn void adapt(paddr at) {
    const struct nv_move *move = phys_to_virt(at);
    u64 discarded, sp = move->in_program ? interrupted(move) : idle_sp;
    boot.quirks = move->quirks;
    boot.flags |= move->flags;
    descriptors_init();
    user_stack_load(kernel_stack_top);
    privilege_adapt(!move->in_program);
    code_adapt();
    u32 answer = fpu_adapt(move->wide);
    doorbell(answer);
    if (answer != NV_MOVED)
        panic("the host resumed a machine that cannot go on");
    context_switch(&discarded, sp);
    panic("context_switch returned");
}
