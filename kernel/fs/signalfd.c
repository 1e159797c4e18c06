/* signalfd(2): signals that are read. The reader takes those of its own thread and process. */
#include "errno.h"
#include "fs/anon.h"
#include "lib.h"
#include "linux/sigframe.h"
#include "proc.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

struct signalfd {
    u64 set;
};

/* struct signalfd_siginfo (linux/signalfd.h): 128 bytes. */
struct signalfd_siginfo {
    u32 signo;
    i32 error, code;
    u32 pid, uid;
    i32 fd;
    u32 timer_id, band, overrun, trap;
    i32 status, number;
    u64 value, utime, stime, address;
    u16 address_lsb, pad2;
    i32 syscall;
    u64 call_address;
    u32 arch;
    u8 pad[28];
};
_Static_assert(sizeof(struct signalfd_siginfo) == 128, "signalfd_siginfo");

/* Which part of a siginfo means something depends on the signal and who sent it. */
static void convert(struct signalfd_siginfo *out, const struct siginfo *in) {
    *out = (struct signalfd_siginfo){ .signo = (u32)in->signo, .error = in->error, .code = in->code };
    bool fault = SIG_BIT(in->signo) & (SIG_BIT(SIGSEGV) | SIG_BIT(SIGBUS) | SIG_BIT(SIGILL) | SIG_BIT(SIGFPE) | SIG_BIT(SIGTRAP));
    if (in->code == SI_TIMER) {
        out->timer_id = (u32)in->timer_id;
        out->overrun = (u32)in->overrun;
        out->value = in->timer_value;
        out->number = (i32)in->timer_value;
        return;
    }
    if (in->code > SI_USER && fault && in->code != SI_KERNEL) {
        out->address = in->address;
        return;
    }
    out->pid = (u32)in->pid;
    out->uid = in->uid;
    if (in->code > SI_USER && in->signo == SIGCHLD && in->code != SI_KERNEL) {
        out->status = in->child_status;
        out->utime = (u64)in->child_utime;
        out->stime = (u64)in->child_stime;
    } else if (in->code < 0) {
        out->value = in->value;
        out->number = (i32)in->value;
    }
}

static i64 signalfd_read(struct file *file, struct io *io, u64 *pos) {
    struct signalfd *s = file->private;
    struct signalfd_siginfo out;
    struct siginfo info;
    i64 done = 0;
    if (io->left < sizeof(out))
        return -EINVAL;
    while (io->left >= sizeof(out)) {
        i64 why = 0;
        i32 sig = signal_take(current, s->set, &info);
        if (!sig && (done || (file->flags & O_NONBLOCK)))
            return done ? done : -EAGAIN;
        if (!sig) {
            current->wait_set = s->set;
            why = sleep_until(NEVER);
            current->wait_set = 0;
            sig = signal_take(current, s->set, &info);
        }
        if (!sig && why)
            return -ERESTARTSYS;
        if (!sig)
            continue;
        info.signo = sig;
        convert(&out, &info);
        i64 put = io_put_all(io, &out, sizeof(out));
        if (put < 0)
            return done ? done : put;
        done += put;
    }
    return done;
}

static u32 signalfd_poll(struct file *file, struct poll_table *table) {
    struct signalfd *s = file->private;
    poll_add(table, &current->sighand->arrivals);
    return (current->pending.bits | current->process->pending.bits) & s->set ? POLLIN | POLLRDNORM : 0;
}

static void signalfd_release(struct file *file) { kfree(file->private); }

static const struct file_ops signalfd_ops = {
    .read = signalfd_read, .poll = signalfd_poll, .seek = anon_seek, .release = signalfd_release,
};

static i64 make(i32 fd, u64 set, u32 flags) {
    if (flags & ~(u32)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    set &= ~SIG_UNBLOCKABLE;
    if (fd != -1) {
        struct file *file = fd_peek(fd);
        if (!file)
            return -EBADF;
        if (file->ops != &signalfd_ops)
            return -EINVAL;
        ((struct signalfd *)file->private)->set = set;
        poll_wake(&current->sighand->arrivals, POLLIN | POLLRDNORM);
        return fd;
    }
    struct signalfd *s = kmalloc(sizeof(*s));
    if (!s)
        return -ENOMEM;
    s->set = set;
    struct file *file = anon_file("anon_inode:[signalfd]", &signalfd_ops, O_RDWR | (flags & O_NONBLOCK), s);
    if (IS_ERR(file)) {
        kfree(s);
        return PTR_ERR(file);
    }
    return fd_install(file, 0, flags & O_CLOEXEC);
}

static i64 from_user(const u64 *a, u32 flags) {
    u64 set;
    if (a[2] != sizeof(set))
        return -EINVAL;
    return get_user(set, a[1]) ? -EFAULT : make((i32)a[0], set, flags);
}

i64 sys_signalfd(const u64 *a) { return from_user(a, 0); }
i64 sys_signalfd4(const u64 *a) { return from_user(a, (u32)a[3]); }
