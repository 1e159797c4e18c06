/* sendfile(2) and copy_file_range(2): from file to file through frames of the kernel's own. */
#include "errno.h"
#include "fs/copy.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define CHUNK_PAGES 32

struct bounce {
    u64 count;
    paddr frame[CHUNK_PAGES];
};

/* Frames to copy through; NULL: no memory. */
static struct bounce *bounce_new(u64 bytes) {
    struct bounce *b = kmalloc(sizeof(*b));
    if (!b)
        return NULL;
    u64 want = MIN(ROUND_UP(bytes, PAGE_SIZE) / PAGE_SIZE, (u64)CHUNK_PAGES);
    for (b->count = 0; b->count < want && (b->frame[b->count] = frame_alloc());)
        b->count++;
    return b;
}

static void bounce_free(struct bounce *b) {
    for (u64 i = 0; i < b->count; i++)
        frame_put(b->frame[i]);
    kfree(b);
}

/* The same frames as runs of n bytes; `runs` belongs to who sleeps in the transfer. */
static void bounce_runs(const struct bounce *b, struct segments *runs, u64 n) {
    runs->count = 0;
    for (u64 i = 0; n; i++) {
        u64 part = MIN(n, PAGE_SIZE);
        segments_add(runs, b->frame[i], part);
        n -= part;
    }
}

i64 file_copy(struct file *from, u64 *in, struct file *to, u64 *out, u64 n, bool once) {
    struct bounce *b = bounce_new(n);
    struct segments *runs = kmalloc(sizeof(*runs));
    u64 done = 0;
    i64 error = !n || (b && b->count && runs) ? 0 : -ENOMEM;
    while (!error && done < n) {
        struct io io;
        u64 at = *in;
        bounce_runs(b, runs, MIN(n - done, b->count * PAGE_SIZE));
        io_runs(&io, runs);
        i64 got = file_read(from, &io, &at);
        if (got <= 0) {
            error = got;
            break;
        }
        bounce_runs(b, runs, got);
        io_runs(&io, runs);
        i64 put = file_write(to, &io, out);
        if (put < 0) {
            error = put;
            break;
        }
        *in += put;
        done += put;
        if (put < got || once)
            break;
    }
    kfree(runs);
    if (b)
        bounce_free(b);
    return done ? (i64)done : error;
}

i64 sys_sendfile(const u64 *a) {
    u64 n = MIN(a[3], COPY_MAX), offset;
    if (a[2] && get_user(offset, a[2]))
        return -EFAULT;
    if (a[2] && (i64)offset < 0)
        return -EINVAL;
    struct file *to = fd_file(current->files, a[0]), *from = fd_file(current->files, a[1]);
    i64 done;
    if (!to || !from || !file_readable(from) || !file_writable(to))
        done = -EBADF;
    else if (!from->ops->seekable || !from->ops->read || !to->ops->write || (to->flags & O_APPEND))
        done = -EINVAL;
    else
        done = file_copy(from, a[2] ? &offset : &from->pos, to, &to->pos, n, false);
    if (done > 0 && a[2] && put_user(offset, a[2]))
        done = -EFAULT;
    file_put(to);
    file_put(from);
    return done;
}

static u64 behind(u64 size, u64 pos) { return size - MIN(pos, size); }

i64 sys_copy_file_range(const u64 *a) {
    u64 n = MIN(a[4], COPY_MAX), in, out;
    if ((a[1] && get_user(in, a[1])) || (a[3] && get_user(out, a[3])))
        return -EFAULT;
    if (a[5])
        return -EINVAL;
    struct file *from = fd_file(current->files, a[0]), *to = fd_file(current->files, a[2]);
    u64 *pin = a[1] ? &in : from ? &from->pos : NULL, *pout = a[3] ? &out : to ? &to->pos : NULL;
    i64 done;
    if (!to || !from)
        done = -EBADF;
    else if (S_ISDIR(from->inode->mode) || S_ISDIR(to->inode->mode))
        done = -EISDIR;
    else if (!file_is_regular(from) || !file_is_regular(to))
        done = -EINVAL;
    else if (!file_readable(from) || !file_writable(to) || (to->flags & O_APPEND))
        done = -EBADF;
    else if ((i64)*pin < 0 || (i64)*pout < 0)
        done = -EINVAL;
    else if ((done = inode_refresh(from->inode)) || !(n = MIN(n, behind(from->inode->size, *pin))))
        ; /* nothing there to copy: not even onto itself */
    else if (from->inode == to->inode && *pin < *pout + n && *pout < *pin + n)
        done = -EINVAL;
    else
        done = file_copy(from, pin, to, pout, n, false);
    if (done > 0 && ((a[1] && put_user(in, a[1])) || (a[3] && put_user(out, a[3]))))
        done = -EFAULT;
    file_put(to);
    file_put(from);
    return done;
}
