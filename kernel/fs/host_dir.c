/* Directories and symbolic links of the host. */
#include "errno.h"
#include "fs/host.h"
#include "fs/names.h"
#include "fs/regular.h"
#include "fs/xattr.h"
#include "hypercall.h"
#include "lib.h"
#include "task.h"

static struct nv_attr made; /* of what the last call made */

/* Begin a call that makes `entry` in a directory. */
static void begin(u16 op, struct dentry *dir, u64 arg1, u64 arg2, struct dentry *entry) {
    hc_begin(op);
    hc_arg(0, HOST_NODE(dir));
    hc_arg(1, arg1);
    hc_arg(2, arg2);
    hc_in(entry->name, entry->size);
}

/* What is new is the host process's own there. Made by a program that has become somebody else, it is given
   to whom it belongs, as far as the host lets that happen. */
static void give(struct inode *dir, struct inode *inode) {
    const struct cred *self = current->cred;
    u32 group = dir->mode & S_ISGID ? boot.gid : self->fsgid;
    if (self->fsuid == boot.uid && group == boot.gid)
        return;
    struct attr_change owner = {
        .mask = NV_SET_OWNER,
        .uid = self->fsuid == boot.uid ? ~0u : self->fsuid,
        .gid = group == boot.gid ? ~0u : group,
    };
    host_setattr(inode, &owner);
}

/* Ring it and attach what was made: the host's answer. */
static i64 finish(struct dentry *dir, struct dentry *entry) {
    hc_out(&made, sizeof(made));
    i64 error = hc_ring();
    host_stale(dir->inode);
    if (error < 0) {
        /* The host knows something of this name that the cache does not. */
        struct name name = {entry->name, entry->size, entry->hash};
        struct dentry *cached = dentry_find(dir, &name);
        if (cached && !cached->inode)
            dentry_unhash(cached);
        dentry_put(cached);
        return error;
    }
    struct inode *inode = host_inode_get(dir->super, &made);
    if (!inode)
        return -ENOMEM;
    entry->stamp = clock_monotonic() | 1;
    dentry_attach(entry, inode, 0);
    return error;
}

/* The same of a thing that was not there before. */
static i64 finish_new(struct dentry *dir, struct dentry *entry) {
    i64 error = finish(dir, entry);
    if (error >= 0)
        give(dir->inode, entry->inode);
    return MIN(error, 0);
}

static i64 host_create(struct dentry *dir, struct dentry *entry, u32 mode, u64 rdev) {
    if (S_ISDIR(mode)) {
        begin(NV_OP_FS_MKDIR, dir, mode & 07777, 0, entry);
    } else if (S_ISREG(mode)) {
        begin(NV_OP_FS_CREATE, dir, mode & 07777, !!(mode & CREATE_EXCLUSIVE), entry);
        i64 fresh = finish(dir, entry); /* it may have been there */
        if (fresh > 0)
            give(dir->inode, entry->inode);
        return MIN(fresh, 0);
    } else if (S_ISFIFO(mode) || S_ISSOCK(mode)) {
        begin(NV_OP_FS_MKNOD, dir, mode & (S_IFMT | 0777), 0, entry);
    } else {
        return -EPERM;
    }
    return finish_new(dir, entry);
}

static i64 host_symlink(struct dentry *dir, struct dentry *entry, const char *target) {
    begin(NV_OP_FS_SYMLINK, dir, 0, 0, entry);
    hc_in(target, strlen(target));
    return finish_new(dir, entry);
}

static i64 host_unnamed(struct dentry *dir, struct dentry *entry, u32 mode) {
    hc_begin(NV_OP_FS_CREATE);
    hc_arg(0, HOST_NODE(dir));
    hc_arg(1, mode & 07777);
    hc_arg(2, 2);
    hc_out(&made, sizeof(made));
    i64 error = hc_ring();
    if (error < 0)
        return error;
    entry->inode = host_inode_get(dir->super, &made);
    if (!entry->inode)
        return -ENOMEM;
    give(dir->inode, entry->inode);
    return 0;
}

static i64 host_link(struct dentry *dir, struct dentry *entry, struct inode *inode) {
    hc_begin(NV_OP_FS_LINK);
    hc_arg(0, HOST_INODE(inode)->node);
    hc_arg(1, HOST_NODE(dir));
    hc_in(entry->name, entry->size);
    return MIN(finish(dir, entry), 0);
}

/* Its attributes are asked for again, but who has it open may close it before that. */
static void host_lost_name(struct inode *inode) {
    inode->nlink = S_ISDIR(inode->mode) || !inode->nlink ? 0 : inode->nlink - 1;
}

static i64 host_remove(struct dentry *dir, struct dentry *entry) {
    if (entry->flags & DENTRY_PINNED) /* on the way to a mount */
        return -EBUSY;
    hc_begin(S_ISDIR(entry->inode->mode) ? NV_OP_FS_RMDIR : NV_OP_FS_UNLINK);
    hc_arg(0, HOST_NODE(dir));
    hc_in(entry->name, entry->size);
    i64 error = hc_ring();
    host_stale(dir->inode);
    host_stale(entry->inode);
    if (error >= 0)
        host_lost_name(entry->inode);
    if (error >= 0 || error == -ENOENT)
        dentry_unhash(entry);
    return MIN(error, 0);
}

