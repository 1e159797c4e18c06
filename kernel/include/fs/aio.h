/* Asynchronous input and output of Linux (io_setup(2); fs/aio.c, fs/aio_submit.c, fs/aio_poll.c): requests on
   files are carried out where they are submitted, as Linux does for those that need not wait for a device. */
#pragma once
#include "fs/open.h"
#include "mm.h"

#define AIO_MAX 65536 /* requests of all contexts: /proc/sys/fs/aio-max-nr */

struct aio_event {
    u64 data, request; /* what the program has put into its request, and where that lies */
    i64 result, result2;
};

struct aio_context {
    struct list link;    /* mm->aio */
    u64 id;              /* where the program has its ring */
    u32 refs;
    u32 wished;          /* requests asked for: what counts against AIO_MAX */
    u32 slots, tail;     /* of the ring; where the next event goes */
    u32 under_way;       /* requests with a place in the ring and no event yet */
    bool dead;
    struct file *ring;
    struct list polls;   /* requests that wait */
    struct wait_queue waiting;
};

/* One of the current process, with a reference; NULL: there is none. */
struct aio_context *aio_find(u64 id);
void aio_put(struct aio_context *context);
/* A place in the ring for one more event. */
bool aio_reserve(struct aio_context *context);
/* The event of a request that had a place; `notice` is its eventfd, or NULL. */
void aio_complete(struct aio_context *context, const struct aio_event *event, struct file *notice);
u32 aio_requests(void); /* /proc/sys/fs/aio-nr */

/* fs/aio_poll.c. Complete a request, with a place, when one of these events is true; 0 or -ENOMEM. */
i64 aio_poll(struct aio_context *context, const struct aio_event *event, struct file *file, struct file *notice, u32 events);
/* Give up a request; -EINPROGRESS: its event comes. -EINVAL: there is none. */
i64 aio_poll_cancel(struct aio_context *context, u64 request);
void aio_polls_drop(struct aio_context *context);
