/* The three nouns of the file system: an inode is a file, a dentry is a name of it in the tree,
   a super is a mounted file system. Each super is mounted in one place, so a dentry alone says
   where in the tree something is.

   Lifetimes: a dentry holds its parent and its inode; a file, a working directory and a mount
   hold dentries. An unreferenced dentry stays cached (fs/dentry.c) until memory is wanted. Any
   allocation may evict what nobody references, so hold a reference across one. */
#pragma once
#include "fs/pages.h"
#include "linux/stat.h"
#include "list.h"
#include "types.h"

struct dentry;
struct file;
struct inode;
struct io;
struct lock;
struct name;
struct pipe;
struct super;
struct xattr_ops;

#define MAY_EXEC 1
#define MAY_WRITE 2
#define MAY_READ 4

/* What chmod, chown, utimens and truncate change: the fields named by NV_SET_* bits. */
struct attr_change {
    u32 mask;
    u32 mode, uid, gid;
    u64 size;
    i64 atime, mtime;
};

/* Operations of one file system. NULL means what the comment says. */
struct inode_ops {
    bool holes; /* a page that is not cached is all zeros, not waiting to be read (tmpfs) */
    const struct file_ops *file; /* of an open file; devices and FIFOs find theirs by type */
    /* More to do at open (or a check); NULL: nothing. */
    i64 (*open)(struct inode *inode, struct file *file);
    /* Find a name that is not cached; `rest` is the path behind it, for file systems that can
       look further at once. A referenced dentry (negative ones only to be cached), NULL when
       there is no such name, ERR_PTR. NULL: all names are always cached. */
    struct dentry *(*lookup)(struct dentry *dir, const struct name *name, const char *rest, u32 flags);
    /* Is a cached name still good? NULL: always. */
    bool (*revalidate)(struct dentry *dentry);
    /* Changes of a directory. `entry` is a new dentry without an inode, to be attached. */
    i64 (*create)(struct dentry *dir, struct dentry *entry, u32 mode, u64 rdev);
    i64 (*symlink)(struct dentry *dir, struct dentry *entry, const char *target);
    i64 (*link)(struct dentry *dir, struct dentry *entry, struct inode *inode);
    /* A regular file without a name (O_TMPFILE): `entry` gets its inode and stays unhashed. */
    i64 (*unnamed)(struct dentry *dir, struct dentry *entry, u32 mode);
    i64 (*remove)(struct dentry *dir, struct dentry *entry); /* unlink and rmdir */
    /* The names move by the caller (dentry_move); `victim` is what the new name had, or NULL. */
    i64 (*rename)(struct dentry *dir, struct dentry *entry, struct dentry *to_dir,
                  const struct name *to, struct dentry *victim, u32 flags);
    i64 (*readlink)(struct inode *inode, char *buf, u64 size); /* length, not terminated */
    struct dentry *(*follow)(struct inode *inode); /* a link that leads to an object, not a path */
    i64 (*refresh)(struct inode *inode); /* bring attributes up to date; NULL: they are */
    void (*stat)(struct inode *inode, struct stat *out); /* correct what inode_stat says; may be NULL */
    i64 (*setattr)(struct inode *inode, const struct attr_change *change);
    /* Bring page `index` into the cache, and others near it. 0 and no page: a hole. */
    i64 (*fill)(struct inode *inode, u64 index);
    /* Read past the cache where that is better; 0 = it is not. NULL: never. */
    i64 (*read_direct)(struct inode *inode, struct io *io, u64 pos, u64 n);
    /* Write at *pos (at the end with `append`, which sets *pos). Bytes or negative errno. */
    i64 (*write)(struct inode *inode, struct io *io, u64 *pos, bool append);
    i64 (*write_page)(struct inode *inode, u64 index, paddr frame); /* a dirty page */
    i64 (*sync)(struct inode *inode, bool data_only);
    i64 (*allocate)(struct inode *inode, u32 mode, u64 offset, u64 size); /* fallocate */
    /* Where the next data or hole is; NULL: pages that are cached are data (tmpfs), or all is. */
    i64 (*seek)(struct inode *inode, u64 offset, bool data);
    const struct xattr_ops *xattr; /* NULL: EOPNOTSUPP */
    u32 (*access)(struct inode *inode); /* MAY_* that the file system itself allows; NULL: all */
    void (*free)(struct inode *inode);  /* the last reference has gone */
};

struct inode {
    const struct inode_ops *ops;
    struct super *super;
    u32 refs;
    u32 mode;
    u32 nlink, uid, gid;
    u32 seals;            /* F_SEAL_*; tmpfs only */
    u8 write_hint;        /* RWH_* */
    i32 writers;          /* open files that may write; below 0: that a program runs from */
    i32 readers;          /* open regular files that may only read; leases look at it */
    bool linkable;        /* without a name, but it may get one (O_TMPFILE) */
    u64 ino, rdev, size;  /* rdev: of a device */
    i64 atime, mtime, ctime; /* ns since the epoch */
    i64 btime;            /* when it was made; 0: not known */
    struct page_map pages;
    u64 reclaim_hand;     /* page index where reclaim goes on */
    struct list lru;      /* by last use of its pages; unlinked when it has none to reclaim */
    struct list locks;    /* struct lock.link; heads nothing until the first (next == NULL) */
    struct list watches;  /* inotify's */
    struct pipe *fifo;    /* the pipe behind an open FIFO */
};

#define SUPER_READ_ONLY 1
#define SUPER_STABLE 2    /* cached names and attributes stay true */
#define SUPER_RELATIME 4  /* reading changes the time of the last access, and that is for us to keep */

struct super {
    const char *type;         /* "tmpfs" */
    const char *source;       /* first column of /proc/mounts */
    u32 flags;
    u32 magic;
    u64 dev;
    struct dentry *root;
    struct dentry *covers;    /* what it is mounted on; NULL for the root file system */
    i64 (*statfs)(struct super *super, struct statfs *out);
    struct list link;         /* all_supers */
};

extern struct list all_supers;
extern struct dentry *root_dentry;

/* Inodes (fs/inode.c). */
void inode_init(struct inode *inode, struct super *super, const struct inode_ops *ops, u32 mode);
struct inode *inode_get(struct inode *inode);
void inode_put(struct inode *inode);
u64 inode_number(void); /* a fresh one */
i64 inode_refresh(struct inode *inode);
void inode_accessed(struct inode *inode); /* somebody has read it */
/* May the current process do this (MAY_*)? 0, -EACCES, -EROFS. */
i64 inode_permission(struct inode *inode, u32 mask);
bool inode_owner(const struct inode *inode); /* its owner, or root */
i64 inode_setattr(struct inode *inode, const struct attr_change *change);
void inode_stat(struct inode *inode, struct stat *out);

/* Supers (fs/super.c). */
void super_init(struct super *super, const char *type, const char *source, u32 magic, u32 flags);
/* Mount on a dentry nothing is mounted on yet, taking over a reference; NULL: the root. */
void super_mount(struct super *super, struct dentry *on);
