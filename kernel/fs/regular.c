/* Reading and writing files that live in the page cache. */
#include "code.h"
#include "errno.h"
#include "fs/open.h"
#include "fs/regular.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/resource.h"
#include "task.h"
#include "zeros.h"

#define SMALL 256 /* bytes within a page: copied without tables */

/* Where bytes go that nobody caches. */
static u8 scrap_page[PAGE_SIZE] __attribute__((aligned(4096)));

/* The cached frames of [pos, pos + n), up to the first that is missing. */
static void gather(struct inode *inode, struct segments *out, u64 pos, u64 n, const u8 *missing) {
    out->count = 0;
    while (n) {
        u64 part = MIN(n, PAGE_SIZE - pos % PAGE_SIZE);
        u64 *entry = page_map_find(&inode->pages, pos / PAGE_SIZE);
        if (!entry && !missing)
            return;
        paddr frame = entry ? ENTRY_FRAME(*entry) : virt_to_phys(missing);
        if (!segments_add(out, frame + pos % PAGE_SIZE, part))
            return;
        pos += part;
        n -= part;
    }
}

/* One step of a read: bytes moved, > 0, or an error. */
static i64 read_some(struct inode *inode, struct io *io, u64 pos, u64 n) {
    static struct segments to, from; /* nothing sleeps between filling and using them */
    u64 in_page = MIN(n, PAGE_SIZE - pos % PAGE_SIZE);
    i64 error = 0;
    if (inode->ops->holes) {
        if (in_page == n && n <= SMALL) {
            u64 *entry = page_map_find(&inode->pages, pos / PAGE_SIZE);
            const u8 *page = entry ? phys_to_virt(ENTRY_FRAME(*entry)) : zero_page;
            return io_put(io, page + pos % PAGE_SIZE, n);
        }
    } else {
        paddr frame = inode_page(inode, pos / PAGE_SIZE, &error);
        if (!frame)
            return error;
        if (in_page == n && n <= SMALL) {
            i64 done = io_put(io, (u8 *)phys_to_virt(frame) + pos % PAGE_SIZE, n);
            frame_put(frame);
            return done;
        }
        frame_put(frame);
    }
    /* Reaching the user's pages may reclaim ours, so they come first. */
    i64 got = io_segments(io, &to, n, true);
    if (got <= 0)
        return got;
    gather(inode, &from, pos, got, inode->ops->holes ? zero_page : NULL);
    u64 moved = segments_copy(&to, &from);
    io_advance(io, moved);
    return moved ? (i64)moved : -ENOMEM;
}

i64 regular_read(struct file *file, struct io *io, u64 *pos) {
    struct inode *inode = file->inode;
    i64 error = inode_refresh(inode);
    if (error)
        return error;
    u64 done = 0;
    file_accessed(file);
    while (io->left && *pos < inode->size) {
        u64 n = MIN(io->left, inode->size - *pos);
        i64 got = inode->ops->read_direct ? inode->ops->read_direct(inode, io, *pos, n) : 0;
        if (!got)
            got = read_some(inode, io, *pos, n);
        if (got == -ENXIO) /* it has shrunk meanwhile */
            break;
        if (got <= 0)
            return done ? (i64)done : got;
        *pos += got;
        done += got;
    }
    return done;
}

i64 size_within_limit(u64 pos, u64 n) {
    u64 limit = current->process->limits[RLIMIT_FSIZE].cur;
    if (likely(limit == RLIM_INFINITY) || !n || pos + n <= limit)
        return n;
    if (pos < limit)
        return limit - pos;
    signal_task(current, SIGXFSZ, &(struct siginfo){.signo = SIGXFSZ, .code = SI_USER});
    return -EFBIG;
}

