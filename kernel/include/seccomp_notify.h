/* SECCOMP_RET_USER_NOTIF: another process decides about a call (seccomp_unotify(2); proc/seccomp_notify.c). */
#pragma once
#include "linux/seccomp.h"
#include "types.h"

struct listener;
struct trapframe;

/* SECCOMP_GET_NOTIF_SIZES */
i64 listener_sizes(u64 to);
/* Whom a filter asks. NULL: no memory. */
struct listener *listener_new(void);
bool listener_is_open(const struct listener *listener); /* NULL: no */
/* Nobody has the filter any more. */
void listener_filter_gone(struct listener *listener);
/* A descriptor of it for the current process, or a negative errno. */
i64 listener_open(struct listener *listener, bool killable);
/* Ask, and sleep until there is an answer. True: the call is to be made; else its rax is the result. */
bool listener_allows(struct listener *listener, struct trapframe *frame, const struct seccomp_data *data);
