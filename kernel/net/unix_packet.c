/* AF_UNIX: packets, over a connection (SOCK_SEQPACKET) or without one (SOCK_DGRAM). */
#include "errno.h"
#include "lib.h"
#include "net/unix.h"

/* Is there no room in the queue of `to` for one more from `s`? Partners may fill it by size. */
static bool full(const struct socket *s, const struct socket *to) {
    if (to->packets.charge >= (u64)s->options.send_buffer)
        return true;
    return to->peer != s && to != s && to->packets.count > UNIX_DGRAM_QUEUE;
}

static struct packet *make_packet(struct socket *s, struct socket *to, struct message *m) {
    struct packet *p = packet_new(&m->io, m->io.left);
    if (IS_ERR(p))
        return p;
    if (!m->control.has_creds && (s->options.pass_creds || to->options.pass_creds || !to->file)) {
        creds_of_current(&m->control.creds);
        m->control.has_creds = true;
    }
    p->control = m->control;
    p->control.arrived = arrival(to);
    m->control.rights = NULL;
    if (unix_socket(s)->name)
        p->from = unix_socket(s)->name->address;
    return p;
}

static bool too_big(const struct socket *s, const struct message *m) {
    return m->io.left + 32 > (u64)s->options.send_buffer;
}

/* Who is connected hears its partner alone, even one that has gone. */
static bool may_send(const struct socket *s, const struct socket *to) {
    return to->state != SOCKET_CONNECTED || to->peer == s;
}

/* Why nothing can be sent, wherever it goes. */
static i64 silenced(struct socket *s) {
    return s->error ? socket_error(s) : s->shut & SHUT_WRITE ? -EPIPE : 0;
}

/* Why a packet cannot go to `to`; 0: it can. */
static i64 refused(struct socket *s, struct socket *to) {
    i64 error = silenced(s);
    if (error)
        return error;
    if (to->closed)
        return s->type == SOCK_DGRAM ? -ECONNREFUSED : -EPIPE;
    if (!may_send(s, to))
        return -EPERM;
    return to->shut & SHUT_READ ? -EPIPE : 0;
}

/* Wait for room and queue it. `to` is referenced while we may sleep. */
static i64 deliver(struct socket *s, struct socket *to, struct message *m) {
    struct packet *p = NULL;
    i64 error;
    socket_get(to);
    while (!(error = refused(s, to)) && full(s, to)) {
        error = socket_wait(&to->room, m->deadline);
        if (error)
            break;
    }
    u64 size = m->io.left;
    if (!error) {
        p = make_packet(s, to, m);
        error = IS_ERR(p) ? PTR_ERR(p) : packets_add(&to->packets, p);
        if (error && !IS_ERR(p))
            packet_free(p);
    }
    if (!error)
        poll_wake(&to->head, POLLIN | POLLRDNORM);
    socket_put(to);
    return error ? error : (i64)size;
}

/* What the old partner has sent is gone with it, and it hears of that if it was listening to us. */
static void disconnect(struct unix_socket *u) {
    struct socket *old = u->s.peer;
    if (u->s.state == SOCKET_CONNECTED && u->s.packets.count) {
        packets_free(&u->s.packets);
        wake_all(&u->s.room);
        if (old && old->peer == &u->s) {
            old->error = ECONNRESET;
            socket_wake(old);
        }
    }
    list_remove(&u->client_link);
    unix_name_put(u->peer_name);
    u->peer_name = NULL;
    u->s.peer = NULL;
    u->s.state = SOCKET_IDLE;
}

static i64 dgram_connect(struct socket *s, const struct address *to, u64 deadline) {
    struct unix_socket *u = unix_socket(s);
    if (to->size < sizeof(to->family))
        return -EINVAL;
    if (to->family == AF_UNSPEC) {
        disconnect(u);
        return 0;
    }
    struct socket *other = unix_find(to, SOCK_DGRAM);
    if (IS_ERR(other))
        return PTR_ERR(other);
    i64 error = may_send(s, other) ? 0 : -EPERM;
    if (!error && s->options.pass_creds)
        error = unix_bind_any(u);
    if (!error && s->peer != other) {
        disconnect(u);
        s->peer = other;
        s->state = SOCKET_CONNECTED;
        u->peer_name = unix_name_get(unix_socket(other)->name);
        list_append(&unix_socket(other)->clients, &u->client_link);
        socket_wake(s);
    }
    socket_put(other); /* it unlinks its clients when it closes */
    return error;
}

