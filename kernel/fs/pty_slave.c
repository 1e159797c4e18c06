/* The slave's end of a pseudo-terminal: what a program takes for its terminal. */
#include "fs/pty.h"
#include "errno.h"
#include "lib.h"
#include "task.h"

#define CHUNK 128
#define TENTH_NS 100000000UL

i64 pty_slave_open(struct pty *pty, struct file *file) {
    if (pty->hung_up || pty->locked)
        return -EIO;
    if (pty->exclusive && !capable(CAP_SYS_ADMIN))
        return -EBUSY;
    inode_get(&pty->inode);
    file->ops = &pty_slave_ops;
    file->private = pty;
    pty->slaves++;
    pty->closed = false;
    if (!(file->flags & O_NOCTTY))
        terminal_opened(&pty->control, file);
    return 0;
}

i64 pty_open_own(struct file *file) {
    struct terminal *own = current->process->terminal;
    if (!own)
        return -ENXIO;
    return own == &console_control ? -ENODEV : pty_slave_open(container_of(own, struct pty, control), file);
}

/* How long a read in raw mode waits, and for how much (VMIN and VTIME, termios(3)). */
struct patience {
    u32 least;
    u64 first, between; /* ns: for the first byte, between bytes; NEVER: as long as it takes */
};

static struct patience patience_of(const struct line *line) {
    struct patience p = {0, NEVER, NEVER};
    u64 time = line->termios.cc[VTIME] * TENTH_NS;
    if (line_local(line, ICANON))
        return p;
    p.least = line->termios.cc[VMIN];
    if (!p.least)
        return (struct patience){1, time, NEVER};
    p.between = time ? time : NEVER;
    return p;
}

/* Until there is input: 0, or what ends the read (1: without an error). */
static i64 slave_wait(struct file *file, struct pty *pty, u64 ns) {
    while (!line_available(&pty->line, 1)) {
        if (pty->hung_up || !ns)
            return 1;
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        i64 why = wait_on(&pty->slave.sleepers, ns == NEVER ? NEVER : deadline_after(ns));
        if (why == -ETIMEDOUT)
            return 1;
        if (why)
            return -ERESTARTSYS;
    }
    return 0;
}

static i64 slave_read(struct file *file, struct io *io, u64 *pos) {
    struct pty *pty = file->private;
    if (pty->hung_up)
        return 0;
    i64 error = terminal_check(&pty->control, SIGTTIN), done = 0;
    if (error)
        return error;
    struct patience patience = patience_of(&pty->line);
    u64 ns = patience.first;
    bool full = false;
    while (io->left && !full) {
        i64 why = slave_wait(file, pty, ns);
        if (why)
            return done ? done : MIN(why, 0);
        i64 got = line_read(&pty->line, io, &full);
        if (got < 0)
            return done ? done : got;
        done += got;
        pty_pump(pty);
        full |= done >= patience.least;
        ns = patience.between;
    }
    return done;
}

static i64 output_wait(struct file *file, struct pty *pty) {
    if (file->flags & O_NONBLOCK)
        return -EAGAIN;
    return wait_on(&pty->slave.sleepers, NEVER) ? -ERESTARTSYS : 0;
}

/* A bounded part of a write; bytes taken. */
static i64 show(struct pty *pty, struct io *io) {
    u8 in[CHUNK], out[CHUNK * LINE_OUT_MAX];
    struct io processed;
    i64 n = io_take(io, in, MIN(io->left, (u64)CHUNK));
    if (n <= 0)
        return n;
    io_kernel(&processed, out, line_output(&pty->line, in, n, out));
    if (processed.left)
        ring_write(&pty->shown, &processed);
    poll_wake(&pty->master, POLLIN | POLLRDNORM);
    return n;
}

static i64 slave_write(struct file *file, struct io *io, u64 *pos) {
    struct pty *pty = file->private;
    i64 done = 0;
    if (pty->hung_up)
        return -EIO;
    i64 put = line_local(&pty->line, TOSTOP) ? terminal_check(&pty->control, SIGTTOU) : 0;
    if (put)
        return put;
    while (io->left) {
        if (pty->hung_up)
            put = -EIO;
        else if (pty->line.stopped || !ring_takes(&pty->shown, CHUNK * LINE_OUT_MAX))
            put = output_wait(file, pty);
        else if (!(pty->line.termios.oflag & OPOST) && (put = ring_write(&pty->shown, io)) > 0)
            poll_wake(&pty->master, POLLIN | POLLRDNORM);
        else if (pty->line.termios.oflag & OPOST)
            put = show(pty, io);
        if (put < 0)
            return done ? done : put;
        done += put;
    }
    return done;
}

static u32 slave_poll(struct file *file, struct poll_table *table) {
    struct pty *pty = file->private;
    const u8 *cc = pty->line.termios.cc;
    if (pty->hung_up)
        return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
    poll_add(table, &pty->slave);
    bool input = line_available(&pty->line, cc[VTIME] || !cc[VMIN] ? 1 : cc[VMIN]);
    bool output = !pty->line.stopped && ring_writable(&pty->shown);
    return (input ? POLLIN | POLLRDNORM : 0) | (output ? POLLOUT | POLLWRNORM : 0);
}

static void slave_release(struct file *file) {
    struct pty *pty = file->private;
    if (!--pty->slaves) {
        pty->closed = true;
        pty->exclusive = false;
        poll_wake(&pty->master, POLLIN | POLLOUT | POLLHUP);
    }
    inode_put(&pty->inode);
}

const struct file_ops pty_slave_ops = {
    .read = slave_read, .write = slave_write, .poll = slave_poll, .ioctl = pty_ioctl, .release = slave_release,
};
