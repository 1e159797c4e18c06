/* AF_NETLINK, NETLINK_ROUTE: lists of interfaces and their addresses, which is what getifaddrs(3) and
   runtimes ask for (rtnetlink(7)). Nothing can be changed. */
#include "errno.h"
#include "lib.h"
#include "net/interface.h"
#include "net/socket.h"
#include "task.h"

#define NETLINK_ROUTE 0
#define NLMSG_ERROR 2
#define NLMSG_DONE 3
#define NLM_F_REQUEST 1
#define NLM_F_MULTI 2
#define NLM_F_DUMP 0x300
#define RTM_NEWLINK 16
#define RTM_GETLINK 18
#define RTM_NEWADDR 20
#define RTM_GETADDR 22
#define RTM_GETROUTE 26
#define QUEUE_MAX 64 /* packets */

struct header {
    u32 size;
    u16 type, flags;
    u32 sequence, port;
};

struct netlink_socket {
    struct socket s;
    struct list open; /* in `sockets` */
    u32 port, groups;
};

static struct list sockets = LIST_INIT(sockets);

static struct netlink_socket *netlink(struct socket *s) { return container_of(s, struct netlink_socket, s); }

/* An answer under construction. */
struct reply {
    u32 size, start; /* of all, and where the current message begins */
    u8 bytes[1024];
};

static void add(struct reply *r, const void *data, u32 size) {
    memset(r->bytes + r->size, 0, ROUND_UP(size, 4));
    memcpy(r->bytes + r->size, data, size);
    r->size += ROUND_UP(size, 4);
}

static void begin(struct reply *r, const struct header *to, u16 type, u16 flags, u32 port) {
    struct header h = {0, type, flags, to->sequence, port};
    r->start = r->size;
    add(r, &h, sizeof(h));
}

static void attribute(struct reply *r, u16 type, const void *data, u16 size) {
    u16 head[2] = {sizeof(head) + size, type};
    add(r, head, sizeof(head));
    add(r, data, size);
}

static void end(struct reply *r) { memcpy(r->bytes + r->start, &(u32){r->size - r->start}, sizeof(u32)); }

static void add_link(struct reply *r, const struct header *to, const struct interface *of, u16 flags, u32 port) {
    struct {
        u8 family, pad;
        u16 type;
        i32 index;
        u32 flags, change;
    } info = {0, 0, of->type, of->index, of->flags | (of->flags & 1 ? 0x10000 : 0), 0}; /* IFF_LOWER_UP */
    bool loopback = of->type == 772;
    u8 broadcast[6], state = loopback ? 0 : 6; /* unknown, up */
    u32 queue = 1000;
    memset(broadcast, loopback ? 0 : 0xff, sizeof(broadcast));
    begin(r, to, RTM_NEWLINK, flags, port);
    add(r, &info, sizeof(info));
    attribute(r, 3, of->name, strlen(of->name) + 1); /* IFLA_IFNAME */
    attribute(r, 13, &queue, 4);                     /* IFLA_TXQLEN */
    attribute(r, 16, &state, 1);                     /* IFLA_OPERSTATE */
    attribute(r, 4, &of->mtu, 4);                    /* IFLA_MTU */
    attribute(r, 1, of->hardware, 6);                /* IFLA_ADDRESS */
    attribute(r, 2, broadcast, 6);                   /* IFLA_BROADCAST */
    end(r);
}

static void add_address(struct reply *r, const struct header *to, const struct interface *of, u16 family, u32 port) {
    bool v4 = family == AF_INET;
    struct {
        u8 family, prefix, flags, scope;
        u32 index;
    } info = {family, v4 ? of->prefix_v4 : of->prefix_v6, 0x80, of->scope, of->index}; /* permanent */
    const void *address = v4 ? of->v4 : of->v6;
    if (!info.prefix)
        return;
    begin(r, to, RTM_NEWADDR, NLM_F_MULTI, port);
    add(r, &info, sizeof(info));
    attribute(r, 1, address, v4 ? 4 : 16); /* IFA_ADDRESS */
    if (v4) {
        attribute(r, 2, address, 4);       /* IFA_LOCAL */
        attribute(r, 3, of->name, strlen(of->name) + 1); /* IFA_LABEL */
    }
    end(r);
}

