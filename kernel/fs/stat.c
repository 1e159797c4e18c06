/* The stat family, access and readlink. */
#include "errno.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define NS 1000000000L

static void split_time(i64 ns, u64 *seconds, u64 *rest) {
    i64 s = ns / NS, r = ns % NS;
    *seconds = r < 0 ? s - 1 : s;
    *rest = r < 0 ? r + NS : r;
}

void inode_stat(struct inode *inode, struct stat *out) {
    *out = (struct stat){
        .dev = inode->super->dev, .ino = inode->ino, .nlink = inode->nlink, .mode = inode->mode,
        .uid = inode->uid, .gid = inode->gid, .rdev = inode->rdev, .size = inode->size, .blksize = PAGE_SIZE,
        .blocks = inode->ops->holes ? inode->pages.count * (PAGE_SIZE / 512) : ROUND_UP(inode->size, 512) / 512,
    };
    split_time(inode->atime, &out->atime, &out->atime_ns);
    split_time(inode->mtime, &out->mtime, &out->mtime_ns);
    split_time(inode->ctime, &out->ctime, &out->ctime_ns);
    if (inode->ops->stat)
        inode->ops->stat(inode, out);
}

static i64 stat_inode(struct inode *inode, u64 to) {
    struct stat st;
    i64 error = inode_refresh(inode);
    if (error)
        return error;
    inode_stat(inode, &st);
    return put_user(st, to);
}

static i64 stat_path(i32 dirfd, u64 path, u64 to, u32 flags) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
        return -EINVAL;
    struct dentry *d = walk_user(dirfd, path, (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
                                                  (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0));
    if (IS_ERR(d))
        return PTR_ERR(d);
    i64 error = stat_inode(d->inode, to);
    dentry_put(d);
    return error;
}

i64 sys_stat(const u64 *a) { return stat_path(AT_FDCWD, a[0], a[1], 0); }
i64 sys_lstat(const u64 *a) { return stat_path(AT_FDCWD, a[0], a[1], AT_SYMLINK_NOFOLLOW); }
i64 sys_newfstatat(const u64 *a) { return stat_path(a[0], a[1], a[2], a[3]); }

i64 sys_fstat(const u64 *a) {
    struct file *file = fd_peek_any(a[0]);
    return file ? stat_inode(file->inode, a[1]) : -EBADF;
}

static struct statx_time statx_time(u64 seconds, u64 ns) { return (struct statx_time){.seconds = seconds, .ns = ns}; }

static i64 statx_of(struct dentry *d, u32 asked, u64 to) {
    struct inode *inode = d->inode;
    struct stat st;
    i64 error = inode_refresh(inode);
    if (error)
        return error;
    inode_stat(inode, &st);
    struct statx sx = {
        .mask = STATX_BASIC_STATS | STATX_MNT_ID, .attributes_mask = STATX_ATTR_MOUNT_ROOT,
        .attributes = d == d->super->root ? STATX_ATTR_MOUNT_ROOT : 0, .mount_id = MINOR(d->super->dev), .blksize = st.blksize, .nlink = st.nlink, .uid = st.uid, .gid = st.gid,
        .mode = st.mode, .ino = st.ino, .size = st.size, .blocks = st.blocks,
        .atime = statx_time(st.atime, st.atime_ns), .ctime = statx_time(st.ctime, st.ctime_ns),
        .mtime = statx_time(st.mtime, st.mtime_ns), .rdev_major = MAJOR(st.rdev), .rdev_minor = MINOR(st.rdev),
        .dev_major = MAJOR(st.dev), .dev_minor = MINOR(st.dev),
    };
    if (inode->btime) {
        u64 seconds, ns;
        split_time(inode->btime, &seconds, &ns);
        sx.mask |= STATX_BTIME;
        sx.btime = statx_time(seconds, ns);
    }
    if (!(asked & (STATX_MTIME | STATX_CTIME))) { /* as on Linux, where finding them out makes them finer */
        sx.mask &= ~(STATX_MTIME | STATX_CTIME);
        sx.mtime = sx.ctime = (struct statx_time){0};
    }
    return put_user(sx, to);
}

i64 sys_statx(const u64 *a) {
    u32 flags = a[2];
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)) ||
        (a[3] & STATX_RESERVED) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
        return -EINVAL;
    struct dentry *d = walk_user(a[0], a[1], (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
                                                 (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0));
    if (IS_ERR(d))
        return PTR_ERR(d);
    i64 error = statx_of(d, (u32)a[3], a[4]);
    dentry_put(d);
    return error;
}

static i64 access_as_we_are(i32 dirfd, u64 path, u32 mode, u32 flags) {
    struct dentry *d = walk_user(dirfd, path, (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
                                                  (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0));
    if (IS_ERR(d))
        return PTR_ERR(d);
    i64 error = inode_refresh(d->inode);
    if (!error && mode)
        error = inode_permission(d->inode, mode);
    dentry_put(d);
    return error;
}

/* access(2) asks for who has called a set-user-ID program, not for whom it works. */
static i64 access_path(i32 dirfd, u64 path, u32 mode, u32 flags) {
    if ((mode & ~7u) || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return -EINVAL;
    struct cred *own = current->cred, *real = flags & AT_EACCESS ? NULL : cred_of_real_user();
    if (!real)
        return access_as_we_are(dirfd, path, mode, flags);
    if (IS_ERR(real))
        return PTR_ERR(real);
    current->cred = real;
    i64 error = access_as_we_are(dirfd, path, mode, flags);
    current->cred = own;
    cred_put(real);
    return error;
}

i64 sys_access(const u64 *a) { return access_path(AT_FDCWD, a[0], a[1], 0); }
i64 sys_faccessat(const u64 *a) { return access_path(a[0], a[1], a[2], 0); }
i64 sys_faccessat2(const u64 *a) { return access_path(a[0], a[1], a[2], a[3]); }

static i64 read_link(i32 dirfd, u64 path, u64 to, i32 size) {
    char first;
    if (size <= 0)
        return -EINVAL;
    if (!path)
        return -EFAULT;
    struct dentry *d = walk_user(dirfd, path, WALK_EMPTY);
    if (IS_ERR(d))
        return PTR_ERR(d);
    /* No path is a link's own descriptor, or no path. */
    i64 otherwise = get_user(first, path) || first ? -EINVAL : -ENOENT;
    i64 length = S_ISLNK(d->inode->mode) && d->inode->ops->readlink ? 0 : otherwise;
    char *text = length ? NULL : kmalloc(PATH_MAX);
    if (!length)
        length = text ? d->inode->ops->readlink(d->inode, text, PATH_MAX) : -ENOMEM;
    if (length > 0)
        inode_accessed(d->inode);
    if (length > 0) {
        length = MIN(length, size);
        if (copy_to_user(to, text, length))
            length = -EFAULT;
    }
    kfree(text);
    dentry_put(d);
    return length;
}

i64 sys_readlink(const u64 *a) { return read_link(AT_FDCWD, a[0], a[1], a[2]); }
i64 sys_readlinkat(const u64 *a) { return read_link(a[0], a[1], a[2], a[3]); }
