/* Waiting for any of many files. */
#include "fs/pollset.h"
#include "lib.h"
#include "task.h"

_Static_assert(sizeof(struct poll_page) <= PAGE_SIZE, "poll_page");

static void notify(struct poll_watch *watch, u32 events) {
    struct poll_set *set = container_of(watch, struct poll_entry, watch)->set;
    set->fired = true;
    wake_task(set->task);
}

static void add_head(struct poll_table *table, struct poll_head *head) {
    struct poll_set *set = container_of(table, struct poll_set, table);
    if (list_empty(&set->adding->watch.link))
        list_append(&head->watches, &set->adding->watch.link);
}

void poll_set_init(struct poll_set *set) {
    *set = (struct poll_set){.table = {add_head}, .task = current};
}

void poll_set_free(struct poll_set *set) {
    poll_set_each(e, page, set) {
        list_remove(&e->watch.link);
        file_put(e->file);
    }
    while (set->first) {
        struct poll_page *next = set->first->next;
        kfree(set->first);
        set->first = next;
    }
}

struct poll_entry *poll_set_add(struct poll_set *set, i32 fd, u32 events) {
    struct poll_page *page = set->last;
    if (!page || page->count == ENTRIES_PER_PAGE) {
        page = kmalloc(sizeof(*page));
        if (!page)
            return NULL;
        page->next = NULL;
        page->count = 0;
        if (set->last)
            set->last->next = page;
        else
            set->first = page;
        set->last = page;
    }
    struct poll_entry *e = &page->entry[page->count++];
    *e = (struct poll_entry){.watch = {.notify = notify}, .set = set, .fd = fd, .events = events};
    list_init(&e->watch.link);
    e->file = fd_file(current->files, fd);
    return e;
}

static i64 ask(struct poll_set *set, bool watch) {
    i64 ready = 0;
    set->fired = false;
    poll_set_each(e, page, set) {
        if (e->file) {
            set->adding = e;
            /* Once something is ready nobody is going to sleep: no need to watch the rest. */
            u32 now = file_poll(e->file, watch && !ready ? &set->table : NULL);
            e->revents = now & (e->events | POLLERR | POLLHUP);
        }
        ready += e->revents != 0;
    }
    return ready;
}

i64 poll_set_wait(struct poll_set *set, u64 deadline) {
    for (;;) {
        i64 ready = ask(set, deadline != 0);
        if (ready)
            return ready;
        i64 why = !deadline ? -ETIMEDOUT : set->fired ? 0 : sleep_until(deadline);
        if (why) {
            ready = deadline ? ask(set, false) : 0;
            /* A signal counts even where nobody waited for it. */
            return ready ? ready : signal_interrupts(current) ? -EINTR : 0;
        }
    }
}