i64 netlink_post(struct socket *s, void *bytes, u32 size) {
    struct io io;
    if (s->closed || s->packets.count >= QUEUE_MAX)
        return -ENOBUFS;
    io_kernel(&io, bytes, size);
    struct packet *p = packet_new(&io, size);
    if (IS_ERR(p))
        return PTR_ERR(p);
    p->from = (struct address){.size = sizeof(struct sockaddr_nl), .nl = {.family = AF_NETLINK}};
    packets_add(&s->packets, p);
    poll_wake(&s->head, POLLIN | POLLRDNORM);
    return 0;
}

static i64 queue_reply(struct socket *s, struct reply *r) { return netlink_post(s, r->bytes, r->size); }

static void add_error(struct reply *r, const struct header *to, i32 error, u32 port) {
    begin(r, to, NLMSG_ERROR, 0, port);
    add(r, &error, sizeof(error));
    add(r, to, sizeof(*to));
    end(r);
}

/* Types come in fours: new, delete, get, set. */
static bool is_question(u16 type) { return (type & 3) == 2; }

static i64 answer(struct socket *s, const struct header *request, u8 family, i32 index) {
    static struct reply reply; /* nothing sleeps between building and queueing it */
    struct interface all[INTERFACES_MAX];
    struct reply *r = &reply;
    u32 port = netlink(s)->port;
    bool dump = (request->flags & NLM_F_DUMP) == NLM_F_DUMP;
    bool lists = request->type == RTM_GETLINK || request->type == RTM_GETADDR || request->type == RTM_GETROUTE;
    r->size = 0;
    if (!(request->flags & NLM_F_REQUEST) || request->type < 16) /* control messages ask for nothing */
        return 0;
    u32 count = interfaces(all);
    if (!dump && request->type == RTM_GETLINK) {
        const struct interface *of = NULL;
        for (u32 i = 0; i < count; i++)
            if (all[i].index == index || !index)
                of = of ? of : &all[i];
        if (of)
            add_link(r, request, of, 0, port);
        else
            add_error(r, request, -ENODEV, port);
        return queue_reply(s, r);
    }
    if (!dump || !lists) {
        add_error(r, request, is_question(request->type) ? -EOPNOTSUPP : -EPERM, port);
        return queue_reply(s, r);
    }
    for (u32 i = 0; i < count; i++) {
        if (request->type == RTM_GETLINK)
            add_link(r, request, &all[i], NLM_F_MULTI, port);
        if (request->type == RTM_GETADDR && (family == AF_INET || !family))
            add_address(r, request, &all[i], AF_INET, port);
    }
    for (u32 i = 0; i < count; i++)
        if (request->type == RTM_GETADDR && (family == AF_INET6 || !family))
            add_address(r, request, &all[i], AF_INET6, port);
    i64 error = r->size ? queue_reply(s, r) : 0;
    if (error)
        return error;
    r->size = 0;
    begin(r, request, NLMSG_DONE, NLM_F_MULTI, port);
    add(r, &(i32){0}, sizeof(i32));
    end(r);
    return queue_reply(s, r);
}

static bool port_in_use(u32 port) {
    const struct netlink_socket *n;
    list_for_each(n, &sockets, open)
        if (n->port == port)
            return true;
    return false;
}

/* The first of a process gets its number. */
static i64 bind_port(struct netlink_socket *n) {
    static u32 last;
    u32 port = (u32)current->process->pid;
    while (!n->port && port_in_use(port))
        port = 0x80000000u + ++last;
    n->port = n->port ? n->port : port;
    return 0;
}

static i64 netlink_bind(struct socket *s, const struct address *to) {
    struct netlink_socket *n = netlink(s);
    if (to->size < sizeof(to->nl) || to->family != AF_NETLINK || (n->port && n->port != to->nl.port))
        return -EINVAL;
    if (to->nl.port && !n->port && port_in_use(to->nl.port))
        return -EADDRINUSE;
    n->port = to->nl.port ? to->nl.port : n->port;
    n->groups = to->nl.groups;
    return bind_port(n);
}

