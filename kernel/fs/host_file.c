/* Content of host files: read-ahead into the page cache, large reads past it, writes through it. */
#include "errno.h"
#include "fs/host.h"
#include "fs/regular.h"
#include "fs/xattr.h"
#include "lib.h"
#include "mm.h"

#define WINDOW 512            /* pages one call reads at most */
#define SEGMENTS 240          /* runs of pages one call has room for */
#define FIRST_WINDOW 64       /* of a large file that is not read in sequence; doubles each time */
#define WHOLE (1UL << 20)     /* files up to this size are read at once */
#define PLENTY 1024           /* free frames; with fewer nothing is read on a guess */
#define DIRECT (64UL << 10)   /* bytes from which a read goes straight to the user's pages */

/* Zero frames that a prefetch did not need, kept for the next one: in order, so that they are few
   segments of a request. */
static paddr spare[PREFETCH_PAGES];
static u64 spares;

u64 host_prefetch_frames(paddr *out) {
    u64 n = spares;
    for (u64 i = 0; i < n; i++)
        out[i] = spare[i];
    spares = 0;
    if (frames_free() >= PLENTY)
        n += frame_alloc_zero_many(out + n, PREFETCH_PAGES - n);
    return n;
}

u64 host_spare_reclaim(void) {
    u64 n = spares;
    while (spares)
        frame_put(spare[--spares]);
    return n;
}

void host_prefetched(struct inode *inode, const paddr *frames, u64 count, u64 size) {
    u64 used = ROUND_UP(size, PAGE_SIZE) / PAGE_SIZE;
    for (u64 i = 0; i < count; i++) {
        bool whole_page = (i + 1) * PAGE_SIZE <= size || (inode && size == inode->size);
        bool kept = inode && i < used && whole_page && !page_map_find(&inode->pages, i) &&
                    page_map_insert(&inode->pages, i, frames[i]);
        if (kept)
            continue;
        if (i >= used && spares < PREFETCH_PAGES) /* still zero */
            spare[spares++] = frames[i];
        else
            frame_put(frames[i]);
    }
    if (inode && used)
        pages_touch(inode);
}

/* Which pages to read when `index` is missing: [*first, *first + result). */
static u64 window(struct inode *inode, u64 index, u64 *first) {
    struct host_inode *h = HOST_INODE(inode);
    u64 pages = ROUND_UP(inode->size, PAGE_SIZE) / PAGE_SIZE;
    u64 want;
    if (inode->size <= WHOLE) {
        want = WINDOW;
        *first = index < WINDOW ? 0 : index;
    } else {
        want = h->next_read == index && index ? WINDOW : MIN(FIRST_WINDOW << MIN(h->reads, 3U), WINDOW);
        *first = h->next_read == index ? index : ROUND_DOWN(index, FIRST_WINDOW);
        h->reads++;
    }
    /* Make room at the cost of other files, unless memory is nearly all the programs' own. */
    if (frames_free() < 2 * want && pages_reclaimable() > 4 * want)
        pagecache_reclaim(2 * want);
    if (frames_free() < 2 * want)
        want = MIN(MAX(frames_free() / 8, 1UL), 16UL);
    if (index - *first >= want)
        *first = index;
    /* Only the run of missing pages around the index. */
    for (u64 at = index; at > *first; at--)
        if (page_map_find(&inode->pages, at - 1)) {
            *first = at;
            break;
        }
    u64 end = MIN(*first + want, pages);
    for (u64 at = index + 1; at < end; at++)
        if (page_map_find(&inode->pages, at))
            end = at;
    h->next_read = end;
    return end - *first;
}

/* How many of these frames one request can name. */
static u64 fitting(const paddr *frames, u64 n) {
    u64 runs = 0;
    for (u64 i = 0; i < n; i++)
        if ((!i || frames[i] != frames[i - 1] + PAGE_SIZE) && ++runs > SEGMENTS)
            return i;
    return n;
}

static i64 host_fill(struct inode *inode, u64 index) {
    static paddr frames[WINDOW];
    u64 first, n = window(inode, index, &first);
    u64 got = frame_alloc_zero_many(frames, n);
    if (got <= index - first) { /* not enough for the page that matters */
        while (got)
            frame_put(frames[--got]);
        first = index;
        got = frame_alloc_zero_many(frames, 1);
        if (!got && pages_recycle(16))
            got = frame_alloc_zero_many(frames, 1);
        if (!got)
            return -ENOMEM;
    }
    u64 fit = fitting(frames, got);
    if (fit <= index - first) /* as scattered as can be: begin with the page that matters */
        first = index;
    while (got > fit)
        frame_put(frames[--got]);
    hc_begin(NV_OP_FS_READ);
    hc_arg(0, HOST_INODE(inode)->node);
    hc_arg(1, first * PAGE_SIZE);
    for (u64 i = 0; i < got; i++)
        hc_out_phys(frames[i], PAGE_SIZE);
    i64 bytes = hc_ring();
    u64 used = bytes > 0 ? ROUND_UP(bytes, PAGE_SIZE) / PAGE_SIZE : 0;
    for (u64 i = 0; i < got; i++)
        if (i >= used || page_map_find(&inode->pages, first + i) ||
            !page_map_insert(&inode->pages, first + i, frames[i]))
            frame_put(frames[i]);
    if (used)
        pages_touch(inode);
    if (bytes < 0)
        return bytes == -EAGAIN ? -EIO : bytes;
    if (first + used <= index) { /* the file is shorter than it was */
        host_stale(inode); /* no sooner asked than at the next call: mappings may be in use now */
        return -ENXIO;
    }
    return 0;
}

