/* Messages with borders, waiting in the queue of a socket (net/packet.c). */
#pragma once
#include "fs/io.h"
#include "net/address.h"
#include "net/control.h"

struct packet {
    struct list link;
    u32 size;   /* bytes of content */
    u32 charge; /* what it counts for in its queue */
    bool peeked; /* an empty one, which SO_PEEK_OFF has been past */
    u32 frames; /* 0: the content follows in `inside` */
    struct control control;
    struct address from;
    union {
        paddr frame[1];
        u8 inside[8];
    };
};

#define PACKET_MAX 212992u /* bytes: the most any family sends at once */

struct packet_queue {
    struct list list;
    u32 count;
    u64 bytes, charge;
};

void packets_init(struct packet_queue *queue);
/* Drop them all. */
void packets_free(struct packet_queue *queue);
/* A packet of the next `size` bytes of io, at most PACKET_MAX; ERR_PTR. */
struct packet *packet_new(struct io *io, u64 size);
u64 packet_charge(u64 size);
void packet_free(struct packet *packet);
/* Queue it: its rights take off. 0 or -ETOOMANYREFS, and then it is still the caller's. */
i64 packets_add(struct packet_queue *queue, struct packet *packet);
/* Unlink the first one: its rights land. */
struct packet *packets_take(struct packet_queue *queue);
struct packet *packets_first(const struct packet_queue *queue); /* or NULL */
/* Copy content behind the first `skip` bytes to io; bytes or -EFAULT. */
i64 packet_read(const struct packet *packet, u64 skip, struct io *io);
