/* AF_UNIX: connecting and accepting, and streams of bytes. */
#include "errno.h"
#include "lib.h"
#include "net/unix.h"
#include "net/urgent.h"

i64 unix_listen(struct socket *s, u32 backlog) {
    if (!unix_socket(s)->name || (s->state != SOCKET_IDLE && s->state != SOCKET_LISTENING))
        return -EINVAL;
    return 0;
}

/* Make the far end of a connection and queue it. */
static i64 connect_to(struct socket *s, struct socket *listener) {
    struct socket *child = unix_alloc(s->type);
    if (!child)
        return -ENOMEM;
    bool streams = s->type == SOCK_STREAM;
    if (streams && (!stream_open(&child->in, s->options.send_buffer) || !stream_open(&s->in, child->options.send_buffer))) {
        socket_put(child);
        return -ENOMEM;
    }
    unix_socket(child)->name = unix_name_get(unix_socket(listener)->name);
    child->options.pass_creds = listener->options.pass_creds;
    unix_join(s, child);
    creds_of_current(&child->peer_creds);
    s->peer_creds = listener->creds;
    backlog_add(listener, child);
    return 0;
}

i64 unix_connect(struct socket *s, const struct address *to, u64 deadline) {
    if (s->options.pass_creds) {
        i64 error = unix_bind_any(unix_socket(s));
        if (error)
            return error;
    }
    for (;;) {
        struct socket *listener = unix_find(to, s->type);
        i64 error = 0;
        if (IS_ERR(listener))
            return PTR_ERR(listener);
        if (listener->state != SOCKET_LISTENING || (listener->shut & SHUT_READ))
            error = -ECONNREFUSED;
        else if (s->state == SOCKET_CONNECTED)
            error = -EISCONN;
        else if (s->state != SOCKET_IDLE)
            error = -EINVAL;
        bool wait = !error && backlog_full(listener);
        if (wait)
            error = socket_wait(&listener->room, deadline);
        else if (!error)
            error = connect_to(s, listener);
        socket_put(listener);
        if (error || !wait)
            return error;
    }
}

static i64 broken(struct socket *s) { return !s->peer || (s->shut & SHUT_WRITE) ? -EPIPE : 0; }

static i64 unix_stream_send(struct socket *s, struct message *m) {
    if ((m->flags & MSG_OOB) && !m->io.left)
        return -EOPNOTSUPP;
    if (m->address.size)
        return s->state == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP;
    if (s->state != SOCKET_CONNECTED)
        return -ENOTCONN;
    if ((m->flags & MSG_OOB) && s->peer && !urgent_room(s->peer))
        return -ENOBUFS;
    i64 sent = stream_send(s, m, broken);
    if (sent > 0 && !m->io.left && (m->flags & MSG_OOB) && s->peer)
        urgent_sent(s->peer);
    return sent;
}

static i64 ended(struct socket *s, bool some) {
    if (s->error)
        return socket_error(s);
    return s->shut & SHUT_READ ? 1 : 0;
}

static i64 unix_stream_receive(struct socket *s, struct message *m) {
    if (s->state != SOCKET_CONNECTED)
        return -EINVAL;
    if (m->flags & MSG_OOB)
        return urgent_receive(s, m);
    i64 got = stream_receive(s, m, ended);
    if (got > 0 && unix_socket(s)->peer_name)
        m->address = unix_socket(s)->peer_name->address;
    return got;
}

static u32 unix_stream_poll(struct socket *s) {
    u32 events = socket_poll_input(s);
    if (s->state == SOCKET_IDLE)
        events |= POLLHUP;
    if (s->in.urgent == URGENT_WAITS)
        events |= POLLPRI;
    if (s->state != SOCKET_LISTENING && (!s->peer || stream_half_empty(&s->peer->in)))
        events |= POLLOUT | POLLWRNORM | POLLWRBAND;
    return events;
}

static i64 unix_stream_waiting(struct socket *s) {
    return s->state == SOCKET_LISTENING ? -EINVAL : (i64)urgent_untaken(s);
}

/* The bytes we send wait in the ring of the peer, so that is what our send buffer measures. */
static void unix_stream_changed(struct socket *s, i32 name, i32 value) {
    if (name == SO_SNDBUF && s->peer && s->peer->in.open)
        stream_resize(&s->peer->in, s->options.send_buffer);
}

const struct socket_ops unix_stream_ops = {
    .bind = unix_bind, .connect = unix_connect, .listen = unix_listen, .name = unix_own_name,
    .peer_name = unix_peer_name, .send = unix_stream_send, .receive = unix_stream_receive,
    .shutdown = unix_shutdown, .poll = unix_stream_poll, .waiting = unix_stream_waiting,
    .changed = unix_stream_changed, .close = unix_close, .free = unix_free,
};
