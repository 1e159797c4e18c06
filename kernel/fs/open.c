/* open(2) and its relatives. */
#include "errno.h"
#include "fs/lease.h"
#include "fs/names.h"
#include "fs/notify.h"
#include "fs/open.h"
#include "fs/tmpfs.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

static u32 wanted_access(u32 flags) {
    static const u8 by_mode[] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE};
    return by_mode[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

/* The walk has arrived at an existing object; `made`: by this very call. */
static struct file *open_existing(struct dentry *d, u32 flags, bool made) {
    struct inode *inode = d->inode;
    if (flags & O_PATH)
        return (flags & O_DIRECTORY) && !S_ISDIR(inode->mode) ? ERR_PTR(-ENOTDIR) : file_open_dentry(d, flags);
    if (S_ISLNK(inode->mode))
        return ERR_PTR(-ELOOP);
    if (S_ISDIR(inode->mode) && ((flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY))
        return ERR_PTR(-EISDIR);
    if ((flags & O_DIRECTORY) && !S_ISDIR(inode->mode))
        return ERR_PTR(-ENOTDIR);
    i64 error = made ? 0 : inode_permission(inode, wanted_access(flags));
    if (!error && inode->writers < 0 && (wanted_access(flags) & MAY_WRITE))
        error = -ETXTBSY;
    if (!error && (flags & O_NOATIME) && !inode_owner(inode))
        error = -EPERM;
    if (!error && !made)
        error = lease_break(inode, flags);
    if (!error && (flags & O_TRUNC) && S_ISREG(inode->mode) && !made) {
        struct attr_change cut = {.mask = NV_SET_SIZE};
        error = inode_setattr(inode, &cut);
    }
    if (error)
        return ERR_PTR(error);
    struct file *file = file_open_dentry(d, flags);
    if ((flags & O_TRUNC) && S_ISREG(inode->mode) && !made && !IS_ERR(file))
        notify_file(d, IN_MODIFY);
    return file;
}

struct file *file_open_existing(struct dentry *d, u32 flags) {
    return open_existing(d, flags & O_PATH ? flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : flags, false);
}

/* A file without a name in a directory's file system. */
static struct file *open_unnamed(struct dentry *dir, u32 flags, u32 mode) {
    char text[32];
    if ((flags & O_ACCMODE) == O_RDONLY)
        return ERR_PTR(-EINVAL);
    i64 error = names_may_change(dir);
    if (error)
        return ERR_PTR(error);
    if (!dir->inode->ops->unnamed)
        return ERR_PTR(-EOPNOTSUPP);
    struct name name;
    name_set(&name, text, format(text, sizeof(text), "#%lu", inode_number()));
    struct dentry *d = dentry_new(dir->super, dir, &name);
    if (!d)
        return ERR_PTR(-ENOMEM);
    error = dir->inode->ops->unnamed(dir, d, S_IFREG | (mode & 07777 & ~current->fs->umask));
    if (error) {
        dentry_put(d);
        return ERR_PTR(error);
    }
    d->inode->linkable = !(flags & O_EXCL);
    struct file *file = file_open_dentry(d, flags);
    dentry_put(d);
    return file;
}

/* The last component is open's own business: it may be made here, and followed if it is a link. */
static struct file *open_creating(i32 dirfd, char *path, u32 flags, u32 mode, u32 confined) {
    struct walk w;
    i64 error = walk_at(&w, dirfd, path, WALK_PARENT | confined);
    while (!error) {
        if (!w.last.size || w.dot || w.dotdot || w.slash) {
            error = -EISDIR;
            break;
        }
        struct dentry *found = walk_lookup(w.at, &w.last, "", 0);
        if (IS_ERR(found)) {
            error = PTR_ERR(found);
            break;
        }
        if (found && (confined & WALK_NO_XDEV) && found->super != w.at->super) {
            error = -EXDEV;
            dentry_put(found);
            break;
        }
        bool made = false;
        if (!found) {
            error = names_may_change(w.at);
            if (!error)
                error = names_create(w.at, &w.last, S_IFREG | (mode & 07777 & ~current->fs->umask) |
                                     (flags & O_EXCL ? CREATE_EXCLUSIVE : 0), 0, &found);
            if (error)
                break;
            made = true;
        } else if (flags & O_EXCL) {
            error = -EEXIST;
            dentry_put(found);
            break;
        } else if (S_ISLNK(found->inode->mode) && !(flags & O_NOFOLLOW)) {
            error = walk_through(&w, found);
            bool arrived = !error && !w.last.size && !w.dot && !w.dotdot;
            dentry_put(found);
            if (error)
                return ERR_PTR(error);
            if (!arrived)
                continue;
            found = dentry_get(w.at); /* the link led to an object, not to a name */
        }
        struct file *file = open_existing(found, flags, made);
        dentry_put(found);
        dentry_put(w.at);
        return file;
    }
    dentry_put(w.at);
    return ERR_PTR(error);
}

static struct file *open_path(i32 dirfd, char *path, u32 flags, u32 mode, u32 confined) {
    if (IS_ERR(path))
        return (struct file *)path;
    if (flags & O_PATH)
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    bool unnamed = (flags & O_TMPFILE_ONLY) == O_TMPFILE_ONLY;
    if ((flags & O_CREAT) && (flags & O_DIRECTORY))
        return ERR_PTR(-EINVAL);
    if ((flags & O_CREAT) && !unnamed)
        return open_creating(dirfd, path, flags, mode, confined);
    struct walk w;
    u32 how = confined | (flags & O_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & (O_DIRECTORY | O_TMPFILE_ONLY) ? WALK_DIRECTORY : 0);
    if (!(flags & (O_PATH | O_TRUNC)) && (flags & O_ACCMODE) == O_RDONLY)
        how |= WALK_OPEN;
    i64 error = walk_at(&w, dirfd, path, how);
    if (error)
        return ERR_PTR(error);
    struct file *file = unnamed ? open_unnamed(w.at, flags, mode) : open_existing(w.at, flags, false);
    dentry_put(w.at);
    return file;
}

static i64 open_fd(i32 dirfd, u64 path, u32 flags, u32 mode, u32 confined) {
    struct file *file = open_path(dirfd, path_from_user(0, path), flags, mode, confined);
    if (IS_ERR(file))
        return PTR_ERR(file);
    return fd_install(file, 0, flags & O_CLOEXEC);
}

i64 sys_open(const u64 *a) { return open_fd(AT_FDCWD, a[0], a[1], a[2], 0); }
i64 sys_openat(const u64 *a) { return open_fd(a[0], a[1], a[2], a[3], 0); }
i64 sys_creat(const u64 *a) { return open_fd(AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1], 0); }

#define RESOLVE_CACHED 0x20
#define RESOLVE_ALL 0x3f

/* open_how.resolve as WALK_* flags. */
static u32 resolution(u64 resolve) {
    static const u32 meaning[] = {WALK_NO_XDEV, WALK_NO_MAGIC_LINKS, WALK_NO_LINKS | WALK_NO_MAGIC_LINKS,
                                  WALK_BENEATH, WALK_IN_ROOT};
    u32 flags = 0;
    for (u32 i = 0; i < ARRAY_LEN(meaning); i++)
        flags |= resolve >> i & 1 ? meaning[i] : 0;
    return flags;
}

/* openat2 refuses what openat overlooks. */
static i64 check_how(u64 flags, u64 mode, u64 resolve) {
    bool makes = (flags & O_CREAT) || (flags & O_TMPFILE_ONLY);
    if ((flags & ~(u64)O_KNOWN) || (resolve & ~(u64)RESOLVE_ALL) || (mode & ~07777UL) || (mode && !makes) ||
        resolution(resolve & ~7UL) == WALK_CONFINED)
        return -EINVAL;
    if ((flags & O_PATH) && (flags & ~(u64)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)))
        return -EINVAL;
    if ((flags & O_TMPFILE_ONLY) && ((flags & O_TMPFILE) != O_TMPFILE || (flags & O_CREAT)))
        return -EINVAL;
    /* Nothing here promises to find all it needs in a cache. */
    return resolve & RESOLVE_CACHED ? -EAGAIN : 0;
}

