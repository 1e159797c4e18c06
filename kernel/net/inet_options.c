/* Options of TCP, UDP-Lite, IP and IPv6. On loopback inside one machine most have nothing to act on: they are
   checked, kept and told as they should be. */
#include "errno.h"
#include "lib.h"
#include "net/calls.h"
#include "net/host.h"
#include "net/interface.h"
#include "uaccess.h"

#define ANY_VALUE (-0x7fffffff), 0x7fffffff

/* Values outside [low, high] are refused; a flag becomes 0 or 1, -1 may stand for the default, and how many
   bytes are checked is 0 or what comes nearest. */
enum kind { FLAG, NUMBER, NUMBER_OR_DEFAULT, COVERAGE };
static const struct known {
    u16 level, name;
    enum kind kind;
    i32 low, high, initial;
} known[] = {
    {IPPROTO_TCP, 1 /* NODELAY */, FLAG, ANY_VALUE, 0},
    {IPPROTO_TCP, 2 /* MAXSEG */, NUMBER, 0, 32767, 536},
    {IPPROTO_TCP, 3 /* CORK */, FLAG, ANY_VALUE, 0},
    {IPPROTO_TCP, 4 /* KEEPIDLE */, NUMBER, 1, 32767, 7200},
    {IPPROTO_TCP, 5 /* KEEPINTVL */, NUMBER, 1, 32767, 75},
    {IPPROTO_TCP, 6 /* KEEPCNT */, NUMBER, 1, 127, 9},
    {IPPROTO_TCP, 7 /* SYNCNT */, NUMBER, 1, 127, 6},
    {IPPROTO_TCP, 8 /* LINGER2 */, NUMBER, ANY_VALUE, 60},
    {IPPROTO_TCP, 9 /* DEFER_ACCEPT */, NUMBER, ANY_VALUE, 0},
    {IPPROTO_TCP, 10 /* WINDOW_CLAMP */, NUMBER, 0, 0x7fffffff, 0},
    {IPPROTO_TCP, 12 /* QUICKACK */, FLAG, ANY_VALUE, 1},
    {IPPROTO_TCP, 18 /* USER_TIMEOUT */, NUMBER, 0, 0x7fffffff, 0},
    {IPPROTO_TCP, 23 /* FASTOPEN */, NUMBER, 0, 0x7fffffff, 0},
    {IPPROTO_TCP, 25 /* NOTSENT_LOWAT */, NUMBER, ANY_VALUE, 0},
    {IPPROTO_TCP, 30 /* FASTOPEN_CONNECT */, NUMBER, 0, 1, 0},
    {IPPROTO_IP, 1 /* TOS */, NUMBER, 0, 255, 0},
    {IPPROTO_IP, 2 /* TTL */, NUMBER_OR_DEFAULT, 1, 255, 64},
    {IPPROTO_IP, 6 /* RECVOPTS */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IP, 8 /* PKTINFO */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IP, 10 /* MTU_DISCOVER */, NUMBER, 0, 5, 1},
    {IPPROTO_IP, 11 /* RECVERR */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IP, 12 /* RECVTTL */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IP, 13 /* RECVTOS */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IP, 14 /* MTU */, NUMBER, 0, -1, LOOPBACK_MTU - 1}, /* the most IPv4 can say */
    {IPPROTO_IP, 15 /* FREEBIND */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IP, 24 /* BIND_ADDRESS_NO_PORT */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IP, 33 /* MULTICAST_TTL */, NUMBER_OR_DEFAULT, 0, 255, 1},
    {IPPROTO_IP, 34 /* MULTICAST_LOOP */, FLAG, ANY_VALUE, 1},
    {IPPROTO_IP, 49 /* MULTICAST_ALL */, FLAG, ANY_VALUE, 1},
    {IPPROTO_IPV6, 16 /* UNICAST_HOPS */, NUMBER_OR_DEFAULT, 0, 255, 64},
    {IPPROTO_IPV6, 17 /* MULTICAST_IF */, NUMBER, ANY_VALUE, 0},
    {IPPROTO_IPV6, 18 /* MULTICAST_HOPS */, NUMBER_OR_DEFAULT, 0, 255, 1},
    {IPPROTO_IPV6, 19 /* MULTICAST_LOOP */, FLAG, ANY_VALUE, 1},
    {IPPROTO_IPV6, 23 /* MTU_DISCOVER */, NUMBER, 0, 5, 1},
    {IPPROTO_IPV6, 24 /* MTU */, NUMBER, 0, -1, LOOPBACK_MTU},
    {IPPROTO_IPV6, 25 /* RECVERR */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IPV6, 49 /* RECVPKTINFO */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IPV6, 51 /* RECVHOPLIMIT */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IPV6, 66 /* RECVTCLASS */, FLAG, ANY_VALUE, 0},
    {IPPROTO_IPV6, 67 /* TCLASS */, NUMBER_OR_DEFAULT, 0, 255, 0},
    {IPPROTO_IPV6, 70 /* AUTOFLOWLABEL */, FLAG, ANY_VALUE, 1},
    {IPPROTO_UDPLITE, UDPLITE_SEND_CSCOV, COVERAGE, ANY_VALUE, 0},
    {IPPROTO_UDPLITE, UDPLITE_RECV_CSCOV, COVERAGE, ANY_VALUE, 0},
};
_Static_assert(ARRAY_LEN(known) <= INET_OPTIONS, "INET_OPTIONS");

