/* Socket addresses as programs give and get them (net/address.c). */
#pragma once
#include "linux/socket.h"

#define ADDRESS_MAX 128 /* struct sockaddr_storage */

struct address {
    u32 size; /* 0: none */
    union {
        u16 family;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_nl nl;
        u8 bytes[ADDRESS_MAX];
    };
};

/* 0, -EINVAL, -EFAULT. */
i64 address_from_user(struct address *out, u64 from, u64 size);
/* To a buffer whose size the u32 at `size_at` tells and is told in return; cut if it is too small. */
i64 address_to_user(const struct address *address, u64 to, u64 size_at);

static inline u16 swap16(u16 v) { return (u16)(v << 8 | v >> 8); } /* network byte order */
