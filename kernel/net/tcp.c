/* TCP on loopback: a connection is two sockets that write into each other's ring. */
#include "errno.h"
#include "lib.h"
#include "net/inet.h"
#include "task.h"

#define TUNED_SEND_BUFFER (1u << 18) /* what a send buffer nobody has set grows to */

/* What a sender may have under way: its own buffer and the receiver's. */
static u64 window(const struct socket *from, const struct socket *to) {
    i32 send = from->options.send_buffer;
    return (send == TCP_SEND_BUFFER ? TUNED_SEND_BUFFER : (u64)send) + (u64)to->options.receive_buffer / 2;
}

static void tcp_resized(struct socket *s) {
    if (!s->peer)
        return;
    stream_resize(&s->peer->in, window(s, s->peer));
    stream_resize(&s->in, window(s->peer, s));
}

/* The far end of a connection to a listener with place for it. */
static i64 establish(struct inet_socket *client, struct inet_socket *listener) {
    struct inet_socket *child = inet_alloc(listener->s.family, IPPROTO_TCP);
    if (!child)
        return -ENOMEM;
    struct socket *a = &client->s, *b = &child->s;
    b->options = listener->s.options;
    if (!stream_open(&b->in, window(a, b)) || !stream_open(&a->in, window(b, a))) {
        socket_put(b);
        return -ENOMEM;
    }
    memcpy(child->option, listener->option, sizeof(child->option));
    child->v6_only = listener->v6_only;
    child->local = client->remote;
    child->remote = client->local;
    port_share(child, client->remote.port);
    child->was_connected = true;
    a->peer = b;
    b->peer = a;
    a->state = b->state = SOCKET_CONNECTED;
    backlog_add(&listener->s, b);
    socket_wake(a);
    return 0;
}

/* The connection is over at this end. */
static void reset(struct inet_socket *i, i32 error) {
    i->s.error = error;
    i->s.shut = SHUT_BOTH;
    i->s.state = SOCKET_IDLE;
    i->s.peer = NULL;
    socket_wake(&i->s);
}

/* Nobody listens there. */
static void refuse(struct inet_socket *caller) {
    reset(caller, ECONNREFUSED);
    inet_forget_choice(caller);
}

static void hang_up(struct inet_socket *caller) {
    list_remove(&caller->caller_link);
    caller->called = NULL;
}

/* There is place in the backlog again: let those in who wait for it. */
static void tcp_accepted(struct socket *listener) {
    struct inet_socket *l = inet_socket(listener);
    while (!list_empty(&l->callers) && !backlog_full(listener)) {
        struct inet_socket *caller = list_first(&l->callers, struct inet_socket, caller_link);
        hang_up(caller);
        if (establish(caller, l))
            refuse(caller);
    }
}

static void turn_callers_away(struct inet_socket *l) {
    while (!list_empty(&l->callers)) {
        struct inet_socket *caller = list_first(&l->callers, struct inet_socket, caller_link);
        hang_up(caller);
        refuse(caller);
    }
}

/* A socket that calls its own port gets itself on the line, as TCP's rules have it. */
static i64 connect_to_self(struct inet_socket *i) {
    if (!stream_open(&i->s.in, window(&i->s, &i->s)))
        return -ENOMEM;
    i->s.peer = &i->s;
    i->s.state = SOCKET_CONNECTED;
    return 0;
}

/* Begin a connection; its state tells how far it got. */
static i64 call(struct inet_socket *i, const struct endpoint *to) {
    i64 error = inet_bind_any(i);
    if (error)
        return -EADDRNOTAVAIL;
    inet_choose_source(i, to);
    i->remote = *to;
    i->s.shut = 0;
    i->s.error = 0;
    i->finished = false;
    struct inet_socket *listener = port_listener(to);
    if (!listener && endpoint_equal(to, &i->local))
        return connect_to_self(i);
    if (!listener) {
        refuse(i);
        return 0;
    }
    if (!backlog_full(&listener->s))
        return establish(i, listener);
    i->s.state = SOCKET_CONNECTING;
    i->called = listener;
    list_append(&listener->callers, &i->caller_link);
    return 0;
}

static void disconnect(struct inet_socket *i) {
    if (i->s.peer)
        reset(inet_socket(i->s.peer), ECONNRESET);
    if (i->called)
        hang_up(i);
    reset(i, 0);
    stream_close(&i->s.in);
    inet_forget_choice(i);
    i->s.shut = 0;
    i->connecting = i->was_connected = false;
}

static i64 tcp_connect(struct socket *s, const struct address *to, u64 deadline) {
    struct inet_socket *i = inet_socket(s);
    struct endpoint target;
    if (to->size >= sizeof(to->family) && to->family == AF_UNSPEC) {
        if (s->state == SOCKET_LISTENING)
            backlog_close(s);
        disconnect(i);
        return 0;
    }
    if (!i->connecting) {
        if (s->state != SOCKET_IDLE || i->was_connected)
            return -EISCONN;
        i64 error = inet_target(i, to, &target);
        if (!error && s->in.open)
            stream_close(&s->in); /* of an earlier connection */
        if (!error)
            error = call(i, &target);
        if (error) {
            inet_forget_choice(i);
            return error;
        }
        i->connecting = true;
        if (!deadline)
            return -EINPROGRESS; /* even if the outcome is known: nobody has asked for it yet */
    } else if (!deadline && s->state == SOCKET_CONNECTING) {
        return -EALREADY;
    }
    while (s->state == SOCKET_CONNECTING) {
        i64 why = socket_wait(&s->head.sleepers, deadline);
        if (why)
            return why == -EAGAIN ? -EINPROGRESS : why;
    }
    if (!i->connecting)
        return -EISCONN; /* another thread has been told */
    i->connecting = false;
    i->was_connected = s->state == SOCKET_CONNECTED;
    if (i->was_connected)
        return 0;
    i64 error = socket_error(s);
    inet_forget_choice(i);
    s->shut = 0;
    return error ? error : -ECONNABORTED;
}

