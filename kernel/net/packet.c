/* Messages with borders. A short one lies behind its header, a long one in frames of its own. */
#include "net/packet.h"
#include "errno.h"
#include "frame.h"
#include "lib.h"

#define INSIDE_MAX (PAGE_SIZE - offsetof(struct packet, inside))

static struct segments runs; /* filled and used without sleeping between */

void packets_init(struct packet_queue *q) { list_init(&q->list); }

/* What Linux charges for the same, so that as many fit. */
u64 packet_charge(u64 size) { return 704 + ROUND_UP(MAX(size, 1ul), 64); }

void packet_free(struct packet *p) {
    for (u32 i = 0; i < p->frames; i++)
        frame_put(p->frame[i]);
    control_drop(&p->control);
    kfree(p);
}

static struct packet *packet_alloc(u64 size) {
    u32 frames = size <= INSIDE_MAX ? 0 : (size + PAGE_SIZE - 1) / PAGE_SIZE;
    struct packet *p = kmalloc(offsetof(struct packet, inside) + (frames ? frames * sizeof(paddr) : size));
    if (!p)
        return NULL;
    p->size = size;
    p->charge = packet_charge(size);
    p->control = (struct control){0};
    p->from.size = 0;
    for (p->frames = 0; p->frames < frames; p->frames++) {
        p->frame[p->frames] = frame_alloc();
        if (!p->frame[p->frames]) {
            packet_free(p);
            return NULL;
        }
    }
    return p;
}

/* The first `size` bytes of its content. */
static void packet_runs(const struct packet *p, u64 size) {
    runs.count = 0;
    if (!p->frames && size)
        segments_add(&runs, virt_to_phys(p->inside), size);
    for (u32 i = 0; i < p->frames && i * PAGE_SIZE < size; i++)
        segments_add(&runs, p->frame[i], MIN(size - i * PAGE_SIZE, PAGE_SIZE));
}

static void skip_runs(u64 n) {
    while (n) {
        u64 step = MIN(n, runs.at[0].size);
        runs.at[0].gpa += step;
        runs.at[0].size -= step;
        n -= step;
        if (!runs.at[0].size)
            memmove(runs.at, runs.at + 1, --runs.count * sizeof(runs.at[0]));
    }
}

/* Move `size` bytes behind the first `skip`, however scattered the other side is. */
static i64 move(const struct packet *p, struct io *io, u64 skip, u64 size, bool in) {
    packet_runs(p, skip + size);
    skip_runs(skip);
    for (u64 done = 0; done < size;) {
        i64 part = in ? io_take_runs(io, &runs) : io_put_runs(io, &runs);
        if (part <= 0)
            return -EFAULT;
        done += part;
        skip_runs(part);
    }
    return size;
}

struct packet *packet_new(struct io *io, u64 size) {
    struct packet *p = size <= PACKET_MAX ? packet_alloc(size) : NULL;
    if (!p)
        return ERR_PTR(size <= PACKET_MAX ? -ENOMEM : -EMSGSIZE);
    i64 error = move(p, io, 0, size, true);
    if (error < 0) {
        packet_free(p);
        return ERR_PTR(error);
    }
    return p;
}

i64 packet_read(const struct packet *p, u64 skip, struct io *io) {
    return move(p, io, skip, MIN(p->size - skip, io->left), false);
}

i64 packets_add(struct packet_queue *q, struct packet *p) {
    i64 error = p->control.rights ? rights_launch(p->control.rights) : 0;
    if (error)
        return error;
    list_append(&q->list, &p->link);
    q->count++;
    q->bytes += p->size;
    q->charge += p->charge;
    return 0;
}

struct packet *packets_first(const struct packet_queue *q) {
    return list_empty(&q->list) ? NULL : list_first(&q->list, struct packet, link);
}

struct packet *packets_take(struct packet_queue *q) {
    struct packet *p = packets_first(q);
    if (!p)
        return NULL;
    list_remove(&p->link);
    q->count--;
    q->bytes -= p->size;
    q->charge -= p->charge;
    if (p->control.rights)
        rights_land(p->control.rights);
    return p;
}

void packets_free(struct packet_queue *q) {
    for (struct packet *p; (p = packets_take(q));)
        packet_free(p);
}
