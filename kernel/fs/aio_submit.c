/* io_submit(2): requests, checked and carried out one after the other. */
#include "errno.h"
#include "fs/aio.h"
#include "fs/eventfd.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

enum { PREAD, PWRITE, FSYNC, FDSYNC, POLL = 5, PREADV = 7, PWRITEV };

#define FLAG_RESFD 1
#define FLAG_IOPRIO 2
#define KEY 0

struct iocb {
    u64 data;
    u32 key, rw_flags;
    u16 opcode;
    i16 priority;
    i32 fd;
    u64 buffer, size;
    i64 offset;
    u64 reserved;
    u32 flags;
    i32 notice;
};
_Static_assert(sizeof(struct iocb) == 64, "as Linux has it");

/* What would have been restarted has been interrupted for good. */
static i64 settled(i64 result) {
    return result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK ? -EINTR : result;
}

/* Read or write. What is wrong with the request refuses it; what goes wrong then is its result. */
static i64 transfer(const struct iocb *r, struct file *file, i64 *result) {
    bool write = r->opcode == PWRITE || r->opcode == PWRITEV, vector = r->opcode == PREADV || r->opcode == PWRITEV;
    struct io io;
    u64 pos = r->offset;
    i64 error = transfer_flags(r->rw_flags, write);
    if (error)
        return error;
    if (!(write ? file_writable(file) : file_readable(file)))
        return -EBADF;
    if (write ? !file->ops->write : !file->ops->read)
        return -EINVAL;
    if (vector) {
        error = io_vector(&io, r->buffer, r->size);
        if (error)
            return error;
    } else {
        io_user(&io, r->buffer, r->size);
        if (!in_user_space(r->buffer, io.left))
            return -EFAULT;
    }
    if (file->ops->seekable && r->offset < 0)
        return -EINVAL;
    *result = settled(file_transfer(file, &io, &pos, r->rw_flags, write));
    return 0;
}

static i64 synchronise(const struct iocb *r, struct file *file, i64 *result) {
    if (r->buffer || r->offset || r->size || r->rw_flags)
        return -EINVAL;
    if (!S_ISREG(file->inode->mode) && !S_ISDIR(file->inode->mode))
        return -EINVAL;
    *result = file_sync(file, r->opcode == FDSYNC);
    return 0;
}

/* With a place in the ring, which is given back on failure. The references of both files go on only to a
   request that waits. */
static i64 carry_out(struct aio_context *c, const struct iocb *r, u64 at, struct file *file, struct file *notice) {
    struct aio_event event = {.data = r->data, .request = at};
    i64 error;
    switch (r->opcode) {
    case PREAD:
    case PWRITE:
    case PREADV:
    case PWRITEV:
        error = transfer(r, file, &event.result);
        break;
    case FSYNC:
    case FDSYNC:
        error = synchronise(r, file, &event.result);
        break;
    case POLL:
        if (r->buffer > 0xffff || r->offset || r->size || r->rw_flags)
            return -EINVAL;
        return aio_poll(c, &event, file, notice, r->buffer);
    default:
        return -EINVAL;
    }
    if (!error)
        aio_complete(c, &event, notice);
    return error;
}

static i64 submit_one(struct aio_context *c, u64 at) {
    struct iocb r;
    u32 key = KEY;
    if (get_user(r, at))
        return -EFAULT;
    if (r.reserved || (i64)r.size < 0)
        return -EINVAL;
    if (!aio_reserve(c))
        return -EAGAIN;
    struct file *file = fd_file(current->files, r.fd), *notice = NULL;
    i64 error = file && !(file->flags & O_PATH) ? 0 : -EBADF;
    if (!error && (r.flags & FLAG_RESFD)) {
        notice = fd_file(current->files, r.notice);
        error = !notice ? -EBADF : !is_eventfd(notice) ? -EINVAL : 0;
    }
    if (!error && put_user(key, at + offsetof(struct iocb, key)))
        error = -EFAULT;
    if (!error)
        error = carry_out(c, &r, at, file, notice);
    if (error)
        c->under_way--;
    file_put(notice);
    file_put(file);
    return error;
}

i64 sys_io_submit(const u64 *a) {
    i64 wanted = a[1], done = 0, error = 0;
    struct aio_context *c = aio_find(a[0]);
    if (!c)
        return -EINVAL;
    if (wanted < 0)
        error = -EINVAL;
    while (!error && done < MIN(wanted, (i64)c->slots)) {
        u64 at;
        if (done && (c->dead || signal_interrupts(current)))
            break; /* many may take long */
        error = get_user(at, a[2] + done * sizeof(at)) ? -EFAULT : submit_one(c, at);
        done += !error;
    }
    aio_put(c);
    return done ? done : error;
}

i64 sys_io_cancel(const u64 *a) {
    u32 key;
    if (get_user(key, a[1] + offsetof(struct iocb, key)))
        return -EFAULT;
    struct aio_context *c = key == KEY ? aio_find(a[0]) : NULL;
    if (!c)
        return -EINVAL;
    i64 error = aio_poll_cancel(c, a[1]);
    aio_put(c);
    return error;
}
