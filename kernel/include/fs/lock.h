/* Advisory locks on ranges of a file (fs/locks.c). */
#pragma once
#include "fs/open.h"

#define LOCK_END ((u64)~0UL >> 1) /* the last byte a file can have */

enum lock_kind { LOCK_PROCESS, LOCK_OFD, LOCK_FLOCK };

struct lock {
    struct list link;
    enum lock_kind kind;
    bool write;
    i32 pid;
    const void *owner; /* fd_table or file */
    u64 start, end;    /* last byte included */
};

/* The first lock of somebody else that stands in the way, or NULL. */
struct lock *lock_conflict(struct inode *inode, const struct lock *want);
/* 0, -EAGAIN, -ENOLCK, -ERESTARTSYS. */
i64 lock_set(struct inode *inode, const struct lock *want, bool wait);
i64 lock_clear(struct inode *inode, const struct lock *range);
