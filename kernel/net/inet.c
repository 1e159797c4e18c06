/* AF_INET and AF_INET6: making and binding sockets. */
#include "net/host.h"
#include "errno.h"
#include "lib.h"
#include "task.h"

struct inet_socket *inet_alloc(u16 family, u16 protocol) {
    bool tcp = protocol == IPPROTO_TCP;
    struct socket *s = socket_alloc(sizeof(struct inet_socket), tcp ? &tcp_ops : &udp_ops, family,
                                    tcp ? SOCK_STREAM : SOCK_DGRAM, protocol);
    if (!s)
        return NULL;
    struct inet_socket *i = inet_socket(s);
    endpoint_any(&i->local, family == AF_INET);
    endpoint_any(&i->remote, family == AF_INET);
    list_init(&i->bound);
    list_init(&i->callers);
    list_init(&i->caller_link);
    packets_init(&i->errors);
    creds_of_current(&s->creds);
    inet_options_init(i);
    if (tcp) {
        s->options.send_buffer = TCP_SEND_BUFFER;
        s->options.receive_buffer = TCP_RECEIVE_BUFFER;
    }
    return i;
}

i64 inet_create(u16 family, u32 type, u32 protocol, struct socket **out) {
    u16 own = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    if (type == SOCK_RAW)
        return capable(CAP_NET_RAW) ? -EPROTONOSUPPORT : -EPERM;
    if (type != SOCK_STREAM && type != SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    if (protocol == IPPROTO_UDPLITE && type == SOCK_DGRAM)
        own = IPPROTO_UDPLITE;
    if (protocol && protocol != own)
        return protocol > 255 ? -EINVAL : -EPROTONOSUPPORT;
    struct inet_socket *i = inet_alloc(family, own);
    if (!i)
        return -ENOMEM;
    *out = &i->s;
    return 0;
}

/* Any address of the family the socket can have, as an endpoint. */
static i64 read_address(const struct inet_socket *i, const struct address *from, struct endpoint *out) {
    if (from->size < sizeof(from->family))
        return -EINVAL;
    if (from->family == AF_INET && from->size >= sizeof(from->in) && i->s.family == AF_INET) {
        endpoint_any(out, true);
        memcpy(out->address + 12, from->in.address, 4);
        out->port = swap16(from->in.port);
        return 0;
    }
    bool v4 = i->s.family == AF_INET;
    if (from->size < (v4 ? sizeof(from->in) : sizeof(from->in6) - sizeof(from->in6.scope)))
        return -EINVAL;
    if (v4 || from->family != AF_INET6)
        return -EAFNOSUPPORT;
    memcpy(out->address, from->in6.address, 16);
    out->port = swap16(from->in6.port);
    return 0;
}

i64 inet_target(const struct inet_socket *i, const struct address *from, struct endpoint *out) {
    i64 error = read_address(i, from, out);
    if (error)
        return error;
    bool v4 = endpoint_is_mapped(out);
    if (endpoint_is_any(out))
        endpoint_loopback(out, v4); /* "this host" */
    if (net_is_none())
        return v4 ? -ENETUNREACH : -EADDRNOTAVAIL; /* as where no interface is up */
    bool own = endpoint_is_own(out);
    if ((!own && (!net_is_host() || i->s.protocol == IPPROTO_UDPLITE)) || (v4 && i->v6_only))
        return -ENETUNREACH;
    if (endpoint_is_any(&i->local))
        return 0;
    if (endpoint_is_mapped(&i->local) != v4)
        return -ENETUNREACH;
    return !own && endpoint_is_local(&i->local) ? -EINVAL : 0; /* nothing comes back to there */
}

void inet_tell(const struct inet_socket *i, const struct endpoint *e, struct address *out) {
    memset(out, 0, sizeof(*out));
    out->family = i->s.family;
    if (i->s.family == AF_INET) {
        out->size = sizeof(out->in);
        out->in.port = swap16(e->port);
        memcpy(out->in.address, e->address + 12, 4);
    } else {
        out->size = sizeof(out->in6);
        out->in6.port = swap16(e->port);
        memcpy(out->in6.address, e->address, 16);
    }
}

i64 inet_name(struct socket *s, struct address *out) {
    inet_tell(inet_socket(s), &inet_socket(s)->local, out);
    return 0;
}

i64 inet_bind(struct socket *s, const struct address *to) {
    struct inet_socket *i = inet_socket(s);
    struct address any = *to;
    struct endpoint e;
    if (s->family == AF_INET && any.family == AF_UNSPEC && any.size >= sizeof(any.in) && !*(u32 *)any.in.address)
        any.family = AF_INET; /* old programs leave it out */
    i64 error = read_address(i, &any, &e);
    if (error)
        return error;
    if (!endpoint_is_any(&e) && (!endpoint_is_own(&e) || (net_is_none() && !endpoint_is_mapped(&e))))
        return -EADDRNOTAVAIL;
    if (endpoint_is_mapped(&e) && i->v6_only)
        return -EINVAL;
    if (e.port && e.port < PRIVILEGED_PORTS && !capable(CAP_NET_BIND_SERVICE))
        return -EACCES;
    if (s->state != SOCKET_IDLE || port_held(i))
        return -EINVAL;
    struct endpoint before = i->local;
    i->local = e;
    i->local.port = 0;
    error = port_take(i, e.port);
    if (error) {
        i->local = before;
        return error;
    }
    i->port_chosen = e.port != 0;
    i->address_chosen = !endpoint_is_any(&e);
    if (s->protocol == IPPROTO_UDP)
        host_udp_bound(i);
    return 0;
}

i64 inet_bind_any(struct inet_socket *i) {
    if (port_held(i))
        return 0;
    return port_take(i, 0) ? -EAGAIN : 0;
}

void inet_choose_source(struct inet_socket *i, const struct endpoint *target) {
    bool v4 = endpoint_is_mapped(target);
    if (!endpoint_is_any(&i->local))
        return;
    if (endpoint_is_local(target))
        endpoint_loopback(&i->local, v4);
    else
        endpoint_guest(&i->local, v4);
}

/* What connecting has chosen ends with the connection. */
void inet_forget_choice(struct inet_socket *i) {
    if (!i->address_chosen)
        endpoint_any(&i->local, i->s.family == AF_INET);
    if (!i->port_chosen)
        port_release(i);
}

void inet_free(struct socket *s) {
    packets_free(&inet_socket(s)->errors);
    kfree(inet_socket(s));
}
