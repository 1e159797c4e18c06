/* AF_INET and AF_INET6. Inside the guest there are no packets: a connection is a pair of sockets and a
   datagram goes from queue to queue. What leads out of it is done by sockets of the host (net/host.h).
   Every address is kept as IPv6, those of IPv4 mapped. */
#pragma once
#include "net/socket.h"

struct endpoint {
    u8 address[16];
    u16 port; /* host byte order; 0: none */
};

#define PRIVILEGED_PORTS 1024
#define FIRST_PORT 32768 /* of those given out */
#define LAST_PORT 60999
#define TCP_CONGESTION_NAME "cubic"

#define INET_OPTIONS 48

/* States of TCP (include/net/tcp_states.h), as /proc/net/tcp and TCP_INFO tell them. */
enum {
    TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_FIN_WAIT2 = 5, TCP_TIME_WAIT = 6, TCP_CLOSED = 7, TCP_CLOSE_WAIT = 8,
    TCP_LISTEN = 10,
};
#define TCP_SEND_BUFFER 16384
#define TCP_RECEIVE_BUFFER 131072

struct host_link;

struct inet_socket {
    struct socket s;
    struct host_link *link;   /* the host's end; NULL: none */
    struct endpoint local, remote;
    struct list bound;        /* in the table of ports */
    bool port_chosen;         /* by bind(2), so it outlives a failed connection */
    bool address_chosen;
    bool v6_only;
    /* TCP */
    /* What connect(2) has said: nothing, "wait", that it worked; or shutdown(2) came between. */
    enum { LINE_FREE, LINE_CALLING, LINE_USED, LINE_CUT } line;
    bool finished;            /* the peer has sent its last byte */
    struct list callers;      /* of a listener: clients that wait for place in the backlog */
    struct list caller_link;
    struct inet_socket *called;
    i32 option[INET_OPTIONS]; /* net/inet_options.c */
    struct packet_queue errors; /* UDP: datagrams that came back (net/inet_errors.c) */
};

static inline struct inet_socket *inet_socket(struct socket *s) { return container_of(s, struct inet_socket, s); }
static inline bool inet_is_tcp(const struct inet_socket *i) { return i->s.protocol == IPPROTO_TCP; }

/* net/inet.c */
struct inet_socket *inet_alloc(u16 family, u16 protocol); /* NULL: no memory */
i64 inet_bind(struct socket *s, const struct address *to);
i64 inet_name(struct socket *s, struct address *out);
void inet_free(struct socket *s);
/* An address from a program as an endpoint this socket can reach; 0, -EINVAL, -EAFNOSUPPORT, -ENETUNREACH. */
i64 inet_target(const struct inet_socket *i, const struct address *from, struct endpoint *out);
void inet_tell(const struct inet_socket *i, const struct endpoint *endpoint, struct address *out);
/* A port and, when there is none yet, the address from which `target` is reached. */
i64 inet_bind_any(struct inet_socket *i);
void inet_choose_source(struct inet_socket *i, const struct endpoint *target);
void inet_forget_choice(struct inet_socket *i);

/* net/inet_address.c */
bool endpoint_is_any(const struct endpoint *e);
bool endpoint_is_mapped(const struct endpoint *e);
bool endpoint_is_local(const struct endpoint *e); /* loopback */
bool endpoint_is_own(const struct endpoint *e);   /* any address of the guest */
void endpoint_guest(struct endpoint *e, bool v4); /* the guest's on its way out */
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
void endpoint_any(struct endpoint *e, bool v4);
void endpoint_loopback(struct endpoint *e, bool v4);
/* Does what comes for `to` reach a socket bound like this one? */
bool inet_covers(const struct inet_socket *bound, const struct endpoint *to);

/* net/ports.c. Take this port, or any with 0: 0, -EADDRINUSE. */
i64 port_take(struct inet_socket *i, u16 port);
/* A connection's own end shares the port of its listener. */
void port_share(struct inet_socket *child, u16 port);
/* Others may have it; its number stays known, as getsockname(2) shows. */
void port_release(struct inet_socket *i);
struct inet_socket *port_next(struct inet_socket *i); /* all bound ones; NULL begins and ends */
static inline bool port_held(const struct inet_socket *i) { return !list_empty(&i->bound); }
/* Would listening here get in the way of another listener? */
bool port_listened(const struct inet_socket *i);
/* Is there a connection between the socket's own end and `to`, or was there one a moment ago? */
bool port_connected(const struct inet_socket *i, const struct endpoint *to);
struct inet_socket *port_listener(const struct endpoint *to);
struct inet_socket *port_receiver(u16 protocol, const struct endpoint *to, const struct endpoint *from);

/* net/tcp_connect.c */
i64 tcp_connect(struct socket *s, const struct address *to, u64 deadline);
i64 tcp_listen(struct socket *s, u32 backlog);
i64 tcp_peer_name(struct socket *s, struct address *out);
void tcp_accepted(struct socket *listener);
/* What a sender may have under way: its own buffer and the receiver's. */
u64 tcp_window(const struct socket *from, const struct socket *to);
/* A client gives up its call; a listener refuses all that wait. */
void tcp_hang_up(struct inet_socket *caller);
void tcp_turn_away(struct inet_socket *listener);

/* net/tcp.c: the connection is over at this end, for this reason (0: none). */
void tcp_reset(struct inet_socket *i, i32 error);
u8 tcp_state(const struct inet_socket *i); /* TCP_* */

/* net/inet_options.c */
void inet_options_init(struct inet_socket *i);
i32 inet_option(const struct inet_socket *i, i32 level, i32 name); /* one of the table */
i64 inet_set_option(struct socket *s, i32 level, i32 name, u64 at, u32 size);
i64 inet_get_option(struct socket *s, i32 level, i32 name, void *value, u32 *size);

/* net/inet_control.c. A control message that is sent: 0 or negative errno. */
i64 inet_control_read(struct ip_control *out, const struct socket *s, const struct cmsghdr *header, u64 at);
/* What a datagram from a socket says, as far as it was asked to, else as the socket's options have it. */
void inet_control_sent(struct ip_control *out, const struct inet_socket *from, const struct ip_control *asked,
                       const struct endpoint *to);
/* What the socket that receives it has asked to be told. */
void inet_control_put(struct control_sink *sink, struct socket *s, const struct ip_control *control, u32 *flags);

/* net/inet_errors.c. Nobody has the port the message goes to: who wants to know is told. */
void inet_error_refused(struct inet_socket *i, struct message *m, const struct endpoint *to);
i64 inet_error_receive(struct socket *s, struct message *m); /* bytes, or -EAGAIN */
void inet_error_put(struct control_sink *sink, const struct socket *s, const struct ip_control *control, u32 *flags);

extern const struct socket_ops tcp_ops, udp_ops;
