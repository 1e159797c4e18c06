/* Epolls that watch epolls: no circles, and no long chains. */
#include "fs/epoll_item.h"
#include "fs/open.h"
#include "lib.h"

#define MAX_DEPTH 5 /* epolls inside epolls */

/* The longest chain of epolls below (or above) one, itself included; MAX_DEPTH + 1 at most. */
static int depth_below(struct epoll *ep, int level) {
    int deepest = level;
    for (struct tree_node *n = tree_first(&ep->items); n && deepest <= MAX_DEPTH; n = tree_next(n)) {
        struct epoll *inner = epoll_of(tree_entry(n, struct epoll_item, node)->file);
        if (inner)
            deepest = MAX(deepest, depth_below(inner, level + 1));
    }
    return deepest;
}

static int depth_above(struct epoll *ep, int level) {
    int deepest = level;
    struct epoll_item *item;
    list_for_each(item, &ep->file->epoll_items, file_link)
        if (deepest <= MAX_DEPTH)
            deepest = MAX(deepest, depth_above(item->epoll, level + 1));
    return deepest;
}

static bool reaches(struct epoll *from, struct epoll *to) {
    if (from == to)
        return true;
    for (struct tree_node *n = tree_first(&from->items); n; n = tree_next(n)) {
        struct epoll *inner = epoll_of(tree_entry(n, struct epoll_item, node)->file);
        if (inner && reaches(inner, to))
            return true;
    }
    return false;
}

bool epoll_may_watch(struct epoll *ep, struct file *file) {
    struct epoll *inner = epoll_of(file);
    return !inner || (!reaches(inner, ep) && depth_below(inner, 1) + depth_above(ep, 1) <= MAX_DEPTH);
}
