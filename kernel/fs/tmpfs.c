/* Files in memory: content, attributes, and the bound on how much there may be of it. */
#include "fs/tmpfs.h"
#include "errno.h"
#include "fs/regular.h"
#include "fs/xattr.h"
#include "hypercall.h"
#include "lib.h"
#include "sched.h"
#include "task.h"

static u64 pages_used, objects_used;

static u64 page_limit(void) { return boot.tmpfs_limit ? boot.tmpfs_limit / PAGE_SIZE : frames_total() / 2; }

u64 tmpfs_frames(void) { return pages_used; }

/* Pages that may still be taken. */
static u64 pages_left(void) { return page_limit() - MIN(pages_used, page_limit()); }

/* As many files as half the frames, as on Linux: each is an inode and a name. */
bool tmpfs_charge(u64 objects) {
    if (objects_used + objects > frames_total())
        return false;
    objects_used += objects;
    return true;
}

void tmpfs_uncharge(u64 objects) { objects_used -= objects; }

static void touch(struct inode *inode) { inode->mtime = inode->ctime = clock_realtime(); }

/* Take the frame for a page that is a hole. */
static i64 make_page(struct inode *inode, u64 index) {
    if (!pages_left())
        return -ENOSPC;
    paddr frame = frame_alloc_zero();
    if (!frame)
        return -ENOMEM;
    if (!page_map_insert(&inode->pages, index, frame)) {
        frame_put(frame);
        return -ENOMEM;
    }
    pages_used++;
    return 0;
}

/* Make the pages of [pos, pos + n), as many zero frames at a time as are wanted; how many bytes of
   the range are backed from its start, or an error when none. */
static i64 make_pages(struct inode *inode, u64 pos, u64 n) {
    static paddr fresh[64];
    u64 first = pos / PAGE_SIZE, end = MIN((pos + n - 1) / PAGE_SIZE + 1, first + ARRAY_LEN(fresh));
    u64 missing = 0, index = first;
    for (; index < end; index++)
        missing += !page_map_find(&inode->pages, index);
    if (missing > 1 && missing <= pages_left()) {
        u64 got = frame_alloc_zero_many(fresh, missing), used = 0;
        for (index = first; index < end && used < got; index++) {
            if (page_map_find(&inode->pages, index))
                continue;
            if (!page_map_insert(&inode->pages, index, fresh[used]))
                break;
            used++;
        }
        pages_used += used;
        while (used < got)
            frame_put(fresh[used++]);
    }
    for (index = first; index < end; index++) {
        i64 error = page_map_find(&inode->pages, index) ? 0 : make_page(inode, index);
        if (error && index == first)
            return error;
        if (error)
            break;
    }
    return MIN(n, index * PAGE_SIZE - pos);
}

static i64 tmpfs_fill(struct inode *inode, u64 index) { return make_page(inode, index); }

static void drop_pages(struct inode *inode, u64 from, u64 to) {
    pages_used -= page_map_drop(&inode->pages, from, to);
}

static i64 tmpfs_write(struct inode *inode, struct io *io, u64 *pos, bool append) {
    if (append)
        *pos = inode->size;
    if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
        return -EPERM;
    u64 n = io->left;
    if (inode->seals & F_SEAL_GROW)
        n = *pos < inode->size ? MIN(n, inode->size - *pos) : 0;
    if (!n)
        return -EPERM;
    i64 room = make_pages(inode, *pos, n);
    if (room < 0)
        return room;
    i64 put = pages_store(inode, io, *pos, room);
    if (put > 0) {
        inode->size = MAX(inode->size, *pos + put);
        touch(inode);
        if ((inode->mode & (S_ISUID | S_ISGID)) && !capable(CAP_FSETID))
            inode->mode &= ~(S_ISUID | S_ISGID);
    }
    return put;
}

static i64 tmpfs_resize(struct inode *inode, u64 size) {
    if (size < inode->size) {
        if (inode->seals & F_SEAL_SHRINK)
            return -EPERM;
        u64 before = inode->pages.count;
        pages_truncate(inode, size);
        pages_used -= before - inode->pages.count;
    } else if (size > inode->size && (inode->seals & F_SEAL_GROW)) {
        return -EPERM;
    }
    inode->size = size;
    touch(inode);
    return 0;
}

i64 tmpfs_setattr(struct inode *inode, const struct attr_change *c) {
    if (c->mask & NV_SET_SIZE) {
        i64 error = tmpfs_resize(inode, c->size);
        if (error)
            return error;
    }
    if ((c->mask & NV_SET_MODE) && (inode->seals & F_SEAL_EXEC) && ((c->mode ^ inode->mode) & 0111))
        return -EPERM;
    if (c->mask & NV_SET_MODE)
        inode->mode = (inode->mode & S_IFMT) | (c->mode & 07777);
    if (c->mask & NV_SET_OWNER) {
        inode->uid = c->uid == ~0u ? inode->uid : c->uid;
        inode->gid = c->gid == ~0u ? inode->gid : c->gid;
    }
    if (c->mask & NV_SET_ATIME)
        inode->atime = c->atime;
    if (c->mask & NV_SET_MTIME)
        inode->mtime = c->mtime;
    inode->ctime = clock_realtime();
    return 0;
}

