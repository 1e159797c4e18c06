/* cachestat(2): how much of a file is in memory. */
#include "errno.h"
#include "fs/open.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

struct range {
    u64 offset, length; /* bytes; length 0: to the end */
};

struct cachestat {
    u64 cached, dirty, writeback, evicted, recently_evicted; /* pages */
};

i64 sys_cachestat(const u64 *a) {
    struct file *file = fd_peek((i32)a[0]);
    struct range range;
    struct cachestat found = { 0 };
    if (!file)
        return -EBADF;
    if (get_user(range, a[1]))
        return -EFAULT;
    if ((u32)a[3])
        return -EINVAL;
    const struct page_map *pages = &file->inode->pages;
    u64 index = range.offset / PAGE_SIZE, last = ~0UL;
    if (range.length)
        last = (range.offset + range.length - 1) / PAGE_SIZE;
    for (u64 *entry; (entry = page_map_next(pages, &index)) && index <= last && !current->kill_pending; index++) {
        found.cached++;
        found.dirty += *entry & PAGE_DIRTY;
    }
    return put_user(found, a[2]);
}
