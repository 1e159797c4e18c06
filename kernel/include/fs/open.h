/* Open files and descriptor tables. */
#pragma once
#include "errno.h"
#include "file.h"
#include "fs/dentry.h"
#include "fs/io.h"
#include "fs/poll.h"
#include "linux/fcntl.h"

struct async;
struct dir_sink;

/* Operations of an open file; NULL entries fail as the comment says. */
struct text;

struct file_ops {
    i64 (*read)(struct file *file, struct io *io, u64 *pos);  /* EINVAL */
    i64 (*write)(struct file *file, struct io *io, u64 *pos); /* EINVAL */
    i64 (*seek)(struct file *file, i64 offset, i32 whence);   /* ESPIPE */
    i64 (*readdir)(struct file *file, struct dir_sink *sink); /* ENOTDIR */
    i64 (*ioctl)(struct file *file, u64 command, u64 argument); /* ENOTTY */
    u32 (*poll)(struct file *file, struct poll_table *table); /* always ready */
    void (*flush)(struct file *file);                         /* a descriptor of it is closed: nothing to do */
    void (*release)(struct file *file);                       /* nothing to do */
    void (*show)(struct file *file, struct text *text);       /* what /proc/<pid>/fdinfo says beyond place and flags */
    bool seekable;                                            /* pread and pwrite work */
};

struct file {
    const struct file_ops *ops;
    u32 refs;
    u32 flags;             /* O_* */
    u64 pos;
    struct dentry *dentry; /* never NULL */
    struct inode *inode;   /* dentry->inode, kept by it */
    void *private;
    struct list epoll_items; /* epolls that watch this file */
    struct async *async;     /* its owner and O_ASYNC (fs/async.c); NULL: never asked for */
    i32 hold;                /* what it adds to inode->writers */
    i32 reads;               /* and to inode->readers */
};

/* A file on a dentry (a new reference is taken) with access by `flags`; ERR_PTR. */
u32 file_status(const struct file *file); /* F_GETFL */
struct file *file_new(struct dentry *dentry, const struct file_ops *ops, u32 flags);
/* Open what a dentry names as open(2) does, with its checks (fs/open.c); ERR_PTR. */
struct file *file_open_existing(struct dentry *dentry, u32 flags);
/* Open an existing object, permissions already checked; ERR_PTR. */
struct file *file_open_dentry(struct dentry *dentry, u32 flags);
static inline bool file_readable(const struct file *f) {
    return (f->flags & O_ACCMODE) != O_WRONLY && !(f->flags & O_PATH);
}
static inline bool file_writable(const struct file *f) {
    return (f->flags & O_ACCMODE) != O_RDONLY && !(f->flags & O_PATH);
}
/* Read or write at *pos through the file's operations, rights checked. */
i64 file_read(struct file *file, struct io *io, u64 *pos);
i64 file_write(struct file *file, struct io *io, u64 *pos);

/* Flags of one transfer (preadv2(2)). */
#define RWF_HIPRI 1
#define RWF_DSYNC 2
#define RWF_SYNC 4
#define RWF_NOWAIT 8
#define RWF_APPEND 16
#define RWF_NOAPPEND 32
/* Do they go together? 0, -EOPNOTSUPP, -EINVAL. */
i64 transfer_flags(u32 flags, bool write);
/* file_read or file_write under such flags. */
i64 file_transfer(struct file *file, struct io *io, u64 *pos, u32 flags, bool write);

/* Descriptors of the current task. */
#define FD_LEAF 64
#define FD_ROOT 512 /* leaves: 32768 descriptors at most */
struct fd_leaf {
    u64 open, cloexec; /* bit per descriptor */
    struct file *file[FD_LEAF];
};
struct fd_table {
    u32 refs;
    u32 leaves;            /* pointers at `leaf` */
    struct fd_leaf **leaf;
    struct fd_leaf *first[2]; /* where `leaf` points at first */
};
struct fd_table *fd_table_new(void); /* NULL: no memory */
i32 fd_table_reach(const struct fd_table *table); /* descriptors it has places for: no other can be open */
/* The file of a descriptor of the current task without a reference (nothing else runs until it
   sleeps, but a sleeper must hold one), or NULL. O_PATH files only where they make sense. */
struct file *fd_peek(i32 fd);
struct file *fd_peek_any(i32 fd); /* O_PATH ones too */
struct file *fd_in(const struct fd_table *table, i32 fd); /* the same of any table */
/* Lowest free descriptor >= from gets the file (taking over the reference even when failing). */
i64 fd_install(struct file *file, i32 from, bool cloexec);
/* The two ends of something, and their descriptors to the user's int[2] at `to`. */
i64 fd_install_pair(struct file **ends, u64 to, bool cloexec);
/* A vacant descriptor of any table. */
i64 fd_put(struct fd_table *table, i32 fd, struct file *file, bool cloexec);
/* Exactly this descriptor; closes what it was. Takes over the reference. */
i64 fd_replace(struct file *file, i32 fd, bool cloexec);
i64 fd_close(struct fd_table *table, i32 fd);
bool fd_cloexec(i32 fd);                 /* of an open descriptor of the current task */
void fd_set_cloexec(i32 fd, bool on); /* of an open descriptor of the current task */
/* The first open descriptor >= from, or -1. */
i32 fd_next(const struct fd_table *table, i32 from);

/* cwd, root, umask. */
struct fs_context {
    u32 refs, umask;
    struct dentry *root, *cwd;
};

/* Locks of a file that is being closed or a table that loses a descriptor (fs/locks.c). */
void locks_release_table(struct inode *inode, struct fd_table *table);
void locks_release_file(struct inode *inode, struct file *file);

/* Directory listing (fs/getdents.c): false when there is no more room. */
bool dir_emit(struct dir_sink *sink, const char *name, u64 size, u64 ino, u32 type, u64 next);
bool dir_emit_dots(struct dir_sink *sink, struct file *file); /* positions 0 and 1 */

extern const struct file_ops regular_ops; /* files with pages (fs/regular.c) */
i64 device_open(struct inode *inode, struct file *file); /* by rdev */
i64 fifo_open(struct inode *inode, struct file *file);
