/* The page cache of one inode: a 64-way tree from page index to frame (fs/pages.c). */
#pragma once
#include "frame.h"

struct inode;

#define PAGE_DIRTY 1UL /* in an entry, beside the frame's address */
#define ENTRY_FRAME(entry) ((entry) & ~(u64)PAGE_MASK)

struct page_map {
    void *root;
    u32 height; /* levels; 0 = empty */
    u32 dirty;  /* entries marked */
    u64 count;  /* entries */
};

/* The entry of an index, or NULL. */
u64 *page_map_find(const struct page_map *map, u64 index);
/* Store a frame, taking over its reference; the index must be vacant. false: out of memory. */
bool page_map_insert(struct page_map *map, u64 index, paddr frame);
/* The first entry at or behind *index, which it sets; NULL when there is none. */
u64 *page_map_next(const struct page_map *map, u64 *index);
/* Drop entries [from, to) with their references; how many. */
u64 page_map_drop(struct page_map *map, u64 from, u64 to);
void page_map_drop_entry(struct page_map *map, u64 *entry);
u64 page_map_frames(void); /* in all maps */

u64 pages_reclaimable(void); /* frames whose content could be read again */
u64 pages_recycle(u64 n);    /* give up to n of them for a page that is needed more; how many */

/* The inode's pages were used: last in line for reclaim. */
void pages_touch(struct inode *inode);
/* Forget pages behind a new end and zero the tail of the last; mappings are told. */
void pages_truncate(struct inode *inode, u64 size);
/* The file is about to grow: what a mapping has written behind its end does not become part of it. */
void pages_zero_tail(struct inode *inode);
/* Drop every clean page: the file has changed elsewhere. */
void pages_invalidate(struct inode *inode);
