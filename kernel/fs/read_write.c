/* read(2), write(2) and their relatives. */
#include "errno.h"
#include "fs/open.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

/* Something is wrong with the memory, but what is wrong with the file comes first. */
static i64 refused(const struct file *file, bool write, i64 wrong) {
    const struct file_ops *ops = file->ops;
    if (!(write ? file_writable(file) : file_readable(file)))
        return -EBADF;
    return S_ISDIR(file->inode->mode) || (write ? ops->write != NULL : ops->read != NULL) ? wrong : -EINVAL;
}

/* Every transfer keeps the file open while it may sleep. `wrong`: what there is to say of the memory. */
static i64 transfer(i32 fd, struct io *io, bool write, i64 wrong) {
    struct file *file = fd_file(current->files, fd);
    i64 done;
    if (!file)
        return -EBADF;
    if (unlikely(wrong))
        done = refused(file, write, wrong);
    else
        done = write ? file_write(file, io, &file->pos) : file_read(file, io, &file->pos);
    file_put(file);
    return done;
}

static i64 transfer_at(i32 fd, struct io *io, i64 offset, bool write, i64 wrong) {
    if (offset < 0)
        return -EINVAL;
    struct file *file = fd_file(current->files, fd);
    i64 done = -ESPIPE;
    u64 pos = offset;
    if (!file)
        return -EBADF;
    if (file->ops->seekable)
        done = wrong ? refused(file, write, wrong) : write ? file_write(file, io, &pos) : file_read(file, io, &pos);
    file_put(file);
    return done;
}

/* All of the range has to be a program's, even where less than that will be moved. */
static i64 outside(u64 base, u64 size) { return in_user_space(base, size) ? 0 : -EFAULT; }

static i64 plain(const u64 *a, bool write) {
    struct io io;
    io_user(&io, a[1], a[2]);
    return transfer(a[0], &io, write, outside(a[1], a[2]));
}

static i64 plain_at(const u64 *a, bool write) {
    struct io io;
    io_user(&io, a[1], a[2]);
    return transfer_at(a[0], &io, a[3], write, outside(a[1], a[2]));
}

static i64 vector(const u64 *a, bool write) {
    struct io io;
    i64 wrong = io_vector(&io, a[1], a[2]);
    return transfer(a[0], &io, write, wrong);
}

static i64 vector_at(const u64 *a, bool write) {
    struct io io;
    i64 wrong = io_vector(&io, a[1], a[2]);
    return transfer_at(a[0], &io, a[3], write, wrong);
}

i64 transfer_flags(u32 flags, bool write) {
    u32 known = RWF_HIPRI | RWF_NOWAIT | RWF_APPEND | (write ? RWF_DSYNC | RWF_SYNC | RWF_NOAPPEND : 0);
    if (flags & ~(known | RWF_DSYNC | RWF_SYNC | RWF_APPEND | RWF_NOAPPEND))
        return -EOPNOTSUPP;
    return (flags & ~known) || ((flags & RWF_APPEND) && (flags & RWF_NOAPPEND)) ? -EINVAL : 0;
}

/* The flags are lent to the file. It cannot sleep meanwhile with O_NONBLOCK, and what appends does not sleep. */
i64 file_transfer(struct file *file, struct io *io, u64 *pos, u32 flags, bool write) {
    u32 before = file->flags;
    file->flags |= (flags & RWF_NOWAIT ? O_NONBLOCK : 0) | (flags & RWF_APPEND ? O_APPEND : 0);
    if (flags & RWF_NOAPPEND)
        file->flags &= ~O_APPEND;
    i64 done = write ? file_write(file, io, pos) : file_read(file, io, pos);
    if (flags & (RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND))
        file->flags = before;
    if (done > 0 && (flags & (RWF_DSYNC | RWF_SYNC)) && file_is_regular(file)) {
        i64 error = file_sync(file, flags & RWF_DSYNC);
        done = error ? error : done;
    }
    return done;
}

/* preadv2 and pwritev2: flags for this one transfer. */
static i64 vector_flags(const u64 *a, bool write) {
    struct io io;
    struct file *file = fd_peek(a[0]);
    u64 pos = a[3];
    bool at_own = pos == ~0UL;
    if (!file)
        return -EBADF;
    i64 error = io_vector(&io, a[1], a[2]);
    if (error)
        return at_own ? transfer(a[0], &io, write, error) : transfer_at(a[0], &io, a[3], write, error);
    if (io.left)
        error = transfer_flags(a[5], write);
    if (!error && !at_own)
        error = (i64)pos < 0 ? -EINVAL : file->ops->seekable ? 0 : -ESPIPE;
    if (error)
        return error;
    file_get(file);
    i64 done = file_transfer(file, &io, at_own ? &file->pos : &pos, a[5], write);
    file_put(file);
    return done;
}

i64 sys_read(const u64 *a) { return plain(a, false); }
i64 sys_write(const u64 *a) { return plain(a, true); }
i64 sys_pread64(const u64 *a) { return plain_at(a, false); }
i64 sys_pwrite64(const u64 *a) { return plain_at(a, true); }
i64 sys_readv(const u64 *a) { return vector(a, false); }
i64 sys_writev(const u64 *a) { return vector(a, true); }
i64 sys_preadv(const u64 *a) { return vector_at(a, false); }
i64 sys_pwritev(const u64 *a) { return vector_at(a, true); }

i64 sys_preadv2(const u64 *a) { return vector_flags(a, false); }
i64 sys_pwritev2(const u64 *a) { return vector_flags(a, true); }

i64 sys_lseek(const u64 *a) {
    struct file *file = fd_peek(a[0]);
    if (!file)
        return -EBADF;
    return file->ops->seek ? file->ops->seek(file, a[1], a[2]) : -ESPIPE;
}
