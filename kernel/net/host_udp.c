/* UDP to the outside. A datagram that comes from there joins the queue that those from inside wait in,
   as soon as somebody asks for it. */
#include "errno.h"
#include "lib.h"
#include "net/host.h"

static u8 content[NV_NET_DATAGRAM_MAX + 1]; /* filled and used without sleeping between */

/* With `published` only on a port of the host that leads here. */
static i64 open_link(struct inet_socket *i, bool published) {
    if (i->link)
        return 0;
    struct host_link *link = host_link_new(i);
    if (!link)
        return -ENOMEM;
    hc_begin(NV_OP_NET_DATAGRAM);
    hc_arg(0, i->local.port);
    hc_arg(1, i->s.family == AF_INET6);
    hc_arg(2, published);
    hc_arg(3, POLLIN);
    hc_cookie(link->source.cookie);
    i64 handle = hc_ring();
    if (handle < 0) {
        host_link_drop(i, false);
        return handle;
    }
    link->handle = handle;
    host_told(link, POLLIN);
    return 0;
}

void host_udp_bound(struct inet_socket *i) {
    if (net_is_host() && i->local.port)
        open_link(i, true);
}

i64 host_udp_connect(struct inet_socket *i, const struct endpoint *to) {
    i64 error = open_link(i, false);
    if (error)
        return error;
    hc_begin(NV_OP_NET_PEER);
    hc_arg(0, i->link->handle);
    host_address(1, to);
    i->link->has_peer = true;
    return hc_ring();
}

void host_udp_disconnect(struct inet_socket *i) {
    if (!i->link || !i->link->has_peer)
        return;
    host_link_drop(i, false);
    host_udp_bound(i);
}

i64 host_udp_send(struct inet_socket *i, struct message *m, const struct endpoint *to) {
    struct io io;
    u64 size = m->io.left;
    i64 put = open_link(i, false);
    if (!put && io_take(&m->io, content, size) != (i64)size)
        put = -EFAULT;
    while (!put) {
        if (!i->link || (i->s.shut & SHUT_WRITE))
            return -EPIPE;
        io_kernel(&io, content, size);
        put = host_send(i->link, &io, i->link->has_peer && endpoint_equal(to, &i->remote) ? NULL : to);
        if (put != -EAGAIN)
            break;
        /* Rare: the host's buffer is full. The content is not ours any more after sleeping. */
        return m->deadline ? (i64)size : put;
    }
    return put;
}

bool host_udp_pull(struct inet_socket *i) {
    struct endpoint from;
    struct io io;
    if (!i->link)
        return false;
    io_kernel(&io, content, sizeof(content));
    i64 got = host_receive(i->link, &io, false);
    if (got < 0 && got != -EAGAIN)
        i->s.error = -got;
    if (got < 0)
        return got != -EAGAIN;
    host_address_result(&from);
    io_kernel(&io, content, got);
    struct packet *p = packet_new(&io, got);
    if (IS_ERR(p))
        return false; /* lost, as datagrams are */
    inet_tell(i, &from, &p->from);
    p->control.arrived = arrival(&i->s);
    packets_add(&i->s.packets, p);
    return true;
}

u32 host_udp_poll(struct inet_socket *i) {
    return i->link ? host_ready(i->link, POLLIN) & (POLLIN | POLLERR) : 0;
}

void host_udp_settle(struct socket *s) {
    struct inet_socket *i = inet_socket(s);
    if (i->link && !s->error) {
        i64 status = host_status(i->link, true);
        s->error = status == -EINPROGRESS ? 0 : -status;
    }
}
