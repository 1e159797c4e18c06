/* Requests that wait for a file to become ready: a poll(2) whose answer is an event. */
#include "errno.h"
#include "fs/aio.h"
#include "lib.h"
#include "task.h"

struct poll_request {
    struct list link; /* aio_context.polls */
    struct poll_watch watch;
    struct timer later; /* armed when the file may have become ready */
    struct aio_context *context;
    struct aio_event event;
    struct file *file, *notice;
    u32 wanted, told; /* the latter come with those when they are true, as on Linux */
};

static void drop(struct poll_request *r) {
    timer_cancel(&r->later);
    list_remove(&r->watch.link);
    list_remove(&r->link);
    file_put(r->file);
    kfree(r);
}

static void complete(struct poll_request *r, u32 events) {
    struct aio_context *c = r->context;
    r->event.result = events;
    struct aio_event event = r->event;
    struct file *notice = r->notice;
    drop(r);
    aio_complete(c, &event, notice);
    file_put(notice);
}

/* Whoever wakes a file's watches is at work with it: look, and tell others, when that is done. */
static void notify(struct poll_watch *watch, u32 events) {
    struct poll_request *r = container_of(watch, struct poll_request, watch);
    r->told |= events;
    if (!r->later.armed)
        timer_start(&r->later, clock_monotonic());
}

static void look(struct timer *timer) {
    struct poll_request *r = container_of(timer, struct poll_request, later);
    u32 events = file_poll(r->file, NULL), told = r->told;
    r->told = 0;
    if (events & r->wanted)
        complete(r, events & (r->wanted | told));
}

i64 aio_poll(struct aio_context *c, const struct aio_event *event, struct file *file, struct file *notice, u32 events) {
    struct poll_request *r = kzalloc(sizeof(*r));
    if (!r)
        return -ENOMEM;
    r->watch.notify = notify;
    r->later.fn = look;
    r->context = c;
    r->event = *event;
    r->file = file_get(file);
    r->notice = notice ? file_get(notice) : NULL;
    r->wanted = events | POLLERR | POLLHUP;
    list_init(&r->watch.link);
    list_append(&c->polls, &r->link);
    u32 now = file_poll_watched(file, &r->watch) & r->wanted;
    if (!now && list_empty(&r->watch.link)) { /* and never will be */
        file_put(r->notice);
        drop(r);
        return -EINVAL;
    }
    if (now)
        complete(r, now);
    return 0;
}

i64 aio_poll_cancel(struct aio_context *c, u64 request) {
    struct poll_request *r;
    list_for_each(r, &c->polls, link) {
        if (r->event.request != request)
            continue;
        complete(r, 0);
        return -EINPROGRESS;
    }
    return -EINVAL;
}

void aio_polls_drop(struct aio_context *c) {
    while (!list_empty(&c->polls)) {
        struct poll_request *r = list_first(&c->polls, struct poll_request, link);
        file_put(r->notice);
        drop(r);
    }
}
