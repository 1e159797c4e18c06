/* The registers of a thread that stands, as ptrace(2) shows them and lets them be changed: only to what a
   return to the program can bear. */
#include "ptrace.h"
#include "cpu.h"
#include "errno.h"
#include "fpu.h"
#include "frame.h"
#include "lib.h"
#include "linux/fcntl.h"
#include "proc.h"
#include "uaccess.h"

#define INDEX(field) (offsetof(struct user_regs, field) / sizeof(u64))
#define COUNT (sizeof(struct user_regs) / sizeof(u64))
#define FLAGS_TRACER 0x54dd5UL /* CF PF AF ZF SF TF DF OF NT RF AC */
#define DEBUG_STATUS 6
#define DEBUG_CONTROL 7
#define DEBUG_STATUS_IDLE 0xffff0ff0UL
#define DEBUG_ENABLED 0xffUL

/* The first fifteen lie in both structures in the same order. */
_Static_assert(offsetof(struct trapframe, rdi) == offsetof(struct user_regs, rdi), "general registers");

static u64 get(const struct task *task, u64 index) {
    const struct trapframe *frame = task->frame;
    switch (index) {
    case 0 ... INDEX(rdi):
        return ((const u64 *)frame)[index];
    case INDEX(orig_rax):
        return (u64)frame_call(frame);
    case INDEX(rip):
        return frame->rip;
    case INDEX(cs):
        return frame->cs;
    case INDEX(eflags):
        return frame->rflags & ~(task->trace->step_ours ? FLAG_TF : 0);
    case INDEX(rsp):
        return frame->rsp;
    case INDEX(ss):
        return frame->ss;
    case INDEX(fs_base):
        return task->fs_base;
    case INDEX(gs_base):
        return task->gs_base;
    default:
        return 0; /* data segments */
    }
}

/* A number makes the frame one of a system call, which may be restarted; a negative one says that it is
   none. Where it is one, all registers are to be restored, not only those that a call may change. */
static void set_call(struct trapframe *frame, i64 number) {
    bool was = frame->vector >= VECTOR_SYSCALL;
    if ((i32)number >= 0)
        frame->vector = VECTOR_CALL_CHANGED;
    else if (was)
        frame->vector = VECTOR_NONE;
    if (was || (i32)number >= 0)
        frame->error = (u64)number;
}

static void set_flags(struct task *task, u64 value) {
    struct trapframe *frame = task->frame;
    if (value & FLAG_TF)
        task->trace->step_ours = false;
    else if (task->trace->step_ours)
        value |= FLAG_TF;
    frame->rflags = (frame->rflags & ~FLAGS_TRACER) | (value & FLAGS_TRACER);
}

static i64 set(struct task *task, u64 index, u64 value) {
    struct trapframe *frame = task->frame;
    switch (index) {
    case 0 ... INDEX(rdi):
        ((u64 *)frame)[index] = value;
        break;
    case INDEX(orig_rax):
        set_call(frame, (i64)value);
        return 0;
    case INDEX(rip):
        frame->rip = value; /* judged before the program runs (ptrace_stop.c) */
        break;
    case INDEX(cs):
        if ((u16)value != NV_SEL_USER_CODE && (u16)value != NV_SEL_USER_CODE32)
            return -EIO;
        frame->cs = (u16)value;
        break;
    case INDEX(ss):
        return (u16)value == NV_SEL_USER_DATA ? 0 : -EIO;
    case INDEX(eflags):
        set_flags(task, value);
        break;
    case INDEX(rsp):
        frame->rsp = value;
        break;
    case INDEX(fs_base):
    case INDEX(gs_base):
        if (value >= NV_USER_END)
            return -EIO;
        *(index == INDEX(fs_base) ? &task->fs_base : &task->gs_base) = value;
        return 0;
    default: /* data segments: there are none to be had */
        return (u16)value ? -EIO : 0;
    }
    if (frame->vector == VECTOR_SYSCALL)
        frame->vector = VECTOR_CALL_CHANGED;
    return 0;
}

/* Both move `size` bytes, of which the tracer may have asked for fewer than there are. */
static i64 read_general(struct task *task, u64 to, u64 size) {
    u64 values[COUNT];
    for (u64 i = 0; i < COUNT; i++)
        values[i] = get(task, i);
    return copy_to_user(to, values, size);
}

/* One after the other, as on Linux: those before a wrong one have been set. */
static i64 write_general(struct task *task, u64 from, u64 size) {
    i64 err = 0;
    for (u64 i = 0, value; i < size / sizeof(value) && !err; i++) {
        err = get_user(value, from + i * sizeof(value));
        if (!err)
            err = set(task, i, value);
    }
    return err;
}

static i64 read_float(struct task *task, u64 to, u64 size) { return copy_to_user(to, task->fpu, size); }

