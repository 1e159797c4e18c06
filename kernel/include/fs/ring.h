/* A bounded queue of bytes in pages: what pipes and socket pairs are made of (fs/ring.c). */
#pragma once
#include "fs/io.h"

#define RING_SLOTS 16     /* pages a new one holds */
#define RING_SLOTS_MAX 256

struct ring_slot {
    paddr frame;
    u16 start, size; /* bytes that are waiting in it */
    bool packet;     /* to be read by itself, and what is not read of it is lost */
};

/* What a transfer does that comes to the end of the program's memory: it moves the bytes up to there, the
   pages up to there, or nothing at all. */
enum ring_grain { RING_BYTES, RING_PAGES, RING_WHOLE };

struct ring {
    struct ring_slot *slot;
    u32 slots;        /* a power of two */
    u32 first, count; /* slots in use */
    u64 size;         /* bytes waiting */
    paddr spare;      /* a frame for the next write, or 0 */
    enum ring_grain grain;
    bool packets; /* what is written now is to be read in the same pieces, of a page at most */
};

bool ring_init(struct ring *ring, enum ring_grain grain); /* false: no memory */
void ring_free(struct ring *ring);
/* Is there room for a write of n bytes: all of it up to a page, some of it above? */
bool ring_takes(const struct ring *ring, u64 n);
u64 ring_room(const struct ring *ring);      /* bytes that fit in whole pages */
bool ring_writable(const struct ring *ring); /* room for a page: what poll reports */
/* Move as much as there is room for, or data; bytes or negative errno. */
i64 ring_write(struct ring *ring, struct io *io);
i64 ring_read(struct ring *ring, struct io *io);
bool ring_starts_with_packet(const struct ring *ring);
void ring_cut(struct ring *ring, u64 keep); /* forget what waits, from the end, down to about `keep` bytes */
/* The runs of the first bytes waiting, at most max (fewer when they lie in many pages), and taking
   bytes away unread. */
u64 ring_peek(const struct ring *ring, struct segments *out, u64 max);
void ring_drop(struct ring *ring, u64 n);
/* Change how many pages it holds: the new number, -EBUSY when more are full, -ENOMEM. */
i64 ring_resize(struct ring *ring, u32 slots);
