/* AF_UNIX: what its three types share. */
#include "net/unix.h"
#include "errno.h"
#include "lib.h"
#include "net/urgent.h"

struct socket *unix_alloc(u32 type) {
    const struct socket_ops *ops = type == SOCK_STREAM  ? &unix_stream_ops
                                   : type == SOCK_DGRAM ? &unix_dgram_ops
                                                        : &unix_seqpacket_ops;
    struct socket *s = socket_alloc(sizeof(struct unix_socket), ops, AF_UNIX, type, 0);
    if (s) {
        struct unix_socket *u = unix_socket(s);
        list_init(&u->bound);
        list_init(&u->clients);
        list_init(&u->client_link);
    }
    return s;
}

i64 unix_create(u32 type, u32 protocol, struct socket **out) {
    if (protocol && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    if (type == SOCK_RAW)
        type = SOCK_DGRAM;
    if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
        return -ESOCKTNOSUPPORT;
    *out = unix_alloc(type);
    return *out ? 0 : -ENOMEM;
}

void unix_join(struct socket *a, struct socket *b) {
    struct socket *pair[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        struct unix_socket *u = unix_socket(pair[i]);
        u->s.peer = pair[!i];
        u->s.state = SOCKET_CONNECTED;
        u->peer_name = unix_name_get(unix_socket(pair[!i])->name);
        if (u->s.type == SOCK_DGRAM)
            list_append(&unix_socket(pair[!i])->clients, &u->client_link);
    }
}

i64 unix_pair(struct socket *a, struct socket *b) {
    if (a->type == SOCK_STREAM && (!stream_open(&a->in, b->options.send_buffer) || !stream_open(&b->in, a->options.send_buffer)))
        return -ENOMEM;
    unix_join(a, b);
    creds_of_current(&a->peer_creds);
    b->peer_creds = a->peer_creds;
    return 0;
}

static i64 tell_name(const struct unix_name *name, struct address *out) {
    if (name)
        *out = name->address;
    else
        *out = (struct address){.size = sizeof(out->family), .family = AF_UNIX};
    return 0;
}

i64 unix_own_name(struct socket *s, struct address *out) { return tell_name(unix_socket(s)->name, out); }

/* A peer may have been bound after it was connected; and be gone already. */
i64 unix_peer_name(struct socket *s, struct address *out) {
    if (s->state != SOCKET_CONNECTED)
        return -ENOTCONN;
    return tell_name(s->peer ? unix_socket(s->peer)->name : unix_socket(s)->peer_name, out);
}

i64 unix_shutdown(struct socket *s, u32 how) {
    s->shut |= how;
    if (s->peer && s->type != SOCK_DGRAM) {
        s->peer->shut |= (how & SHUT_READ ? SHUT_WRITE : 0) | (how & SHUT_WRITE ? SHUT_READ : 0);
        socket_wake(s->peer);
    }
    socket_wake(s);
    return 0;
}

void unix_close(struct socket *s) {
    struct unix_socket *u = unix_socket(s);
    struct socket *peer = s->peer;
    unix_unbind(u);
    list_remove(&u->client_link);
    s->peer = NULL;
    if (peer && s->type != SOCK_DGRAM) {
        struct unix_socket *other = unix_socket(peer);
        peer->peer = NULL;
        peer->shut = SHUT_BOTH;
        if ((s->in.open && urgent_untaken(s)) || s->packets.bytes)
            peer->error = ECONNRESET;
        if (!other->peer_name)
            other->peer_name = unix_name_get(u->name);
        socket_wake(peer);
    }
    stream_close(&s->in);
    packets_free(&s->packets);
}

void unix_free(struct socket *s) {
    struct unix_socket *u = unix_socket(s);
    unix_name_put(u->name);
    unix_name_put(u->peer_name);
    kfree(u);
}
