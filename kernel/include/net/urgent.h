/* Urgent data of TCP and of AF_UNIX streams (net/urgent.c). */
#pragma once
#include "net/socket.h"

/* The last byte that came is urgent. */
void urgent_sent(struct socket *s);
/* It alone, by MSG_OOB: bytes, or -EINVAL when there is none, or it is among the others. */
i64 urgent_receive(struct socket *s, struct message *m);
/* How many bytes wait before the mark, or at all. */
u64 urgent_before(const struct socket *s);
/* Nothing waits but the urgent byte, and that is nothing to read. */
bool urgent_alone(const struct socket *s);
/* If the byte behind `skip` others is the urgent one, and not among the others, step over it. */
bool urgent_next(struct socket *s, u64 *skip, bool peek);
/* Can one more come? */
bool urgent_room(const struct socket *s);
/* Does a read that has something end behind `skip` bytes? */
bool urgent_ends(const struct socket *s, u64 skip);
bool urgent_is_here(const struct socket *s); /* SIOCATMARK */
/* All bytes but those that were taken out of their turn. */
u64 urgent_untaken(const struct socket *s);
