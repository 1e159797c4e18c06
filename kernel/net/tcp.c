/* TCP inside the guest: a connection is two sockets that write into each other's ring. This is how it
   is used and how it ends. */
#include "errno.h"
#include "lib.h"
#include "net/host.h"
#include "net/time_wait.h"
#include "net/urgent.h"
#include "task.h"

static void tcp_changed(struct socket *s, i32 name, i32 value) {
    if (!s->peer || (name != SO_SNDBUF && name != SO_RCVBUF))
        return;
    stream_resize(&s->peer->in, tcp_window(s, s->peer));
    stream_resize(&s->in, tcp_window(s->peer, s));
}

void tcp_reset(struct inet_socket *i, i32 error) {
    i->s.error = error;
    i->s.shut = SHUT_BOTH;
    i->s.state = SOCKET_IDLE;
    i->s.peer = NULL;
    socket_wake(&i->s);
}

/* One that is being accepted may be over already, and still says who it was. */
i64 tcp_peer_name(struct socket *s, struct address *out) {
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
        time_wait_heard(i, true);
        tcp_reset(i, EPIPE);
        return lost;
    }
    i64 sent = stream_send(s, m, broken);
    if (sent > 0 && (m->flags & MSG_OOB) && s->peer)
        urgent_sent(s->peer);
    return sent;
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
        return urgent_receive(s, m);
    if (s->state == SOCKET_IDLE && !s->in.open && !s->error && !s->shut)
        return -ENOTCONN;
    i64 got = stream_receive(s, m, ended);
    m->control.arrived = got > 0 && s->options.stamp ? s->in.arrived : 0;
    return got;
}

/* This end says that nothing more will come from it. If that is the answer to the same of the other, the
   other waits, whether it still has a socket or not. */
static void finish(struct inet_socket *i) {
    struct socket *peer = i->s.peer;
    if (!peer) {
        if (i->finished)
            time_wait_heard(i, false);
        return;
    }
    inet_socket(peer)->finished = true;
    peer->shut |= SHUT_READ;
    if (i->finished)
        time_wait_begin(inet_socket(peer), TCP_TIME_WAIT);
    socket_wake(peer);
}

u8 tcp_state(const struct inet_socket *i) {
    const struct socket *s = &i->s;
    switch (s->state) {
    case SOCKET_LISTENING:
        return TCP_LISTEN;
    case SOCKET_CONNECTING:
        return TCP_SYN_SENT;
    case SOCKET_CONNECTED:
        if (s->shut & SHUT_WRITE)
            return i->finished ? TCP_CLOSED : TCP_FIN_WAIT2;
        return i->finished ? TCP_CLOSE_WAIT : TCP_ESTABLISHED;
    }
    return TCP_CLOSED;
}

static i64 tcp_shutdown(struct socket *s, u32 how) {
    struct inet_socket *i = inet_socket(s);
    if (s->state == SOCKET_LISTENING) {
        if (how & SHUT_READ) {
            s->state = SOCKET_IDLE;
            tcp_turn_away(i);
            host_link_drop(i, false);
            backlog_close(s);
            inet_forget_choice(i);
            socket_wake(s);
        }
        return 0;
    }
    if (i->line == LINE_CALLING)
        i->line = s->state == SOCKET_CONNECTED ? LINE_USED : LINE_CUT;
    if (s->state == SOCKET_CONNECTING) {
        tcp_hang_up(i);
        tcp_reset(i, 0);
        return 0;
    }
    bool over = !i->link && i->finished && (s->shut & SHUT_WRITE); /* both sides have said their last */
    if (s->state != SOCKET_CONNECTED || over) {
        s->shut |= how;
        return -ENOTCONN;
    }
    if ((how & SHUT_WRITE) && !(s->shut & SHUT_WRITE))
        finish(i);
    s->shut |= how;
    socket_wake(s);
    return 0;
}

static u32 tcp_poll(struct socket *s) {
    u32 events = socket_poll_input(s);
    if (s->state == SOCKET_LISTENING)
        return events | host_callers(inet_socket(s));
    if (s->state == SOCKET_CONNECTING)
        return events;
    if (s->state == SOCKET_IDLE)
        events |= POLLHUP;
    if (!s->peer || (s->shut & SHUT_WRITE) || stream_half_empty(&s->peer->in))
        events |= POLLOUT | POLLWRNORM;
    return events | (s->in.urgent == URGENT_WAITS ? POLLPRI : 0);
}

static i64 tcp_waiting(struct socket *s) {
    return s->state == SOCKET_LISTENING ? -EINVAL : (i64)urgent_before(s);
}

/* Unread data, or a linger time of 0, ends a connection for both with an error. */
static void tcp_close(struct socket *s) {
    struct inet_socket *i = inet_socket(s);
    bool abort = stream_size(&s->in) || (s->options.linger.on && !s->options.linger.seconds);
    tcp_turn_away(i);
    host_link_drop(i, false);
    if (i->called)
        tcp_hang_up(i);
    if (s->peer) {
        struct inet_socket *peer = inet_socket(s->peer);
        bool reset = abort || peer->s.error;
        if (!reset && !peer->finished)
            finish(i);
        if (!reset && !i->finished)
            time_wait_begin(i, TCP_FIN_WAIT2);
        peer->s.peer = NULL;
        if (reset)
            tcp_reset(peer, peer->finished ? EPIPE : ECONNRESET);
        s->peer = NULL;
    } else if (s->state == SOCKET_CONNECTED && (abort || !(s->shut & SHUT_WRITE))) {
        if (abort)
            time_wait_heard(i, true);
        else
            finish(i);
    }
    s->state = SOCKET_IDLE;
    stream_close(&s->in);
    port_release(i);
}

const struct socket_ops tcp_ops = {
    .bind = inet_bind, .connect = tcp_connect, .listen = tcp_listen, .admit = host_admit, .accepted = tcp_accepted,
    .name = inet_name, .peer_name = tcp_peer_name, .send = tcp_send, .receive = tcp_receive, .errors = inet_error_receive,
    .shutdown = tcp_shutdown, .poll = tcp_poll, .waiting = tcp_waiting,
    .set_option = inet_set_option, .get_option = inet_get_option, .changed = tcp_changed,
    .close = tcp_close, .free = inet_free,
};
