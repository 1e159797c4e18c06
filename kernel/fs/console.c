/* Standard input, output and error: streams of the host. Blocking is trying, asking the host to
   watch the stream, and sleeping until it reports. */
#include "fs/console.h"
#include "errno.h"
#include "fs/anon.h"
#include "fs/walk.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/tty.h"
#include "task.h"
#include "terminal.h"
#include "uaccess.h"

struct console consoles[STREAMS];
bool console_suspends;

static void ready(struct event_source *source, u32 events) {
    struct console *c = container_of(source, struct console, source);
    c->armed = 0;
    poll_wake(&c->head, events);
}

static void watch(struct console *c, u32 events) {
    if ((c->armed & events) == events)
        return;
    c->armed |= events;
    hc_begin(NV_OP_CON_WATCH);
    hc_arg(0, c->stream);
    hc_arg(1, c->armed);
    hc_cookie(c->source.cookie);
    hc_ring();
}

/* Which of `events` are true of the stream now, and POLLERR and POLLHUP. */
static u32 console_ready(struct console *c, u32 events) {
    hc_begin(NV_OP_CON_POLL);
    hc_arg(0, c->stream);
    hc_arg(1, events);
    i64 now = hc_ring();
    return now < 0 ? POLLERR : now;
}

static i64 wait_for(struct file *file, struct console *c, u32 events) {
    if (file->flags & O_NONBLOCK)
        return -EAGAIN;
    watch(c, events);
    return wait_on(&c->head.sleepers, NEVER) ? -ERESTARTSYS : 0;
}

static i64 transfer(struct console *c, u16 op, struct io *io) {
    static struct segments runs; /* filled and used without sleeping between */
    i64 room = io_segments(io, &runs, io->left, op == NV_OP_CON_READ);
    if (room < 0)
        return room;
    hc_begin(op);
    hc_arg(0, c->stream);
    if (op == NV_OP_CON_READ)
        hc_out_segments(&runs);
    else
        hc_in_segments(&runs);
    i64 done = hc_ring();
    if (done > 0)
        io_advance(io, MIN(done, room));
    return MIN(done, room);
}

static i64 console_read(struct file *file, struct io *io, u64 *pos) {
    struct console *c = file->private;
    for (;;) {
        i64 error = c->tty ? terminal_check(&console_control, SIGTTIN) : 0;
        if (error)
            return error;
        i64 got = transfer(c, NV_OP_CON_READ, io);
        if (got != -EAGAIN)
            return got;
        error = wait_for(file, c, POLLIN);
        if (error)
            return error;
    }
}

static i64 console_write(struct file *file, struct io *io, u64 *pos) {
    struct console *c = file->private;
    u64 done = 0;
    for (;;) {
        i64 put = transfer(c, NV_OP_CON_WRITE, io);
        if (put == -EAGAIN)
            put = wait_for(file, c, POLLOUT);
        else if (put > 0)
            done += put;
        else if (put == 0)
            return done;
        if (put == -EPIPE)
            signal_task(current, SIGPIPE, NULL);
        if (put < 0)
            return done ? (i64)done : put;
        if (!io->left && done)
            return done;
    }
}

static u32 console_poll(struct file *file, struct poll_table *table) {
    struct console *c = file->private;
    u32 events = (file_readable(file) ? POLLIN : 0) | (file_writable(file) ? POLLOUT : 0);
    u32 now = console_ready(c, events);
    poll_add(table, &c->head);
    if (table && (now & events) != events)
        watch(c, events & ~now);
    return now | (now & POLLIN ? POLLRDNORM : 0) | (now & POLLOUT ? POLLWRNORM : 0);
}

static i64 seek(struct console *c, i64 offset, i32 whence) {
    hc_begin(NV_OP_CON_SEEK);
    hc_arg(0, c->stream);
    hc_arg(1, offset);
    hc_arg(2, (u32)whence);
    return hc_ring();
}

static i64 console_seek(struct file *file, i64 offset, i32 whence) {
    struct console *c = file->private;
    return S_ISREG(c->inode.mode) ? seek(c, offset, whence) : -ESPIPE;
}

/* Bytes that can be read. */
static i64 unread(struct console *c) {
    hc_begin(NV_OP_CON_UNREAD);
    hc_arg(0, c->stream);
    return hc_ring();
}

