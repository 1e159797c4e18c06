/* Creating names, for open and for boot (fs/names.c). */
#pragma once
#include "fs/walk.h"

#define CREATE_EXCLUSIVE (1u << 31) /* in the mode: the name must be new on the host too */

/* `path` is in a path buffer, or an error to pass on. After 0 the caller owns references of
   walk->at and *found. */
i64 names_parent(struct walk *walk, i32 dirfd, char *path, i64 missing, struct dentry **found);
i64 names_may_change(struct dentry *dir);
i64 names_may_remove(struct dentry *dir, struct dentry *entry);
/* A new file, directory, FIFO or device; `made` (may be NULL) gets a reference of it. */
i64 names_create(struct dentry *dir, const struct name *name, u32 mode, u64 rdev, struct dentry **made);