static i64 host_rename(struct dentry *dir, struct dentry *entry, struct dentry *to_dir, const struct name *to,
                       struct dentry *victim, u32 flags) {
    if ((entry->flags & DENTRY_PINNED) || (victim && (victim->flags & DENTRY_PINNED)))
        return -EBUSY;
    hc_begin(NV_OP_FS_RENAME);
    hc_arg(0, HOST_NODE(dir));
    hc_arg(1, HOST_NODE(to_dir));
    hc_arg(2, flags);
    hc_in(entry->name, entry->size);
    hc_in(to->text, to->size);
    i64 error = hc_ring();
    host_stale(dir->inode);
    host_stale(to_dir->inode);
    host_stale(entry->inode);
    if (victim)
        host_stale(victim->inode);
    if (victim && error >= 0 && !(flags & RENAME_EXCHANGE))
        host_lost_name(victim->inode);
    return MIN(error, 0);
}

/* Positions: 0 and 1 are the dots, then come the host's cookies (63 bits, from 0) shifted by 2, and
   behind all of those what boot has hung into the directory without the host knowing. */
#define GRAFTS (3UL << 62)

static i64 list_grafts(struct file *file, struct dir_sink *sink) {
    u64 place = GRAFTS;
    struct dentry *d;
    list_for_each(d, &file->dentry->children, sibling) {
        if (!d->inode || d->inode->super == d->super)
            continue;
        if (file->pos <= place && !dir_emit(sink, d->name, d->size, d->inode->ino, DT_OF(d->inode->mode), place + 1))
            return 0;
        place++;
    }
    return 0;
}

static i64 host_readdir(struct file *file, struct dir_sink *sink) {
    static u8 batch[4 * PAGE_SIZE] __attribute__((aligned(8)));
    if (!dir_emit_dots(sink, file))
        return 0;
    while (file->pos < GRAFTS) {
        hc_begin(NV_OP_FS_READDIR);
        hc_arg(0, HOST_INODE(file->inode)->node);
        hc_arg(1, file->pos - 2);
        hc_out(batch, sizeof(batch));
        i64 size = hc_ring();
        if (size < 0)
            return size;
        bool end = hc_result(0);
        u64 before = file->pos;
        for (u64 at = 0; at + sizeof(struct nv_dirent) <= (u64)size;) {
            struct nv_dirent *entry = (struct nv_dirent *)(batch + at);
            if (entry->size < sizeof(*entry) + entry->length || entry->size > (u64)size - at ||
                entry->length > NAME_MAX)
                return -EIO;
            if (!dir_emit(sink, (char *)(entry + 1), entry->length, entry->ino, entry->type, entry->cookie + 2))
                return 0;
            at += entry->size;
        }
        if (end)
            file->pos = GRAFTS;
        else if (file->pos == before)
            return -EIO;
    }
    return list_grafts(file, sink);
}

static i64 host_dir_seek(struct file *file, i64 offset, i32 whence) {
    if (whence == SEEK_END) /* a listing has no end */
        return -EINVAL;
    if (whence != SEEK_SET)
        return seek_to(file, offset, whence, 0);
    file->pos = offset; /* any position the listing has told, as a number above 2^63 too */
    return offset;
}

void host_link_target(struct inode *inode, const char *text, u64 size) {
    struct host_inode *h = HOST_INODE(inode);
    if (h->target || !size || size >= PATH_MAX || !(h->target = kmalloc(size + 1)))
        return;
    memcpy(h->target, text, size);
    h->target[size] = 0;
}

static i64 host_readlink(struct inode *inode, char *buf, u64 size) {
    struct host_inode *h = HOST_INODE(inode);
    if (h->target && host_refresh(inode) == 0 && h->target) {
        u64 n = MIN(strlen(h->target), size);
        memcpy(buf, h->target, n);
        return n;
    }
    hc_begin(NV_OP_FS_READLINK);
    hc_arg(0, h->node);
    hc_out(buf, size);
    i64 n = hc_ring();
    if (n > (i64)size)
        return -EIO;
    if (n > 0)
        host_link_target(inode, buf, n);
    return n;
}

static const struct file_ops host_dir_file_ops = {.readdir = host_readdir, .seek = host_dir_seek, .seekable = true};

const struct inode_ops host_dir_ops = {
    .file = &host_dir_file_ops, .lookup = host_lookup, .revalidate = host_revalidate, .create = host_create,
    .symlink = host_symlink, .link = host_link, .unnamed = host_unnamed, .remove = host_remove,
    .rename = host_rename, .refresh = host_refresh, .stat = host_stat, .setattr = host_setattr, .sync = host_sync,
    .xattr = &host_xattr_ops, .access = host_access, .free = host_free,
};

const struct inode_ops host_link_ops = {
    .readlink = host_readlink, .refresh = host_refresh, .stat = host_stat, .setattr = host_setattr,
    .access = host_access, .free = host_free,
};

/* FIFOs and sockets: the name is the host's, the pipe or socket behind it the guest's own. */
const struct inode_ops host_special_ops = {
    .refresh = host_refresh, .stat = host_stat, .setattr = host_setattr, .access = host_access, .free = host_free,
};

static i64 refuse(struct inode *inode, struct file *file) { return -ENXIO; }
static const struct file_ops no_ops;

/* Devices of the host can be seen, not opened. */
const struct inode_ops host_device_ops = {
    .file = &no_ops, .open = refuse, .refresh = host_refresh, .stat = host_stat, .access = host_access,
    .free = host_free,
};
