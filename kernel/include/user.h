/* What the processes of one user have together (proc/user.c). */
#pragma once
#include "types.h"

struct user;

/* One signal more for a user who has fewer than `limit` queued; NULL: he has not, or no memory. */
struct user *user_queue_signal(u32 uid, u64 limit);
/* It is gone; NULL is fine. */
void user_signal_taken(struct user *user);
u64 user_signals(u32 uid);