static i64 dgram_send(struct socket *s, struct message *m) {
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (s->options.pass_creds) {
        i64 error = unix_bind_any(unix_socket(s));
        if (error)
            return error;
    }
    if (too_big(s, m))
        return -EMSGSIZE;
    i64 error = silenced(s);
    if (error)
        return error;
    if (m->address.size) {
        /* The data is looked at when the address is in order, and before anybody looks for who has it. */
        if (m->address.family == AF_UNIX && io_reach(&m->io, m->io.left, false) < m->io.left)
            return -EFAULT;
        struct socket *to = unix_find(&m->address, SOCK_DGRAM);
        if (IS_ERR(to))
            return PTR_ERR(to);
        i64 done = deliver(s, to, m);
        socket_put(to);
        return done;
    }
    if (s->state != SOCKET_CONNECTED)
        return -ENOTCONN;
    if (!s->peer) { /* it has closed: this once say so, then we are on our own */
        disconnect(unix_socket(s));
        return -ECONNREFUSED;
    }
    return deliver(s, s->peer, m);
}

/* Writers of other sockets may have been waiting for the place. */
static i64 take_packet(struct socket *s, struct message *m) {
    struct unix_socket *client;
    i64 got = packet_receive(s, m);
    if (m->flags & MSG_PEEK)
        return got;
    if (s->type == SOCK_SEQPACKET && s->peer)
        poll_wake(&s->peer->head, POLLOUT | POLLWRNORM | POLLWRBAND);
    list_for_each(client, &unix_socket(s)->clients, client_link)
        poll_wake(&client->s.head, POLLOUT | POLLWRNORM | POLLWRBAND);
    return got;
}

static i64 unix_packet_receive(struct socket *s, struct message *m) {
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    for (u64 skip; s->error || !packet_wanted(s, m, &skip);) {
        if (s->error)
            return socket_error(s);
        if ((s->shut & SHUT_READ) && (m->deadline || s->type == SOCK_SEQPACKET))
            return 0;
        i64 why = socket_wait(&s->head.sleepers, m->deadline);
        if (why)
            return why;
    }
    return take_packet(s, m);
}

static u32 unix_packet_poll(struct socket *s) {
    u32 events = socket_poll_input(s);
    if (s->type == SOCK_SEQPACKET && s->state == SOCKET_IDLE)
        events |= POLLHUP;
    if (s->state != SOCKET_LISTENING && (!s->peer || !full(s, s->peer)))
        events |= POLLOUT | POLLWRNORM | POLLWRBAND;
    return events;
}

static i64 dgram_waiting(struct socket *s) {
    struct packet *first = packets_first(&s->packets);
    return first ? first->size : 0;
}

/* Those connected to it hear of its end when they send. */
static void dgram_close(struct socket *s) {
    struct unix_socket *u = unix_socket(s);
    while (!list_empty(&u->clients)) {
        struct unix_socket *client = list_first(&u->clients, struct unix_socket, client_link);
        list_remove(&client->client_link);
        client->s.peer = NULL;
        socket_wake(&client->s);
    }
    unix_close(s);
}

static i64 seqpacket_send(struct socket *s, struct message *m) {
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (s->state != SOCKET_CONNECTED)
        return -ENOTCONN;
    if (too_big(s, m))
        return -EMSGSIZE;
    i64 error = silenced(s);
    return error ? error : s->peer ? deliver(s, s->peer, m) : -EPIPE;
}

static i64 seqpacket_receive(struct socket *s, struct message *m) {
    return s->state == SOCKET_CONNECTED ? unix_packet_receive(s, m) : -ENOTCONN;
}

static i64 seqpacket_waiting(struct socket *s) {
    return s->state == SOCKET_LISTENING ? -EINVAL : (i64)s->packets.bytes;
}

const struct socket_ops unix_dgram_ops = {
    .bind = unix_bind, .connect = dgram_connect, .name = unix_own_name, .peer_name = unix_peer_name,
    .send = dgram_send, .receive = unix_packet_receive, .shutdown = unix_shutdown,
    .poll = unix_packet_poll, .waiting = dgram_waiting, .close = dgram_close, .free = unix_free,
};

const struct socket_ops unix_seqpacket_ops = {
    .bind = unix_bind, .connect = unix_connect, .listen = unix_listen, .name = unix_own_name,
    .peer_name = unix_peer_name, .send = seqpacket_send, .receive = seqpacket_receive,
    .shutdown = unix_shutdown, .poll = unix_packet_poll, .waiting = seqpacket_waiting,
    .close = unix_close, .free = unix_free,
};
