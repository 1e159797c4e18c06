/* The network interfaces of a guest: lo and, when it may talk to the host's network, eth0
   (net/interface.c). */
#pragma once
#include "types.h"

#define LOOPBACK_MTU 65536

struct interface {
    const char *name;
    i32 index;
    u32 flags;           /* IFF_* */
    u16 type;            /* ARPHRD_* */
    u32 mtu;
    u8 hardware[6];
    u8 v4[4], v6[16];
    u8 prefix_v4, prefix_v6; /* 0: no such address */
    u8 scope;            /* of its addresses: RT_SCOPE_* */
};

#define INTERFACES_MAX 2
/* All there are, in order of their indexes; how many. */
u32 interfaces(struct interface *out);

/* SIOCGIF*: what programs ask of interfaces; -ENOTTY for anything else. */
i64 interface_ioctl(u64 command, u64 argument);
