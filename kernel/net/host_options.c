/* Options that act on the host's end of a connection. Everything else is kept in the guest alone. */
#include "linux/socket.h"
#include "net/host.h"

static const struct passed {
    i32 level, name;
} passed[] = {
    {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_SNDBUF},    {SOL_SOCKET, SO_RCVBUF},
    {IPPROTO_TCP, 1 /* NODELAY */}, {IPPROTO_TCP, 3 /* CORK */}, {IPPROTO_TCP, 4 /* KEEPIDLE */},
    {IPPROTO_TCP, 5 /* KEEPINTVL */}, {IPPROTO_TCP, 6 /* KEEPCNT */}, {IPPROTO_TCP, 12 /* QUICKACK */},
    {IPPROTO_TCP, 18 /* USER_TIMEOUT */},
};

void host_set_option(struct inet_socket *i, i32 level, i32 name, i32 value) {
    if (!i->link || i->s.state == SOCKET_LISTENING)
        return;
    for (u32 n = 0; n < ARRAY_LEN(passed); n++) {
        if (passed[n].level != level || passed[n].name != name)
            continue;
        hc_begin(NV_OP_NET_OPTION);
        hc_arg(0, i->link->handle);
        hc_arg(1, level);
        hc_arg(2, name);
        hc_arg(3, (u32)value);
        hc_ring(); /* what the host does not take, it does without */
    }
}
