/* Extended attributes as a file system keeps them. */
#pragma once
#include "fs/io.h"
#include "fs/vfs.h"

#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536UL
#define XATTR_CREATE 1
#define XATTR_REPLACE 2

/* Sizes, or negative errnos: ENODATA, EEXIST, ERANGE (the buffer is too small), ENOSPC. With `ask` only
   the size is wanted. A list is names with a NUL behind each. */
struct xattr_ops {
    bool privileged; /* keeps the name spaces trusted and security, too */
    i64 (*get)(struct inode *inode, const char *name, struct io *to, bool ask);
    i64 (*set)(struct inode *inode, const char *name, struct io *from, u32 flags);
    i64 (*remove)(struct inode *inode, const char *name);
    i64 (*list)(struct inode *inode, struct io *to, bool ask);
};

extern const struct xattr_ops tmpfs_xattr_ops; /* fs/tmpfs_xattr.c */
extern const struct xattr_ops host_xattr_ops;  /* fs/host_xattr.c */
