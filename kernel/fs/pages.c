/* The page cache: reading pages in, putting dirty ones back, and giving frames up when memory runs
   out, from the files that were used longest ago. */
#include "fs/pages.h"
#include "bulk.h"
#include "errno.h"
#include "file.h"
#include "fs/dentry.h"
#include "fs/host.h"
#include "lib.h"
#include "zeros.h"

static struct list by_use = LIST_INIT(by_use); /* inodes with pages that can be read again */

void pages_touch(struct inode *inode) {
    if (by_use.prev != &inode->lru) {
        list_remove(&inode->lru);
        list_append(&by_use, &inode->lru);
    }
}

i64 inode_write_back(struct inode *inode, u64 first, u64 last) {
    i64 failed = 0;
    struct page_map *map = &inode->pages;
    u64 left = map->dirty;
    u64 *entry;
    for (u64 index = first; left && (entry = page_map_next(map, &index)) && index < last; index++) {
        if (!(*entry & PAGE_DIRTY))
            continue;
        left--;
        paddr frame = ENTRY_FRAME(*entry);
        i64 error = inode->ops->write_page ? inode->ops->write_page(inode, index, frame) : 0;
        if (error && !failed)
            failed = error;
        /* A page that is still mapped may be written to again without our hearing of it. */
        if (frame_refs(frame) == 1) {
            *entry = frame;
            map->dirty--;
        }
    }
    return failed;
}

void pages_truncate(struct inode *inode, u64 size) {
    u64 keep = ROUND_UP(size, PAGE_SIZE) / PAGE_SIZE;
    u64 *last = size % PAGE_SIZE ? page_map_find(&inode->pages, size / PAGE_SIZE) : NULL;
    if (last)
        phys_copy(ENTRY_FRAME(*last) + size % PAGE_SIZE, zero_frame(), PAGE_SIZE - size % PAGE_SIZE);
    page_map_drop(&inode->pages, keep, ~0UL);
    mm_truncated(inode, keep);
}

void pages_zero_tail(struct inode *inode) {
    u64 used = inode->size % PAGE_SIZE;
    u64 *last = used ? page_map_find(&inode->pages, inode->size / PAGE_SIZE) : NULL;
    if (last)
        phys_copy(ENTRY_FRAME(*last) + used, zero_frame(), PAGE_SIZE - used);
}

void pages_write_back_all(void) {
    struct inode *inode;
    list_for_each(inode, &by_use, lru)
        if (inode->pages.dirty)
            inode_write_back(inode, 0, ~0UL);
}

/* Drop up to n pages nobody maps, dirty ones after writing them. It goes on where it left off, so that
   a page which has just been read is the last to go. */
static u64 drop_unmapped(struct inode *inode, u64 n) {
    struct page_map *map = &inode->pages;
    u64 dropped = 0, left = map->count;
    while (dropped < n && left--) {
        u64 *entry = page_map_next(map, &inode->reclaim_hand);
        if (!entry) {
            inode->reclaim_hand = 0;
            entry = page_map_next(map, &inode->reclaim_hand);
        }
        if (!entry)
            break;
        u64 index = inode->reclaim_hand++;
        paddr frame = ENTRY_FRAME(*entry);
        if (frame_refs(frame) != 1)
            continue;
        if ((*entry & PAGE_DIRTY) && (!inode->ops->write_page || inode->ops->write_page(inode, index, frame)))
            continue;
        page_map_drop_entry(map, entry);
        dropped++;
    }
    return dropped;
}

void pages_invalidate(struct inode *inode) {
    struct page_map *map = &inode->pages;
    u64 *entry;
    mm_forget_pages(inode);
    for (u64 index = 0; (entry = page_map_next(map, &index)); index++)
        if (!(*entry & PAGE_DIRTY))
            page_map_drop_entry(map, entry);
}

u64 pages_reclaimable(void) {
    u64 count = 0;
    struct inode *inode;
    list_for_each(inode, &by_use, lru)
        count += inode->pages.count;
    return count;
}

/* Pages of files that stay even if nothing else does: programs that read their own code over and over
   again get nowhere, and their end is better. */
static u64 working_set(void) { return MIN(256UL, frames_total() / 16); }

/* Drop up to n pages of the files longest unused, down to `keep`; with `unmap`, mapped ones too. */
static u64 reclaim(u64 n, u64 keep, bool unmap) {
    u64 there = pages_reclaimable(), inodes = 0, freed = 0;
    struct inode *inode, *next;
    list_for_each(inode, &by_use, lru)
        inodes++;
    list_for_each_safe(inode, next, &by_use, lru) {
        if (!inodes-- || freed >= n || there - freed <= keep)
            break;
        if (unmap && inode->pages.count) {
            mm_forget_pages(inode);
            pages_touch(inode);
        }
        freed += drop_unmapped(inode, MIN(n - freed, there - freed - keep));
    }
    return freed;
}

u64 pagecache_reclaim(u64 n) {
    u64 freed = host_spare_reclaim();
    if (freed < n)
        freed += reclaim(n - freed, working_set(), false);
    if (freed < n && dentries_evict(256))
        freed++; /* objects, not frames: worth another try */
    return freed;
}

u64 pages_recycle(u64 n) { return reclaim(n, 0, false); }

bool pagecache_relieve(void) {
    static u32 skip; /* when all memory is the programs' own, looking again at once is in vain */
    u64 want = 2 * FRAMES_LOW - MIN(frames_free(), (u64)FRAMES_LOW);
    if (skip && frames_free()) {
        skip--;
        return false;
    }
    u64 freed = pagecache_reclaim(want);
    if (freed < want)
        freed += reclaim(want - freed, working_set(), true);
    skip = freed ? 0 : 256;
    return freed;
}

u64 pages_read_in;

/* Without a frame there is a hole (tmpfs) or an error. */
static u64 *page_entry(struct inode *inode, u64 index, i64 *error) {
    for (int attempt = 0; attempt < 2; attempt++) {
        u64 *entry = page_map_find(&inode->pages, index);
        if (entry)
            return entry;
        if (index >= ROUND_UP(inode->size, PAGE_SIZE) / PAGE_SIZE) {
            *error = -ENXIO;
            return NULL;
        }
        *error = inode->ops->fill ? inode->ops->fill(inode, index) : -ENXIO;
        if (*error)
            return NULL;
        pages_read_in += !inode->ops->holes;
    }
    *error = -ENOMEM; /* what was read has been reclaimed at once */
    return page_map_find(&inode->pages, index);
}

paddr inode_page(struct inode *inode, u64 index, i64 *error) {
    u64 *entry = page_entry(inode, index, error);
    if (!entry)
        return 0;
    if (inode->lru.next != &inode->lru)
        pages_touch(inode);
    frame_get(ENTRY_FRAME(*entry));
    return ENTRY_FRAME(*entry);
}

paddr inode_page_cached(struct inode *inode, u64 index) {
    u64 *entry = page_map_find(&inode->pages, index);
    if (!entry)
        return 0;
    frame_get(ENTRY_FRAME(*entry));
    return ENTRY_FRAME(*entry);
}

void inode_page_dirty(struct inode *inode, u64 index) {
    u64 *entry = page_map_find(&inode->pages, index);
    if (!entry || (*entry & PAGE_DIRTY) || !inode->ops->write_page)
        return;
    *entry |= PAGE_DIRTY;
    inode->pages.dirty++;
}