i64 regular_write(struct file *file, struct io *io, u64 *pos) {
    struct inode *inode = file->inode;
    bool append = file->flags & O_APPEND;
    u64 done = 0;
    if (inode->super->flags & SUPER_READ_ONLY)
        return -EROFS;
    if (!append && (i64)(*pos + io->left) < 0)
        return -EINVAL;
    i64 room = size_within_limit(append ? inode->size : *pos, io->left);
    if (room < 0)
        return room;
    u64 beyond = io->left - room;
    io->left = room;
    while (io->left) {
        i64 put = inode->ops->write(inode, io, pos, append);
        if (put <= 0)
            return done ? (i64)done : put;
        *pos += put;
        done += put;
    }
    io->left += beyond;
    return done;
}

/* Cached pages of [pos, pos + n) are about to change, and may be part of a program. */
static void pages_change(struct inode *inode, u64 pos, u64 n) {
    if (!quirk(NV_QUIRK_TRANSLATED))
        return;
    for (u64 end = pos + n; pos < end; pos = ROUND_DOWN(pos, PAGE_SIZE) + PAGE_SIZE) {
        u64 *entry = page_map_find(&inode->pages, pos / PAGE_SIZE);
        if (entry)
            code_written(ENTRY_FRAME(*entry));
    }
}

i64 pages_store(struct inode *inode, struct io *io, u64 pos, u64 n) {
    static struct segments to, from;
    pages_change(inode, pos, n);
    u64 in_page = MIN(n, PAGE_SIZE - pos % PAGE_SIZE);
    if (in_page == n && n <= SMALL) {
        u64 *entry = page_map_find(&inode->pages, pos / PAGE_SIZE);
        return io_take(io, (u8 *)phys_to_virt(ENTRY_FRAME(*entry)) + pos % PAGE_SIZE, n);
    }
    i64 got = io_segments(io, &from, n, false);
    if (got <= 0)
        return got;
    gather(inode, &to, pos, got, NULL);
    u64 moved = segments_copy(&to, &from);
    io_advance(io, moved);
    return moved;
}

void pages_update(struct inode *inode, const struct segments *from, u64 pos, u64 n) {
    static struct segments to;
    u64 first = pos / PAGE_SIZE;
    if (!n || !inode->pages.count || !page_map_next(&inode->pages, &first) || first > (pos + n - 1) / PAGE_SIZE)
        return;
    pages_change(inode, pos, n);
    /* Pages nobody caches are written to a place nobody reads, so that one copy does it all. */
    gather(inode, &to, pos, n, scrap_page);
    segments_copy(&to, from);
}

static i64 seek_hole(struct inode *inode, u64 offset, bool data) {
    if (offset >= inode->size)
        return -ENXIO;
    if (inode->ops->seek)
        return inode->ops->seek(inode, offset, data);
    u64 index = offset / PAGE_SIZE;
    if (data) {
        u64 *entry = page_map_next(&inode->pages, &index);
        return !entry || index * PAGE_SIZE >= inode->size ? -ENXIO : (i64)MAX(offset, index * PAGE_SIZE);
    }
    while (page_map_find(&inode->pages, index))
        index++;
    return MIN(MAX(offset, index * PAGE_SIZE), inode->size);
}

i64 seek_to(struct file *file, i64 offset, i32 whence, u64 end) {
    i64 base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (i64)file->pos : (i64)end;
    i64 target;
    if (whence > SEEK_END || whence < 0)
        return -EINVAL;
    if (__builtin_add_overflow(base, offset, &target))
        return -EINVAL;
    if (target < 0)
        return -EINVAL;
    file->pos = target;
    return target;
}

i64 regular_seek(struct file *file, i64 offset, i32 whence) {
    struct inode *inode = file->inode;
    i64 error = whence == SEEK_END || whence == SEEK_DATA || whence == SEEK_HOLE ? inode_refresh(inode) : 0;
    if (error)
        return error;
    if (whence == SEEK_DATA || whence == SEEK_HOLE) {
        i64 found = offset < 0 ? -ENXIO : seek_hole(inode, offset, whence == SEEK_DATA);
        if (found >= 0)
            file->pos = found;
        return found;
    }
    return seek_to(file, offset, whence, inode->size);
}

const struct file_ops regular_ops = {
    .read = regular_read, .write = regular_write, .seek = regular_seek, .seekable = true,
};
