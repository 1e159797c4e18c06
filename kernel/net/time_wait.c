/* TCP: what stays of a connection that is over. The end that was first to say its last word keeps the
   addresses: for the other's last word while its own socket is closed already (FIN_WAIT2), and then for
   whatever may still be under way (TIME_WAIT). */
#include "net/time_wait.h"
#include "lib.h"
#include "linux/time.h"
#include "task.h"

#define WAIT_NS (60UL * SECOND_NS)

#define BUCKETS 256

static struct list waits = LIST_INIT(waits); /* who has waited longest first */
static struct list by_port[BUCKETS], by_ends[BUCKETS];
static u32 count;

static struct list *bucket(struct list *table, u32 hash) {
    struct list *head = &table[hash % BUCKETS];
    if (!head->next)
        list_init(head);
    return head;
}

static struct list *port_bucket(u16 port) { return bucket(by_port, port); }
static struct list *ends_bucket(const struct endpoint *local, const struct endpoint *remote) {
    return bucket(by_ends, local->port * 31u + remote->port);
}

static void drop(struct time_wait *w) {
    list_remove(&w->link);
    list_remove(&w->at_port);
    list_remove(&w->at_ends);
    kfree(w);
    count--;
}

/* Those whose time is over go. */
static void expire(void) {
    while (!list_empty(&waits) && list_first(&waits, struct time_wait, link)->until <= clock_monotonic())
        drop(list_first(&waits, struct time_wait, link));
}

struct time_wait *time_wait_next(struct time_wait *w) {
    if (!w)
        expire();
    struct list *next = w ? w->link.next : waits.next;
    return next == &waits ? NULL : list_entry(next, struct time_wait, link);
}

static struct time_wait *find(const struct endpoint *local, const struct endpoint *remote) {
    struct time_wait *w;
    expire();
    list_for_each(w, ends_bucket(local, remote), at_ends)
        if (endpoint_equal(&w->local, local) && endpoint_equal(&w->remote, remote))
            return w;
    return NULL;
}

static void begin(struct time_wait *w, u8 state) {
    w->state = state;
    w->until = deadline_after(WAIT_NS);
    list_remove(&w->link);
    list_append(&waits, &w->link);
}

void time_wait_begin(const struct inet_socket *i, u8 state) {
    struct time_wait *w = find(&i->local, &i->remote);
    if (!w) {
        w = count < TIME_WAITS_MAX ? kmalloc(sizeof(*w)) : NULL;
        if (!w)
            return; /* it goes without: what is still under way is lost */
        count++;
        *w = (struct time_wait){
            .local = i->local, .remote = i->remote, .family = i->s.family, .reuse_port = i->s.options.reuse_port,
            .reuse_address = i->s.options.reuse_address,
        };
        list_init(&w->link);
        list_append(port_bucket(w->local.port), &w->at_port);
        list_append(ends_bucket(&w->local, &w->remote), &w->at_ends);
    }
    begin(w, state);
}

void time_wait_heard(const struct inet_socket *peer, bool reset) {
    struct time_wait *w = find(&peer->remote, &peer->local);
    if (w && reset)
        drop(w);
    else if (w && w->state == TCP_FIN_WAIT2)
        begin(w, TCP_TIME_WAIT);
}

bool time_wait_conflicts(const struct inet_socket *i, u16 port) {
    struct time_wait *w;
    expire();
    list_for_each(w, port_bucket(port), at_port)
        if (w->local.port == port && inet_covers(i, &w->local) && !(w->reuse_port && i->s.options.reuse_port) &&
            !(w->reuse_address && i->s.options.reuse_address))
            return true;
    return false;
}

bool time_wait_holds(u16 port) {
    struct time_wait *w;
    expire();
    list_for_each(w, port_bucket(port), at_port)
        if (w->local.port == port)
            return true;
    return false;
}

bool time_wait_yields(const struct endpoint *local, const struct endpoint *remote) {
    struct time_wait *w = find(local, remote);
    if (w && w->state != TCP_TIME_WAIT)
        return false;
    if (w)
        drop(w);
    return true;
}

void time_wait_reopen(const struct endpoint *local, const struct endpoint *remote) {
    struct time_wait *w = find(local, remote);
    if (w)
        drop(w);
}
