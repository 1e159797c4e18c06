/* Inside epoll(7): what it watches. */
#pragma once
#include "fs/epoll.h"
#include "fs/poll.h"

struct epoll {
    struct file *file;
    struct tree items; /* by descriptor */
    struct list ready; /* items that may be ready */
    struct poll_head head;
};

struct epoll_item {
    struct tree_node node;
    struct poll_watch watch;
    struct epoll *epoll;
    struct file *file;
    struct list file_link;  /* file->epoll_items */
    struct list ready_link; /* epoll->ready, or by itself */
    u32 events;             /* without the modes: nothing left of a one-shot */
    u32 modes;
    u64 data;
};

/* The epoll of a file, NULL if it is none. */
struct epoll *epoll_of(struct file *file);
/* Whether an epoll may watch this file: it may not lead back to it, nor nest too deep. */
bool epoll_may_watch(struct epoll *ep, struct file *file);
