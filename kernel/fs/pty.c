/* Pairs of pseudo-terminals, and the master's end of them. */
#include "fs/pty.h"
#include "errno.h"
#include "lib.h"
#include "task.h"

#define CHUNK 256

/* To the screen: echo that finds no room is lost, as when nobody reads it. */
static void emit(struct line *line, const u8 *bytes, u32 n) {
    struct pty *pty = container_of(line, struct pty, line);
    struct io io;
    if (!n || !ring_takes(&pty->shown, n))
        return;
    io_kernel(&io, (void *)bytes, n);
    ring_write(&pty->shown, &io);
}

static void send_signal(struct line *line, i32 sig) {
    terminal_signal(&container_of(line, struct pty, line)->control, sig);
}

void pty_tell(struct pty *pty, u8 status, u8 instead_of) {
    if (!pty->packet)
        return;
    pty->status = (pty->status & ~instead_of) | status;
    poll_wake(&pty->master, POLLIN | POLLRDNORM | POLLPRI);
}

static void flow(struct line *line) {
    struct pty *pty = container_of(line, struct pty, line);
    if (line->stopped)
        return pty_tell(pty, TIOCPKT_STOP, TIOCPKT_START);
    pty_tell(pty, TIOCPKT_START, TIOCPKT_STOP);
    poll_wake(&pty->slave, POLLOUT | POLLWRNORM);
}

void pty_flush_shown(struct pty *pty) {
    ring_cut(&pty->shown, LINE_SIZE); /* what has arrived at the master stays */
    pty_tell(pty, TIOCPKT_FLUSHWRITE, 0);
    poll_wake(&pty->slave, POLLOUT | POLLWRNORM);
}

static void flush(struct line *line) { pty_flush_shown(container_of(line, struct pty, line)); }

static struct pty *pty_new(void) {
    struct pty *pty = kzalloc(sizeof(*pty));
    if (!pty)
        return ERR_PTR(-ENOMEM);
    bool typed = ring_init(&pty->typed, RING_WHOLE), shown = ring_init(&pty->shown, RING_BYTES);
    if (!line_init(&pty->line) || !typed || !shown) {
        kfree(pty->typed.slot);
        kfree(pty->shown.slot);
        line_free(&pty->line);
        kfree(pty);
        return ERR_PTR(-ENOMEM);
    }
    pty->line.emit = emit;
    pty->line.signal = send_signal;
    pty->line.flow = flow;
    pty->line.flush = flush;
    pty->locked = true;
    poll_head_init(&pty->master);
    poll_head_init(&pty->slave);
    return pty;
}

i64 ptmx_open(struct file *file) {
    struct pty *pty = pty_new();
    if (IS_ERR(pty))
        return PTR_ERR(pty);
    i64 error = devpts_add(pty);
    if (error)
        return error;
    file->ops = &pty_master_ops;
    file->private = pty;
    return 0;
}

void pty_pump(struct pty *pty) {
    u8 bytes[CHUNK];
    bool some = false;
    for (u32 room; pty->typed.size && (room = line_room(&pty->line));) {
        struct io io;
        io_kernel(&io, bytes, MIN(room, (u32)sizeof(bytes)));
        i64 n = ring_read(&pty->typed, &io);
        if (n <= 0)
            break;
        some = true;
        for (i64 i = 0; i < n; i++)
            line_type(&pty->line, bytes[i]);
    }
    if (!some)
        return;
    poll_wake(&pty->slave, POLLIN | POLLRDNORM);
    poll_wake(&pty->master, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
}

static i64 master_wait(struct file *file, struct pty *pty) {
    if (file->flags & O_NONBLOCK)
        return -EAGAIN;
    return wait_on(&pty->master.sleepers, NEVER) ? -ERESTARTSYS : 0;
}

static i64 master_read(struct file *file, struct io *io, u64 *pos) {
    struct pty *pty = file->private;
    while (io->left && !pty->shown.size && !(pty->packet && pty->status)) {
        i64 error = pty->closed ? -EIO : master_wait(file, pty);
        if (error)
            return error;
    }
    if (!io->left)
        return 0;
    i64 done = 0;
    if (pty->packet) {
        u8 status = pty->status;
        pty->status = 0;
        done = io_put(io, &status, 1);
        if (done <= 0 || status != TIOCPKT_DATA)
            return done;
    }
    while (io->left && pty->shown.size) {
        i64 got = ring_read(&pty->shown, io);
        if (got <= 0)
            return done ? done : got;
        done += got;
    }
    poll_wake(&pty->slave, POLLOUT | POLLWRNORM);
    return done;
}

static i64 master_write(struct file *file, struct io *io, u64 *pos) {
    struct pty *pty = file->private;
    i64 done = 0;
    while (io->left) {
        i64 put;
        if (!ring_takes(&pty->typed, io->left))
            put = master_wait(file, pty);
        else if ((put = ring_write(&pty->typed, io)) > 0)
            pty_pump(pty);
        if (put < 0)
            return done ? done : put;
        done += put;
    }
    return done;
}

static u32 master_poll(struct file *file, struct poll_table *table) {
    struct pty *pty = file->private;
    bool told = pty->packet && pty->status;
    poll_add(table, &pty->master);
    return (pty->shown.size || told ? POLLIN | POLLRDNORM : 0) | (told ? POLLPRI : 0) |
           (pty->closed ? POLLHUP : 0) | (ring_writable(&pty->typed) ? POLLOUT | POLLWRNORM : 0);
}

static void master_release(struct file *file) {
    struct pty *pty = file->private;
    devpts_drop(pty);
    pty->hung_up = true;
    terminal_hang_up(&pty->control);
    poll_head_detach(&pty->master);
    poll_wake(&pty->slave, POLLIN | POLLOUT | POLLERR | POLLHUP);
    inode_put(&pty->inode);
}

const struct file_ops pty_master_ops = {
    .read = master_read, .write = master_write, .poll = master_poll, .ioctl = pty_ioctl, .release = master_release,
};
