/* Inodes: lifetime, permissions, attributes. */
#include "errno.h"
#include "file.h"
#include "fs/vfs.h"
#include "hypercall.h"
#include "proc.h"
#include "sched.h"
#include "task.h"

void inode_init(struct inode *inode, struct super *super, const struct inode_ops *ops, u32 mode) {
    inode->ops = ops;
    inode->super = super;
    inode->refs = 1;
    inode->mode = mode;
    inode->nlink = 1;
    inode->uid = inode->gid = 0;
    inode->seals = 0;
    inode->writers = inode->readers = 0;
    inode->write_hint = 0;
    inode->linkable = false;
    inode->ino = inode->rdev = inode->size = 0;
    inode->atime = inode->mtime = inode->ctime = inode->btime = 0;
    inode->pages = (struct page_map){0};
    inode->reclaim_hand = 0;
    list_init(&inode->lru);
    list_init(&inode->locks);
    list_init(&inode->watches);
    inode->fifo = NULL;
}

struct inode *inode_get(struct inode *inode) {
    inode->refs++;
    return inode;
}

void inode_put(struct inode *inode) {
    if (!inode || --inode->refs)
        return;
    if (inode->pages.dirty) {
        /* Writing needs the inode alive; an error here has nobody left to hear it. */
        inode->refs = 1;
        inode_write_back(inode, 0, ~0UL);
        inode->refs = 0;
    }
    list_remove(&inode->lru);
    inode->ops->free(inode);
}

u64 inode_number(void) {
    static u64 last;
    return ++last;
}

#define DAY_NS (24L * 3600 * 1000000000)

/* As Linux mounts by default (relatime): after a change, or when the last time is a day old. */
void inode_accessed(struct inode *inode) {
    if (!(inode->super->flags & SUPER_RELATIME))
        return;
    i64 about_now = (i64)clock_page()->monotonic_base + clock_page()->realtime_offset;
    if (inode->atime <= inode->mtime || inode->atime <= inode->ctime || about_now - inode->atime >= DAY_NS)
        inode->atime = (i64)clock_realtime();
}

i64 inode_refresh(struct inode *inode) {
    return inode->ops->refresh ? inode->ops->refresh(inode) : 0;
}

i64 inode_permission(struct inode *inode, u32 mask) {
    u32 type = inode->mode & S_IFMT;
    if ((mask & MAY_WRITE) && (inode->super->flags & SUPER_READ_ONLY) &&
        (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
        return -EROFS;
    const struct cred *cred = current ? current->cred : NULL;
    if (inode->ops->access) {
        if (mask & ~inode->ops->access(inode))
            return -EACCES;
        if (!cred || cred->fsuid == boot.uid) /* the host has judged the very user we run as */
            return 0;
    }
    if (!cred || capable(CAP_DAC_OVERRIDE))
        return (mask & MAY_EXEC) && type == S_IFREG && !(inode->mode & 0111) ? -EACCES : 0;
    u32 rights = inode->mode;
    if (cred->fsuid == inode->uid)
        rights >>= 6;
    else if (cred_in_group(cred, inode->gid))
        rights >>= 3;
    if (!(mask & ~rights & 7))
        return 0;
    bool only_read = !(mask & (type == S_IFDIR ? MAY_WRITE : MAY_WRITE | MAY_EXEC));
    return only_read && capable(CAP_DAC_READ_SEARCH) ? 0 : -EACCES;
}

bool inode_owner(const struct inode *inode) {
    return !current || current->cred->fsuid == inode->uid || capable(CAP_FOWNER);
}

i64 inode_setattr(struct inode *inode, const struct attr_change *change) {
    if (inode->super->flags & SUPER_READ_ONLY)
        return -EROFS;
    return inode->ops->setattr ? inode->ops->setattr(inode, change) : -EPERM;
}
