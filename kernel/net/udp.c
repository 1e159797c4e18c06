/* UDP, and UDP-Lite, which differs in how much of a datagram is checked and so inside a guest in nothing
   but its options: inside the guest a datagram goes straight into the queue of whoever has the port. */
#include "errno.h"
#include "lib.h"
#include "net/host.h"

#define SIZE_MAX_V4 65507
#define SIZE_MAX_V6 65527

static i64 udp_connect(struct socket *s, const struct address *to, u64 deadline) {
    struct inet_socket *i = inet_socket(s);
    struct endpoint target;
    if (to->size < sizeof(to->family))
        return -EINVAL;
    if (to->family == AF_UNSPEC) {
        host_udp_disconnect(i);
        s->state = SOCKET_IDLE;
        endpoint_any(&i->remote, s->family == AF_INET);
        i->remote.port = 0;
        inet_forget_choice(i);
        i->local.port = port_held(i) ? i->local.port : 0;
        return 0;
    }
    i64 error = inet_target(i, to, &target);
    if (!error)
        error = inet_bind_any(i);
    if (error)
        return error;
    host_udp_disconnect(i);
    if (!endpoint_is_own(&target))
        error = host_udp_connect(i, &target);
    if (error)
        return error;
    inet_choose_source(i, &target);
    i->remote = target;
    s->state = SOCKET_CONNECTED;
    return 0;
}

static i64 udp_peer_name(struct socket *s, struct address *out) {
    if (s->state != SOCKET_CONNECTED || !inet_socket(s)->remote.port)
        return -ENOTCONN;
    inet_tell(inet_socket(s), &inet_socket(s)->remote, out);
    return 0;
}

/* Where a datagram goes and what it says of where it comes from. */
static i64 route(struct inet_socket *i, const struct message *m, struct endpoint *to, struct endpoint *from) {
    i64 error = inet_bind_any(i);
    if (error)
        return error;
    if (m->address.size) {
        struct address at = m->address;
        if (at.family == AF_UNSPEC && i->s.family == AF_INET)
            at.family = AF_INET; /* as on Linux, for those who leave it out */
        error = inet_target(i, &at, to);
        if (!error && !to->port)
            error = -EINVAL;
    } else if (i->s.state == SOCKET_CONNECTED) {
        *to = i->remote;
    } else {
        error = -EDESTADDRREQ;
    }
    *from = i->local;
    if (!error && endpoint_is_any(from))
        endpoint_loopback(from, endpoint_is_mapped(to));
    return error;
}

/* UDP-Lite: is as much of it checked as the receiver wants? */
static bool covered(const struct inet_socket *i, const struct inet_socket *receiver, u64 size) {
    u32 sent = inet_option(i, IPPROTO_UDPLITE, UDPLITE_SEND_CSCOV);
    return !sent || sent >= size + UDPLITE_HEADER ||
           sent >= (u32)inet_option(receiver, IPPROTO_UDPLITE, UDPLITE_RECV_CSCOV);
}

static i64 udp_send(struct socket *s, struct message *m) {
    struct inet_socket *i = inet_socket(s);
    struct endpoint to, from;
    u64 size = m->io.left;
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (size > 0xffff)
        return -EMSGSIZE;
    i64 error = route(i, m, &to, &from);
    if (error)
        return error;
    if (s->error)
        return socket_error(s);
    if (s->shut & SHUT_WRITE)
        return -EPIPE;
    if (size > (endpoint_is_mapped(&to) ? SIZE_MAX_V4 : SIZE_MAX_V6))
        return -EMSGSIZE;
    if (!endpoint_is_own(&to))
        return host_udp_send(i, m, &to);
    struct inet_socket *receiver = port_receiver(s->protocol, &to, &from);
    if (!receiver) { /* "port unreachable" */
        inet_error_refused(i, m, &to);
        return size;
    }
    struct packet_queue *queue = &receiver->s.packets;
    if (queue->charge + packet_charge(size) > (u64)receiver->s.options.receive_buffer || !covered(i, receiver, size))
        return size; /* lost, as datagrams are */
    struct packet *p = packet_new(&m->io, size);
    if (IS_ERR(p))
        return PTR_ERR(p);
    inet_control_sent(&p->control.ip, i, &m->control.ip, &to);
    inet_tell(receiver, &from, &p->from);
    p->control.arrived = arrival(&receiver->s);
    packets_add(queue, p);
    poll_wake(&receiver->s.head, POLLIN | POLLRDNORM);
    return size;
}

static i64 udp_receive(struct socket *s, struct message *m) {
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    for (u64 skip; s->error || !packet_wanted(s, m, &skip);) {
        if (s->error)
            return socket_error(s);
        if (host_udp_pull(inet_socket(s)))
            continue;
        if ((s->shut & SHUT_READ) && m->deadline)
            return 0;
        i64 why = socket_wait(&s->head.sleepers, m->deadline);
        if (why)
            return why;
    }
    return packet_receive(s, m);
}

static i64 udp_shutdown(struct socket *s, u32 how) {
    bool connected = s->state == SOCKET_CONNECTED;
    s->shut |= how;
    socket_wake(s);
    return connected ? 0 : -ENOTCONN;
}

static u32 udp_poll(struct socket *s) {
    u32 events = socket_poll_input(s);
    if (!(events & POLLIN))
        events |= host_udp_poll(inet_socket(s));
    if (inet_socket(s)->errors.count)
        events |= POLLERR;
    return events | (events & POLLIN ? POLLRDNORM : 0) | POLLOUT | POLLWRNORM | POLLWRBAND;
}

static i64 udp_waiting(struct socket *s) {
    if (!s->packets.count)
        host_udp_pull(inet_socket(s));
    struct packet *first = packets_first(&s->packets);
    return first ? first->size : 0;
}

static void udp_close(struct socket *s) {
    host_link_drop(inet_socket(s), false);
    port_release(inet_socket(s));
}

const struct socket_ops udp_ops = {
    .bind = inet_bind, .connect = udp_connect, .name = inet_name, .peer_name = udp_peer_name,
    .send = udp_send, .receive = udp_receive, .errors = inet_error_receive, .shutdown = udp_shutdown, .poll = udp_poll,
    .waiting = udp_waiting, .set_option = inet_set_option, .get_option = inet_get_option,
    .settle = host_udp_settle, .close = udp_close, .free = inet_free,
};
