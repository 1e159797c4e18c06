/* getsockopt(2) and setsockopt(2): level SOL_SOCKET; the families know the others. */
#include "errno.h"
#include "lib.h"
#include "linux/time.h"
#include "net/calls.h"
#include "net/socket.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define BPF_EXTENSIONS 64 /* loads beyond a packet that filters know (linux/filter.h) */

/* Options that are kept and told, and change nothing in a guest without a network. */
static const struct plain {
    i32 name;
    bool flag, privileged;
    i32 initial;
} plain[OPTION_VALUES] = {
    {SO_DEBUG, true, true, 0},      {SO_DONTROUTE, true, false, 0},        {SO_BROADCAST, true, false, 0},
    {SO_KEEPALIVE, true, false, 0}, {SO_OOBINLINE, true, false, 0},        {SO_NO_CHECK, true, false, 0},
    {SO_PRIORITY, false, false, 0}, {SO_MARK, false, true, 0},             {SO_RXQ_OVFL, true, false, 0},
    {SO_BUSY_POLL, false, true, 0}, {SO_WIFI_STATUS, true, false, 0},      {SO_NOFCS, true, false, 0},
    {SO_RCVMARK, true, true, 0},    {SO_SELECT_ERR_QUEUE, true, false, 0}, {SO_MAX_PACING_RATE, false, false, -1},
};

void options_init(struct socket *s) {
    s->options.send_buffer = s->options.receive_buffer = BUFFER_DEFAULT;
    s->options.low_water = 1;
    s->options.peek_offset = -1;
    for (u32 i = 0; i < OPTION_VALUES; i++)
        s->options.value[i] = plain[i].initial;
    s->options.receive_timeout = s->options.send_timeout = NEVER;
}

static void changed(struct socket *s, i32 name, i32 value) {
    if (s->ops->changed)
        s->ops->changed(s, name, value);
}

static i64 set_buffer(struct socket *s, i32 name, i32 wish) {
    bool send = name == SO_SNDBUF;
    wish = (u32)wish > BUFFER_MAX ? BUFFER_MAX : wish;
    if (send)
        s->options.send_buffer = MAX(wish * 2, SEND_BUFFER_MIN);
    else
        s->options.receive_buffer = MAX(wish * 2, RECEIVE_BUFFER_MIN);
    changed(s, name, wish);
    return 0;
}

static i64 set_timeout(u64 *timeout, u64 at, u32 size) {
    struct timeval t;
    if (size < sizeof(t))
        return -EINVAL;
    if (get_user(t, at))
        return -EFAULT;
    if (t.usec < 0 || t.usec >= 1000000)
        return -EDOM;
    if (t.sec < 0)
        *timeout = 0;
    else if ((!t.sec && !t.usec) || t.sec >= (i64)(NEVER / SECOND_NS / 4))
        *timeout = NEVER;
    else
        *timeout = (u64)t.sec * SECOND_NS + (u64)t.usec * 1000;
    return 0;
}

static i64 set_linger(struct socket *s, u64 at, u32 size) {
    struct linger value;
    if (size < sizeof(value))
        return -EINVAL;
    if (get_user(value, at))
        return -EFAULT;
    s->options.linger = (struct linger){!!value.on, value.on ? value.seconds : s->options.linger.seconds};
    return 0;
}

static i64 set_plain(struct socket *s, i32 name, i32 value) {
    for (u32 i = 0; i < OPTION_VALUES; i++) {
        if (plain[i].name != name)
            continue;
        if (plain[i].privileged && value && !capable(CAP_NET_ADMIN))
            return name == SO_DEBUG ? -EACCES : -EPERM;
        if (name == SO_PRIORITY && (value < 0 || value > 6) && !capable(CAP_NET_ADMIN))
            return -EPERM;
        s->options.value[i] = plain[i].flag ? !!value : value;
        changed(s, name, s->options.value[i]);
        return 0;
    }
    return -ENOPROTOOPT;
}

i32 option_plain(const struct socket *s, i32 name) {
    for (u32 i = 0; i < OPTION_VALUES; i++)
        if (plain[i].name == name)
            return s->options.value[i];
    return 0;
}

static bool has_peek_offset(const struct socket *s) { return s->family != AF_NETLINK; }

static i64 set_general(struct socket *s, i32 name, u64 at, u32 size) {
    struct socket_options *o = &s->options;
    i32 value;
    if (name == SO_BINDTODEVICE)
        return size ? -ENODEV : 0;
    if (size < sizeof(value))
        return -EINVAL;
    if (get_user(value, at))
        return -EFAULT;
    switch (name) {
    case SO_BSDCOMPAT: /* of old, and means nothing */
        return 0;
    case SO_REUSEADDR:
        o->reuse_address = value;
        return 0;
    case SO_REUSEPORT:
        if (s->family != AF_INET && s->family != AF_INET6)
            return value ? -EOPNOTSUPP : 0;
        o->reuse_port = value;
        return 0;
    case SO_PASSCRED:
        if (s->family != AF_UNIX && s->family != AF_NETLINK)
            return -EOPNOTSUPP;
        o->pass_creds = value;
        return 0;
    case SO_SNDBUFFORCE:
    case SO_RCVBUFFORCE:
        if (!capable(CAP_NET_ADMIN))
            return -EPERM;
        return set_buffer(s, name == SO_SNDBUFFORCE ? SO_SNDBUF : SO_RCVBUF, value);
    case SO_SNDBUF:
    case SO_RCVBUF:
        return set_buffer(s, name, value);
    case SO_TIMESTAMP:
    case SO_TIMESTAMPNS:
    case SO_TIMESTAMP_NEW:
    case SO_TIMESTAMPNS_NEW:
        o->stamp = value ? name : 0; /* whichever it was */
        return 0;
    case SO_PEEK_OFF:
        if (!has_peek_offset(s))
            return -EOPNOTSUPP;
        o->peek_offset = value;
        return 0;
    case SO_RCVLOWAT:
        o->low_water = value < 0 ? 0x7fffffff : MAX(value, 1);
        return 0;
    case SO_RCVTIMEO:
        return set_timeout(&o->receive_timeout, at, size);
    case SO_SNDTIMEO:
        return set_timeout(&o->send_timeout, at, size);
    case SO_LINGER:
        return set_linger(s, at, size);
    }
    return set_plain(s, name, value);
}

