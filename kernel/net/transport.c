/* Moving bytes and packets between a program and its socket, for all families. */
#include "errno.h"
#include "lib.h"
#include "net/urgent.h"
#include "task.h"

#define READABLE (POLLIN | POLLRDNORM)
#define WRITABLE (POLLOUT | POLLWRNORM | POLLWRBAND)

/* Who reads says with his own wish for credentials that senders must give them. */
static void add_creds(struct socket *s, struct message *m) {
    if (s->family != AF_UNIX || m->control.has_creds || !(s->options.pass_creds || s->peer->options.pass_creds))
        return;
    creds_of_current(&m->control.creds);
    m->control.has_creds = true;
}

i64 stream_send(struct socket *s, struct message *m, i64 (*broken)(struct socket *s)) {
    u64 done = 0;
    do {
        i64 put = broken(s);
        if (!put && m->io.left) {
            add_creds(s, m);
            if (!stream_room(&s->peer->in, m->io.left, m->control.rights || m->control.has_creds)) {
                put = socket_wait(&s->head.sleepers, m->deadline);
                if (!put)
                    continue;
            } else {
                put = stream_put(&s->peer->in, &m->io, &m->control);
            }
        }
        if (put == -EPIPE && !done && !(m->flags & MSG_NOSIGNAL))
            signal_task(current, SIGPIPE, NULL);
        if (put <= 0)
            return done ? (i64)done : put;
        done += put;
        if (unlikely(s->peer->options.stamp))
            s->peer->in.arrived = clock_realtime();
        poll_wake(&s->peer->head, READABLE);
    } while (m->io.left);
    return done;
}

u64 stream_wanted(const struct socket *s, const struct message *m) {
    u64 n = m->flags & MSG_WAITALL ? m->io.left : MIN((u64)s->options.low_water, m->io.left);
    return MAX(n, 1ul);
}

/* SO_PEEK_OFF: peeking moves on, and what has been read is no longer before it. */
static void peek_moves(struct socket *s, bool peek, i64 n) {
    i32 *at = &s->options.peek_offset;
    if (*at >= 0 && n > 0)
        *at = peek ? MIN(*at + n, 0x7fffffffl) : MAX(*at - n, 0l);
}

u64 arrival(const struct socket *s) { return s->options.stamp ? clock_realtime() : 0; }

static i64 take_stream(struct socket *s, struct message *m, i64 (*ended)(struct socket *s, bool some)) {
    bool peek = m->flags & MSG_PEEK;
    u64 done = 0, want = stream_wanted(s, m), hole = peek ? MAX(s->options.peek_offset, 0) : 0;
    for (;;) {
        u64 skip = peek ? done + hole : 0;
        if (stream_size(&s->in) > skip) {
            if (done && urgent_ends(s, skip))
                return done;
            if (m->io.left && urgent_next(s, &skip, peek)) {
                hole += peek; /* bytes that are passed over */
                continue;
            }
            i64 got = m->io.left ? stream_take(&s->in, &m->io, skip, peek, &m->control) : 0;
            if (got < 0)
                return done ? (i64)done : got;
            done += got;
            if (s->peer && !peek)
                poll_wake(&s->peer->head, WRITABLE);
            if (!m->io.left || m->control.rights || (m->control.has_creds && s->options.pass_creds))
                return done;
            continue;
        }
        if (done >= want || (done && peek && s->family == AF_UNIX)) /* Linux looks only once there */
            return done;
        i64 end = ended(s, done);
        if (end)
            return done ? (i64)done : MIN(end, 0l);
        i64 why = socket_wait(&s->head.sleepers, m->deadline);
        if (why)
            return done ? (i64)done : why;
    }
}

i64 stream_receive(struct socket *s, struct message *m, i64 (*ended)(struct socket *s, bool some)) {
    i64 got = take_stream(s, m, ended);
    peek_moves(s, m->flags & MSG_PEEK, got);
    return got;
}

struct packet *packet_wanted(const struct socket *s, const struct message *m, u64 *skip) {
    struct packet *p;
    *skip = m->flags & MSG_PEEK ? MAX(s->options.peek_offset, 0) : 0;
    bool offset = m->flags & MSG_PEEK && s->options.peek_offset >= 0;
    list_for_each(p, &s->packets.list, link) {
        if (!offset || *skip < p->size || (!*skip && !p->peeked))
            return p;
        *skip -= p->size;
    }
    return NULL;
}

/* The packet that is wanted, which is there; what does not fit is lost. */
i64 packet_receive(struct socket *s, struct message *m) {
    bool peek = m->flags & MSG_PEEK;
    u64 skip, room = m->io.left;
    struct packet *p = packet_wanted(s, m, &skip);
    if (!peek)
        packets_take(&s->packets);
    else
        p->peeked = !p->size && s->options.peek_offset >= 0;
    i64 got = packet_read(p, skip, &m->io);
    if (got >= 0) {
        u64 whole = s->family == AF_UNIX ? p->size - skip : p->size; /* UDP counts what has been seen, too */
        m->address = p->from;
        m->control.arrived = !s->options.stamp || p->control.arrived ? p->control.arrived : arrival(s);
        m->control.has_creds = p->control.has_creds;
        m->control.creds = p->control.creds;
        m->control.ip = p->control.ip;
        if (p->control.rights) {
            m->control.rights = peek ? rights_copy(p->control.rights) : p->control.rights;
            p->control.rights = peek ? p->control.rights : NULL;
        }
        i64 moved = got;
        if (room <= p->size - skip && room < whole)
            m->out_flags |= MSG_TRUNC;
        if (m->flags & MSG_TRUNC)
            got = whole;
        peek_moves(s, peek, s->family != AF_UNIX ? got : peek ? moved : (i64)p->size);
    }
    if (!peek) {
        packet_free(p);
        wake_all(&s->room);
    }
    return got;
}

u32 socket_poll_input(struct socket *s) {
    bool bytes = stream_size(&s->in) && !urgent_alone(s);
    u32 events = bytes || s->packets.count || !list_empty(&s->backlog) ? READABLE : 0;
    if (s->shut & SHUT_READ)
        events |= READABLE | POLLRDHUP;
    return events | (s->shut == SHUT_BOTH ? POLLHUP : 0);
}
