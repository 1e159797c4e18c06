/* Signals for what happens in directories (fs/dnotify.c). */
#pragma once
#include "fs/open.h"

struct fd_table;

/* F_NOTIFY: 0 or negative errno. */
i64 dnotify_command(struct file *file, i32 fd, u32 wanted);
/* Something happened to a directory or in it: IN_*, or NOTIFY_RENAMED. */
void dnotify_report(const struct inode *dir, u32 events);
/* The file is closed in this table of descriptors; NULL: everywhere. */
void dnotify_forget(const struct file *file, const struct fd_table *table);
