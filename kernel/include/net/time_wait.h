/* Connections that are over and still hold their addresses (net/time_wait.c). Nothing runs when their
   time is up: whoever looks finds them gone. */
#pragma once
#include "net/inet.h"

#define TIME_WAITS_MAX 1024

struct time_wait {
    struct list link, at_port, at_ends;
    struct endpoint local, remote;
    u64 until; /* monotonic ns */
    u16 family;
    u8 state;  /* TCP_FIN_WAIT2 or TCP_TIME_WAIT */
    bool reuse_address, reuse_port;
};

/* This end of a connection is closed, or has heard the other's last word after its own. */
void time_wait_begin(const struct inet_socket *i, u8 state);
/* The other end of the connection, if it waits, has heard the last of this one, or a reset. */
void time_wait_heard(const struct inet_socket *peer, bool reset);
/* Does one stand in the way of binding a socket to this port? */
bool time_wait_conflicts(const struct inet_socket *i, u16 port);
/* Does one have this port? */
bool time_wait_holds(u16 port);
/* May a new connection have these ends? One that is in TIME_WAIT there is given up for it. */
bool time_wait_yields(const struct endpoint *local, const struct endpoint *remote);
/* The other side begins anew from where it was: the one that waits is no longer needed. */
void time_wait_reopen(const struct endpoint *local, const struct endpoint *remote);
/* Each in turn; NULL begins and ends. */
struct time_wait *time_wait_next(struct time_wait *w);