i64 sys_openat2(const u64 *a) {
    struct {
        u64 flags, mode, resolve;
    } how;
    u8 byte;
    if (a[3] < sizeof(how))
        return -EINVAL;
    if (a[3] > PAGE_SIZE)
        return -E2BIG;
    if (get_user(how, a[2]))
        return -EFAULT;
    for (u64 at = sizeof(how); at < a[3]; at++) { /* a later version's fields must say nothing */
        if (get_user(byte, a[2] + at))
            return -EFAULT;
        if (byte)
            return -E2BIG;
    }
    i64 error = check_how(how.flags, how.mode, how.resolve);
    return error ? error : open_fd(a[0], a[1], how.flags, how.mode, resolution(how.resolve));
}

i64 sys_close(const u64 *a) { return fd_close(current->files, a[0]); }

i64 sys_close_range(const u64 *a) {
    u32 first = a[0], last = a[1], flags = a[2];
    if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)))
        return -EINVAL;
    if ((flags & CLOSE_RANGE_UNSHARE) && current->files->refs > 1) {
        struct fd_table *own = fd_table_fork(current->files);
        if (IS_ERR(own))
            return PTR_ERR(own);
        fd_table_put(current->files);
        current->files = own;
    }
    struct fd_table *t = current->files;
    if (first >= FD_ROOT * FD_LEAF)
        return 0;
    for (i32 fd = fd_next(t, first); fd >= 0 && (u32)fd <= last; fd = fd_next(t, fd + 1)) {
        if (flags & CLOSE_RANGE_CLOEXEC)
            t->leaf[fd / FD_LEAF]->cloexec |= 1UL << (fd % FD_LEAF);
        else
            fd_close(t, fd);
    }
    return 0;
}

static i64 dup_to(i32 from, i32 to, bool cloexec) {
    struct file *file = fd_peek_any(from);
    return file ? fd_replace(file_get(file), to, cloexec) : -EBADF;
}

i64 sys_dup(const u64 *a) {
    struct file *file = fd_peek_any(a[0]);
    return file ? fd_install(file_get(file), 0, false) : -EBADF;
}

i64 sys_dup2(const u64 *a) {
    if ((i32)a[0] == (i32)a[1])
        return fd_peek_any(a[0]) ? (i32)a[1] : -EBADF;
    return dup_to(a[0], a[1], false);
}

i64 sys_dup3(const u64 *a) {
    if ((i32)a[0] == (i32)a[1] || (a[2] & ~(u64)O_CLOEXEC))
        return -EINVAL;
    return dup_to(a[0], a[1], a[2] & O_CLOEXEC);
}
