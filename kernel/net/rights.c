/* Descriptors in flight. A socket that lies in a queue is kept open by it, so sockets can keep each
   other open in a ring that no program reaches any more: those are found and cut loose. */
#include "errno.h"
#include "hypercall.h"
#include "lib.h"
#include "net/socket.h"

static struct list flying = LIST_INIT(flying); /* AF_UNIX sockets: only they can hold others */
static u32 flying_sockets, flying_files;
static struct list doomed = LIST_INIT(doomed); /* sets of rights to be dropped */

static void collect(void);

static struct socket *unix_of(struct file *file) {
    struct socket *s = file_socket(file);
    return s && s->family == AF_UNIX ? s : NULL;
}

i64 rights_launch(struct rights *r) {
    if (flying_files + r->count > boot.max_files)
        collect();
    if (flying_files + r->count > boot.max_files)
        return -ETOOMANYREFS;
    flying_files += r->count;
    for (u32 i = 0; i < r->count; i++) {
        struct socket *s = unix_of(r->file[i]);
        if (s && !s->flights++) {
            list_append(&flying, &s->flight_link);
            flying_sockets++;
        }
    }
    return 0;
}

void rights_land(struct rights *r) {
    flying_files -= r->count;
    for (u32 i = 0; i < r->count; i++) {
        struct socket *s = unix_of(r->file[i]);
        if (s && !--s->flights) {
            list_remove(&s->flight_link);
            flying_sockets--;
        }
    }
}

/* Closing a file may doom more, of a socket in a socket in a socket: those wait for their turn. */
static void drop_doomed(void) {
    static bool dropping;
    if (dropping)
        return;
    dropping = true;
    while (!list_empty(&doomed)) {
        struct rights *r = list_first(&doomed, struct rights, doomed);
        list_remove(&r->doomed);
        for (u32 i = 0; i < r->count; i++)
            file_put(r->file[i]);
        kfree(r);
    }
    dropping = false;
}

void rights_drop(struct rights *r) {
    list_append(&doomed, &r->doomed);
    drop_doomed();
}

struct rights *rights_copy(const struct rights *from) {
    struct rights *r = kmalloc(sizeof(*r) + from->count * sizeof(r->file[0]));
    if (!r)
        return NULL;
    list_init(&r->doomed);
    r->count = from->count;
    for (u32 i = 0; i < r->count; i++)
        r->file[i] = file_get(from->file[i]);
    return r;
}

/* Every set of rights in the queue of a socket. */
static void each_queued(struct socket *s, void (*visit)(struct control *control)) {
    stream_each(&s->in, visit);
    struct packet *p;
    list_for_each(p, &s->packets.list, link)
        visit(&p->control);
}

/* The same, with the connections nobody has accepted. */
static void each_held(struct socket *s, void (*visit)(struct control *control)) {
    struct socket *child;
    each_queued(s, visit);
    list_for_each(child, &s->backlog, backlog_link)
        each_queued(child, visit);
}

static void count_held(struct control *c) {
    for (u32 i = 0; c->rights && i < c->rights->count; i++) {
        struct socket *s = unix_of(c->rights->file[i]);
        if (s)
            s->held++;
    }
}

static struct list found = LIST_INIT(found); /* reached; what they hold is still to be looked at */

static void reach(struct socket *s) {
    if (s->reached)
        return;
    s->reached = true;
    list_remove(&s->flight_link);
    list_append(&found, &s->flight_link);
}

static void reach_held(struct control *c) {
    for (u32 i = 0; c->rights && i < c->rights->count; i++) {
        struct socket *s = unix_of(c->rights->file[i]);
        if (s)
            reach(s);
    }
}

static void cut_loose(struct control *c) {
    if (!c->rights)
        return;
    rights_land(c->rights);
    list_append(&doomed, &c->rights->doomed);
    c->rights = NULL;
}

/* No descriptor and no call holds it, only queues. */
static bool only_flies(const struct socket *s) { return s->file->refs == s->flights; }

static void collect(void) {
    struct list kept = LIST_INIT(kept);
    struct socket *s, *next;
    list_for_each(s, &flying, flight_link) {
        s->held = 0;
        s->reached = false;
    }
    list_for_each(s, &flying, flight_link)
        if (only_flies(s))
            each_held(s, count_held);
    /* Whoever lies in another queue than those can be received, and so can what it holds. */
    list_for_each_safe(s, next, &flying, flight_link)
        if (!only_flies(s) || s->held < s->flights)
            reach(s);
    while (!list_empty(&found)) {
        s = list_first(&found, struct socket, flight_link);
        list_remove(&s->flight_link);
        list_append(&kept, &s->flight_link);
        each_held(s, reach_held);
    }
    while (!list_empty(&flying)) {
        s = list_first(&flying, struct socket, flight_link);
        list_remove(&s->flight_link);
        each_held(s, cut_loose);
    }
    while (!list_empty(&kept)) {
        struct list *link = kept.next;
        list_remove(link);
        list_append(&flying, link);
    }
    drop_doomed();
}

/* Paid for by what has been closed since the last time. */
void rights_collect(void) {
    static u32 closed;
    if (!flying_sockets || ++closed * 4 < flying_sockets)
        return;
    closed = 0;
    collect();
}
