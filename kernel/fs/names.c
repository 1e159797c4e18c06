/* Making, removing and moving names. */
#include "fs/names.h"
#include "errno.h"
#include "fs/notify.h"
#include "fs/open.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"

/* Walk to the directory of a new name. 0: `walk` holds the directory, *found the entry that is
   already there (or NULL). `missing` is what a path without a last name means. */
i64 names_parent(struct walk *w, i32 dirfd, char *path, i64 missing, struct dentry **found) {
    if (IS_ERR(path))
        return PTR_ERR(path);
    i64 error = walk_at(w, dirfd, path, WALK_PARENT);
    if (error)
        return error;
    if (!w->last.size || w->dot || w->dotdot) {
        dentry_put(w->at);
        w->at = NULL;
        return missing;
    }
    *found = walk_lookup(w->at, &w->last, "", 0);
    if (IS_ERR(*found)) {
        dentry_put(w->at);
        return PTR_ERR(*found);
    }
    return 0;
}

/* May the current process add names to a directory, or take them away? */
i64 names_may_change(struct dentry *dir) {
    if (dir->super->flags & SUPER_READ_ONLY)
        return -EROFS;
    return inode_permission(dir->inode, MAY_WRITE | MAY_EXEC);
}

i64 names_may_remove(struct dentry *dir, struct dentry *entry) {
    i64 error = names_may_change(dir);
    if (error)
        return error;
    if ((dir->inode->mode & S_ISVTX) && !inode_owner(entry->inode) && !inode_owner(dir->inode))
        return -EPERM;
    return 0;
}

/* A fresh entry for `name`, and what the file system makes of it. */
static i64 create_in(struct dentry *dir, const struct name *name, u32 mode, u64 rdev, const char *target,
                     struct inode *linked, struct dentry **made) {
    const struct inode_ops *ops = dir->inode->ops;
    if (linked ? !ops->link : target ? !ops->symlink : !ops->create)
        return -EPERM;
    struct dentry *entry = dentry_new(dir->super, dir, name);
    if (!entry)
        return -ENOMEM;
    i64 error = linked   ? ops->link(dir, entry, linked)
                : target ? ops->symlink(dir, entry, target)
                         : ops->create(dir, entry, mode, rdev);
    if (!error && linked)
        notify_linked(linked);
    if (!error)
        notify_name(dir, name, IN_CREATE | (S_ISDIR(entry->inode->mode) ? IN_ISDIR : 0), 0);
    if (made && !error)
        *made = entry;
    else
        dentry_put(entry);
    return error;
}

i64 names_create(struct dentry *dir, const struct name *name, u32 mode, u64 rdev, struct dentry **made) {
    return create_in(dir, name, mode, rdev, NULL, NULL, made);
}

static i64 make(i32 dirfd, u64 path, u32 mode, u64 rdev, const char *target) {
    struct walk w;
    struct dentry *found;
    i64 error = names_parent(&w, dirfd, path_from_user(0, path), -EEXIST, &found);
    if (error)
        return error;
    if (found)
        error = -EEXIST;
    else if (w.slash && !S_ISDIR(mode))
        error = -ENOENT;
    else
        error = names_may_change(w.at);
    if (!error)
        error = create_in(w.at, &w.last, mode, rdev, target, NULL, NULL);
    dentry_put(found);
    dentry_put(w.at);
    return error;
}

static i64 make_dir(i32 dirfd, u64 path, u64 mode) {
    return make(dirfd, path, S_IFDIR | (mode & 01777 & ~current->fs->umask), 0, NULL);
}

i64 sys_mkdir(const u64 *a) { return make_dir(AT_FDCWD, a[0], a[1]); }
i64 sys_mkdirat(const u64 *a) { return make_dir(a[0], a[1], a[2]); }