#define IPV6_V6ONLY 26
#define TCP_INFO 11
#define TCP_INFO_BYTES 232
#define TCP_CONGESTION 13
#define TCP_NAME_MAX 16

void inet_options_init(struct inet_socket *i) {
    for (u32 n = 0; n < ARRAY_LEN(known); n++)
        i->option[n] = known[n].initial;
}

/* Levels a socket of this kind knows at all. */
static bool has_level(const struct inet_socket *i, i32 level) {
    return level == IPPROTO_IP || (level == IPPROTO_IPV6 && i->s.family == AF_INET6) ||
           (level == i->s.protocol && level != IPPROTO_UDP);
}

static i32 find(const struct inet_socket *i, i32 level, i32 name) {
    for (u32 n = 0; has_level(i, level) && n < ARRAY_LEN(known); n++)
        if (known[n].level == level && known[n].name == name)
            return n;
    return -ENOPROTOOPT;
}

i32 inet_option(const struct inet_socket *i, i32 level, i32 name) {
    i32 n = find(i, level, name);
    return n < 0 ? 0 : i->option[n];
}

static i64 set_congestion(u64 at, u32 size) {
    char name[TCP_NAME_MAX] = {0};
    if (size < 1)
        return -EINVAL;
    if (copy_from_user(name, at, MIN(size, sizeof(name) - 1)))
        return -EFAULT;
    return strcmp(name, TCP_CONGESTION_NAME) ? -ENOENT : 0;
}

i64 inet_set_option(struct socket *s, i32 level, i32 name, u64 at, u32 size) {
    struct inet_socket *i = inet_socket(s);
    i32 value = 0;
    if (level == IPPROTO_TCP && inet_is_tcp(i) && name == TCP_CONGESTION)
        return set_congestion(at, size);
    if (level == IPPROTO_TCP && inet_is_tcp(i) && (size < sizeof(value) || get_user(value, at)))
        return size < sizeof(value) ? -EINVAL : -EFAULT; /* whatever the option is */
    bool v6_only = level == IPPROTO_IPV6 && s->family == AF_INET6 && name == IPV6_V6ONLY;
    i32 n = v6_only ? 0 : find(i, level, name);
    if (n < 0)
        return n;
    /* IP takes single bytes, too. */
    if (level == IPPROTO_IPV6 && !at) {
        value = 0;
    } else if (size >= sizeof(value)) {
        if (get_user(value, at))
            return -EFAULT;
    } else if (level == IPPROTO_IP && size) {
        u8 byte;
        if (get_user(byte, at))
            return -EFAULT;
        value = byte;
    } else {
        return -EINVAL;
    }
    if (v6_only) {
        if (port_held(i))
            return -EINVAL;
        i->v6_only = value;
        return 0;
    }
    const struct known *k = &known[n];
    if (value == -1 && k->kind == NUMBER_OR_DEFAULT)
        value = k->initial;
    if (value < k->low || value > k->high)
        return k->high < k->low ? -ENOPROTOOPT : -EINVAL;
    if (k->kind == COVERAGE && value)
        value = MIN(MAX(value, UDPLITE_HEADER), 65535);
    i->option[n] = k->kind == FLAG ? !!value : value;
    if (!value && level == IPPROTO_IP && name == 11 /* RECVERR */)
        packets_free(&i->errors);
    host_set_option(i, level, name, i->option[n]);
    return 0;
}

void host_set_options(struct inet_socket *i) {
    const struct socket_options *o = &i->s.options;
    for (u32 n = 0; n < ARRAY_LEN(known); n++)
        if (i->option[n] != known[n].initial)
            host_set_option(i, known[n].level, known[n].name, i->option[n]);
    if (o->send_buffer != TCP_SEND_BUFFER)
        host_set_option(i, SOL_SOCKET, SO_SNDBUF, o->send_buffer / 2);
    if (o->receive_buffer != TCP_RECEIVE_BUFFER)
        host_set_option(i, SOL_SOCKET, SO_RCVBUF, o->receive_buffer / 2);
    if (option_plain(&i->s, SO_KEEPALIVE))
        host_set_option(i, SOL_SOCKET, SO_KEEPALIVE, 1);
}

i64 inet_get_option(struct socket *s, i32 level, i32 name, void *value, u32 *size) {
    struct inet_socket *i = inet_socket(s);
    *size = sizeof(i32);
    if (!has_level(i, level))
        return s->family == AF_INET ? -EOPNOTSUPP : -ENOPROTOOPT;
    if (level == IPPROTO_TCP && name == TCP_INFO) {
        memset(value, 0, TCP_INFO_BYTES); /* but for the state there is nothing to count */
        *(u8 *)value = tcp_state(i);
        *size = TCP_INFO_BYTES;
        return 0;
    }
    if (level == IPPROTO_TCP && name == TCP_CONGESTION) {
        memcpy(value, TCP_CONGESTION_NAME, sizeof(TCP_CONGESTION_NAME));
        *size = TCP_NAME_MAX;
        return 0;
    }
    if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY) {
        *(i32 *)value = i->v6_only;
        return 0;
    }
    i32 n = find(i, level, name);
    if (n < 0)
        return n;
    if (known[n].high < known[n].low && s->state != SOCKET_CONNECTED)
        return -ENOTCONN; /* the way's, and there is none */
    *(i32 *)value = i->option[n];
    return 0;
}
_Static_assert(TCP_INFO_BYTES <= OPTION_BYTES, "OPTION_BYTES");
