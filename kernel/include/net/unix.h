/* AF_UNIX sockets: names (net/unix_name.c), streams (net/unix_stream.c), packets (net/unix_packet.c). */
#pragma once
#include "net/socket.h"

/* A name, shared by the listener that was bound to it and the connections it made. */
struct unix_name {
    u32 refs;
    struct address address;
};

struct unix_socket {
    struct socket s;
    struct unix_name *name, *peer_name; /* NULL: none; the latter when the peer is connected */
    struct dentry *path;                /* of the socket file; NULL: abstract */
    struct list bound;                  /* in the table of names, while open */
    struct list clients, client_link;   /* datagram sockets connected to this one */
};

static inline struct unix_socket *unix_socket(struct socket *s) { return container_of(s, struct unix_socket, s); }

struct unix_name *unix_name_get(struct unix_name *name); /* NULL is fine, for put too */
void unix_name_put(struct unix_name *name);
i64 unix_bind(struct socket *s, const struct address *to);
/* Give it an abstract name of five hex digits unless it has one. */
i64 unix_bind_any(struct unix_socket *u);
void unix_unbind(struct unix_socket *u);
/* The socket of a name, referenced; ERR_PTR(-ECONNREFUSED, -ENOENT, -EACCES, -EPROTOTYPE, ...). */
struct socket *unix_find(const struct address *to, u32 type);

void unix_each(void (*visit)(struct unix_socket *u, void *argument), void *argument); /* all that have a name */

/* net/unix.c */
struct socket *unix_alloc(u32 type); /* NULL: no memory */
i64 unix_own_name(struct socket *s, struct address *out);
i64 unix_peer_name(struct socket *s, struct address *out);
i64 unix_shutdown(struct socket *s, u32 how);
void unix_close(struct socket *s);
void unix_free(struct socket *s);
/* Make two sockets peers. */
void unix_join(struct socket *a, struct socket *b);
/* Connect or listen on streams and packet streams. */
i64 unix_connect(struct socket *s, const struct address *to, u64 deadline);
i64 unix_listen(struct socket *s, u32 backlog);

extern const struct socket_ops unix_stream_ops, unix_seqpacket_ops, unix_dgram_ops;