static i64 host_read_direct(struct inode *inode, struct io *io, u64 pos, u64 n) {
    static struct segments to;
    if (n < DIRECT || inode->pages.dirty)
        return 0;
    u64 next = pos / PAGE_SIZE;
    if (inode->pages.count && page_map_next(&inode->pages, &next)) {
        if (next <= pos / PAGE_SIZE || next * PAGE_SIZE - pos < DIRECT)
            return 0;
        n = MIN(n, next * PAGE_SIZE - pos);
    }
    i64 room = io_segments(io, &to, n, true);
    if (room <= 0)
        return room;
    hc_begin(NV_OP_FS_READ);
    hc_arg(0, HOST_INODE(inode)->node);
    hc_arg(1, pos);
    hc_out_segments(&to);
    i64 got = hc_ring();
    if (got > 0)
        io_advance(io, MIN(got, room));
    return got ? MIN(got, room) : -ENXIO;
}

/* The host has written: what it says of the file now. */
static void written(struct inode *inode, u64 end) {
    inode->size = MAX(hc_result(0), end);
    inode->mtime = inode->ctime = hc_result(1);
    HOST_INODE(inode)->checked = clock_monotonic() | 1;
    HOST_INODE(inode)->blocks = ROUND_UP(inode->size, 512) / 512;
}

static i64 host_write(struct inode *inode, struct io *io, u64 *pos, bool append) {
    static struct segments from;
    i64 room = io_segments(io, &from, io->left, false);
    if (room <= 0)
        return room;
    hc_begin(NV_OP_FS_WRITE);
    hc_arg(0, HOST_INODE(inode)->node);
    hc_arg(1, *pos);
    hc_arg(2, append);
    hc_in_segments(&from);
    i64 put = hc_ring();
    if (put <= 0)
        return put ? put : -EIO;
    put = MIN(put, room);
    if (append)
        *pos = hc_result(2);
    u64 before = inode->size;
    if (*pos + put > before)
        pages_zero_tail(inode);
    written(inode, *pos + put);
    /* What others appended before us is not in the cache's last page. */
    if (append && *pos > before)
        pages_invalidate(inode);
    else
        pages_update(inode, &from, *pos, put);
    io_advance(io, put);
    return put;
}

static i64 host_write_page(struct inode *inode, u64 index, paddr frame) {
    u64 at = index * PAGE_SIZE;
    if (at >= inode->size)
        return 0;
    u64 n = MIN(PAGE_SIZE, inode->size - at);
    hc_begin(NV_OP_FS_WRITE);
    hc_arg(0, HOST_INODE(inode)->node);
    hc_arg(1, at);
    hc_in_phys(frame, n);
    i64 put = hc_ring();
    if (put < 0)
        return put;
    written(inode, at + n);
    return (u64)put == n ? 0 : -EIO;
}

/* The host must know what mappings have written before it moves anything, and no mapping may go on
   writing to what is cached now. */
static i64 host_allocate(struct inode *inode, u32 mode, u64 offset, u64 size) {
    static struct nv_attr attr;
    mm_forget_pages(inode);
    i64 error = inode->pages.dirty ? inode_write_back(inode, 0, ~0UL) : 0;
    if (error)
        return error;
    hc_begin(NV_OP_FS_ALLOCATE);
    hc_arg(0, HOST_INODE(inode)->node);
    hc_arg(1, mode);
    hc_arg(2, offset);
    hc_arg(3, size);
    hc_out(&attr, sizeof(attr));
    error = hc_ring();
    if (error < 0)
        return error;
    if (mode & ~FALLOC_FL_KEEP_SIZE)
        page_map_drop(&inode->pages, 0, ~0UL);
    inode->size = attr.size;
    inode->mtime = attr.mtime;
    host_attributes(inode, &attr);
    return 0;
}

static i64 host_seek(struct inode *inode, u64 offset, bool data) {
    i64 error = inode->pages.dirty ? inode_write_back(inode, 0, ~0UL) : 0;
    if (error)
        return error;
    hc_begin(NV_OP_FS_SEEK);
    hc_arg(0, HOST_INODE(inode)->node);
    hc_arg(1, offset);
    hc_arg(2, data ? SEEK_DATA : SEEK_HOLE);
    return hc_ring();
}

const struct inode_ops host_file_ops = {
    .file = &regular_ops, .refresh = host_refresh, .stat = host_stat, .setattr = host_setattr, .fill = host_fill,
    .read_direct = host_read_direct, .write = host_write, .write_page = host_write_page, .sync = host_sync,
    .allocate = host_allocate, .seek = host_seek, .xattr = &host_xattr_ops,
    .access = host_access, .free = host_free,
};
