/* Sockets: what all families share. A family gives its operations and wraps struct socket in one of
   its own. Streams write into the ring of their peer, other types queue packets with it, so a
   socket only ever sleeps in its own queue or in another's `room`. */
#pragma once
#include "fs/open.h"
#include "net/packet.h"
#include "net/stream.h"

struct socket;

/* A message on its way in or out of one call. */
struct message {
    struct io io;
    u32 flags;              /* MSG_* of the call */
    u32 out_flags;          /* MSG_* of the result */
    u64 deadline;           /* 0: do not wait */
    struct address address; /* to, or from; size 0: none */
    struct control control;
};

struct socket_ops {
    i64 (*bind)(struct socket *s, const struct address *to);
    i64 (*connect)(struct socket *s, const struct address *to, u64 deadline);
    i64 (*listen)(struct socket *s, u32 backlog); /* NULL: EOPNOTSUPP, as accept */
    void (*admit)(struct socket *listener);    /* bring one that waits elsewhere into the backlog; may be NULL */
    void (*accepted)(struct socket *listener); /* one has been taken from the backlog; may be NULL */
    i64 (*name)(struct socket *s, struct address *out);
    i64 (*peer_name)(struct socket *s, struct address *out);
    i64 (*send)(struct socket *s, struct message *m);
    i64 (*receive)(struct socket *s, struct message *m);
    i64 (*errors)(struct socket *s, struct message *m); /* MSG_ERRQUEUE; NULL: the flag means nothing */
    i64 (*shutdown)(struct socket *s, u32 how); /* SHUT_READ | SHUT_WRITE */
    u32 (*poll)(struct socket *s);
    i64 (*waiting)(struct socket *s);        /* FIONREAD */
    /* Options of other levels than SOL_SOCKET; NULL: EOPNOTSUPP. */
    i64 (*set_option)(struct socket *s, i32 level, i32 name, u64 at, u32 size);
    i64 (*get_option)(struct socket *s, i32 level, i32 name, void *value, u32 *size);
    void (*changed)(struct socket *s, i32 name, i32 value); /* an option of SOL_SOCKET; may be NULL */
    void (*settle)(struct socket *s);        /* bring state and error up to date; NULL: they are */
    void (*close)(struct socket *s);         /* the last descriptor has gone */
    void (*free)(struct socket *s);          /* and now the last reference */
};

enum socket_state { SOCKET_IDLE, SOCKET_LISTENING, SOCKET_CONNECTING, SOCKET_CONNECTED };
#define SHUT_READ 1
#define SHUT_WRITE 2
#define SHUT_BOTH 3

#define BUFFER_DEFAULT 212992
#define BUFFER_MAX 212992 /* what a program may ask for, before it is doubled */
#define SEND_BUFFER_MIN 4608
#define RECEIVE_BUFFER_MIN 2304

#define UNIX_DGRAM_QUEUE 10 /* packets of strangers */
#define OPTION_VALUES 15
struct socket_options {
    i32 value[OPTION_VALUES]; /* the plain ones: net/options.c knows which */
    i32 send_buffer, receive_buffer, low_water;
    i32 stamp;       /* SO_TIMESTAMP or one of its kin, or 0 */
    i32 peek_offset; /* SO_PEEK_OFF; below 0: MSG_PEEK begins at the first byte */
    bool reuse_address, reuse_port, pass_creds;
    struct linger linger;
    u64 receive_timeout, send_timeout; /* ns; NEVER: none */
};

struct socket {
    const struct socket_ops *ops;
    u32 refs;
    u16 family, type, protocol;
    u8 state, shut;
    bool closed;
    i32 error;            /* SO_ERROR: a positive errno, reported once */
    struct file *file;    /* NULL: waits to be accepted, or closed */
    struct poll_head head;
    struct wait_queue room; /* those who wait for room in this socket's queue */
    struct socket *peer;  /* not a reference: either side clears both */
    struct stream in;
    struct packet_queue packets;
    struct list backlog, backlog_link; /* connected, to be accepted */
    u32 backlog_count, backlog_max;
    struct ucred creds, peer_creds;
    /* net/rights.c: references in the queues of sockets, and how a search for lost ones stands. */
    u32 flights, held;
    bool reached;
    struct list flight_link;
    struct socket_options options;
};

extern const struct file_ops socket_file_ops;
static inline struct socket *file_socket(struct file *file) {
    return file->ops == &socket_file_ops ? file->private : NULL;
}

/* net/socket.c. A zeroed object of `size` bytes that begins with a socket; NULL: no memory, or too many. */
struct socket *socket_alloc(u64 size, const struct socket_ops *ops, u16 family, u16 type, u16 protocol);
struct socket *socket_get(struct socket *s);
void socket_put(struct socket *s);
/* Give it a file of its own, to which the reference goes also when that fails; ERR_PTR. */
struct file *socket_file(struct socket *s, u32 flags);
/* Sleep in one of the queues; -EAGAIN at the deadline or without one, -ERESTARTSYS, -EINTR. */
i64 socket_wait(struct wait_queue *q, u64 deadline);
/* SO_ERROR as a negative errno, which is thereby reported. */
i64 socket_error(struct socket *s);
static inline void socket_settle(struct socket *s) {
    if (s->ops->settle)
        s->ops->settle(s);
}
/* Everything about it may have changed. */
void socket_wake(struct socket *s);

/* net/options.c */
void options_init(struct socket *s);
i32 option_plain(const struct socket *s, i32 name); /* one that is kept and told */

/* net/listen.c */
bool backlog_full(const struct socket *listener);
void backlog_add(struct socket *listener, struct socket *child);
/* The first connection, waiting for one; ERR_PTR. */
struct socket *backlog_take(struct socket *listener, u64 deadline);
/* Close what nobody has accepted. */
void backlog_close(struct socket *listener);

/* net/transport.c: what connected sockets of all families do with bytes and packets. `broken` says why
   nothing can be sent any more (0: it can), `ended` why nothing can come: 0, 1 or a negative errno. It is
   told whether there is something to return, so that the error can wait. */
i64 stream_send(struct socket *s, struct message *m, i64 (*broken)(struct socket *s));
i64 stream_receive(struct socket *s, struct message *m, i64 (*ended)(struct socket *s, bool some));
/* How much a read wants before it is content. */
u64 stream_wanted(const struct socket *s, const struct message *m);
i64 packet_receive(struct socket *s, struct message *m);
/* Which packet a message is to be filled from, and how far into it; NULL: none. */
struct packet *packet_wanted(const struct socket *s, const struct message *m, u64 *skip);
/* When something arrives at a socket that wants to know, else 0. */
u64 arrival(const struct socket *s);
u32 socket_poll_input(struct socket *s);

/* Families: make a socket of this type; 0 or negative errno. */
i64 unix_create(u32 type, u32 protocol, struct socket **out);
i64 unix_pair(struct socket *a, struct socket *b);
i64 inet_create(u16 family, u32 type, u32 protocol, struct socket **out);
i64 netlink_create(u32 type, u32 protocol, struct socket **out);
/* A message of the kernel to a netlink socket; 0 or negative errno. */
i64 netlink_post(struct socket *s, void *bytes, u32 size);
