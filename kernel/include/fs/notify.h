/* Telling inotify what has happened to files (fs/notify.c). Each costs one test while nobody watches
   anything. */
#pragma once
#include "fs/dentry.h"
#include "linux/inotify.h"

#define INOTIFY_WATCHES_MAX 65536 /* in the whole guest */
#define INOTIFY_QUEUE_MAX 16384   /* events that wait in one instance */

struct file;

extern u32 inotify_watches; /* in the whole guest; those of F_NOTIFY count too */

#define NOTIFY_RENAMED 0x10000000u /* a name changed within its directory: for F_NOTIFY alone */

/* For fs/inotify.c: report to whoever watches the inode; `name` when it is an event of a directory. */
void inotify_report(struct inode *inode, u32 mask, u32 cookie, const struct name *name, bool unlinked);
/* The inode is gone for good: IN_DELETE_SELF, and its watches with it. */
void inotify_gone(struct inode *inode);

/* Something happened to an object by this name: its directory's watchers hear of it, then its own. */
void notify_object(struct dentry *dentry, u32 mask);
/* Something happened to a name in a directory. */
void notify_name(struct dentry *dir, const struct name *name, u32 mask, u32 cookie);
/* `other` was by the new name before: it is gone or, after an exchange, where `moved` was; or NULL. */
void notify_moved(struct dentry *moved, struct dentry *from_dir, const struct name *from, struct dentry *other);
void notify_linked(struct inode *inode); /* it has one name more, or less */
/* A name has been taken away; call while the dentry is still held. */
void notify_removed(struct dentry *dir, struct dentry *entry);
void notify_changed(struct dentry *dentry, const struct attr_change *change);
static inline void notify_file(struct dentry *dentry, u32 mask) {
    if (unlikely(inotify_watches))
        notify_object(dentry, mask);
}