static i64 write_float(struct task *task, u64 from, u64 size) {
    u8 image[FXSAVE_SIZE] __attribute__((aligned(16)));
    memcpy(image, task->fpu, FXSAVE_SIZE);
    i64 err = copy_from_user(image, from, size);
    return err ? err : fpu_change(task->fpu, image) ? 0 : -EINVAL;
}

static i64 read_extended(struct task *task, u64 to, u64 size) {
    u8 *image = kmalloc(FPU_IMAGE_MAX);
    if (!image)
        return -ENOMEM;
    fpu_show(image, task->fpu);
    i64 err = copy_to_user(to, image, size);
    kfree(image);
    return err;
}

static i64 write_extended(struct task *task, u64 from, u64 size) {
    if (size != fpu_state_size())
        return -EFAULT;
    u8 *image = kmalloc(FPU_IMAGE_MAX);
    if (!image)
        return -ENOMEM;
    i64 err = copy_from_user(image, from, size);
    if (!err)
        err = fpu_change_all(task->fpu, image) ? 0 : -EINVAL;
    kfree(image);
    return err;
}

static const struct {
    u64 type;
    u32 size; /* 0: what XSAVE needs here, if it is there */
    i64 (*read)(struct task *task, u64 to, u64 size);
    i64 (*write)(struct task *task, u64 from, u64 size);
} sets[] = {
    { NT_PRSTATUS, sizeof(struct user_regs), read_general, write_general },
    { NT_PRFPREG, FXSAVE_SIZE, read_float, write_float },
    { NT_X86_XSTATE, 0, read_extended, write_extended },
};

static i64 transfer_set(struct task *task, u64 type, u64 vector_at, bool write) {
    struct iovec v;
    if (get_user(v, vector_at))
        return -EFAULT;
    for (u32 i = 0; i < ARRAY_LEN(sets); i++) {
        if (sets[i].type != type)
            continue;
        u64 size = sets[i].size ? sets[i].size : fpu_state_size();
        if (v.size % sizeof(u64))
            return -EINVAL;
        if (!size)
            return -ENODEV;
        v.size = MIN(v.size, size);
        i64 err = (write ? sets[i].write : sets[i].read)(task, v.base, v.size);
        return err ? err : put_user(v.size, vector_at + offsetof(struct iovec, size));
    }
    return -EINVAL;
}

/* The CPU model has no debug registers to give away: breakpoints in them are all in use. */
static i64 peek(struct task *task, u64 at, u64 to) {
    u64 value = 0;
    if (at % sizeof(u64) || at >= USER_SIZE)
        return -EIO;
    if (at < sizeof(struct user_regs))
        value = get(task, at / sizeof(u64));
    else if (at == USER_DEBUG_REGISTERS + DEBUG_STATUS * sizeof(u64))
        value = DEBUG_STATUS_IDLE;
    return put_user(value, to);
}

static i64 poke(struct task *task, u64 at, u64 value) {
    if (at % sizeof(u64) || at >= USER_SIZE)
        return -EIO;
    if (at < sizeof(struct user_regs))
        return set(task, at / sizeof(u64), value);
    if (at < USER_DEBUG_REGISTERS)
        return -EIO;
    switch ((at - USER_DEBUG_REGISTERS) / sizeof(u64)) {
    case 0 ... 3:
        return -ENOSPC;
    case DEBUG_STATUS:
        return 0;
    case DEBUG_CONTROL:
        return value & DEBUG_ENABLED ? -ENOSPC : 0;
    default:
        return -EIO;
    }
}

i64 ptrace_registers(struct task *task, u64 request, u64 addr, u64 data) {
    switch (request) {
    case PTRACE_PEEKUSER:
        return peek(task, addr, data);
    case PTRACE_POKEUSER:
        return poke(task, addr, data);
    case PTRACE_GETREGS:
        return read_general(task, data, sizeof(struct user_regs));
    case PTRACE_SETREGS:
        return write_general(task, data, sizeof(struct user_regs));
    case PTRACE_GETFPREGS:
        return read_float(task, data, FXSAVE_SIZE);
    case PTRACE_SETFPREGS:
        return write_float(task, data, FXSAVE_SIZE);
    case PTRACE_GETREGSET:
    case PTRACE_SETREGSET:
        return transfer_set(task, addr, data, request == PTRACE_SETREGSET);
    default:
        return -ENXIO;
    }
}

void ptrace_step_flag(struct tracee *t, bool on) {
    if (on && !(t->task->frame->rflags & FLAG_TF)) {
        t->task->frame->rflags |= FLAG_TF;
        t->step_ours = true;
    } else if (!on && t->step_ours) {
        t->task->frame->rflags &= ~FLAG_TF;
        t->step_ours = false;
    }
}
