/* TCP to the outside: the connection is one of the host's, and so are its buffers. */
#include "errno.h"
#include "lib.h"
#include "net/host.h"
#include "task.h"

i64 host_call(struct inet_socket *i, const struct endpoint *to) {
    struct host_link *link = host_link_new(i);
    if (!link)
        return -ENOMEM;
    hc_begin(NV_OP_NET_CONNECT);
    host_address(0, to);
    hc_arg(3, HOST_WATCHED);
    hc_cookie(link->source.cookie);
    i64 handle = hc_ring();
    if (handle < 0) {
        host_link_drop(i, false);
        return handle;
    }
    link->handle = handle;
    host_told(link, HOST_WATCHED);
    i->s.ops = &host_tcp_ops;
    i->s.state = SOCKET_CONNECTING;
    host_set_options(i);
    return 0;
}

void host_hang_up(struct inet_socket *i, bool reset) {
    host_link_drop(i, reset);
    i->s.ops = &tcp_ops;
}

/* Has the host's connection come about meanwhile? */
static void settle(struct socket *s) {
    struct inet_socket *i = inet_socket(s);
    if (s->state != SOCKET_CONNECTING || !i->link->ready)
        return;
    i64 status = host_status(i->link, true);
    if (status == -EINPROGRESS) {
        i->link->ready = i->link->armed = 0;
        host_ready(i->link, HOST_WATCHED);
    } else if (!status) {
        s->state = SOCKET_CONNECTED;
        socket_wake(s);
    } else {
        host_hang_up(i, false);
        tcp_reset(i, -status);
        inet_forget_choice(i);
    }
}

/* For SO_ERROR. Otherwise a connection's error stays with the host, behind what can still be read. */
static void take_error(struct socket *s) {
    struct inet_socket *i = inet_socket(s);
    settle(s);
    if (i->link && s->state == SOCKET_CONNECTED && !s->error) {
        i64 status = host_status(i->link, true);
        s->error = status == -EINPROGRESS ? 0 : -status;
    }
}

/* Ready to be used, or why not; ends by itself if the connection never comes about. */
static i64 connected(struct socket *s, u64 deadline) {
    settle(s);
    while (s->state == SOCKET_CONNECTING) {
        i64 why = socket_wait(&s->head.sleepers, deadline);
        if (why)
            return why;
        settle(s);
    }
    return socket_error(s);
}

static i64 host_tcp_send(struct socket *s, struct message *m) {
    struct inet_socket *i = inet_socket(s);
    u64 done = 0;
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    i64 put = connected(s, m->deadline);
    while (!put && m->io.left) {
        put = !i->link || (s->shut & SHUT_WRITE) ? -EPIPE : host_send(i->link, &m->io, NULL);
        if (put > 0) {
            done += put;
            put = 0;
        } else if (put == -EAGAIN) {
            put = socket_wait(&s->head.sleepers, m->deadline);
        }
    }
    if (put == -EPIPE && !done && !(m->flags & MSG_NOSIGNAL))
        signal_task(current, SIGPIPE, NULL);
    return done ? (i64)done : put;
}

static i64 host_tcp_receive(struct socket *s, struct message *m) {
    struct inet_socket *i = inet_socket(s);
    bool peek = m->flags & MSG_PEEK;
    u64 done = 0, want = stream_wanted(s, m);
    if (m->flags & MSG_OOB)
        return -EINVAL;
    i64 got = connected(s, m->deadline);
    if (got)
        return got;
    while (m->io.left) {
        got = i->link ? host_receive(i->link, &m->io, peek) : -ENOTCONN;
        if (got > 0) {
            done += got;
            if (done >= want || peek)
                break;
            continue;
        }
        if (got == -EAGAIN)
            got = socket_wait(&s->head.sleepers, m->deadline);
        else if (got == 0)
            break;
        if (got) {
            if (done && got != -EAGAIN && got != -EINTR && got != -ERESTARTSYS)
                s->error = -got; /* for the next call */
            break;
        }
    }
    return done ? (i64)done : got;
}

static i64 host_tcp_shutdown(struct socket *s, u32 how) {
    struct inet_socket *i = inet_socket(s);
    settle(s);
    if (i->line == LINE_CALLING)
        i->line = s->state == SOCKET_CONNECTED ? LINE_USED : LINE_CUT;
    if (s->state == SOCKET_CONNECTING) {
        host_hang_up(i, true);
        tcp_reset(i, 0);
        return 0;
    }
    if (s->state != SOCKET_CONNECTED || !i->link) {
        s->shut |= how;
        return -ENOTCONN;
    }
    hc_begin(NV_OP_NET_SHUTDOWN);
    hc_arg(0, i->link->handle);
    hc_arg(1, how);
    i64 done = hc_ring();
    i->link->ready = i->link->armed = 0;
    s->shut |= how;
    socket_wake(s);
    return done;
}

static u32 host_tcp_poll(struct socket *s) {
    struct inet_socket *i = inet_socket(s);
    settle(s);
    if (!i->link)
        return s->ops->poll(s);
    if (s->state == SOCKET_CONNECTING)
        return 0;
    u32 events = host_ready(i->link, HOST_WATCHED);
    return events | (events & POLLIN ? POLLRDNORM : 0) | (events & POLLOUT ? POLLWRNORM : 0);
}

static i64 host_tcp_waiting(struct socket *s) {
    struct inet_socket *i = inet_socket(s);
    settle(s);
    if (!i->link || s->state != SOCKET_CONNECTED)
        return 0;
    host_status(i->link, false);
    return hc_result(1);
}

static void host_changed(struct socket *s, i32 name, i32 value) {
    host_set_option(inet_socket(s), SOL_SOCKET, name, value);
}

static void host_tcp_close(struct socket *s) {
    host_hang_up(inet_socket(s), s->options.linger.on && !s->options.linger.seconds);
    s->ops->close(s);
}

const struct socket_ops host_tcp_ops = {
    .bind = inet_bind, .connect = tcp_connect, .listen = tcp_listen, .name = inet_name,
    .peer_name = tcp_peer_name, .send = host_tcp_send, .receive = host_tcp_receive, .errors = inet_error_receive,
    .shutdown = host_tcp_shutdown, .poll = host_tcp_poll, .waiting = host_tcp_waiting,
    .set_option = inet_set_option, .get_option = inet_get_option, .settle = take_error,
    .changed = host_changed, .close = host_tcp_close, .free = inet_free,
};
