/* Directories in memory. A directory's entries are its hashed dentries, in the order they were
   made; each carries its place in the listing, so that reading on is exact while names come and go. */
#include "errno.h"
#include "fs/regular.h"
#include "fs/tmpfs.h"
#include "fs/xattr.h"
#include "lib.h"
#include "task.h"
#include "sched.h"

#define FIRST_PLACE 2 /* behind "." and ".." */

static u64 last_place = FIRST_PLACE;

static void changed(struct inode *dir) { dir->mtime = dir->ctime = clock_realtime(); }

static i64 add(struct dentry *dir, struct dentry *entry, struct inode *inode) {
    if (dir->inode->nlink == 0) /* removed while somebody works in it */
        return -ENOENT;
    if (!tmpfs_charge(1))
        return -ENOSPC;
    entry->stamp = ++last_place;
    dentry_attach(entry, inode, DENTRY_PINNED);
    changed(dir->inode);
    return 0;
}

i64 tmpfs_add(struct dentry *dir, struct dentry *entry, struct inode *inode) {
    if (dir->inode->mode & S_ISGID) {
        inode->gid = dir->inode->gid;
        if (S_ISDIR(inode->mode))
            inode->mode |= S_ISGID;
        else if ((inode->mode & S_IXGRP) && !cred_in_group(current->cred, inode->gid) && !capable(CAP_FSETID))
            inode->mode &= ~S_ISGID;
    }
    i64 error = add(dir, entry, inode);
    if (error) {
        inode_put(inode);
    } else if (S_ISDIR(inode->mode)) {
        inode->nlink = 2;
        dir->inode->nlink++;
    }
    return error;
}

i64 tmpfs_create(struct dentry *dir, struct dentry *entry, u32 mode, u64 rdev) {
    struct inode *inode = tmpfs_inode(dir->inode->super, mode & (S_IFMT | 07777));
    if (!inode)
        return -ENOSPC;
    inode->rdev = rdev;
    return tmpfs_add(dir, entry, inode);
}

i64 tmpfs_symlink(struct dentry *dir, struct dentry *entry, const char *target) {
    struct inode *inode = tmpfs_inode(dir->inode->super, S_IFLNK | 0777);
    if (!inode)
        return -ENOSPC;
    inode->size = strlen(target);
    char *copy = kmalloc(inode->size + 1);
    if (!copy || !tmpfs_charge(inode->size / TMPFS_OBJECT)) {
        kfree(copy);
        inode_put(inode);
        return -ENOSPC;
    }
    memcpy(copy, target, inode->size + 1);
    container_of(inode, struct tmpfs_inode, inode)->target = copy;
    return tmpfs_add(dir, entry, inode);
}

static i64 tmpfs_unnamed(struct dentry *dir, struct dentry *entry, u32 mode) {
    struct inode *inode = tmpfs_inode(dir->inode->super, mode & (S_IFMT | 07777));
    if (!inode)
        return -ENOSPC;
    inode->nlink = 0;
    entry->inode = inode;
    return 0;
}

static i64 tmpfs_link(struct dentry *dir, struct dentry *entry, struct inode *inode) {
    i64 error = add(dir, entry, inode_get(inode));
    if (error) {
        inode_put(inode);
        return error;
    }
    inode->nlink++;
    inode->ctime = clock_realtime();
    return 0;
}

/* The inode loses a name. */
static void unlinked(struct dentry *dir, struct inode *inode) {
    if (S_ISDIR(inode->mode)) {
        inode->nlink = 0;
        dir->inode->nlink--;
    } else {
        inode->nlink--;
    }
    inode->ctime = clock_realtime();
    changed(dir->inode);
    tmpfs_uncharge(1);
}

static i64 tmpfs_remove(struct dentry *dir, struct dentry *entry) {
    if (!list_empty(&entry->children))
        return -ENOTEMPTY;
    unlinked(dir, entry->inode);
    dentry_unhash(entry);
    return 0;
}

static i64 tmpfs_rename(struct dentry *dir, struct dentry *entry, struct dentry *to_dir,
                        const struct name *to, struct dentry *victim, u32 flags) {
    if (to_dir->inode->nlink == 0)
        return -ENOENT;
    bool exchange = flags & RENAME_EXCHANGE;
    if (victim && !exchange && !list_empty(&victim->children))
        return -ENOTEMPTY;
    if (victim && !exchange)
        unlinked(to_dir, victim->inode);
    if (dir != to_dir) {
        i32 leaves = S_ISDIR(entry->inode->mode), comes = exchange && S_ISDIR(victim->inode->mode);
        dir->inode->nlink += comes - leaves;
        to_dir->inode->nlink += leaves - comes;
    }
    /* In the order in which the caller puts them at the end. */
    entry->stamp = ++last_place;
    if (exchange) {
        victim->stamp = ++last_place;
        victim->inode->ctime = clock_realtime();
    }
    entry->inode->ctime = clock_realtime();
    changed(dir->inode);
    changed(to_dir->inode);
    return 0;
}

static i64 tmpfs_readdir(struct file *file, struct dir_sink *sink) {
    if (!dir_emit_dots(sink, file))
        return 0;
    /* New entries go to the end, so the children are sorted by place but for moved ones, which
       also went to the end. */
    struct dentry *d;
    list_for_each(d, &file->dentry->children, sibling) {
        if (!d->inode || d->stamp < file->pos)
            continue;
        if (!dir_emit(sink, d->name, d->size, d->inode->ino, DT_OF(d->inode->mode), d->stamp + 1))
            return 0;
    }
    return 0;
}

static i64 tmpfs_dir_seek(struct file *file, i64 offset, i32 whence) {
    return whence == SEEK_END ? -EINVAL : seek_to(file, offset, whence, 0); /* a listing has no end */
}

static void tmpfs_dir_free(struct inode *inode) {
    tmpfs_xattr_free(inode);
    tmpfs_uncharge(1);
    kfree(container_of(inode, struct tmpfs_inode, inode));
}

static const struct file_ops dir_file_ops = {.readdir = tmpfs_readdir, .seek = tmpfs_dir_seek, .seekable = true};

const struct inode_ops tmpfs_dir_ops = {
    .file = &dir_file_ops, .create = tmpfs_create, .symlink = tmpfs_symlink, .link = tmpfs_link,
    .unnamed = tmpfs_unnamed, .remove = tmpfs_remove, .rename = tmpfs_rename, .setattr = tmpfs_setattr,
    .xattr = &tmpfs_xattr_ops, .free = tmpfs_dir_free,
};
