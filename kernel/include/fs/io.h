/* A cursor over the memory of a read or write: a user buffer, a user iovec, kernel memory or
   physical runs (fs/io.c). */
#pragma once
#include "bulk.h"

struct io {
    u64 left;              /* bytes still to move */
    u64 base, size;        /* rest of the current run */
    u64 vector, vectors;   /* user address and number of iovecs still to come */
    const struct segments *runs;
    u32 run;               /* next of `runs` */
    bool kernel;           /* base is a physical address, not a user one */
};

void io_user(struct io *io, u64 base, u64 size);
/* Check an iovec array; 0 or negative errno. */
i64 io_vector(struct io *io, u64 vector, u64 count);
void io_kernel(struct io *io, void *base, u64 size);
void io_runs(struct io *io, const struct segments *runs);

/* Copy out of and into kernel memory; how many bytes, or -EFAULT when none could be. */
i64 io_put(struct io *io, const void *from, u64 n);
i64 io_take(struct io *io, void *to, u64 n);
/* All or -EFAULT: of what means nothing in part. */
i64 io_put_all(struct io *io, const void *from, u64 n);
/* How many of the next n bytes there is memory for. */
u64 io_reach(const struct io *io, u64 n, bool write);
/* The same for physical runs, which nobody must free meanwhile; may move fewer bytes than both
   sides hold when the buffer is scattered. */
i64 io_put_runs(struct io *io, const struct segments *runs);
i64 io_take_runs(struct io *io, const struct segments *runs);
/* The physical runs of the next bytes, at most max, without moving on; `write` if they will be
   written to. Bytes covered or -EFAULT. */
i64 io_segments(struct io *io, struct segments *out, u64 max, bool write);
void io_advance(struct io *io, u64 n);
