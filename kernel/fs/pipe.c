/* Pipes and FIFOs: a ring of bytes between readers and writers. */
#include "fs/pipe.h"
#include "errno.h"
#include "fs/anon.h"
#include "lib.h"
#include "linux/tty.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

static struct pipe *pipe_new(void) {
    struct pipe *p = kzalloc(sizeof(*p));
    if (!p || !ring_init(&p->ring, RING_PAGES)) {
        kfree(p);
        return NULL;
    }
    poll_head_init(&p->head);
    return p;
}

static void pipe_leave(struct inode *inode) {
    struct pipe *p = inode->fifo;
    if (--p->users)
        return;
    poll_head_detach(&p->head);
    ring_free(&p->ring);
    kfree(p);
    inode->fifo = NULL;
}

static void opened(struct pipe *p, const struct file *file) {
    if (file_readable(file)) {
        p->readers++;
        p->readers_ever++;
    }
    if (file_writable(file)) {
        p->writers++;
        p->writers_ever++;
    }
}

static void closed(struct pipe *p, const struct file *file) {
    p->readers -= file_readable(file);
    p->writers -= file_writable(file);
    poll_wake(&p->head, POLLIN | POLLOUT | POLLHUP | POLLERR);
}

static i64 pipe_wait(struct file *file, struct pipe *p, bool nonblock) {
    if (nonblock || (file->flags & O_NONBLOCK))
        return -EAGAIN;
    return wait_on(&p->head.sleepers, NEVER) ? -ERESTARTSYS : 0;
}

i64 pipe_wait_data(struct file *file, bool nonblock) {
    struct pipe *p = file->private;
    while (p->held || (!p->ring.size && p->writers)) {
        i64 error = pipe_wait(file, p, nonblock);
        if (error)
            return error;
    }
    return 0;
}

static i64 broken(void) {
    signal_task(current, SIGPIPE, NULL);
    return -EPIPE;
}

i64 pipe_wait_room(struct file *file, bool nonblock) {
    struct pipe *p = file->private;
    while (p->readers && !ring_room(&p->ring)) {
        i64 error = pipe_wait(file, p, nonblock);
        if (error)
            return error;
    }
    return p->readers ? 0 : broken();
}

static i64 pipe_read(struct file *file, struct io *io, u64 *pos) {
    struct pipe *p = file->private;
    i64 error = io->left ? pipe_wait_data(file, false) : 0;
    if (error || !io->left || !p->ring.size)
        return error;
    bool packet = ring_starts_with_packet(&p->ring);
    i64 got = ring_read(&p->ring, io);
    while (got > 0 && io->left && p->ring.size && !packet && !ring_starts_with_packet(&p->ring)) {
        i64 more = ring_read(&p->ring, io);
        if (more <= 0)
            break;
        got += more;
    }
    if (got > 0)
        poll_wake(&p->head, POLLOUT | POLLWRNORM);
    return got;
}

static i64 pipe_write(struct file *file, struct io *io, u64 *pos) {
    struct pipe *p = file->private;
    u64 done = 0;
    while (io->left) {
        i64 put;
        if (!p->readers) {
            put = broken();
        } else if (!ring_takes(&p->ring, file->flags & O_DIRECT ? PAGE_SIZE : io->left)) {
            put = pipe_wait(file, p, false);
            if (!put)
                continue;
        } else {
            p->ring.packets = file->flags & O_DIRECT;
            put = ring_write(&p->ring, io);
            p->ring.packets = false;
        }
        if (put <= 0)
            return done ? (i64)done : put;
        done += put;
        poll_wake(&p->head, POLLIN | POLLRDNORM);
    }
    return done;
}

static u32 pipe_poll(struct file *file, struct poll_table *table) {
    struct pipe *p = file->private;
    u32 events = 0;
    poll_add(table, &p->head);
    if (file_readable(file)) {
        events |= p->ring.size ? POLLIN | POLLRDNORM : 0;
        events |= !p->writers && p->writers_ever ? POLLHUP : 0;
    }
    if (file_writable(file)) {
        events |= ring_writable(&p->ring) ? POLLOUT | POLLWRNORM : 0;
        events |= p->readers ? 0 : POLLERR;
    }
    return events;
}

