/* Restartable sequences (rseq(2)): a thread that lost the CPU, or gets a signal, in the middle of one goes
   on at its abort handler. Here the numbers of CPU, node and concurrency are always 0: there is one CPU. */
#include "rseq.h"
#include "errno.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

/* struct rseq and struct rseq_cs of linux/rseq.h. */
struct area {
    u32 cpu_start, cpu;
    u64 sequence;
    u32 flags, node, concurrency;
};
_Static_assert(offsetof(struct area, concurrency) + 4 == RSEQ_FEATURE_SIZE, "struct rseq");

struct sequence {
    u32 version, flags;
    u64 start, length, abort;
};

#define AREA_MIN RSEQ_ALIGN
#define UNREGISTER 1
#define NO_CPU (~0u)

/* The whole sequence and its handler lie in user space, and the handler is not part of it. */
static bool valid(const struct sequence *s) {
    return !s->version && s->start < NV_USER_END && s->length < NV_USER_END - s->start &&
           s->abort < NV_USER_END && s->abort - s->start >= s->length;
}

/* Leave the sequence that the program is in, if it is in one. The word before a handler must be the
   signature, so that nobody's jumps are diverted to where no handler is. */
static i64 leave(struct trapframe *frame) {
    struct sequence s;
    u64 at, none = 0, pointer = current->rseq_area + offsetof(struct area, sequence);
    u32 signature, flags;
    if (get_user(at, pointer))
        return -EFAULT;
    if (!at)
        return 0;
    if (get_user(s, at) || !valid(&s) || get_user(signature, s.abort - sizeof(signature)) ||
        signature != current->rseq_signature)
        return -EINVAL;
    if (frame->rip - s.start < s.length) {
        if (s.flags || get_user(flags, current->rseq_area + offsetof(struct area, flags)) || flags)
            return -EINVAL;
        frame->rip = s.abort;
    }
    return put_user(none, pointer);
}

void rseq_resume(struct trapframe *frame) {
    current->rseq_interrupted = false;
    if (leave(frame))
        signal_fault(SIGSEGV, SI_KERNEL, 0);
}

static i64 say_where(u64 area, u32 cpu) {
    u32 zero = 0;
    return put_user(zero, area + offsetof(struct area, cpu_start)) || put_user(cpu, area + offsetof(struct area, cpu)) ||
                   put_user(zero, area + offsetof(struct area, node)) ||
                   put_user(zero, area + offsetof(struct area, concurrency))
               ? -EFAULT : 0;
}

static i64 unregister(u64 area, u32 size, u32 signature) {
    if (!current->rseq_registered || area != current->rseq_area || size != current->rseq_size)
        return -EINVAL;
    if (signature != current->rseq_signature)
        return -EPERM;
    i64 err = say_where(area, NO_CPU);
    if (!err)
        rseq_forget(current);
    return err;
}

i64 sys_rseq(const u64 *a) {
    u64 area = a[0], none = 0;
    u32 size = (u32)a[1], flags = (u32)a[2], signature = (u32)a[3];
    if (flags == UNREGISTER)
        return unregister(area, size, signature);
    if (flags)
        return -EINVAL;
    if (current->rseq_registered) {
        if (area != current->rseq_area || size != current->rseq_size)
            return -EINVAL;
        return signature == current->rseq_signature ? -EBUSY : -EPERM;
    }
    if (size < AREA_MIN || area % (size == AREA_MIN ? RSEQ_ALIGN : _Alignof(u64)))
        return -EINVAL;
    if (area >= NV_USER_END || size > NV_USER_END - area ||
        put_user(none, area + offsetof(struct area, sequence)) || say_where(area, 0))
        return -EFAULT;
    current->rseq_area = area;
    current->rseq_size = size;
    current->rseq_signature = signature;
    current->rseq_registered = true;
    return 0;
}

void rseq_forget(struct task *task) { task->rseq_registered = task->rseq_interrupted = false; }

void rseq_inherit(struct task *child) {
    child->rseq_area = current->rseq_area;
    child->rseq_size = current->rseq_size;
    child->rseq_signature = current->rseq_signature;
    child->rseq_registered = current->rseq_registered;
}
