/* What travels beside the bytes of a message: descriptors and credentials (net/control.c,
   net/rights.c), and what the header of a datagram says (net/inet_control.c). */
#pragma once
#include "linux/socket.h"
#include "list.h"
#include "types.h"

struct file;
struct message;
struct socket;

/* Open files on their way to another process. */
struct rights {
    struct list doomed; /* waits to be dropped */
    u32 count;
    struct file *file[];
};

/* Of a datagram inside the guest. */
struct ip_control {
    bool known;               /* it has been sent */
    struct header_field {
        bool given; /* else it is what the options of the socket say */
        u8 value;
    } hops, traffic;
    u8 to[16]; /* its address as IPv6 */
    u16 error; /* it has come back: a positive errno */
};

struct control {
    struct rights *rights; /* NULL: none */
    bool has_creds;        /* `creds` says who has sent it */
    struct ucred creds;
    struct ip_control ip;
    u64 arrived; /* SO_TIMESTAMP: realtime ns, when somebody wanted to know */
};

/* Where a received control part is written. */
struct control_sink {
    u64 at, left;
};

extern const struct ucred nobody; /* what is said of who is not known */
void creds_of_current(struct ucred *out);
bool creds_equal(const struct control *a, const struct control *b);

/* Read the control part of a message that is sent; 0 or negative errno, then nothing is held. */
i64 control_from_user(struct control *out, const struct socket *socket, u64 at, u64 size);
/* Hand a received control part to the program and drop it. Bytes written, MSG_CTRUNC added to
   *flags when there was more. */
u64 control_to_user(struct control *control, struct socket *socket, u64 at, u64 size, u32 *flags);
void control_drop(struct control *control);
/* As much of one control message as there is room for. */
void control_put(struct control_sink *sink, i32 level, i32 type, const void *data, u64 size, u32 *flags);

/* Rights (net/rights.c). While they lie in a socket's queue they are in flight: references that no
   descriptor table holds. 0 or -ETOOMANYREFS. */
i64 rights_launch(struct rights *rights);
void rights_land(struct rights *rights);
/* Drop them; never nests, however long the chain of sockets within sockets is. */
void rights_drop(struct rights *rights);
struct rights *rights_copy(const struct rights *rights); /* NULL: no memory */
/* A socket has been closed: look for sockets that only reach each other, now and then. */
void rights_collect(void);