static i64 pipe_ioctl(struct file *file, u64 command, u64 argument) {
    i32 waiting = ((struct pipe *)file->private)->ring.size;
    return command == FIONREAD ? put_user(waiting, argument) : -ENOTTY;
}

static void pipe_release(struct file *file) {
    closed(file->private, file);
    pipe_leave(file->inode);
}

static const struct file_ops pipe_ops = {
    .read = pipe_read, .write = pipe_write, .poll = pipe_poll, .ioctl = pipe_ioctl, .release = pipe_release,
};

struct pipe *file_pipe(struct file *file) { return file->ops == &pipe_ops ? file->private : NULL; }

i64 pipe_resize(struct pipe *p, u64 size) {
    u64 slots = RING_SLOTS / 16;
    if ((u32)size > 1u << 31)
        return -EINVAL;
    if (size > RING_SLOTS_MAX * PAGE_SIZE)
        return -EPERM;
    while (slots * PAGE_SIZE < size)
        slots *= 2;
    i64 now = ring_resize(&p->ring, slots);
    return now < 0 ? now : now * (i64)PAGE_SIZE;
}

static void attach(struct inode *inode, struct file *file) {
    struct pipe *p = inode->fifo;
    p->users++;
    opened(p, file);
    file->ops = &pipe_ops;
    file->private = p;
    poll_wake(&p->head, POLLIN | POLLOUT);
}

/* Opening a FIFO waits for the other side, unless it is told not to. */
i64 fifo_open(struct inode *inode, struct file *file) {
    if (!inode->fifo && !(inode->fifo = pipe_new()))
        return -ENOMEM;
    struct pipe *p = inode->fifo;
    bool reads = file_readable(file), writes = file_writable(file);
    if (writes && !reads && !p->readers && (file->flags & O_NONBLOCK)) {
        p->users++;
        pipe_leave(inode);
        return -ENXIO;
    }
    attach(inode, file);
    u32 *other = reads ? &p->writers_ever : &p->readers_ever, seen = *other;
    while (reads != writes && !(reads ? p->writers : p->readers) && *other == seen && !(file->flags & O_NONBLOCK)) {
        if (wait_on(&p->head.sleepers, NEVER)) {
            pipe_release(file);
            return -ERESTARTSYS;
        }
    }
    return 0;
}

static void pipe_inode_free(struct inode *inode) { kfree(inode); }
/* Through /proc/self/fd, and without waiting: a pipe's other side cannot come later. */
static i64 pipe_reopen(struct inode *inode, struct file *file) {
    attach(inode, file);
    return 0;
}
static const struct inode_ops pipe_inode_ops = {.open = pipe_reopen, .free = pipe_inode_free};

/* Both ends; a pipe is a FIFO without a name. */
static i64 make_ends(u32 flags, struct file **ends) {
    char text[32];
    struct inode *inode = kmalloc(sizeof(*inode));
    if (!inode)
        return -ENOMEM;
    anon_inode_init(inode, &pipe_inode_ops, S_IFIFO | 0600);
    format(text, sizeof(text), "pipe:[%lu]", inode->ino);
    struct dentry *d = dentry_anon(inode, text);
    if (!d) {
        inode_put(inode);
        return -ENOMEM;
    }
    i64 error = (inode->fifo = pipe_new()) ? 0 : -ENOMEM;
    for (int i = 0; i < 2 && !error; i++) {
        ends[i] = file_new(d, &pipe_ops, (i ? O_WRONLY : O_RDONLY) | flags);
        if (IS_ERR(ends[i])) {
            error = PTR_ERR(ends[i]);
            if (i)
                file_put(ends[0]);
            else {
                inode->fifo->users = 1;
                pipe_leave(inode);
            }
            break;
        }
        ends[i]->private = inode->fifo;
        inode->fifo->users++;
        opened(inode->fifo, ends[i]);
    }
    dentry_put(d);
    return error;
}

static i64 make_pipe(u64 to, u32 flags) {
    struct file *ends[2];
    if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
        return -EINVAL;
    i64 error = make_ends(flags & (O_NONBLOCK | O_DIRECT), ends);
    if (error)
        return error;
    return fd_install_pair(ends, to, flags & O_CLOEXEC);
}

i64 sys_pipe(const u64 *a) { return make_pipe(a[0], 0); }
i64 sys_pipe2(const u64 *a) { return make_pipe(a[0], a[1]); }
