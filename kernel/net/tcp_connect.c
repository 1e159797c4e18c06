/* TCP: how connections come about. */
#include "errno.h"
#include "lib.h"
#include "net/host.h"
#include "net/time_wait.h"

#define TUNED_SEND_BUFFER (1u << 18) /* what a send buffer nobody has set grows to */

u64 tcp_window(const struct socket *from, const struct socket *to) {
    i32 send = from->options.send_buffer;
    return (send == TCP_SEND_BUFFER ? TUNED_SEND_BUFFER : (u64)send) + (u64)to->options.receive_buffer / 2;
}

/* The far end of a connection to a listener with place for it. */
static i64 establish(struct inet_socket *client, struct inet_socket *listener) {
    struct inet_socket *child = inet_alloc(listener->s.family, IPPROTO_TCP);
    if (!child)
        return -ENOMEM;
    struct socket *a = &client->s, *b = &child->s;
    b->options = listener->s.options;
    if (!stream_open(&b->in, tcp_window(a, b)) || !stream_open(&a->in, tcp_window(b, a))) {
        socket_put(b);
        return -ENOMEM;
    }
    memcpy(child->option, listener->option, sizeof(child->option));
    child->v6_only = listener->v6_only;
    child->local = client->remote;
    child->remote = client->local;
    port_share(child, client->remote.port);
    time_wait_reopen(&child->local, &child->remote);
    child->line = LINE_USED;
    a->peer = b;
    b->peer = a;
    a->state = b->state = SOCKET_CONNECTED;
    backlog_add(&listener->s, b);
    socket_wake(a);
    return 0;
}

/* Nobody listens there. */
static void refuse(struct inet_socket *caller) {
    tcp_reset(caller, ECONNREFUSED);
    inet_forget_choice(caller);
}

void tcp_hang_up(struct inet_socket *caller) {
    list_remove(&caller->caller_link);
    caller->called = NULL;
}

/* There is place in the backlog again: let those in who wait for it. */
void tcp_accepted(struct socket *listener) {
    struct inet_socket *l = inet_socket(listener);
    while (!list_empty(&l->callers) && !backlog_full(listener)) {
        struct inet_socket *caller = list_first(&l->callers, struct inet_socket, caller_link);
        tcp_hang_up(caller);
        if (establish(caller, l))
            refuse(caller);
    }
}

void tcp_turn_away(struct inet_socket *l) {
    while (!list_empty(&l->callers)) {
        struct inet_socket *caller = list_first(&l->callers, struct inet_socket, caller_link);
        tcp_hang_up(caller);
        refuse(caller);
    }
}

/* A socket that calls its own port gets itself on the line, as TCP's rules have it. */
static i64 connect_to_self(struct inet_socket *i) {
    if (!stream_open(&i->s.in, tcp_window(&i->s, &i->s)))
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
    if (port_connected(i, to))
        return -EADDRNOTAVAIL;
    i->remote = *to;
    i->s.error = 0;
    i->finished = false;
    if (!endpoint_is_own(to))
        return host_call(i, to);
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
    /* What is cut off is a reset for both sides. */
    bool cut = i->s.state == SOCKET_CONNECTING || (i->s.state == SOCKET_CONNECTED && (i->link || i->s.peer));
    if (i->s.state == SOCKET_LISTENING) {
        tcp_turn_away(i);
        backlog_close(&i->s);
    }
    host_hang_up(i, true);
    if (i->s.peer)
        tcp_reset(inet_socket(i->s.peer), ECONNRESET);
    if (i->called)
        tcp_hang_up(i);
    tcp_reset(i, cut ? ECONNRESET : 0);
    stream_close(&i->s.in);
    inet_forget_choice(i);
    i->s.shut = 0;
    i->line = LINE_FREE;
}

i64 tcp_connect(struct socket *s, const struct address *to, u64 deadline) {
    struct inet_socket *i = inet_socket(s);
    struct endpoint target;
    if (to->size >= sizeof(to->family) && to->family == AF_UNSPEC) {
        disconnect(i);
        return 0;
    }
    if (i->line == LINE_CUT)
        return -EINVAL;
    socket_settle(s);
    if (i->line != LINE_CALLING) {
        if (s->state != SOCKET_IDLE || i->line == LINE_USED)
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
        i->line = LINE_CALLING;
        if (!deadline)
            return -EINPROGRESS; /* even if the outcome is known: nobody has asked for it yet */
    } else if (!deadline && s->state == SOCKET_CONNECTING) {
        return -EALREADY;
    }
    for (socket_settle(s); s->state == SOCKET_CONNECTING; socket_settle(s)) {
        i64 why = socket_wait(&s->head.sleepers, deadline);
        if (why)
            return why == -EAGAIN ? -EINPROGRESS : why;
    }
    if (i->line != LINE_CALLING)
        return -EISCONN; /* another thread has been told */
    i->line = s->state == SOCKET_CONNECTED ? LINE_USED : LINE_FREE;
    if (i->line == LINE_USED)
        return 0;
    i64 error = socket_error(s);
    s->shut = 0;
    return error ? error : -ECONNABORTED;
}

i64 tcp_listen(struct socket *s, u32 backlog) {
    struct inet_socket *i = inet_socket(s);
    if (s->state == SOCKET_LISTENING)
        return 0;
    if (s->state != SOCKET_IDLE || i->line != LINE_FREE)
        return -EINVAL;
    i64 error = inet_bind_any(i);
    if (error || port_listened(i))
        return -EADDRINUSE;
    s->shut = 0;
    return host_listen(i, backlog);
}
