/* chmod, chown, times, truncate, fallocate. */
#include "errno.h"
#include "fs/lease.h"
#include "fs/notify.h"
#include "fs/open.h"
#include "fs/regular.h"
#include "fs/walk.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define NS 1000000000L

/* The object of a path, or of a descriptor when path is 0; referenced or ERR_PTR. */
static struct dentry *object(i32 dirfd, u64 path, u32 flags) {
    if (path)
        return walk_user(dirfd, path, (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
                                          (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0));
    struct file *file = fd_peek(dirfd);
    return file ? dentry_get(file->dentry) : ERR_PTR(-EBADF);
}

/* Change what the caller, who has to own it, wants changed. */
static i64 change(struct dentry *d, const struct attr_change *c, i64 not_owner) {
    if (IS_ERR(d))
        return PTR_ERR(d);
    i64 error = d->inode->super->flags & SUPER_READ_ONLY ? -EROFS : inode_refresh(d->inode);
    if (!error && not_owner && !inode_owner(d->inode))
        error = not_owner;
    if (!error)
        error = inode_setattr(d->inode, c);
    if (!error)
        notify_changed(d, c);
    dentry_put(d);
    return error;
}

static i64 chmod(struct dentry *d, u32 mode) {
    struct attr_change c = {.mask = NV_SET_MODE, .mode = mode & 07777};
    if (!IS_ERR(d) && !cred_in_group(current->cred, d->inode->gid) && !capable(CAP_FSETID))
        c.mode &= ~S_ISGID;
    if (!IS_ERR(d) && S_ISLNK(d->inode->mode)) {
        dentry_put(d);
        return -EOPNOTSUPP;
    }
    return change(d, &c, -EPERM);
}

i64 sys_chmod(const u64 *a) { return chmod(walk_user(AT_FDCWD, a[0], WALK_FOLLOW), a[1]); }
i64 sys_fchmod(const u64 *a) { return chmod(object(a[0], 0, 0), a[1]); }
i64 sys_fchmodat(const u64 *a) { return chmod(walk_user(a[0], a[1], WALK_FOLLOW), a[2]); }
i64 sys_fchmodat2(const u64 *a) {
    if (a[3] & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return a[1] ? chmod(object(a[0], a[1], a[3]), a[2]) : -EFAULT;
}

static i64 chown(struct dentry *d, u32 uid, u32 gid) {
    if (IS_ERR(d))
        return PTR_ERR(d);
    struct inode *inode = d->inode;
    struct attr_change c = {.mask = NV_SET_OWNER, .uid = uid, .gid = gid};
    bool allowed = capable(CAP_CHOWN) || ((uid == ~0u || uid == inode->uid) && current->cred->fsuid == inode->uid &&
                                          (gid == ~0u || gid == inode->gid || cred_in_group(current->cred, gid)));
    if (allowed && S_ISREG(inode->mode) && (inode->mode & (S_ISUID | S_ISGID)) && !inode->ops->access) {
        c.mask |= NV_SET_MODE;
        c.mode = inode->mode & 07777 & ~(S_ISUID | S_ISGID);
    }
    return change(d, &c, allowed ? 0 : -EPERM);
}

i64 sys_chown(const u64 *a) { return chown(walk_user(AT_FDCWD, a[0], WALK_FOLLOW), a[1], a[2]); }
i64 sys_lchown(const u64 *a) { return chown(walk_user(AT_FDCWD, a[0], 0), a[1], a[2]); }
i64 sys_fchown(const u64 *a) { return chown(object(a[0], 0, 0), a[1], a[2]); }
i64 sys_fchownat(const u64 *a) {
    if (a[4] & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return a[1] ? chown(object(a[0], a[1], a[4]), a[2], a[3]) : -EFAULT;
}

/* times[]: access and modification; a nanosecond value may be UTIME_NOW or UTIME_OMIT. */
struct timespec {
    i64 seconds, ns;
};

/* Times here end in the year 2262; a later one becomes the last, as on Linux where a file system's do. */
#define LAST_SECOND 9223372035L

static i64 set_times(struct dentry *d, const struct timespec *times) {
    struct attr_change c = {0};
    bool now_only = true;
    for (int i = 0; i < 2; i++) {
        i64 ns = times ? times[i].ns : UTIME_NOW, seconds = times ? times[i].seconds : 0, value;
        if (ns == UTIME_OMIT)
            continue;
        if (ns == UTIME_NOW) {
            value = clock_realtime();
        } else if (ns < 0 || ns >= NS) {
            if (!IS_ERR(d))
                dentry_put(d);
            return IS_ERR(d) ? PTR_ERR(d) : -EINVAL;
        } else {
            bool far = seconds >= LAST_SECOND || seconds <= -LAST_SECOND;
            value = far ? (seconds < 0 ? -LAST_SECOND : LAST_SECOND) * NS : seconds * NS + ns;
            now_only = false;
        }
        c.mask |= i ? NV_SET_MTIME : NV_SET_ATIME;
        if (i)
            c.mtime = value;
        else
            c.atime = value;
    }
    if (IS_ERR(d))
        return PTR_ERR(d);
    /* "Now" is for everybody who may write; any other time is for the owner. */
    i64 not_owner = !now_only || (inode_permission(d->inode, MAY_WRITE) && !inode_owner(d->inode))
                        ? (now_only ? -EACCES : -EPERM) : 0;
    if (!c.mask) {
        dentry_put(d);
        return 0;
    }
    return change(d, &c, not_owner);
}

i64 sys_utimensat(const u64 *a) {
    struct timespec times[2];
    if (a[3] & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (a[2] && copy_from_user(times, a[2], sizeof(times)))
        return -EFAULT;
    if (a[2] && times[0].ns == UTIME_OMIT && times[1].ns == UTIME_OMIT)
        return 0; /* whatever the path is */
    if (!a[1] && (i32)a[0] == AT_FDCWD)
        return -EFAULT;
    return set_times(object(a[0], a[1], a[3]), a[2] ? times : NULL);
}

static i64 set_times_us(i32 dirfd, u64 path, u64 from) {
    struct timespec times[2];
    if (from && copy_from_user(times, from, sizeof(times)))
        return -EFAULT;
    for (int i = 0; from && i < 2; i++) {
        if (times[i].ns < 0 || times[i].ns >= 1000000)
            return -EINVAL;
        times[i].ns *= 1000;
    }
    if (!path && dirfd == AT_FDCWD)
        return -EFAULT;
    return set_times(object(dirfd, path, 0), from ? times : NULL);
}

i64 sys_utimes(const u64 *a) { return set_times_us(AT_FDCWD, a[0], a[1]); }
i64 sys_futimesat(const u64 *a) { return set_times_us(a[0], a[1], a[2]); }

i64 sys_utime(const u64 *a) {
    i64 seconds[2];
    if (a[1] && copy_from_user(seconds, a[1], sizeof(seconds)))
        return -EFAULT;
    struct timespec times[2] = {{a[1] ? seconds[0] : 0, 0}, {a[1] ? seconds[1] : 0, 0}};
    return set_times(walk_user(AT_FDCWD, a[0], WALK_FOLLOW), a[1] ? times : NULL);
}

static i64 resize(struct dentry *d, i64 size) {
    struct inode *inode = d->inode;
    struct attr_change c = {.mask = NV_SET_SIZE, .size = size};
    if (size < 0)
        return -EINVAL;
    if (S_ISDIR(inode->mode))
        return -EISDIR;
    if (!S_ISREG(inode->mode))
        return -EINVAL;
    if ((u64)size > inode->size) {
        i64 error = size_within_limit(size - 1, 1);
        if (error < 0)
            return error;
    }
    i64 error = inode_setattr(inode, &c);
    if (!error)
        notify_changed(d, &c);
    return error;
}

i64 sys_truncate(const u64 *a) {
    struct dentry *d = walk_user(AT_FDCWD, a[0], WALK_FOLLOW);
    if (IS_ERR(d))
        return PTR_ERR(d);
    i64 error = S_ISDIR(d->inode->mode) ? -EISDIR : inode_permission(d->inode, MAY_WRITE);
    if (!error && d->inode->writers < 0)
        error = -ETXTBSY;
    if (!error)
        error = lease_break(d->inode, O_WRONLY);
    if (!error)
        error = resize(d, a[1]);
    dentry_put(d);
    return error;
}

i64 sys_ftruncate(const u64 *a) {
    struct file *file = fd_peek(a[0]);
    if (!file)
        return -EBADF;
    return file_writable(file) && S_ISREG(file->inode->mode) ? resize(file->dentry, a[1]) : -EINVAL;
}

/* Which modes go together. */
static i64 allocation(u32 mode) {
    u32 way = mode & ~FALLOC_FL_KEEP_SIZE;
    switch (way) {
    case 0:
    case FALLOC_FL_ZERO_RANGE:
        return 0;
    case FALLOC_FL_PUNCH_HOLE:
        return mode & FALLOC_FL_KEEP_SIZE ? 0 : -EOPNOTSUPP;
    case FALLOC_FL_COLLAPSE_RANGE:
    case FALLOC_FL_INSERT_RANGE:
        return mode & FALLOC_FL_KEEP_SIZE ? -EOPNOTSUPP : 0;
    default:
        return -EOPNOTSUPP;
    }
}

i64 sys_fallocate(const u64 *a) {
    struct file *file = fd_peek(a[0]);
    i64 offset = a[2], size = a[3];
    u32 mode = a[1];
    if (!file)
        return -EBADF;
    if (offset < 0 || size <= 0)
        return -EINVAL;
    i64 error = allocation(mode);
    if (error)
        return error;
    if (!file_writable(file))
        return -EBADF;
    if (S_ISFIFO(file->inode->mode))
        return -ESPIPE;
    if (!S_ISREG(file->inode->mode))
        return S_ISDIR(file->inode->mode) ? -EISDIR : -ENODEV;
    if (offset + (u64)size > ~0UL >> 1)
        return -EFBIG;
    if (!(mode & FALLOC_FL_KEEP_SIZE) && offset + (u64)size > file->inode->size) {
        error = size_within_limit(offset + size - 1, 1);
        if (error < 0)
            return error;
    }
    return file->inode->ops->allocate ? file->inode->ops->allocate(file->inode, a[1], offset, size) : -EOPNOTSUPP;
}