static i64 tmpfs_allocate(struct inode *inode, u32 mode, u64 offset, u64 size) {
    u64 end = offset + size;
    if (mode & FALLOC_FL_PUNCH_HOLE) {
        if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
            return -EPERM;
        /* Whole pages go, the ends are zeroed by hand. */
        u64 from = ROUND_UP(offset, PAGE_SIZE), to = ROUND_DOWN(end, PAGE_SIZE);
        for (u64 at = offset, part; at < end; at += part) {
            part = MIN(end - at, PAGE_SIZE - at % PAGE_SIZE);
            if (at >= from && at < to) {
                part = to - at;
                continue;
            }
            u64 *entry = page_map_find(&inode->pages, at / PAGE_SIZE);
            if (entry)
                memset((u8 *)phys_to_virt(ENTRY_FRAME(*entry)) + at % PAGE_SIZE, 0, part);
        }
        mm_forget_pages(inode);
        if (from < to)
            drop_pages(inode, from / PAGE_SIZE, to / PAGE_SIZE);
        touch(inode);
        return 0;
    }
    if (mode & ~FALLOC_FL_KEEP_SIZE)
        return -EOPNOTSUPP;
    if (end > inode->size && !(mode & FALLOC_FL_KEEP_SIZE) && (inode->seals & F_SEAL_GROW))
        return -EPERM;
    if (size / PAGE_SIZE > pages_left() + inode->pages.count)
        return -ENOSPC;
    for (u64 at = offset; at < end;) {
        i64 made = make_pages(inode, at, end - at);
        if (made < 0)
            return made;
        at += made;
    }
    if (!(mode & FALLOC_FL_KEEP_SIZE) && end > inode->size)
        inode->size = end;
    touch(inode);
    return 0;
}

static void tmpfs_free(struct inode *inode) {
    struct tmpfs_inode *t = container_of(inode, struct tmpfs_inode, inode);
    drop_pages(inode, 0, ~0UL);
    tmpfs_xattr_free(inode);
    tmpfs_uncharge(1 + (t->target ? inode->size / TMPFS_OBJECT : 0));
    kfree(t->target);
    kfree(t);
}

static i64 tmpfs_readlink(struct inode *inode, char *buf, u64 size) {
    struct tmpfs_inode *t = container_of(inode, struct tmpfs_inode, inode);
    u64 n = MIN(size, inode->size);
    memcpy(buf, t->target, n);
    return n;
}

const struct inode_ops tmpfs_file_ops = {
    .holes = true, .file = &regular_ops, .fill = tmpfs_fill, .write = tmpfs_write,
    .setattr = tmpfs_setattr, .allocate = tmpfs_allocate, .xattr = &tmpfs_xattr_ops, .free = tmpfs_free,
};
const struct inode_ops tmpfs_link_ops = {
    .readlink = tmpfs_readlink, .setattr = tmpfs_setattr, .xattr = &tmpfs_xattr_ops, .free = tmpfs_free,
};
/* Devices, FIFOs, sockets: what they do is found at open, by type. */
const struct inode_ops tmpfs_special_ops = {
    .setattr = tmpfs_setattr, .xattr = &tmpfs_xattr_ops, .free = tmpfs_free,
};

struct inode *tmpfs_inode(struct super *super, u32 mode) {
    struct tmpfs_inode *t = kmalloc(sizeof(*t));
    if (!t || !tmpfs_charge(1)) {
        kfree(t);
        return NULL;
    }
    const struct inode_ops *ops = S_ISREG(mode)   ? &tmpfs_file_ops
                                  : S_ISDIR(mode) ? &tmpfs_dir_ops
                                  : S_ISLNK(mode) ? &tmpfs_link_ops
                                                  : &tmpfs_special_ops;
    inode_init(&t->inode, super, ops, mode);
    t->target = NULL;
    t->xattrs = NULL;
    t->inode.ino = inode_number();
    if (current) {
        t->inode.uid = current->cred->fsuid;
        t->inode.gid = current->cred->fsgid;
    } else { /* the boot manifest makes files for the first process */
        t->inode.uid = boot.uid;
        t->inode.gid = boot.gid;
    }
    t->inode.atime = t->inode.btime = clock_realtime();
    touch(&t->inode);
    return &t->inode;
}

static i64 tmpfs_statfs(struct super *super, struct statfs *out) {
    out->blocks = page_limit();
    out->bfree = out->bavail = pages_left();
    out->files = frames_total() / 2;
    out->ffree = (frames_total() - objects_used) / 2;
    return 0;
}

struct super *tmpfs_new(const char *source) {
    struct super *super = kmalloc(sizeof(*super));
    if (!super)
        return NULL;
    super_init(super, "tmpfs", source, TMPFS_MAGIC, SUPER_RELATIME);
    super->statfs = tmpfs_statfs;
    struct inode *inode = tmpfs_inode(super, S_IFDIR | 0755);
    struct name empty = {"", 0, 0};
    if (!inode)
        return NULL;
    inode->nlink = 2;
    inode->uid = inode->gid = 0;
    super->root = dentry_new(super, NULL, &empty);
    if (super->root)
        super->root->inode = inode;
    return super->root ? super : NULL;
}
