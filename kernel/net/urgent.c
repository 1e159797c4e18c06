/* Urgent data: one byte of the stream that may be read out of its turn. Where it lies is a mark: no read goes
   past it together with what is before it. On AF_UNIX one that was taken never comes again; TCP forgets that
   when the next one comes. */
#include "net/urgent.h"
#include "errno.h"
#include "fs/async.h"

static bool in_line(const struct socket *s) { return option_plain(s, SO_OOBINLINE); }

void urgent_sent(struct socket *s) {
    struct stream *in = &s->in;
    struct control none = {0};
    struct io io;
    u8 byte = 0;
    if (!stream_size(in))
        return;
    if (s->family == AF_UNIX) {
        if (in->urgent == URGENT_TAKEN)
            in->hole[in->holes++] = in->urgent_at;
    } else if (stream_at_urgent(in, 0) && stream_size(in) > 1 && !in_line(s)) {
        stream_skip_one(in); /* next to be read and not asked for, it makes way for its successor */
    }
    io_kernel(&io, &byte, 1);
    in->urgent = URGENT_NONE;
    stream_take(in, &io, stream_size(in) - 1, true, &none);
    control_drop(&none);
    in->urgent = URGENT_WAITS;
    in->urgent_byte = byte;
    in->urgent_at = in->taken + stream_size(in) - 1;
    if (s->file)
        async_urgent(s->file);
    poll_wake(&s->head, POLLPRI | POLLIN | POLLRDNORM);
}

i64 urgent_receive(struct socket *s, struct message *m) {
    struct stream *in = &s->in;
    if (in_line(s) || in->urgent == URGENT_NONE || in->urgent == URGENT_TAKEN)
        return -EINVAL;
    if (!(m->flags & MSG_PEEK))
        in->urgent = URGENT_TAKEN;
    m->out_flags |= MSG_OOB;
    if (!m->io.left && s->family == AF_UNIX)
        return 1; /* it is gone all the same */
    if (!m->io.left) {
        m->out_flags |= MSG_TRUNC;
        return 0;
    }
    return io_put_all(&m->io, &in->urgent_byte, 1);
}

u64 urgent_before(const struct socket *s) {
    const struct stream *in = &s->in;
    bool ahead = in->urgent != URGENT_NONE && !in_line(s) && in->urgent_at >= in->taken;
    return ahead ? in->urgent_at - in->taken : stream_size(in);
}

bool urgent_alone(const struct socket *s) {
    return s->family != AF_UNIX && stream_size(&s->in) == 1 && stream_at_urgent(&s->in, 0) && !in_line(s);
}

bool urgent_next(struct socket *s, u64 *skip, bool peek) {
    if (!stream_at_hole(&s->in, *skip) && (in_line(s) || !stream_at_urgent(&s->in, *skip)))
        return false;
    if (peek)
        ++*skip;
    else
        stream_skip_one(&s->in);
    return true;
}

bool urgent_room(const struct socket *s) {
    return s->family != AF_UNIX || s->in.urgent != URGENT_TAKEN || s->in.holes < HOLES_MAX;
}

bool urgent_ends(const struct socket *s, u64 skip) {
    return stream_at_urgent(&s->in, skip) || (s->in.urgent != URGENT_WAITS && stream_at_hole(&s->in, skip));
}

bool urgent_is_here(const struct socket *s) {
    return urgent_ends(s, 0) || (stream_at_hole(&s->in, 0) && stream_at_urgent(&s->in, 1));
}

u64 urgent_untaken(const struct socket *s) {
    return stream_size(&s->in) - s->in.holes - (s->in.urgent == URGENT_TAKEN);
}
