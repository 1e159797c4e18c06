/* Urgent data of TCP (net/urgent.c). */
#pragma once
#include "net/socket.h"

/* The last byte that came is urgent. */
void urgent_sent(struct socket *s);
/* It alone, by MSG_OOB: bytes, or -EINVAL when there is none, or it is among the others. */
i64 urgent_receive(struct socket *s, struct message *m);
/* How many bytes wait before the mark, or at all. */
u64 urgent_before(const struct socket *s);
/* Nothing waits but the urgent byte. */
bool urgent_alone(const struct socket *s);
/* If the byte behind `skip` others is the urgent one, and not among the others, step over it. */
bool urgent_next(struct socket *s, u64 *skip, bool peek);