static i64 netlink_connect(struct socket *s, const struct address *to, u64 deadline) {
    if (to->size < sizeof(to->family))
        return -EINVAL;
    if (to->family != AF_UNSPEC && (to->family != AF_NETLINK || to->size < sizeof(to->nl)))
        return -EINVAL;
    if (to->family == AF_NETLINK && to->nl.port)
        return -ECONNREFUSED; /* there is only the kernel */
    s->state = to->family == AF_NETLINK ? SOCKET_CONNECTED : SOCKET_IDLE;
    return bind_port(netlink(s));
}

static i64 netlink_name(struct socket *s, struct address *out) {
    struct netlink_socket *n = netlink(s);
    *out = (struct address){.size = sizeof(out->nl), .nl = {AF_NETLINK, 0, n->port, n->groups}};
    return 0;
}

static i64 netlink_peer_name(struct socket *s, struct address *out) {
    *out = (struct address){.size = sizeof(out->nl), .nl = {.family = AF_NETLINK}};
    return 0;
}

static i64 netlink_send(struct socket *s, struct message *m) {
    u8 bytes[512];
    u64 size = m->io.left, at = 0;
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (m->address.size && (m->address.family != AF_NETLINK || m->address.size < sizeof(m->address.nl)))
        return -EINVAL;
    if (m->address.size && m->address.nl.port)
        return -ECONNREFUSED;
    if (size > sizeof(bytes))
        return -EMSGSIZE;
    if (io_take(&m->io, bytes, size) != (i64)size)
        return -EFAULT;
    bind_port(netlink(s));
    while (size - at >= sizeof(struct header)) {
        struct header h;
        memcpy(&h, bytes + at, sizeof(h));
        if (h.size < sizeof(h) || h.size > size - at)
            break;
        i32 index = 0; /* struct ifinfomsg has it at 4 */
        if (h.size >= sizeof(h) + 8)
            memcpy(&index, bytes + at + sizeof(h) + 4, sizeof(index));
        i64 error = answer(s, &h, h.size > sizeof(h) ? bytes[at + sizeof(h)] : 0, index);
        if (error)
            return error;
        at += MIN(ROUND_UP(h.size, 4), size - at);
    }
    return size;
}

static i64 netlink_receive(struct socket *s, struct message *m) {
    if (m->flags & MSG_OOB)
        return -EOPNOTSUPP;
    while (!s->packets.count) {
        i64 why = socket_wait(&s->head.sleepers, m->deadline);
        if (why)
            return why;
    }
    return packet_receive(s, m);
}

static i64 netlink_shutdown(struct socket *s, u32 how) { return -EOPNOTSUPP; }
static u32 netlink_poll(struct socket *s) { return socket_poll_input(s) | POLLOUT | POLLWRNORM | POLLWRBAND; }
static i64 netlink_waiting(struct socket *s) { return -EOPNOTSUPP; }
static void netlink_close(struct socket *s) { list_remove(&netlink(s)->open); }
static void netlink_free(struct socket *s) { kfree(netlink(s)); }

/* Memberships and extended acknowledgements: nothing ever happens that they would tell of. */
static i64 netlink_set_option(struct socket *s, i32 level, i32 name, u64 at, u32 size) {
    return level == 270 && name >= 1 && name <= 12 ? 0 : -ENOPROTOOPT; /* SOL_NETLINK */
}

static const struct socket_ops netlink_ops = {
    .bind = netlink_bind, .connect = netlink_connect, .name = netlink_name, .peer_name = netlink_peer_name,
    .send = netlink_send, .receive = netlink_receive, .shutdown = netlink_shutdown, .poll = netlink_poll,
    .waiting = netlink_waiting, .set_option = netlink_set_option, .close = netlink_close, .free = netlink_free,
};

i64 netlink_create(u32 type, u32 protocol, struct socket **out) {
    if (type != SOCK_RAW && type != SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    if (protocol != NETLINK_ROUTE)
        return -EPROTONOSUPPORT;
    *out = socket_alloc(sizeof(struct netlink_socket), &netlink_ops, AF_NETLINK, type, protocol);
    if (!*out)
        return -ENOMEM;
    list_append(&sockets, &netlink(*out)->open);
    return 0;
}
