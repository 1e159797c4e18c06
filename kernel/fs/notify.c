/* From what happens in the tree to the events that inotify and F_NOTIFY report, in Linux's order. */
#include "fs/notify.h"
#include "fs/dnotify.h"
#include "fs/open.h"

u32 inotify_watches;

static u32 kind(const struct inode *inode) { return S_ISDIR(inode->mode) ? IN_ISDIR : 0; }

static void report(struct inode *inode, u32 mask, u32 cookie, const struct name *name, bool unlinked) {
    if (S_ISDIR(inode->mode))
        dnotify_report(inode, mask);
    inotify_report(inode, mask, cookie, name, unlinked);
}

void notify_object(struct dentry *d, u32 mask) {
    struct inode *inode = d->inode;
    if (!inotify_watches || !inode)
        return;
    mask |= kind(inode);
    if (d->parent != d && d->parent && d->parent->inode && !(d->flags & DENTRY_ANON)) {
        struct name name = {d->name, d->size, d->hash};
        report(d->parent->inode, mask, 0, &name, !(d->flags & DENTRY_HASHED));
    }
    report(inode, mask, 0, NULL, false);
}

void notify_name(struct dentry *dir, const struct name *name, u32 mask, u32 cookie) {
    if (inotify_watches)
        report(dir->inode, mask, cookie, name, false);
}

void notify_linked(struct inode *inode) {
    if (inotify_watches)
        report(inode, IN_ATTRIB | kind(inode), 0, NULL, false);
}

static void moved(struct dentry *d, struct dentry *from_dir, const struct name *from, struct inode *victim) {
    static u32 cookie;
    struct name to = {d->name, d->size, d->hash};
    cookie++;
    if (from_dir == d->parent)
        dnotify_report(from_dir->inode, NOTIFY_RENAMED);
    notify_name(from_dir, from, IN_MOVED_FROM | kind(d->inode), cookie);
    notify_name(d->parent, &to, IN_MOVED_TO | kind(d->inode), cookie);
    if (victim)
        notify_linked(victim);
    report(d->inode, IN_MOVE_SELF, 0, NULL, false);
}

void notify_moved(struct dentry *d, struct dentry *from_dir, const struct name *from, struct dentry *other) {
    if (!inotify_watches)
        return;
    bool exchanged = other && (other->flags & DENTRY_HASHED);
    moved(d, from_dir, from, other && !exchanged ? other->inode : NULL);
    struct name name = {d->name, d->size, d->hash};
    if (exchanged)
        moved(other, d->parent, &name, NULL);
    else if (other && !other->inode->nlink && other->refs == 1)
        inotify_gone(other->inode);
}

void notify_removed(struct dentry *dir, struct dentry *entry) {
    struct inode *inode = entry->inode;
    struct name name = {entry->name, entry->size, entry->hash};
    if (!inotify_watches)
        return;
    if (!S_ISDIR(inode->mode))
        notify_linked(inode);
    if (!inode->nlink && entry->refs == 1) /* nobody has it open */
        inotify_gone(inode);
    notify_name(dir, &name, IN_DELETE | kind(inode), 0);
}

void notify_changed(struct dentry *d, const struct attr_change *change) {
    u32 times = change->mask & (NV_SET_ATIME | NV_SET_MTIME), mask = 0;
    if (change->mask & (NV_SET_MODE | NV_SET_OWNER) || times == (NV_SET_ATIME | NV_SET_MTIME))
        mask |= IN_ATTRIB;
    else if (times)
        mask |= times == NV_SET_ATIME ? IN_ACCESS : IN_MODIFY;
    if (change->mask & NV_SET_SIZE)
        mask |= IN_MODIFY;
    notify_file(d, mask);
}
