/* Objects outside the tree (fs/anon.c). */
#pragma once
#include "fs/open.h"

void anon_inode_init(struct inode *inode, const struct inode_ops *ops, u32 mode);
/* Seeking that leads nowhere, without an error. */
i64 anon_seek(struct file *file, i64 offset, i32 whence);
/* An open file on an inode of its own, e.g. "anon_inode:[eventfd]"; ERR_PTR. */
struct file *anon_file(const char *name, const struct file_ops *ops, u32 flags, void *private);