static i64 console_ioctl(struct file *file, u64 command, u64 argument) {
    struct console *c = file->private;
    if (command != FIONREAD)
        return c->tty ? tty_ioctl(file, command, argument) : -ENOTTY;
    i64 bytes = unread(c);
    i32 value = bytes;
    return bytes < 0 ? bytes : put_user(value, argument);
}

const struct file_ops console_ops = {
    .read = console_read, .write = console_write, .poll = console_poll, .seek = console_seek,
    .ioctl = console_ioctl,
};

/* The size of a regular file behind a stream: where its end is. */
static i64 refresh(struct inode *inode) {
    struct console *c = container_of(inode, struct console, inode);
    if (!S_ISREG(inode->mode))
        return 0;
    i64 at = seek(c, 0, SEEK_CUR), end = seek(c, 0, SEEK_END);
    seek(c, at, SEEK_SET);
    if (end >= 0)
        inode->size = end;
    return 0;
}

static i64 open(struct inode *inode, struct file *file) {
    file->private = container_of(inode, struct console, inode);
    return 0;
}

static void never_free(struct inode *inode) { inode->refs = 1; }

static const struct inode_ops console_inode_ops = {
    .file = &console_ops, .open = open, .refresh = refresh, .free = never_free,
};

struct console *console_terminal(u32 flags) {
    struct console *found = NULL;
    for (u32 i = 0; i < STREAMS; i++) {
        struct console *c = &consoles[i];
        if (c->present && c->tty && (c->access == O_RDWR || c->access == (flags & O_ACCMODE)))
            found = found ? found : c;
    }
    return found;
}

static void probe(u32 stream) {
    struct console *c = &consoles[stream];
    hc_begin(NV_OP_CON_INFO);
    hc_arg(0, stream);
    if (hc_ring() < 0)
        return;
    u32 mode = hc_result(0);
    c->stream = stream;
    c->present = true;
    c->tty = hc_result(1);
    c->access = hc_result(4) & O_ACCMODE;
    if (c->tty)
        current->process->terminal = &console_control;
    console_suspends |= c->tty && hc_result(5);
    poll_head_init(&c->head);
    c->source.ready = ready;
    assert(event_source_register(&c->source));
    anon_inode_init(&c->inode, &console_inode_ops, mode & (S_IFMT | 0777));
    if (S_ISCHR(mode))
        c->inode.rdev = c->tty ? MAKEDEV(5, 0) : MAKEDEV(1, 3);
}

bool console_suspend(void) {
    if (!console_suspends)
        return false;
    hc_begin(NV_OP_CON_SUSPEND);
    return hc_ring() >= 0;
}

/* Terminals are opened as /dev/tty, so that ttyname(3) finds them; the rest has no name. */
static struct file *open_stream(struct console *c) {
    static const char *const names[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
    char text[32];
    if (S_ISFIFO(c->inode.mode) || S_ISSOCK(c->inode.mode))
        format(text, sizeof(text), "%s:[%lu]", S_ISFIFO(c->inode.mode) ? "pipe" : "socket", c->inode.ino);
    else
        format(text, sizeof(text), "%s", S_ISCHR(c->inode.mode) ? "/dev/null" : names[c->stream]);
    struct dentry *d = c->tty ? walk_kernel("/dev/tty", 0) : dentry_anon(inode_get(&c->inode), text);
    if (!d || IS_ERR(d))
        return ERR_PTR(-ENOMEM);
    struct file *file = file_new(d, &console_ops, c->access);
    dentry_put(d);
    if (!IS_ERR(file))
        file->private = c;
    return file;
}

struct fd_table *fd_table_initial(void) {
    struct fd_table *table = fd_table_new();
    if (!table)
        return ERR_PTR(-ENOMEM);
    for (u32 i = 0; i < STREAMS; i++) {
        probe(i);
        if (!consoles[i].present)
            continue;
        struct file *file = open_stream(&consoles[i]);
        i64 error = IS_ERR(file) ? PTR_ERR(file) : fd_put(table, i, file, false);
        if (error < 0) {
            fd_table_put(table);
            return ERR_PTR(error);
        }
    }
    return table;
}
