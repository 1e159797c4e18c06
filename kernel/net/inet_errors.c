/* IP_RECVERR and IPV6_RECVERR: what became of datagrams that nobody wanted, with the datagrams themselves, to
   be received by MSG_ERRQUEUE (ip(7)). Inside the guest there is one such end: nobody has the port. */
#include "errno.h"
#include "lib.h"
#include "net/inet.h"

#define IP_RECVERR 11
#define IPV6_RECVERR 25
/* How much of a datagram "port unreachable" quotes: what is left of the smallest packet everybody takes. */
#define QUOTED_V4 520
#define QUOTED_V6 1184

struct extended_error {
    u32 error;
    u8 origin, type, code, pad;
    u32 info, data;
};

static bool asked(const struct inet_socket *i, bool v4) {
    return v4 ? inet_option(i, IPPROTO_IP, IP_RECVERR) : inet_option(i, IPPROTO_IPV6, IPV6_RECVERR);
}

void inet_error_refused(struct inet_socket *i, struct message *m, const struct endpoint *to) {
    bool v4 = endpoint_is_mapped(to), told = asked(i, v4);
    u64 size = MIN(m->io.left, (u64)(v4 ? QUOTED_V4 : QUOTED_V6));
    if (!told && (i->s.state != SOCKET_CONNECTED || !endpoint_equal(to, &i->remote)))
        return;
    if (told && i->errors.charge + packet_charge(size) <= (u64)i->s.options.receive_buffer) {
        struct packet *p = packet_new(&m->io, size);
        if (!IS_ERR(p)) {
            p->control.ip.error = ECONNREFUSED;
            memcpy(p->control.ip.to, to->address, sizeof(to->address));
            inet_tell(i, to, &p->from);
            packets_add(&i->errors, p);
        }
    }
    i->s.error = ECONNREFUSED;
    socket_wake(&i->s);
}

i64 inet_error_receive(struct socket *s, struct message *m) {
    struct inet_socket *i = inet_socket(s);
    struct packet *p = packets_take(&i->errors);
    if (!p)
        return -EAGAIN;
    i64 got = packet_read(p, 0, &m->io);
    m->address = p->from;
    m->control.ip = p->control.ip;
    m->control.arrived = s->options.stamp ? clock_realtime() : 0;
    m->out_flags |= MSG_ERRQUEUE | (got >= 0 && got < (i64)p->size ? MSG_TRUNC : 0);
    packet_free(p);
    p = packets_first(&i->errors);
    s->error = p ? p->control.ip.error : 0;
    return got;
}

void inet_error_put(struct control_sink *sink, const struct socket *s, const struct ip_control *c, u32 *flags) {
    struct {
        struct extended_error error;
        struct sockaddr_in6 offender; /* the longer of the two */
    } told = {.error = {.error = c->error}};
    struct endpoint from = {0};
    struct address address;
    memcpy(from.address, c->to, sizeof(from.address));
    bool v4 = endpoint_is_mapped(&from);
    told.error.origin = v4 ? 2 : 3; /* ICMP, ICMPv6 */
    told.error.type = v4 ? 3 : 1;   /* destination unreachable */
    told.error.code = v4 ? 3 : 4;   /* the port */
    inet_tell(inet_socket((struct socket *)s), &from, &address);
    memcpy(&told.offender, address.bytes, address.size);
    control_put(sink, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, &told,
                sizeof(told.error) + address.size, flags);
}
