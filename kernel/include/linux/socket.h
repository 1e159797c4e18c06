/* Socket constants (linux/socket.h, asm-generic/socket.h, linux/net.h). */
#pragma once
#include "types.h"

#define AF_UNIX 1
#define SOCK_TYPE_MASK 0xf
#define SOCK_STREAM 1
#define SOCK_CLOEXEC 02000000
#define SOCK_NONBLOCK 04000

#define MSG_DONTWAIT 0x40
#define MSG_WAITALL 0x100
#define MSG_NOSIGNAL 0x4000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#define SOL_SOCKET 1
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_PEERCRED 17
#define SO_ACCEPTCONN 30
#define SO_PROTOCOL 38
#define SO_DOMAIN 39

struct user_msghdr {
    u64 name;
    u32 name_size, pad;
    u64 vector, vectors;
    u64 control, control_size;
    u32 flags, pad2;
};
