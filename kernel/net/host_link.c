/* Links to sockets of the host: readiness, and moving bytes. */
#include "net/host.h"
#include "errno.h"
#include "lib.h"

static struct segments runs; /* filled and used without sleeping between */

static void ready(struct event_source *source, u32 events) {
    struct host_link *link = container_of(source, struct host_link, source);
    link->armed = 0;
    link->ready |= events;
    socket_wake(&link->socket->s);
}

struct host_link *host_link_new(struct inet_socket *i) {
    struct host_link *link = kzalloc(sizeof(*link));
    if (!link)
        return NULL;
    link->socket = i;
    link->source.ready = ready;
    if (!event_source_register(&link->source)) {
        kfree(link);
        return NULL;
    }
    i->link = link;
    return link;
}

void host_link_drop(struct inet_socket *i, bool reset) {
    struct host_link *link = i->link;
    if (!link)
        return;
    i->link = NULL;
    if (link->handle) {
        hc_begin(NV_OP_NET_CLOSE);
        hc_arg(0, link->handle);
        hc_arg(1, reset);
        hc_ring();
    }
    event_source_unregister(&link->source);
    kfree(link);
}

void host_address(int index, const struct endpoint *e) {
    u64 half[2];
    memcpy(half, e->address, sizeof(half));
    hc_arg(index, half[0]);
    hc_arg(index + 1, half[1]);
    hc_arg(index + 2, e->port);
}

void host_address_result(struct endpoint *e) {
    u64 half[2] = {hc_result(1), hc_result(2)};
    memcpy(e->address, half, sizeof(half));
    e->port = hc_result(3);
}

void host_told(struct host_link *link, u32 asked) {
    u32 now = hc_result(0);
    link->ready = (link->ready & ~asked) | now;
    link->armed = now & (POLLERR | POLLHUP) ? 0 : asked & ~now;
}

u32 host_ready(struct host_link *link, u32 wanted) {
    if (wanted & ~link->ready & ~link->armed) {
        hc_begin(NV_OP_NET_WATCH);
        hc_arg(0, link->handle);
        hc_arg(1, wanted | link->armed);
        hc_cookie(link->source.cookie);
        if (hc_ring() < 0)
            return POLLERR | POLLHUP;
        host_told(link, wanted | link->armed);
    }
    return link->ready;
}

/* The call itself. Afterwards only what the host has said is known: nothing, if all went through. */
static i64 move(struct host_link *link, struct io *io, u64 room, u32 bit) {
    hc_arg(4, HOST_WATCHED);
    hc_cookie(link->source.cookie);
    i64 done = hc_ring();
    link->ready &= ~(bit | POLLERR);
    link->armed &= ~bit;
    if (done == -EAGAIN || (done >= 0 && (u64)done < room))
        host_told(link, HOST_WATCHED);
    if (done <= 0)
        return done;
    done = MIN(done, (i64)room);
    io_advance(io, done);
    return done;
}

i64 host_send(struct host_link *link, struct io *io, const struct endpoint *to) {
    i64 room = io_segments(io, &runs, io->left, false);
    if (room < 0)
        return room;
    hc_begin(NV_OP_NET_SEND);
    hc_arg(0, link->handle);
    if (to)
        host_address(1, to);
    hc_in_segments(&runs);
    return move(link, io, room, POLLOUT);
}

i64 host_receive(struct host_link *link, struct io *io, bool peek) {
    i64 room = io_segments(io, &runs, io->left, true);
    if (room < 0)
        return room;
    hc_begin(NV_OP_NET_RECEIVE);
    hc_arg(0, link->handle);
    hc_arg(1, peek);
    hc_out_segments(&runs);
    return move(link, io, room, POLLIN);
}

i64 host_status(struct host_link *link, bool forget) {
    hc_begin(NV_OP_NET_STATUS);
    hc_arg(0, link->handle);
    hc_arg(1, forget);
    if (forget)
        link->ready &= ~POLLERR;
    return hc_ring();
}
