/* Socket constants and structures (linux/socket.h, asm-generic/socket.h, linux/net.h, linux/un.h,
   linux/in.h, linux/in6.h, linux/netlink.h). */
#pragma once
#include "types.h"

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16

#define SOCK_TYPE_MASK 0xf
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5
#define SOCK_PACKET 10
#define SOCK_CLOEXEC 02000000
#define SOCK_NONBLOCK 04000

#define MSG_OOB 0x1
#define MSG_PEEK 0x2
#define MSG_CTRUNC 0x8
#define MSG_TRUNC 0x20
#define MSG_DONTWAIT 0x40
#define MSG_EOR 0x80
#define MSG_WAITALL 0x100
#define MSG_ERRQUEUE 0x2000
#define MSG_NOSIGNAL 0x4000
#define MSG_WAITFORONE 0x10000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2
#define SOMAXCONN 4096 /* also /proc/sys/net/core/somaxconn */

#define SOL_SOCKET 1
#define SO_DEBUG 1
#define SO_REUSEADDR 2
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_DONTROUTE 5
#define SO_BROADCAST 6
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_OOBINLINE 10
#define SO_NO_CHECK 11
#define SO_PRIORITY 12
#define SO_LINGER 13
#define SO_BSDCOMPAT 14
#define SO_REUSEPORT 15
#define SO_PASSCRED 16
#define SO_PEERCRED 17
#define SO_RCVLOWAT 18
#define SO_SNDLOWAT 19
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define SO_BINDTODEVICE 25
#define SO_PEERNAME 28
#define SO_TIMESTAMP 29
#define SO_ACCEPTCONN 30
#define SO_PEERSEC 31
#define SO_SNDBUFFORCE 32
#define SO_RCVBUFFORCE 33
#define SO_TIMESTAMPNS 35
#define SO_MARK 36
#define SO_PROTOCOL 38
#define SO_DOMAIN 39
#define SO_RXQ_OVFL 40
#define SO_WIFI_STATUS 41
#define SO_PEEK_OFF 42
#define SO_NOFCS 43
#define SO_SELECT_ERR_QUEUE 45
#define SO_INCOMING_CPU 49
#define SO_BUSY_POLL 46
#define SO_MAX_PACING_RATE 47
#define SO_BPF_EXTENSIONS 48
#define SO_ZEROCOPY 60
#define SO_TIMESTAMP_NEW 63
#define SO_TIMESTAMPNS_NEW 64
#define SO_RCVMARK 75

#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define SCM_MAX_FD 253

#define IPPROTO_IP 0
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41
#define IPPROTO_UDPLITE 136
#define UDPLITE_SEND_CSCOV 10
#define UDPLITE_RECV_CSCOV 11
#define UDPLITE_HEADER 8 /* bytes, which are always checked */

#define SIOCINQ 0x541b
#define SIOCOUTQNSD 0x894b
#define SIOCOUTQ 0x5411
#define SIOCATMARK 0x8905

struct user_msghdr {
    u64 name;
    u32 name_size, pad;
    u64 vector, vectors;
    u64 control, control_size;
    u32 flags, pad2;
};
struct user_mmsghdr {
    struct user_msghdr header;
    u32 size, pad;
};
struct cmsghdr {
    u64 size;
    i32 level, type;
};
struct ucred {
    i32 pid;
    u32 uid, gid;
};
struct linger {
    i32 on, seconds;
};

#define UNIX_PATH_MAX 108
struct sockaddr_un {
    u16 family;
    char path[UNIX_PATH_MAX];
};
struct sockaddr_in {
    u16 family, port;
    u8 address[4], zero[8];
};
struct sockaddr_in6 {
    u16 family, port;
    u32 flow;
    u8 address[16];
    u32 scope;
};
struct sockaddr_nl {
    u16 family, pad;
    u32 port, groups;
};
