/* Control messages of IP and IPv6: what a datagram's header shall say, and what it has said. */
#include "errno.h"
#include "lib.h"
#include "net/inet.h"
#include "uaccess.h"

#define IP_TOS 1
#define IP_TTL 2
#define IP_PKTINFO 8
#define IP_RECVTTL 12
#define IP_RECVTOS 13
#define IPV6_UNICAST_HOPS 16
#define IPV6_RECVPKTINFO 49
#define IPV6_PKTINFO 50
#define IPV6_RECVHOPLIMIT 51
#define IPV6_HOPLIMIT 52
#define IPV6_RECVTCLASS 66
#define IPV6_TCLASS 67
#define LOOPBACK_INDEX 1

struct in_pktinfo {
    i32 interface;
    u8 source[4], to[4];
};
struct in6_pktinfo {
    u8 to[16];
    i32 interface;
};

/* A number from `low` to 255; -1 asks for the socket's own where that is allowed. */
static i64 read_number(u64 at, u64 size, i32 low, struct header_field *out) {
    i32 value;
    if (size != sizeof(value))
        return -EINVAL;
    if (get_user(value, at))
        return -EFAULT;
    if (value < low || value > 255)
        return -EINVAL;
    *out = (struct header_field){value >= 0, value};
    return 0;
}

static i64 read_v4(struct ip_control *c, i32 type, u64 at, u64 size) {
    u8 byte;
    switch (type) {
    case IP_TTL:
        return read_number(at, size, 1, &c->hops);
    case IP_TOS:
        if (size != sizeof(byte))
            return read_number(at, size, 0, &c->traffic);
        if (get_user(byte, at))
            return -EFAULT;
        c->traffic = (struct header_field){true, byte};
        return 0;
    case IP_PKTINFO: /* there is one way to go */
        return size == sizeof(struct in_pktinfo) ? 0 : -EINVAL;
    }
    return -EINVAL;
}

static i64 read_v6(struct ip_control *c, i32 type, u64 at, u64 size) {
    switch (type) {
    case IPV6_HOPLIMIT:
        return read_number(at, size, -1, &c->hops);
    case IPV6_TCLASS:
        return read_number(at, size, -1, &c->traffic);
    case IPV6_PKTINFO:
        return size < sizeof(struct in6_pktinfo) ? -EINVAL : 0;
    }
    return -EINVAL;
}

i64 inet_control_read(struct ip_control *c, const struct socket *s, const struct cmsghdr *header, u64 at) {
    u64 size = header->size - sizeof(*header);
    if (s->type != SOCK_DGRAM)
        return 0;
    if (header->level == IPPROTO_IP && s->family == AF_INET)
        return read_v4(c, header->type, at, size);
    if (header->level == IPPROTO_IPV6 && s->family == AF_INET6)
        return read_v6(c, header->type, at, size);
    return 0;
}

static void settle(struct header_field *field, i32 option) {
    if (!field->given)
        *field = (struct header_field){true, option};
}

void inet_control_sent(struct ip_control *out, const struct inet_socket *from, const struct ip_control *asked,
                       const struct endpoint *to) {
    bool v4 = endpoint_is_mapped(to);
    i32 level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
    *out = *asked;
    out->known = true;
    memcpy(out->to, to->address, sizeof(out->to));
    settle(&out->hops, inet_option(from, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS));
    settle(&out->traffic, inet_option(from, level, v4 ? IP_TOS : IPV6_TCLASS));
}

static void put_v4(struct control_sink *sink, const struct inet_socket *i, const struct ip_control *c, u32 *flags) {
    i32 hops = c->hops.value;
    u8 traffic = c->traffic.value;
    struct in_pktinfo info = {.interface = LOOPBACK_INDEX};
    memcpy(info.source, c->to + 12, 4);
    memcpy(info.to, c->to + 12, 4);
    if (inet_option(i, IPPROTO_IP, IP_PKTINFO))
        control_put(sink, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info), flags);
    if (inet_option(i, IPPROTO_IP, IP_RECVTTL))
        control_put(sink, IPPROTO_IP, IP_TTL, &hops, sizeof(hops), flags);
    if (inet_option(i, IPPROTO_IP, IP_RECVTOS))
        control_put(sink, IPPROTO_IP, IP_TOS, &traffic, sizeof(traffic), flags);
}

void inet_control_put(struct control_sink *sink, struct socket *s, const struct ip_control *c, u32 *flags) {
    struct inet_socket *i = inet_socket(s);
    struct endpoint to = {0};
    struct in6_pktinfo info = {.interface = LOOPBACK_INDEX};
    i32 hops = c->hops.value, traffic = c->traffic.value;
    memcpy(to.address, c->to, sizeof(to.address));
    memcpy(info.to, c->to, sizeof(info.to));
    if (s->family == AF_INET6 && inet_option(i, IPPROTO_IPV6, IPV6_RECVPKTINFO))
        control_put(sink, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info), flags);
    if (endpoint_is_mapped(&to)) {
        put_v4(sink, i, c, flags);
        return;
    }
    if (inet_option(i, IPPROTO_IPV6, IPV6_RECVHOPLIMIT))
        control_put(sink, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops), flags);
    if (inet_option(i, IPPROTO_IPV6, IPV6_RECVTCLASS))
        control_put(sink, IPPROTO_IPV6, IPV6_TCLASS, &traffic, sizeof(traffic), flags);
}
