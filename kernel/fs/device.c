/* Character devices, by number. */
#include "errno.h"
#include "fs/console.h"
#include "fs/open.h"
#include "fs/pty.h"
#include "hypercall.h"
#include "lib.h"
#include "zeros.h"

static i64 read_nothing(struct file *file, struct io *io, u64 *pos) { return 0; }

static i64 swallow(struct file *file, struct io *io, u64 *pos) {
    u64 n = io->left;
    io_advance(io, n);
    return n;
}

#define LOOKED_AT (64UL << 10) /* bytes */

/* What is written to the random generator has to be there, though it changes nothing. */
static i64 stir(struct file *file, struct io *io, u64 *pos) {
    u64 n = io->left, some = MIN(n, LOOKED_AT), reach = io_reach(io, some, false);
    if (reach == some)
        return swallow(file, io, pos);
    io_advance(io, reach);
    return reach ? (i64)reach : -EFAULT;
}

static i64 refuse(struct file *file, struct io *io, u64 *pos) { return io->left ? -ENOSPC : 0; }

static i64 read_zeros(struct file *file, struct io *io, u64 *pos) {
    static struct segments source;
    u64 done = 0;
    if (io->left <= PAGE_SIZE)
        return io_put(io, zero_page, io->left);
    if (!source.count)
        for (int i = 0; i < 64; i++)
            segments_add(&source, zero_frame(), PAGE_SIZE);
    while (io->left) {
        i64 put = io_put_runs(io, &source);
        if (put <= 0)
            return done ? (i64)done : put;
        done += put;
    }
    return done;
}

static i64 read_random(struct file *file, struct io *io, u64 *pos) {
    static struct segments to;
    u64 done = 0;
    while (io->left) {
        i64 room = io_segments(io, &to, io->left, true);
        if (room <= 0)
            return done ? (i64)done : room;
        hc_begin(NV_OP_ENTROPY);
        hc_out_segments(&to);
        i64 error = hc_ring();
        if (error < 0)
            return done ? (i64)done : error;
        io_advance(io, room);
        done += room;
    }
    return done;
}

static i64 seek_nowhere(struct file *file, i64 offset, i32 whence) { return 0; }

#define DEVICE(reader, writer) {.read = reader, .write = writer, .seek = seek_nowhere, .seekable = true}

static const struct device {
    u64 rdev;
    struct file_ops ops;
} devices[] = {
    {MAKEDEV(1, 3), DEVICE(read_nothing, swallow)}, /* null */
    {MAKEDEV(1, 5), DEVICE(read_zeros, swallow)},   /* zero */
    {MAKEDEV(1, 7), DEVICE(read_zeros, refuse)},    /* full */
    {MAKEDEV(1, 8), DEVICE(read_random, stir)},     /* random */
    {MAKEDEV(1, 9), DEVICE(read_random, stir)},     /* urandom */
};

i64 device_open(struct inode *inode, struct file *file) {
    if (inode->rdev == MAKEDEV(5, 2))
        return ptmx_open(file);
    i64 own = inode->rdev == MAKEDEV(5, 0) ? pty_open_own(file) : -ENODEV;
    if (own != -ENODEV)
        return own;
    if (inode->rdev == MAKEDEV(5, 0) || inode->rdev == MAKEDEV(5, 1)) {
        file->private = console_terminal(file->flags);
        file->ops = &console_ops;
        return file->private ? 0 : -ENXIO;
    }
    for (u64 i = 0; i < ARRAY_LEN(devices); i++)
        if (devices[i].rdev == inode->rdev) {
            file->ops = &devices[i].ops;
            return 0;
        }
    return -ENXIO;
}
