/* The file system in memory: root, /dev, /tmp, /sys and memory files. */
#pragma once
#include "fs/open.h"
#include "mm.h"

struct tmpfs_inode {
    struct inode inode;
    char *target; /* of a symbolic link */
    struct xattr *xattrs;
};

extern const struct inode_ops tmpfs_dir_ops;
void tmpfs_xattr_free(struct inode *inode);

struct super *tmpfs_new(const char *source); /* NULL: no memory */
/* Inodes and names are counted too, against a limit of their own; false: full. */
#define TMPFS_OBJECT 512 /* bytes that an inode, a name or so much of a link's target counts as */
bool tmpfs_charge(u64 objects);
void tmpfs_uncharge(u64 objects);
u64 tmpfs_frames(void); /* of all files */
/* A new inode of any type, owned by the current process, with one reference; NULL: no memory or no room. */
struct inode *tmpfs_inode(struct super *super, u32 mode);
i64 tmpfs_setattr(struct inode *inode, const struct attr_change *change);
/* Give an entry its new inode, whose reference goes with it, also when that fails. */
i64 tmpfs_add(struct dentry *dir, struct dentry *entry, struct inode *inode);
/* Make an entry; for the skeleton and the manifest too. 0 or negative errno. */
i64 tmpfs_create(struct dentry *dir, struct dentry *entry, u32 mode, u64 rdev);
i64 tmpfs_symlink(struct dentry *dir, struct dentry *entry, const char *target);
