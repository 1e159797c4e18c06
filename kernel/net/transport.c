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
        poll_wake(&s->peer->head, READABLE);
    } while (m->io.left);
    return done;
}

u64 stream_wanted(const struct socket *s, const struct message *m) {
    u64 n = m->flags & MSG_WAITALL ? m->io.left : MIN((u64)s->options.low_water, m->io.left);
    return MAX(n, 1ul);
}

i64 stream_receive(struct socket *s, struct message *m, i64 (*ended)(struct socket *s, bool some)) {
    u64 done = 0, want = stream_wanted(s, m), hole = 0;
    bool peek = m->flags & MSG_PEEK;
    for (;;) {
        u64 skip = peek ? done + hole : 0;
        if (stream_size(&s->in) > skip) {
            if (done && stream_at_urgent(&s->in, skip))
                return done;
            if (m->io.left && urgent_next(s, &skip, peek)) {
                hole += peek;
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

/* The first packet, which is there; what does not fit is lost. */
i64 packet_receive(struct socket *s, struct message *m) {
    bool peek = m->flags & MSG_PEEK;
    struct packet *p = peek ? packets_first(&s->packets) : packets_take(&s->packets);
    i64 got = packet_read(p, &m->io);
    if (got >= 0) {
        m->address = p->from;
        m->control.has_creds = p->control.has_creds;
        m->control.creds = p->control.creds;
        m->control.ip = p->control.ip;
        if (p->control.rights) {
            m->control.rights = peek ? rights_copy(p->control.rights) : p->control.rights;
            p->control.rights = peek ? p->control.rights : NULL;
        }
        if (got < (i64)p->size) {
            m->out_flags |= MSG_TRUNC;
            got = m->flags & MSG_TRUNC ? (i64)p->size : got;
        }
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