static i64 get_peer_name(struct socket *s, void *value, u32 *size) {
    struct address address;
    i64 error = s->ops->peer_name(s, &address);
    if (error)
        return error;
    *size = MIN(address.size, (u32)OPTION_BYTES);
    memcpy(value, address.bytes, *size);
    return 0;
}

/* What an option says, into `value` (at least 16 bytes) and *size; -ENOPROTOOPT. */
static i64 get_general(struct socket *s, i32 name, void *value, u32 *size) {
    const struct socket_options *o = &s->options;
    struct timeval time = {0};
    i32 *number = value;
    *size = sizeof(*number);
    switch (name) {
    case SO_TYPE:
        *number = s->type;
        return 0;
    case SO_DOMAIN:
        *number = s->family;
        return 0;
    case SO_PROTOCOL:
        *number = s->protocol;
        return 0;
    case SO_ERROR:
        socket_settle(s);
        *number = -socket_error(s);
        return 0;
    case SO_ACCEPTCONN:
        *number = s->state == SOCKET_LISTENING;
        return 0;
    case SO_REUSEADDR:
        *number = o->reuse_address;
        return 0;
    case SO_REUSEPORT:
        *number = o->reuse_port;
        return 0;
    case SO_PASSCRED:
        if (s->family != AF_UNIX && s->family != AF_NETLINK)
            return -EOPNOTSUPP;
        *number = o->pass_creds;
        return 0;
    case SO_SNDBUF:
        *number = o->send_buffer;
        return 0;
    case SO_RCVBUF:
        *number = o->receive_buffer;
        return 0;
    case SO_RCVLOWAT:
        *number = o->low_water;
        return 0;
    case SO_SNDLOWAT:
        *number = 1;
        return 0;
    case SO_TIMESTAMP:
    case SO_TIMESTAMPNS:
    case SO_TIMESTAMP_NEW:
    case SO_TIMESTAMPNS_NEW:
        *number = o->stamp == name;
        return 0;
    case SO_PEEK_OFF:
        if (!has_peek_offset(s))
            return -EOPNOTSUPP;
        *number = o->peek_offset;
        return 0;
    case SO_INCOMING_CPU:
    case SO_ZEROCOPY:
    case SO_BSDCOMPAT:
        *number = 0;
        return 0;
    case SO_BPF_EXTENSIONS:
        *number = BPF_EXTENSIONS;
        return 0;
    case SO_BINDTODEVICE: /* to none: an empty name */
        *size = 0;
        return 0;
    case SO_PEERNAME:
        return get_peer_name(s, value, size);
    case SO_LINGER:
        memcpy(value, &o->linger, *size = sizeof(o->linger));
        return 0;
    case SO_PEERCRED:
        memcpy(value, &s->peer_creds, *size = sizeof(s->peer_creds));
        return 0;
    case SO_RCVTIMEO:
    case SO_SNDTIMEO: {
        u64 ns = name == SO_RCVTIMEO ? o->receive_timeout : o->send_timeout;
        if (ns != NEVER)
            time = (struct timeval){ns / SECOND_NS, ns % SECOND_NS / 1000};
        memcpy(value, &time, *size = sizeof(time));
        return 0;
    }
    }
    for (u32 i = 0; i < OPTION_VALUES; i++) {
        if (plain[i].name == name) {
            *number = o->value[i];
            return 0;
        }
    }
    return -ENOPROTOOPT;
}

i64 sys_setsockopt(const u64 *a) {
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    if (!s)
        return error;
    if ((i32)a[4] < 0)
        return -EINVAL;
    if ((i32)a[1] == SOL_SOCKET)
        return set_general(s, a[2], a[3], a[4]);
    return s->ops->set_option ? s->ops->set_option(s, a[1], a[2], a[3], a[4]) : -EOPNOTSUPP;
}

i64 sys_getsockopt(const u64 *a) {
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    u64 value[OPTION_BYTES / sizeof(u64)] = {0};
    u32 size = 0;
    i32 room;
    if (!s)
        return error;
    if (get_user(room, a[4]))
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if ((i32)a[1] == SOL_SOCKET)
        error = get_general(s, a[2], value, &size);
    else
        error = s->ops->get_option ? s->ops->get_option(s, a[1], a[2], value, &size) : -EOPNOTSUPP;
    if (error)
        return error;
    size = MIN(size, (u32)room);
    return copy_to_user(a[3], value, size) ? -EFAULT : put_user(size, a[4]);
}
