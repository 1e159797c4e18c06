/* Files whose content is pages (fs/regular.c). */
#pragma once
#include "fs/open.h"

i64 regular_read(struct file *file, struct io *io, u64 *pos);
i64 regular_write(struct file *file, struct io *io, u64 *pos);
/* How many of n bytes from pos may be written under RLIMIT_FSIZE; -EFBIG and SIGXFSZ when none. */
i64 size_within_limit(u64 pos, u64 n);
i64 regular_seek(struct file *file, i64 offset, i32 whence);
/* SEEK_SET, SEEK_CUR and SEEK_END of anything with a position. */
i64 seek_to(struct file *file, i64 offset, i32 whence, u64 end);

/* Copy the next n bytes of io into pages, all of which are there and cannot be reclaimed. */
i64 pages_store(struct inode *inode, struct io *io, u64 pos, u64 n);
/* [pos, pos + n) of the file was written with what is in `from`: bring cached pages up to date. */
void pages_update(struct inode *inode, const struct segments *from, u64 pos, u64 n);
