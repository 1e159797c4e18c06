/* A set of files one task waits for: poll and select (fs/pollset.c). */
#pragma once
#include "fs/open.h"

struct poll_set;

struct poll_entry {
    struct poll_watch watch;
    struct poll_set *set;
    struct file *file; /* NULL: ignored (poll) */
    i32 fd;
    u16 events, revents;
};

#define ENTRIES_PER_PAGE 84
struct poll_page {
    struct poll_page *next;
    u64 count;
    struct poll_entry entry[ENTRIES_PER_PAGE];
};

struct poll_set {
    struct poll_table table;
    struct poll_entry *adding; /* whose file is being asked */
    struct task *task;
    struct poll_page *first, *last;
    bool fired;
};

void poll_set_init(struct poll_set *set);
void poll_set_free(struct poll_set *set);
/* Add a descriptor; NULL: no memory. entry->file is NULL when it is not open. */
struct poll_entry *poll_set_add(struct poll_set *set, i32 fd, u32 events);
/* Wait until some are ready: how many, 0 at the deadline, -EINTR. */
i64 poll_set_wait(struct poll_set *set, u64 deadline);

#define poll_set_each(e, page, set)                                      \
    for (struct poll_page *page = (set)->first; page; page = page->next) \
        for (struct poll_entry *e = page->entry; e < page->entry + page->count; e++)

/* What is left of a timeout goes back to the caller, as on Linux: seconds and `unit`s of ns. */
i64 timeout_write(u64 deadline, u64 to, u64 unit);
