/* The cursor that reads and writes move their bytes through. */
#include "fs/io.h"
#include "errno.h"
#include "frame.h"
#include "lib.h"
#include "linux/fcntl.h"
#include "uaccess.h"

#define BY_HAND 256 /* bytes: shorter moves are not worth a table of segments */

void io_user(struct io *io, u64 base, u64 size) {
    *io = (struct io){.left = MIN(size, MAX_RW_COUNT), .base = base, .size = size};
}

void io_kernel(struct io *io, void *base, u64 size) {
    *io = (struct io){.left = size, .base = virt_to_phys(base), .size = size, .kernel = true};
}

void io_runs(struct io *io, const struct segments *runs) {
    *io = (struct io){.left = segments_size(runs), .runs = runs, .kernel = true};
    io_advance(io, 0);
}

/* The array is read again, entry by entry, as the cursor gets there: a program that changes it
   meanwhile moves other bytes of its own, never more than the total checked here. */
i64 io_vector(struct io *io, u64 vector, u64 count) {
    struct iovec batch[16];
    bool outside = false; /* one alone is cut to what is moved before it is looked at, as on Linux */
    *io = (struct io){.vector = vector, .vectors = count};
    if (count > IOV_MAX)
        return -EINVAL;
    for (u64 done = 0; done < count; done += ARRAY_LEN(batch)) {
        u64 n = MIN(count - done, ARRAY_LEN(batch));
        if (copy_from_user(batch, vector + done * sizeof(struct iovec), n * sizeof(struct iovec)))
            return -EFAULT;
        for (u64 i = 0; i < n; i++) {
            if ((i64)batch[i].size < 0)
                return -EINVAL;
            outside |= !in_user_space(batch[i].base, count > 1 ? batch[i].size : MIN(batch[i].size, MAX_RW_COUNT));
            io->left = MIN(io->left + batch[i].size, MAX_RW_COUNT);
        }
    }
    io_advance(io, 0);
    return outside ? -EFAULT : 0;
}

/* Step over n bytes, and to the next run that holds any. */
void io_advance(struct io *io, u64 n) {
    io->left -= n;
    for (;;) {
        u64 part = MIN(n, io->size);
        io->base += part;
        io->size -= part;
        n -= part;
        if (io->size || !io->left)
            return;
        if (io->runs && io->run < io->runs->count) {
            io->base = io->runs->at[io->run].gpa;
            io->size = io->runs->at[io->run++].size;
        } else if (io->vectors) {
            struct iovec next;
            if (get_user(next, io->vector)) {
                io->left = 0;
                return;
            }
            io->vector += sizeof(next);
            io->vectors--;
            io->base = next.base;
            io->size = next.size;
        } else {
            io->left = 0;
            return;
        }
    }
}

i64 io_put(struct io *io, const void *from, u64 n) {
    u64 done = 0;
    while (done < n && io->left) {
        u64 part = MIN(MIN(n - done, io->size), io->left), moved = part;
        if (io->kernel)
            memcpy(phys_to_virt(io->base), (const char *)from + done, part);
        else
            moved = copy_some_to_user(io->base, (const char *)from + done, part);
        io_advance(io, moved);
        done += moved;
        if (moved < part)
            return done ? (i64)done : -EFAULT;
    }
    return done;
}

i64 io_put_all(struct io *io, const void *from, u64 n) { return io_put(io, from, n) == (i64)n ? (i64)n : -EFAULT; }

i64 io_take(struct io *io, void *to, u64 n) {
    u64 done = 0;
    while (done < n && io->left) {
        u64 part = MIN(MIN(n - done, io->size), io->left), moved = part;
        if (io->kernel)
            memcpy((char *)to + done, phys_to_virt(io->base), part);
        else
            moved = copy_some_from_user((char *)to + done, io->base, part);
        io_advance(io, moved);
        done += moved;
        if (moved < part)
            return done ? (i64)done : -EFAULT;
    }
    return done;
}

u64 io_reach(const struct io *io, u64 n, bool write) {
    struct io at = *io;
    u64 reached = 0;
    n = MIN(n, at.left);
    while (reached < n && at.left) {
        u64 part = MIN(at.size, n - reached), got = at.kernel ? part : user_reach(at.base, part, write);
        reached += got;
        if (got < part)
            break;
        io_advance(&at, part);
    }
    return reached;
}

i64 io_segments(struct io *io, struct segments *out, u64 max, bool write) {
    struct io at = *io;
    u64 covered = 0;
    out->count = 0;
    max = MIN(max, io->left);
    while (covered < max && at.left && at.size) {
        u64 want = MIN(at.size, max - covered);
        i64 got = want;
        if (at.kernel)
            got = segments_add(out, at.base, want) ? want : 0;
        else
            got = user_segments(out, at.base, want, write);
        if (got <= 0)
            break;
        covered += got;
        if ((u64)got < want)
            break;
        io_advance(&at, got);
    }
    return covered || !max ? (i64)covered : -EFAULT;
}

static i64 move_runs(struct io *io, const struct segments *runs, bool put) {
    static struct segments own; /* nothing sleeps between filling and using it */
    u64 size = MIN(segments_size(runs), io->left);
    if (size <= BY_HAND && runs->count == 1)
        return put ? io_put(io, phys_to_virt(runs->at[0].gpa), size)
                   : io_take(io, phys_to_virt(runs->at[0].gpa), size);
    i64 got = io_segments(io, &own, size, put);
    if (got <= 0)
        return got;
    u64 moved = put ? segments_copy(&own, runs) : segments_copy(runs, &own);
    io_advance(io, moved);
    return moved;
}

i64 io_put_runs(struct io *io, const struct segments *runs) { return move_runs(io, runs, true); }
i64 io_take_runs(struct io *io, const struct segments *runs) { return move_runs(io, runs, false); }
