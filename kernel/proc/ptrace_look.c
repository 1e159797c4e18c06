/* What else a tracer sees and changes of a thread that stands: memory, signals, the call it is in. */
#include "ptrace.h"
#include "errno.h"
#include "frame.h"
#include "lib.h"
#include "mm.h"
#include "proc.h"
#include "uaccess.h"

#define SIGSET_SIZE 8

/* One word, also where the program itself may not read or write: breakpoints go into its code. */
static i64 move_word(struct tracee *t, u64 at, u64 *word, bool write) {
    struct mm *mm = t->task->mm;
    if (!mm || at > NV_USER_END - sizeof(*word) || (t->process->not_dumpable && !capable(CAP_SYS_PTRACE)))
        return -EIO;
    u8 *bytes = (u8 *)word;
    for (u64 done = 0, part; done < sizeof(*word); done += part) {
        u64 here = at + done;
        paddr page = mm_resolve_forced(mm, here, write);
        if (!page)
            return -EIO;
        part = MIN(sizeof(*word) - done, PAGE_SIZE - here % PAGE_SIZE);
        memcpy(write ? phys_to_virt(page) : bytes + done, write ? bytes + done : phys_to_virt(page), part);
    }
    return 0;
}

static i64 peek(struct tracee *t, u64 at, u64 to) {
    u64 word;
    i64 err = move_word(t, at, &word, false);
    return err ? err : put_user(word, to);
}

static i64 get_mask(const struct task *task, u64 size, u64 to) {
    u64 mask = task->restore_blocked ? task->saved_blocked : task->blocked;
    return size == SIGSET_SIZE ? put_user(mask, to) : -EINVAL;
}

static i64 set_mask(struct task *task, u64 size, u64 from) {
    u64 mask;
    if (size != SIGSET_SIZE)
        return -EINVAL;
    if (get_user(mask, from))
        return -EFAULT;
    task->blocked = mask & ~SIG_UNBLOCKABLE;
    task->restore_blocked = false;
    return 0;
}

static i64 peek_queue(const struct task *task, u64 args_at, u64 to) {
    struct ptrace_peeksiginfo_args args;
    if (get_user(args, args_at))
        return -EFAULT;
    if ((args.flags & ~(u32)PTRACE_PEEKSIGINFO_SHARED) || args.nr < 0)
        return -EINVAL;
    const struct sig_pending *pending =
        args.flags & PTRACE_PEEKSIGINFO_SHARED ? &task->process->pending : &task->pending;
    return signal_show(pending, args.off, (u32)args.nr, to);
}

/* Of a stop at a call that PTRACE_O_TRACESYSGOOD marks as one. */
static i64 call_info(const struct tracee *t, u64 size, u64 to) {
    const struct trapframe *frame = t->task->frame;
    struct ptrace_syscall_info info = {
        .arch = AUDIT_ARCH_X86_64, .instruction_pointer = frame->rip, .stack_pointer = frame->rsp,
    };
    u64 known = offsetof(struct ptrace_syscall_info, entry);
    if (t->informed && t->info.code == (SIGTRAP | 0x80)) {
        if (t->message == PTRACE_EVENTMSG_SYSCALL_ENTRY) {
            const u64 args[6] = { frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9 };
            info.op = PTRACE_SYSCALL_INFO_ENTRY;
            info.entry.nr = (u64)frame_call(frame);
            memcpy(info.entry.args, args, sizeof(args));
            known = sizeof(info);
        } else {
            info.op = PTRACE_SYSCALL_INFO_EXIT;
            info.exit.rval = (i64)frame->rax;
            info.exit.is_error = frame->rax > -(u64)PAGE_SIZE;
            known = offsetof(struct ptrace_syscall_info, exit.is_error) + sizeof(info.exit.is_error);
        }
    }
    return copy_to_user(to, &info, MIN(known, size)) ? -EFAULT : (i64)known;
}

static i64 rseq_configuration(const struct task *task, u64 size, u64 to) {
    struct ptrace_rseq_configuration c = { 0 };
    if (task->rseq_registered) {
        c.rseq_abi_pointer = task->rseq_area;
        c.rseq_abi_size = task->rseq_size;
        c.signature = task->rseq_signature;
    }
    return copy_to_user(to, &c, MIN(size, sizeof(c))) ? -EFAULT : (i64)sizeof(c);
}

static i64 get_info(const struct tracee *t, u64 to) {
    return t->informed ? copy_to_user(to, &t->info, sizeof(t->info)) : -EINVAL;
}

static i64 set_info(struct tracee *t, u64 from) {
    struct siginfo info = { 0 };
    if (copy_from_user(&info, from, SIGINFO_USED))
        return -EFAULT;
    if (!t->informed)
        return -EINVAL;
    t->info = info;
    return 0;
}

i64 ptrace_look(struct tracee *t, u64 request, u64 addr, u64 data) {
    switch (request) {
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
        return peek(t, addr, data);
    case PTRACE_POKETEXT:
    case PTRACE_POKEDATA:
        return move_word(t, addr, &data, true);
    case PTRACE_GETSIGINFO:
        return get_info(t, data);
    case PTRACE_SETSIGINFO:
        return set_info(t, data);
    case PTRACE_GETSIGMASK:
        return get_mask(t->task, addr, data);
    case PTRACE_SETSIGMASK:
        return set_mask(t->task, addr, data);
    case PTRACE_PEEKSIGINFO:
        return peek_queue(t->task, addr, data);
    case PTRACE_GETEVENTMSG:
        return put_user(t->message, data);
    case PTRACE_GET_SYSCALL_INFO:
        return call_info(t, addr, data);
    case PTRACE_GET_RSEQ_CONFIGURATION:
        return rseq_configuration(t->task, addr, data);
    default:
        return -ENXIO;
    }
}