static i64 make_node(i32 dirfd, u64 path, u32 mode, u32 device) {
    u32 type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
    if (type == S_IFCHR || type == S_IFBLK)
        return -EPERM;
    if (type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
        return type == S_IFDIR ? -EPERM : -EINVAL;
    return make(dirfd, path, type | (mode & 07777 & ~current->fs->umask), 0, NULL);
}

i64 sys_mknod(const u64 *a) { return make_node(AT_FDCWD, a[0], a[1], a[2]); }
i64 sys_mknodat(const u64 *a) { return make_node(a[0], a[1], a[2], a[3]); }

static i64 make_symlink(u64 target, i32 dirfd, u64 path) {
    char *text = path_from_user(1, target);
    if (IS_ERR(text))
        return PTR_ERR(text);
    return *text ? make(dirfd, path, S_IFLNK, 0, text) : -ENOENT;
}

i64 sys_symlink(const u64 *a) { return make_symlink(a[0], AT_FDCWD, a[1]); }
i64 sys_symlinkat(const u64 *a) { return make_symlink(a[0], a[1], a[2]); }

static i64 make_link(i32 old_fd, u64 old_path, i32 new_fd, u64 new_path, u32 flags) {
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    u32 how = (flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
    struct dentry *old = walk_user(old_fd, old_path, how);
    if (IS_ERR(old))
        return PTR_ERR(old);
    struct walk w;
    struct dentry *found;
    i64 error = names_parent(&w, new_fd, path_from_user(1, new_path), -EEXIST, &found);
    if (!error) {
        if (found)
            error = -EEXIST;
        else if (w.slash)
            error = -ENOENT;
        else if (old->super != w.at->super)
            error = -EXDEV;
        else if (S_ISDIR(old->inode->mode))
            error = -EPERM;
        else if (!old->inode->nlink && !old->inode->linkable)
            error = -ENOENT; /* all its names are gone for good */
        else
            error = names_may_change(w.at);
        if (!error)
            error = create_in(w.at, &w.last, 0, 0, NULL, old->inode, NULL);
        if (!error)
            old->inode->linkable = false;
        dentry_put(found);
        dentry_put(w.at);
    }
    dentry_put(old);
    return error;
}

i64 sys_link(const u64 *a) { return make_link(AT_FDCWD, a[0], AT_FDCWD, a[1], 0); }
i64 sys_linkat(const u64 *a) { return make_link(a[0], a[1], a[2], a[3], a[4]); }

static bool is_mount(const struct dentry *d) { return d->parent == d; }

static i64 remove_name(i32 dirfd, u64 path, bool directory) {
    struct walk w;
    struct dentry *found;
    i64 error = names_parent(&w, dirfd, path_from_user(0, path), directory ? -EBUSY : -EISDIR, &found);
    if (error)
        return error == -EBUSY && w.dot ? -EINVAL : error == -EBUSY && w.dotdot ? -ENOTEMPTY : error;
    bool is_dir = found && S_ISDIR(found->inode->mode);
    if (!found)
        error = -ENOENT;
    else if (is_mount(found))
        error = -EBUSY;
    else if (directory && !is_dir)
        error = -ENOTDIR;
    else if (!directory && w.slash && !is_dir)
        error = -ENOTDIR;
    else
        error = names_may_remove(w.at, found);
    if (!error && !directory && is_dir)
        error = -EISDIR;
    if (!error)
        error = w.at->inode->ops->remove ? w.at->inode->ops->remove(w.at, found) : -EPERM;
    if (!error)
        notify_removed(w.at, found);
    dentry_put(found);
    dentry_put(w.at);
    return error;
}

i64 sys_unlink(const u64 *a) { return remove_name(AT_FDCWD, a[0], false); }
i64 sys_rmdir(const u64 *a) { return remove_name(AT_FDCWD, a[0], true); }
i64 sys_unlinkat(const u64 *a) {
    return a[2] & ~(u64)AT_REMOVEDIR ? -EINVAL : remove_name(a[0], a[1], a[2] & AT_REMOVEDIR);
}

/* Everything but the walks: `from` exists, `to` perhaps. */
static i64 move(struct walk *wf, struct dentry *from, struct walk *wt, struct dentry *to, u32 flags) {
    bool dir = S_ISDIR(from->inode->mode), exchange = flags & RENAME_EXCHANGE;
    if (exchange && !to)
        return -ENOENT;
    if (to && (flags & RENAME_NOREPLACE))
        return -EEXIST;
    if ((wf->slash && !dir) || (wt->slash && !(exchange ? S_ISDIR(to->inode->mode) : dir)))
        return -ENOTDIR;
    if (is_mount(from) || (to && is_mount(to)))
        return -EBUSY;
    if (wf->at->super != wt->at->super)
        return -EXDEV;
    i64 error = names_may_remove(wf->at, from);
    if (!error)
        error = to ? names_may_remove(wt->at, to) : names_may_change(wt->at);
    if (error)
        return error;
    if (dir && dentry_below(wt->at, from))
        return -EINVAL;
    if (to && dentry_below(wf->at, to))
        return exchange ? -EINVAL : -ENOTEMPTY;
    if (to && to->inode == from->inode)
        return 0;
    if (to && !exchange && dir != S_ISDIR(to->inode->mode))
        return dir ? -ENOTDIR : -EISDIR;
    if (!wf->at->inode->ops->rename)
        return -EPERM;
    if (!dentry_reserve(from, wt->last.size) || (exchange && !dentry_reserve(to, wf->last.size)))
        return -ENOMEM;
    error = wf->at->inode->ops->rename(wf->at, from, wt->at, &wt->last, to, flags);
    if (!error && exchange)
        dentry_exchange(from, &wf->last, to, &wt->last);
    else if (!error)
        dentry_move(from, wt->at, &wt->last);
    if (!error)
        notify_moved(from, wf->at, &wf->last, to);
    return error;
}

static i64 rename_at(i32 old_fd, u64 old_path, i32 new_fd, u64 new_path, u32 flags) {
    struct walk wf, wt;
    struct dentry *from, *to;
    /* WHITEOUT: as a file system that cannot. */
    if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    i64 error = names_parent(&wf, old_fd, path_from_user(0, old_path), -EBUSY, &from);
    if (error)
        return error;
    error = names_parent(&wt, new_fd, path_from_user(1, new_path), flags ? -EEXIST : -EBUSY, &to);
    if (!error) {
        error = from ? move(&wf, from, &wt, to, flags) : -ENOENT;
        dentry_put(to);
        dentry_put(wt.at);
    }
    dentry_put(from);
    dentry_put(wf.at);
    return error;
}

i64 sys_rename(const u64 *a) { return rename_at(AT_FDCWD, a[0], AT_FDCWD, a[1], 0); }
i64 sys_renameat(const u64 *a) { return rename_at(a[0], a[1], a[2], a[3], 0); }
i64 sys_renameat2(const u64 *a) { return rename_at(a[0], a[1], a[2], a[3], a[4]); }