static i64 tcp_listen(struct socket *s) {
    struct inet_socket *i = inet_socket(s);
    if (s->state == SOCKET_LISTENING)
        return 0;
    if (s->state != SOCKET_IDLE || i->connecting)
        return -EINVAL;
    i64 error = inet_bind_any(i);
    if (error || port_listened(i))
        return -EADDRINUSE;
    s->shut = 0;
    return 0;
}

/* One that is being accepted may be over already, and still says who it was. */
static i64 tcp_peer_name(struct socket *s, struct address *out) {
    if (s->state != SOCKET_CONNECTED && s->file)
        return -ENOTCONN;
    inet_tell(inet_socket(s), &inet_socket(s)->remote, out);
    return 0;
}

static i64 broken(struct socket *s) {
    i64 error = socket_error(s);
    return error ? error : !s->peer || (s->shut & SHUT_WRITE) ? -EPIPE : 0;
}

static i64 tcp_send(struct socket *s, struct message *m) {
    struct inet_socket *i = inet_socket(s);
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    while (s->state == SOCKET_CONNECTING) {
        i64 why = socket_wait(&s->head.sleepers, m->deadline);
        if (why)
            return why;
    }
    if (s->state != SOCKET_CONNECTED) {
        i64 error = broken(s);
        if (error == -EPIPE && !(m->flags & MSG_NOSIGNAL))
            signal_task(current, SIGPIPE, NULL);
        return error;
    }
    if (!s->peer && !s->error && !(s->shut & SHUT_WRITE)) {
        /* The other side is gone, which only the answer to this will tell. */
        u64 lost = m->io.left;
        reset(i, EPIPE);
        return lost;
    }
    return stream_send(s, m, broken);
}

static i64 ended(struct socket *s, bool some) {
    if (inet_socket(s)->finished || (some && s->error))
        return 1;
    if (s->error)
        return socket_error(s);
    if (s->shut & SHUT_READ)
        return 1;
    return s->state == SOCKET_IDLE ? -ENOTCONN : 0;
}

static i64 tcp_receive(struct socket *s, struct message *m) {
    if (s->state == SOCKET_LISTENING)
        return -ENOTCONN;
    if (m->flags & MSG_OOB)
        return -EINVAL;
    if (s->state == SOCKET_IDLE && !s->in.open && !s->error && !s->shut)
        return -ENOTCONN;
    return stream_receive(s, m, ended);
}

/* This end says that nothing more will come from it. */
static void finish(struct socket *peer) {
    inet_socket(peer)->finished = true;
    peer->shut |= SHUT_READ;
    socket_wake(peer);
}

static i64 tcp_shutdown(struct socket *s, u32 how) {
    struct inet_socket *i = inet_socket(s);
    if (s->state == SOCKET_LISTENING) {
        if (how & SHUT_READ) {
            s->state = SOCKET_IDLE;
            turn_callers_away(i);
            backlog_close(s);
            socket_wake(s);
        }
        return 0;
    }
    if (s->state == SOCKET_CONNECTING) {
        hang_up(i);
        reset(i, 0);
        return 0;
    }
    if (s->state != SOCKET_CONNECTED) {
        s->shut |= how;
        return -ENOTCONN;
    }
    if ((how & SHUT_WRITE) && !(s->shut & SHUT_WRITE) && s->peer)
        finish(s->peer);
    s->shut |= how;
    socket_wake(s);
    return 0;
}

static u32 tcp_poll(struct socket *s) {
    u32 events = socket_poll_input(s);
    if (s->state == SOCKET_LISTENING || s->state == SOCKET_CONNECTING)
        return events;
    if (s->state == SOCKET_IDLE)
        events |= POLLHUP;
    if (!s->peer || (s->shut & SHUT_WRITE) || stream_half_empty(&s->peer->in))
        events |= POLLOUT | POLLWRNORM;
    return events;
}

static i64 tcp_waiting(struct socket *s) {
    return s->state == SOCKET_LISTENING ? -EINVAL : (i64)stream_size(&s->in);
}

/* Unread data, or a linger time of 0, ends a connection for both with an error. */
static void tcp_close(struct socket *s) {
    struct inet_socket *i = inet_socket(s);
    bool abort = stream_size(&s->in) || (s->options.linger.on && !s->options.linger.seconds);
    if (s->state == SOCKET_LISTENING)
        turn_callers_away(i);
    if (i->called)
        hang_up(i);
    if (s->peer) {
        struct inet_socket *peer = inet_socket(s->peer);
        peer->s.peer = NULL;
        if (abort || peer->s.error)
            reset(peer, peer->finished ? EPIPE : ECONNRESET);
        else if (!peer->finished)
            finish(&peer->s);
        s->peer = NULL;
    }
    s->state = SOCKET_IDLE;
    stream_close(&s->in);
    if (i->local.port)
        port_release(i);
}

const struct socket_ops tcp_ops = {
    .bind = inet_bind, .connect = tcp_connect, .listen = tcp_listen, .accepted = tcp_accepted,
    .name = inet_name, .peer_name = tcp_peer_name, .send = tcp_send, .receive = tcp_receive,
    .shutdown = tcp_shutdown, .poll = tcp_poll, .waiting = tcp_waiting,
    .set_option = inet_set_option, .get_option = inet_get_option, .resized = tcp_resized,
    .close = tcp_close, .free = inet_free,
};
