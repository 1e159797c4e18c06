/* Extended attributes: names and rights are judged here, file systems keep the values. Files in memory
   have the name spaces user, trusted and security, but for capabilities of programs; files of the host
   have user alone. */
#include "errno.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "fs/xattr.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

static bool begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

/* The name at a user address; 0 or negative errno. */
static i64 get_name(char *text, u64 from) {
    i64 size = copy_string_from_user(text, from, XATTR_NAME_MAX + 1);
    return size == -ENAMETOOLONG || size == 0 ? -ERANGE : MIN(size, 0);
}

static i64 judge_privileged(struct inode *inode, const char *name, bool write) {
    const struct xattr_ops *ops = inode->ops->xattr;
    bool open = (begins(name, "security.") && !write) || capable(CAP_SYS_ADMIN);
    if (!open || !ops || !ops->privileged || !strcmp(name, "security.capability"))
        return write ? -EPERM : -ENODATA;
    return name[strlen("trusted.")] ? 0 : -EINVAL;
}

/* What there is to say of a name without looking for it; 0: the file system knows. */
static i64 judge(struct inode *inode, const char *name, bool write) {
    if (begins(name, "user.")) {
        if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
            return write ? -EPERM : -ENODATA;
        if (!name[5])
            return -EINVAL;
        if (write && S_ISDIR(inode->mode) && (inode->mode & S_ISVTX) && !inode_owner(inode))
            return -EPERM;
        i64 error = inode_permission(inode, write ? MAY_WRITE : MAY_READ);
        return error ? error : inode->ops->xattr ? 0 : -EOPNOTSUPP;
    }
    if (begins(name, "trusted.") || begins(name, "security."))
        return judge_privileged(inode, name, write);
    if (begins(name, "system.posix_acl_"))
        return write ? -EOPNOTSUPP : -ENODATA;
    return -EOPNOTSUPP;
}

/* Both ways to name the object of a call; a[0] is the path or the descriptor. */
static struct dentry *object(u64 at, bool descriptor, u32 how) {
    if (!descriptor)
        return walk_user(AT_FDCWD, at, how);
    struct file *file = fd_peek(at);
    return file ? dentry_get(file->dentry) : ERR_PTR(-EBADF);
}

static i64 getxattr(struct inode *inode, const char *name, const u64 *a) {
    struct io io;
    i64 error = judge(inode, name, false);
    if (error)
        return error;
    io_user(&io, a[2], MIN(a[3], XATTR_SIZE_MAX));
    return inode->ops->xattr->get(inode, name, &io, !a[3]);
}

static i64 setxattr(struct inode *inode, const char *name, const u64 *a) {
    struct io io;
    i64 error = inode->super->flags & SUPER_READ_ONLY ? -EROFS : judge(inode, name, true);
    if (error)
        return error;
    io_user(&io, a[2], a[3]);
    return inode->ops->xattr->set(inode, name, &io, a[4]);
}

static i64 removexattr(struct inode *inode, const char *name, const u64 *a) {
    i64 error = inode->super->flags & SUPER_READ_ONLY ? -EROFS : judge(inode, name, true);
    return error ? error : inode->ops->xattr->remove(inode, name);
}

static i64 listxattr(struct inode *inode, const char *name, const u64 *a) {
    struct io io;
    if (!inode->ops->xattr)
        return 0;
    io_user(&io, a[1], MIN(a[2], XATTR_SIZE_MAX));
    return inode->ops->xattr->list(inode, &io, !a[2]);
}

/* What there is to say of a new value before anybody looks for the file. */
static i64 judge_value(const u64 *a) {
    return a[3] > XATTR_SIZE_MAX ? -E2BIG : user_reach(a[2], a[3], false) < a[3] ? -EFAULT : 0;
}

static i64 call(const u64 *a, bool descriptor, u32 how, i64 (*on)(struct inode *, const char *, const u64 *)) {
    char name[XATTR_NAME_MAX + 1];
    i64 error = on == setxattr && (a[4] & ~(u64)(XATTR_CREATE | XATTR_REPLACE)) ? -EINVAL : 0;
    if (!error && on != listxattr)
        error = get_name(name, a[1]);
    if (!error && on == setxattr)
        error = judge_value(a);
    struct dentry *d = error ? NULL : object(a[0], descriptor, how);
    if (error || IS_ERR(d))
        return error ? error : PTR_ERR(d);
    i64 result = on(d->inode, name, a);
    dentry_put(d);
    return result;
}

#define CALLS(name)                                                               \
    i64 sys_##name(const u64 *a) { return call(a, false, WALK_FOLLOW, name); }    \
    i64 sys_l##name(const u64 *a) { return call(a, false, 0, name); }             \
    i64 sys_f##name(const u64 *a) { return call(a, true, 0, name); }

CALLS(getxattr)
CALLS(setxattr)
CALLS(removexattr)
CALLS(listxattr)
