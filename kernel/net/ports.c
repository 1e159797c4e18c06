/* The table of ports in use, those of all protocols side by side. */
#include "errno.h"
#include "lib.h"
#include "net/time_wait.h"
#include "task.h"

#define BUCKETS 256

static struct list table[BUCKETS];

static struct list *bucket(u16 port) {
    struct list *head = &table[port % BUCKETS];
    if (!head->next)
        list_init(head);
    return head;
}

/* Do two sockets stand for a common address? */
static bool overlap(const struct inet_socket *a, const struct inet_socket *b) {
    return inet_covers(a, &b->local) || inet_covers(b, &a->local);
}

/* May both have the same port at overlapping addresses? */
static bool may_share(const struct inet_socket *a, const struct inet_socket *b) {
    if (a->s.options.reuse_port && b->s.options.reuse_port && a->s.creds.uid == b->s.creds.uid)
        return true;
    if (!a->s.options.reuse_address || !b->s.options.reuse_address)
        return false;
    return !inet_is_tcp(a) || (a->s.state != SOCKET_LISTENING && b->s.state != SOCKET_LISTENING);
}

static bool conflicts(const struct inet_socket *i, u16 port) {
    struct inet_socket *other;
    list_for_each(other, bucket(port), bound)
        if (other != i && other->local.port == port && other->s.protocol == i->s.protocol && overlap(i, other) &&
            !may_share(i, other))
            return true;
    return inet_is_tcp(i) && time_wait_conflicts(i, port);
}

static bool in_use(const struct inet_socket *i, u16 port) {
    struct inet_socket *other;
    list_for_each(other, bucket(port), bound)
        if (other->local.port == port && other->s.protocol == i->s.protocol)
            return true;
    return inet_is_tcp(i) && time_wait_holds(port);
}

void port_share(struct inet_socket *i, u16 port) {
    i->local.port = port;
    list_append(bucket(port), &i->bound);
}

i64 port_take(struct inet_socket *i, u16 port) {
    if (port) {
        if (conflicts(i, port))
            return -EADDRINUSE;
        port_share(i, port);
        return 0;
    }
    u32 count = LAST_PORT - FIRST_PORT + 1, start = random_u64() % count;
    for (u32 n = 0; n < count; n++) {
        port = FIRST_PORT + (start + n) % count;
        if (!in_use(i, port)) {
            port_share(i, port);
            return 0;
        }
    }
    return -EADDRINUSE;
}

/* Bound sockets in the order of the table: the one behind `i`, or the first. */
struct inet_socket *port_next(struct inet_socket *i) {
    u32 n = i ? i->local.port % BUCKETS : 0;
    for (struct list *at = i ? i->bound.next : bucket(0)->next;; at = bucket(n)->next) {
        if (at != bucket(n))
            return list_entry(at, struct inet_socket, bound);
        if (++n == BUCKETS)
            return NULL;
    }
}

void port_release(struct inet_socket *i) { list_remove(&i->bound); }

bool port_listened(const struct inet_socket *i) {
    struct inet_socket *other;
    list_for_each(other, bucket(i->local.port), bound)
        if (other != i && other->local.port == i->local.port && inet_is_tcp(other) &&
            other->s.state == SOCKET_LISTENING && overlap(i, other) &&
            !(i->s.options.reuse_port && other->s.options.reuse_port && i->s.creds.uid == other->s.creds.uid))
            return true;
    return false;
}

bool port_connected(const struct inet_socket *i, const struct endpoint *to) {
    struct inet_socket *other;
    list_for_each(other, bucket(i->local.port), bound)
        if (other != i && inet_is_tcp(other) && endpoint_equal(&other->local, &i->local) &&
            endpoint_equal(&other->remote, to) && tcp_state(other) != TCP_CLOSED && tcp_state(other) != TCP_LISTEN)
            return true;
    return !time_wait_yields(&i->local, to);
}

/* The best of those that fit, by chance one of several equal ones (SO_REUSEPORT). */
struct choice {
    struct inet_socket *best;
    u32 score, equals;
};

static void consider(struct choice *c, struct inet_socket *i, u32 score) {
    if (score < c->score)
        return;
    c->equals = score > c->score ? 1 : c->equals + 1;
    c->score = score;
    if (c->equals == 1 || random_u64() % c->equals == 0)
        c->best = i;
}

/* An address of its own counts more than any; and IPv4's any more than both families'. */
static u32 fit(const struct inet_socket *i, const struct endpoint *to) {
    if (!endpoint_is_any(&i->local))
        return 3;
    return endpoint_is_mapped(to) == endpoint_is_mapped(&i->local) ? 2 : 1;
}

struct inet_socket *port_listener(const struct endpoint *to) {
    struct choice choice = {0};
    struct inet_socket *i;
    list_for_each(i, bucket(to->port), bound)
        if (i->local.port == to->port && inet_is_tcp(i) && i->s.state == SOCKET_LISTENING && inet_covers(i, to))
            consider(&choice, i, fit(i, to));
    return choice.best;
}

struct inet_socket *port_receiver(u16 protocol, const struct endpoint *to, const struct endpoint *from) {
    struct choice choice = {0};
    struct inet_socket *i;
    list_for_each(i, bucket(to->port), bound) {
        bool connected = i->s.state == SOCKET_CONNECTED;
        if (i->local.port == to->port && i->s.protocol == protocol && inet_covers(i, to) &&
            (!connected || endpoint_equal(&i->remote, from)))
            consider(&choice, i, fit(i, to) + (connected ? 4 : 0));
    }
    return choice.best;
}
