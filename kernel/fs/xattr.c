/* Extended attributes: names and rights are judged here, file systems keep the values. Only the user
   name space exists; the others are empty, and closed to programs without privilege. */
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
        return write ? -EPERM : -ENODATA;
    if (begins(name, "system.posix_acl_"))
        return write ? -EOPNOTSUPP : -ENODATA;
    return -EOPNOTSUPP;
}

static i64 get(struct inode *inode, u64 name_at, u64 to, u64 size) {
    char name[XATTR_NAME_MAX + 1];
    struct io io;
    i64 error = get_name(name, name_at);
    if (!error)
        error = judge(inode, name, false);
    if (error)
        return error;
    io_user(&io, to, MIN(size, XATTR_SIZE_MAX));
    return inode->ops->xattr->get(inode, name, &io, !size);
}

static i64 set(struct inode *inode, u64 name_at, u64 from, u64 size, u64 flags) {
    char name[XATTR_NAME_MAX + 1];
    struct io io;
    if (flags & ~(u64)(XATTR_CREATE | XATTR_REPLACE))
        return -EINVAL;
    i64 error = get_name(name, name_at);
    if (!error && size > XATTR_SIZE_MAX)
        error = -E2BIG;
    if (!error)
        error = inode->super->flags & SUPER_READ_ONLY ? -EROFS : judge(inode, name, true);
    if (error)
        return error;
    io_user(&io, from, size);
    return inode->ops->xattr->set(inode, name, &io, flags);
}

static i64 drop(struct inode *inode, u64 name_at) {
    char name[XATTR_NAME_MAX + 1];
    i64 error = get_name(name, name_at);
    if (!error)
        error = inode->super->flags & SUPER_READ_ONLY ? -EROFS : judge(inode, name, true);
    return error ? error : inode->ops->xattr->remove(inode, name);
}

static i64 list(struct inode *inode, u64 to, u64 size) {
    struct io io;
    if (!inode->ops->xattr || (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode)))
        return 0;
    io_user(&io, to, MIN(size, XATTR_SIZE_MAX));
    return inode->ops->xattr->list(inode, &io, !size);
}

/* Both ways to name the object of a call; a[0] is the path or the descriptor. */
static struct dentry *object(u64 at, bool descriptor, u32 how) {
    if (!descriptor)
        return walk_user(AT_FDCWD, at, how);
    struct file *file = fd_peek(at);
    return file ? dentry_get(file->dentry) : ERR_PTR(-EBADF);
}

#define CALL(name, descriptor, how, body)                    \
    i64 sys_##name(const u64 *a) {                           \
        struct dentry *d = object(a[0], descriptor, how);    \
        if (IS_ERR(d))                                       \
            return PTR_ERR(d);                               \
        i64 result = body;                                   \
        dentry_put(d);                                       \
        return result;                                       \
    }
#define CALLS(name, body)              \
    CALL(name, false, WALK_FOLLOW, body) \
    CALL(l##name, false, 0, body)      \
    CALL(f##name, true, 0, body)

CALLS(getxattr, get(d->inode, a[1], a[2], a[3]))
CALLS(setxattr, set(d->inode, a[1], a[2], a[3], a[4]))
CALLS(removexattr, drop(d->inode, a[1]))
CALLS(listxattr, list(d->inode, a[1], a[2]))
