/* fsync and friends, and advice about reading. */
#include "errno.h"
#include "fs/open.h"
#include "syscall.h"
#include "task.h"

static i64 sync_fd(i32 fd, bool data_only) {
    struct file *file = fd_peek(fd);
    if (!file)
        return -EBADF;
    return S_ISREG(file->inode->mode) || S_ISDIR(file->inode->mode) ? file_sync(file, data_only) : -EINVAL;
}

i64 sys_fsync(const u64 *a) { return sync_fd(a[0], false); }
i64 sys_fdatasync(const u64 *a) { return sync_fd(a[0], true); }

/* Writes have gone to the host when they return; only shared mappings have anything to put back. */
i64 sys_sync(const u64 *a) {
    pages_write_back_all();
    return 0;
}

i64 sys_syncfs(const u64 *a) {
    if (!fd_peek(a[0]))
        return -EBADF;
    pages_write_back_all();
    return 0;
}

#define SYNC_FILE_RANGE_FLAGS 7

i64 sys_sync_file_range(const u64 *a) {
    struct file *file = fd_peek(a[0]);
    i64 offset = a[1], end;
    if (!file)
        return -EBADF;
    if ((a[3] & ~(u64)SYNC_FILE_RANGE_FLAGS) || offset < 0 || __builtin_add_overflow(offset, (i64)a[2], &end) ||
        end < offset)
        return -EINVAL;
    if (!S_ISREG(file->inode->mode) && !S_ISDIR(file->inode->mode) && !S_ISLNK(file->inode->mode))
        return -ESPIPE;
    return inode_write_back(file->inode, offset / PAGE_SIZE, a[2] ? ROUND_UP(end, PAGE_SIZE) / PAGE_SIZE : ~0UL);
}

i64 sys_fadvise64(const u64 *a) {
    struct file *file = fd_peek(a[0]);
    if (!file)
        return -EBADF;
    if (S_ISFIFO(file->inode->mode))
        return -ESPIPE;
    return (i64)a[2] < 0 || (u32)a[3] > 5 ? -EINVAL : 0;
}

i64 sys_readahead(const u64 *a) {
    struct file *file = fd_peek(a[0]);
    if (!file || !file_readable(file))
        return -EBADF;
    return file_is_regular(file) ? 0 : -EINVAL;
}
