/* Sockets of the host as the far side of sockets of the guest (docs/network.md). What such a link
   knows of readiness it has from the host, so that asking again is seldom needed. */
#pragma once
#include "hypercall.h"
#include "net/inet.h"

#define HOST_WATCHED (POLLIN | POLLOUT | POLLRDHUP)

struct host_link {
    u64 handle;
    bool has_peer; /* UDP: it hears only who it is connected to */
    u32 ready; /* poll bits that are true until this socket is used */
    u32 armed; /* and those that are false until the host reports */
    struct inet_socket *socket;
    struct event_source source;
};

static inline bool net_is_host(void) { return boot.flags & NV_BOOT_NET_HOST; }
static inline bool net_is_none(void) { return boot.flags & NV_BOOT_NET_NONE; }

/* net/host_link.c. A link that has no handle yet; NULL: no memory. */
struct host_link *host_link_new(struct inet_socket *i);
/* Close its socket, if it has one, and free it; both take the socket's own link. */
void host_link_drop(struct inet_socket *i, bool reset);
/* Arguments `index` and the two behind it. */
void host_address(int index, const struct endpoint *e);
void host_address_result(struct endpoint *e); /* out1, out2, out3 */
/* Those of `wanted` that are true, with POLLERR and POLLHUP; asks the host for what is not known and
   has it watched. */
u32 host_ready(struct host_link *link, u32 wanted);
/* Take over what the host said of `asked` in out0. */
void host_told(struct host_link *link, u32 asked);
/* Move bytes between the host and io: bytes or negative errno; -EAGAIN once the host watches. */
i64 host_send(struct host_link *link, struct io *io, const struct endpoint *to);
i64 host_receive(struct host_link *link, struct io *io, bool peek);
/* The error that is waiting, -EINPROGRESS while it connects, or 0. The host may forget it. */
i64 host_status(struct host_link *link, bool forget);

/* net/host_tcp.c */
i64 host_call(struct inet_socket *i, const struct endpoint *to);
/* The link of a connection is over: the socket is one of loopback again. */
void host_hang_up(struct inet_socket *i, bool reset);
extern const struct socket_ops host_tcp_ops;

/* net/host_listen.c. Connections to a port of the host that leads to this listener. */
i64 host_listen(struct inet_socket *listener, u32 backlog);
void host_admit(struct socket *listener);
u32 host_callers(struct inet_socket *listener); /* POLLIN if there is one */

/* net/host_udp.c. A socket has a link once it sends to the outside or is bound to a port that a port of
   the host leads to. */
void host_udp_bound(struct inet_socket *i);
i64 host_udp_connect(struct inet_socket *i, const struct endpoint *to);
void host_udp_disconnect(struct inet_socket *i);
i64 host_udp_send(struct inet_socket *i, struct message *m, const struct endpoint *to);
bool host_udp_pull(struct inet_socket *i); /* a datagram or an error has come */
u32 host_udp_poll(struct inet_socket *i);
void host_udp_settle(struct socket *s);

/* net/host_options.c. Options that the host's socket must know. */
void host_set_option(struct inet_socket *i, i32 level, i32 name, i32 value);
void host_set_options(struct inet_socket *i);
