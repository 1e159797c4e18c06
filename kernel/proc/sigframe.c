/* The stack frame of a signal handler, exactly as Linux lays it out on x86-64, and the way back. */
#include "cpu.h"
#include "errno.h"
#include "fpu.h"
#include "lib.h"
#include "linux/sigframe.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define RED_ZONE 128
#define FPU_ALIGN 64
#define FLAG_RF (1UL << 16)
#define VECTOR_PAGE_FAULT 14

static u8 fpu[FPU_FRAME_MAX] __attribute__((aligned(64))); /* the state on its way to or from a frame */

static bool in_altstack(u64 sp) {
    return sp > current->altstack_sp && sp - current->altstack_sp <= current->altstack_size;
}

/* Where the frame may begin, downwards; `*bounded` if it must stay inside the alternate stack. */
static u64 frame_top(const struct trapframe *frame, const struct sigaction *action, bool *bounded) {
    bool inside = !(current->altstack_flags & SS_AUTODISARM) && in_altstack(frame->rsp);
    bool enter = (action->flags & SA_ONSTACK) && current->altstack_size && !inside;
    *bounded = inside || enter;
    return enter ? current->altstack_sp + current->altstack_size : frame->rsp - RED_ZONE;
}

static void save_registers(struct sigcontext *c, const struct trapframe *f, const struct siginfo *info,
                           u64 mask) {
    *c = (struct sigcontext){
        .r8 = f->r8, .r9 = f->r9, .r10 = f->r10, .r11 = f->r11,
        .r12 = f->r12, .r13 = f->r13, .r14 = f->r14, .r15 = f->r15,
        .di = f->rdi, .si = f->rsi, .bp = f->rbp, .bx = f->rbx,
        .dx = f->rdx, .ax = f->rax, .cx = f->rcx, .sp = f->rsp,
        .ip = f->rip, .flags = f->rflags, .cs = (u16)f->cs, .ss = (u16)f->ss,
        .oldmask = mask,
    };
    if (f->vector < 32) {
        c->trapno = f->vector;
        c->err = f->error;
        c->cr2 = f->vector == VECTOR_PAGE_FAULT && info->code > SI_USER ? info->address : 0;
    }
}

static void start_fpu(void) {
    fpu_reset(fpu);
    fpu_restore(fpu);
}

i64 sigframe_push(struct trapframe *frame, i32 sig, const struct siginfo *info,
                  const struct sigaction *action, u64 mask) {
    bool bounded;
    u64 top = frame_top(frame, action, &bounded);
    u64 fpstate = ROUND_DOWN(top - fpu_frame_size(), FPU_ALIGN);
    u64 sp = ROUND_DOWN(fpstate - sizeof(struct rt_sigframe), 16) - 8;
    struct rt_sigframe user;
    if (!(action->flags & SA_RESTORER) || action->handler >= NV_USER_END)
        return -EFAULT;
    if (bounded && !in_altstack(sp))
        return -EFAULT;
    user.pretcode = action->restorer;
    user.uc.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
    user.uc.link = 0;
    user.uc.stack = (struct stack){ current->altstack_sp, current->altstack_flags, 0, current->altstack_size };
    save_registers(&user.uc.context, frame, info, mask);
    user.uc.context.fpstate = fpstate;
    user.uc.sigmask = mask;
    user.info = *info;
    u32 size = fpu_frame_save(fpu);
    if (size > FXSAVE_SIZE)
        user.uc.flags |= UC_FP_XSTATE;
    if (copy_to_user(fpstate, fpu, size) || copy_to_user(sp, &user, sizeof(user)))
        return -EFAULT;
    if (current->altstack_flags & SS_AUTODISARM) {
        current->altstack_sp = current->altstack_size = 0;
        current->altstack_flags = SS_DISABLE;
    }
    start_fpu();
    frame->rdi = (u64)sig;
    frame->rsi = sp + offsetof(struct rt_sigframe, info);
    frame->rdx = sp + offsetof(struct rt_sigframe, uc);
    frame->rax = 0;
    frame->cs = NV_SEL_USER_CODE;
    frame->rip = action->handler;
    frame->rsp = sp;
    frame->rflags &= ~(FLAG_DF | FLAG_TF | FLAG_RF);
    return 0;
}

/* Only what a program may choose is taken: of code segments there are two, flags are filtered. */
static void load_registers(struct trapframe *f, const struct sigcontext *c) {
    f->r8 = c->r8;
    f->r9 = c->r9;
    f->r10 = c->r10;
    f->r11 = c->r11;
    f->r12 = c->r12;
    f->r13 = c->r13;
    f->r14 = c->r14;
    f->r15 = c->r15;
    f->rdi = c->di;
    f->rsi = c->si;
    f->rbp = c->bp;
    f->rbx = c->bx;
    f->rdx = c->dx;
    f->rax = c->ax;
    f->rcx = c->cx;
    f->rsp = c->sp;
    f->rip = c->ip;
    f->cs = c->cs == NV_SEL_USER_CODE32 ? NV_SEL_USER_CODE32 : NV_SEL_USER_CODE;
    f->rflags = (c->flags & FLAGS_USER) | FLAG_IF | 2;
}

static i64 load_fpu(u64 from) {
    if (!from) {
        start_fpu();
        return 0;
    }
    if (copy_from_user(fpu, from, FXSAVE_SIZE))
        return -EFAULT;
    u32 rest = fpu_frame_extent(fpu) - FXSAVE_SIZE;
    if (rest && copy_from_user(fpu + FXSAVE_SIZE, from + FXSAVE_SIZE, rest))
        return -EFAULT;
    return fpu_frame_load(fpu) ? 0 : -EFAULT;
}

i64 sys_rt_sigreturn(const u64 *a) {
    struct ucontext uc;
    u64 sp = current->frame->rsp - 8; /* the handler's ret has popped pretcode */
    current->frame->vector = VECTOR_NONE;
    current->frame->error = ~0UL; /* whatever it returns, it is no call to be restarted */
    if (copy_from_user(&uc, sp + offsetof(struct rt_sigframe, uc), sizeof(uc)) ||
        uc.context.ip >= NV_USER_END || load_fpu(uc.context.fpstate)) {
        signal_fault(SIGSEGV, SI_KERNEL, 0);
        return 0;
    }
    current->blocked = uc.sigmask & ~SIG_UNBLOCKABLE;
    altstack_set(&uc.stack, current->frame->rsp); /* refused, as on Linux, if it is where the handler is now */
    load_registers(current->frame, &uc.context);
    return 0;
}
