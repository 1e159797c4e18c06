/* Bytes without borders on their way into a socket, and what was sent along with some of them
   (net/stream.c). */
#pragma once
#include "fs/ring.h"
#include "net/control.h"

#define HOLES_MAX 16

struct stream {
    struct ring ring;
    u64 taken;         /* bytes ever read: the position of the first one waiting */
    struct list marks; /* in order of position */
    u32 mark_count;
    bool open;         /* there is a ring */
    u64 arrived;       /* SO_TIMESTAMP: when the last bytes came */
    enum { URGENT_NONE, URGENT_WAITS, URGENT_TAKEN } urgent; /* the last urgent byte not yet read past */
    u8 urgent_byte;
    u64 urgent_at;     /* its position */
    u64 hole[HOLES_MAX]; /* AF_UNIX: positions of earlier ones that were taken, ascending; no read sees them */
    u32 holes;
};

bool stream_open(struct stream *stream, u64 bytes); /* false: no memory */
void stream_close(struct stream *stream);
/* Another measure, unless more is waiting already. */
void stream_resize(struct stream *stream, u64 bytes);
/* Can n more bytes, or some of them, be taken in? */
bool stream_room(const struct stream *stream, u64 n, bool marked);
/* Move what there is room for. `control` may be NULL, else it is taken over when bytes moved.
   Bytes or negative errno. */
i64 stream_put(struct stream *stream, struct io *io, struct control *control);
/* Move what is waiting behind the first `skip` bytes, ending where what came along changes. With
   `peek` everything stays. */
i64 stream_take(struct stream *stream, struct io *io, u64 skip, bool peek, struct control *control);
/* Is the byte behind `skip` others the urgent one? */
static inline bool stream_at_urgent(const struct stream *s, u64 skip) {
    return s->urgent != URGENT_NONE && s->urgent_at == s->taken + skip;
}
bool stream_at_hole(const struct stream *stream, u64 skip);
void stream_skip_one(struct stream *stream); /* let go of the next byte */
static inline u64 stream_size(const struct stream *s) { return s->open ? s->ring.size : 0; }
/* How full it is. */
static inline bool stream_half_empty(const struct stream *s) { return s->open && s->ring.count * 2 <= s->ring.slots; }
/* What came along with the bytes, in order. */
void stream_each(struct stream *stream, void (*visit)(struct control *control));
