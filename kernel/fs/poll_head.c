/* Telling those who wait that something may be ready. */
#include "fs/poll.h"

void poll_head_init(struct poll_head *head) {
    wait_queue_init(&head->sleepers);
    list_init(&head->watches);
}

void poll_wake(struct poll_head *head, u32 events) {
    struct poll_watch *watch, *next;
    wake_all(&head->sleepers);
    list_for_each_safe(watch, next, &head->watches, link)
        watch->notify(watch, events);
}

void poll_head_detach(struct poll_head *head) {
    while (!list_empty(&head->watches))
        list_remove(head->watches.next);
}
