/* splice(2), tee(2), vmsplice(2): between a pipe and something else without a buffer of the program's. */
#include "errno.h"
#include "fs/copy.h"
#include "fs/pipe.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define SPLICE_F_MOVE 1
#define SPLICE_F_NONBLOCK 2
#define SPLICE_F_MORE 4
#define SPLICE_F_GIFT 8
#define SPLICE_F_ALL (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* Write what waits in a pipe to a file. The bytes leave the pipe when they have arrived, so what a full
   or broken target refuses is still there; until then other readers wait. */
static i64 drain(struct file *from, struct file *to, u64 *out, u64 n) {
    struct pipe *p = from->private;
    struct segments *runs = kmalloc(sizeof(*runs));
    u64 done = 0;
    i64 put = runs ? 0 : -ENOMEM;
    p->held = true;
    while (runs && done < n) {
        struct io io;
        u64 there = ring_peek(&p->ring, runs, n - done);
        if (!there)
            break;
        io_runs(&io, runs);
        put = file_write(to, &io, out);
        if (put <= 0)
            break;
        ring_drop(&p->ring, put);
        done += put;
        if ((u64)put < there)
            break;
    }
    p->held = false;
    kfree(runs);
    poll_wake(&p->head, POLLOUT | POLLWRNORM | (p->ring.size ? POLLIN | POLLRDNORM : 0));
    return done ? (i64)done : put;
}

/* Room in `to`, data in `from`: each wait may undo the other. Bytes that can move now, or 0 at the end. */
static i64 both_ready(struct file *from, struct file *to, bool nonblock) {
    struct pipe *source = from->private, *target = to->private;
    for (;;) {
        i64 error = pipe_wait_data(from, nonblock);
        if (!error && !source->ring.size)
            return 0;
        if (!error)
            error = pipe_wait_room(to, nonblock);
        if (error)
            return error;
        if (source->ring.size && !source->held)
            return MIN(source->ring.size, ring_room(&target->ring));
    }
}

static i64 splice(struct file *from, u64 *in, struct file *to, u64 *out, u64 n, bool nonblock) {
    struct pipe *source = file_pipe(from), *target = file_pipe(to);
    i64 ready;
    if (source && target) {
        ready = both_ready(from, to, nonblock);
        return ready > 0 ? drain(from, to, NULL, MIN(n, (u64)ready)) : ready;
    }
    if (source) {
        ready = pipe_wait_data(from, nonblock);
        return ready ? ready : drain(from, to, out, n);
    }
    ready = pipe_wait_room(to, nonblock);
    if (ready)
        return ready;
    u64 room = ring_room(&target->ring);
    u32 before = from->flags; /* with O_NONBLOCK lent to it, it does not sleep before it has it back */
    from->flags |= nonblock ? O_NONBLOCK : 0;
    i64 done = file_copy(from, in, to, NULL, MIN(n, room), !from->ops->seekable);
    if (nonblock)
        from->flags = before;
    return done;
}

/* Which combinations there are; an offset belongs to a side that has positions. */
static i64 check(struct file *from, u64 in, struct file *to, u64 out) {
    struct pipe *source = file_pipe(from), *target = file_pipe(to);
    if (!file_readable(from) || !file_writable(to))
        return -EBADF;
    if ((source && in) || (target && out))
        return -ESPIPE;
    if ((!source && !target) || source == target)
        return -EINVAL;
    if (!source && (S_ISDIR(from->inode->mode) || !from->ops->read || (in && !from->ops->seekable)))
        return -EINVAL;
    if (!target && (!to->ops->write || (to->flags & O_APPEND) || (out && !to->ops->seekable)))
        return -EINVAL;
    return 0;
}

i64 sys_splice(const u64 *a) {
    u64 in, out, n = MIN(a[4], COPY_MAX);
    if (!a[4])
        return 0;
    if (a[5] & ~(u64)SPLICE_F_ALL)
        return -EINVAL;
    struct file *from = fd_file(current->files, a[0]), *to = fd_file(current->files, a[2]);
    i64 done = from && to ? check(from, a[1], to, a[3]) : -EBADF;
    if (!done && ((a[1] && get_user(in, a[1])) || (a[3] && get_user(out, a[3]))))
        done = -EFAULT;
    if (!done && ((a[1] && (i64)in < 0) || (a[3] && (i64)out < 0)))
        done = -EINVAL;
    if (!done)
        done = splice(from, a[1] ? &in : &from->pos, to, a[3] ? &out : &to->pos, n, a[5] & SPLICE_F_NONBLOCK);
    if (done > 0 && ((a[1] && put_user(in, a[1])) || (a[3] && put_user(out, a[3]))))
        done = -EFAULT;
    file_put(to);
    file_put(from);
    return done;
}

/* Copy what waits in one pipe to another and leave it where it is. */
static i64 duplicate(struct pipe *source, struct pipe *target, u64 n) {
    static struct segments runs; /* nothing sleeps from here on */
    struct io io;
    u64 there = ring_peek(&source->ring, &runs, n);
    if (!there)
        return 0;
    io_runs(&io, &runs);
    i64 put = ring_write(&target->ring, &io);
    if (put > 0)
        poll_wake(&target->head, POLLIN | POLLRDNORM);
    return put;
}

i64 sys_tee(const u64 *a) {
    if (a[3] & ~(u64)SPLICE_F_ALL)
        return -EINVAL;
    if (!a[2])
        return 0;
    struct file *from = fd_file(current->files, a[0]), *to = fd_file(current->files, a[1]);
    i64 done = -EBADF;
    if (from && to && file_readable(from) && file_writable(to)) {
        struct pipe *source = file_pipe(from), *target = file_pipe(to);
        done = source && target && source != target ? both_ready(from, to, a[3] & SPLICE_F_NONBLOCK) : -EINVAL;
        if (done > 0)
            done = duplicate(source, target, MIN((u64)done, MIN(a[2], COPY_MAX)));
    }
    file_put(to);
    file_put(from);
    return done;
}

/* A program's own memory into a pipe, as much as there is room for, or a pipe into its memory. */
i64 sys_vmsplice(const u64 *a) {
    struct io io;
    bool nonblock = a[3] & SPLICE_F_NONBLOCK;
    if (a[3] & ~(u64)SPLICE_F_ALL)
        return -EINVAL;
    struct file *file = fd_file(current->files, a[0]);
    if (!file)
        return -EBADF;
    struct pipe *p = file_pipe(file);
    i64 done = p ? io_vector(&io, a[1], a[2]) : -EBADF;
    if (!done && io.left && file_writable(file)) {
        done = pipe_wait_room(file, nonblock);
        io.left = io_reach(&io, MIN(io.left, ring_room(&p->ring)), false); /* unlike write(2), up to the last byte */
        if (!done)
            done = io.left ? ring_write(&p->ring, &io) : -EFAULT;
        if (done > 0)
            poll_wake(&p->head, POLLIN | POLLRDNORM);
    } else if (!done && io.left) {
        done = pipe_wait_data(file, nonblock);
        if (!done)
            done = file_read(file, &io, NULL);
    }
    file_put(file);
    return done;
}
