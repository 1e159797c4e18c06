/* Leases: who has one is told before another opens or cuts the file (fs/lease.c; fcntl(2)). */
#pragma once
#include "fs/open.h"

extern u32 lease_break_seconds; /* how long a holder has; 0: as long as it likes */

/* Somebody is about to open an object with these O_* flags, or with O_WRONLY to cut it: wait until no lease is
   in the way. 0, -EAGAIN with O_NONBLOCK, -ERESTARTSYS. */
i64 lease_break(struct inode *inode, u32 flags);
/* F_SETLEASE and F_GETLEASE of an open file. */
i64 lease_set(struct file *file, i32 fd, i32 type);
i32 lease_type(const struct file *file);
/* The file is closed for good. */
void lease_forget(const struct file *file);
