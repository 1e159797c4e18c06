/* Connections from outside: a port of the host that leads to a listening socket (nanvix run -p). They
   wait on the host until the guest accepts them. */
#include "errno.h"
#include "lib.h"
#include "net/host.h"

i64 host_listen(struct inet_socket *l, u32 backlog) {
    if (!net_is_host() || l->link || l->v6_only) /* its neighbour for IPv4 takes them */
        return 0;
    struct host_link *link = host_link_new(l);
    if (!link)
        return -ENOMEM;
    hc_begin(NV_OP_NET_LISTEN);
    hc_arg(0, l->local.port);
    hc_arg(1, backlog);
    i64 handle = hc_ring();
    if (handle >= 0) {
        link->handle = handle;
        return 0;
    }
    host_link_drop(l, false);
    return handle == -ENOENT ? 0 : handle;
}

u32 host_callers(struct inet_socket *l) { return l->link ? host_ready(l->link, POLLIN) & POLLIN : 0; }

/* The connection as a socket of its own, which takes over the handle. */
static struct inet_socket *make_child(struct inet_socket *l, u64 handle, const struct endpoint *from) {
    struct inet_socket *child = inet_alloc(l->s.family, IPPROTO_TCP);
    if (!child)
        return NULL;
    struct host_link *link = host_link_new(child);
    if (!link) {
        socket_put(&child->s);
        return NULL;
    }
    link->handle = handle;
    child->s.options = l->s.options;
    memcpy(child->option, l->option, sizeof(child->option));
    child->v6_only = l->v6_only;
    child->remote = *from;
    child->local = l->local;
    if (endpoint_is_any(&child->local))
        endpoint_guest(&child->local, endpoint_is_mapped(from));
    port_share(child, l->local.port);
    child->line = LINE_USED;
    child->s.ops = &host_tcp_ops;
    child->s.state = SOCKET_CONNECTED;
    host_set_options(child);
    return child;
}

void host_admit(struct socket *s) {
    struct inet_socket *l = inet_socket(s);
    struct endpoint from;
    if (!l->link || backlog_full(s) || l->link->armed)
        return;
    hc_begin(NV_OP_NET_ACCEPT);
    hc_arg(0, l->link->handle);
    hc_arg(3, POLLIN);
    hc_cookie(l->link->source.cookie);
    i64 handle = hc_ring();
    l->link->ready = 0;
    if (handle < 0) {
        host_told(l->link, POLLIN);
        return;
    }
    host_address_result(&from);
    struct inet_socket *child = make_child(l, handle, &from);
    if (child) {
        backlog_add(s, &child->s);
        return;
    }
    hc_begin(NV_OP_NET_CLOSE);
    hc_arg(0, handle);
    hc_arg(1, 1);
    hc_ring();
}
