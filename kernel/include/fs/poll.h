/* Readiness: what can become ready has a poll_head; who waits for it hangs a watch on it. */
#pragma once
#include "linux/poll.h"
#include "sched.h"

struct file;

struct poll_watch {
    struct list link;
    void (*notify)(struct poll_watch *watch, u32 events);
};

struct poll_head {
    struct wait_queue sleepers; /* blocked readers and writers */
    struct list watches;
};

/* Collects the heads a file's readiness depends on; a NULL table only asks. */
struct poll_table {
    void (*add)(struct poll_table *table, struct poll_head *head);
};

void poll_head_init(struct poll_head *head);
/* Something changed: wake sleepers and notify watches. */
void poll_wake(struct poll_head *head, u32 events);
/* The object dies: its watches must not look back. */
void poll_head_detach(struct poll_head *head);
static inline void poll_add(struct poll_table *table, struct poll_head *head) {
    if (table)
        table->add(table, head);
}
/* Readiness of a file; files without a poll operation are always ready. */
u32 file_poll(struct file *file, struct poll_table *table);
/* The same, and the watch hangs on what the file's readiness depends on, unless it hangs somewhere already. */
u32 file_poll_watched(struct file *file, struct poll_watch *watch);
