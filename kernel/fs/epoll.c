/* epoll(7): files report to the epolls that watch them, so a wait costs what is ready, not what is
   watched. */
#include "fs/epoll_item.h"
#include "errno.h"
#include "fs/anon.h"
#include "fs/proc.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define MODES (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)
#define BESIDE_EXCLUSIVE (POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLET | EPOLLWAKEUP | EPOLLEXCLUSIVE)

static const struct file_ops epoll_ops;

static void item_ready(struct epoll_item *item) {
    if (list_empty(&item->ready_link))
        list_append(&item->epoll->ready, &item->ready_link);
    poll_wake(&item->epoll->head, POLLIN | POLLRDNORM);
}

static void notify(struct poll_watch *watch, u32 events) {
    struct epoll_item *item = container_of(watch, struct epoll_item, watch);
    if (item->events & events)
        item_ready(item);
}

/* What of the item's events is true; makes sure that it hears of the rest. */
static u32 item_poll(struct epoll_item *item) {
    return file_poll_watched(item->file, &item->watch) & item->events;
}

static void item_free(struct epoll_item *item) {
    list_remove(&item->watch.link);
    list_remove(&item->file_link);
    list_remove(&item->ready_link);
    tree_remove(&item->epoll->items, &item->node);
    kfree(item);
}

void epoll_forget(struct file *file) {
    while (!list_empty(&file->epoll_items))
        item_free(list_first(&file->epoll_items, struct epoll_item, file_link));
}

static void epoll_release(struct file *file) {
    struct epoll *ep = file->private;
    while (ep->items.root)
        item_free(tree_entry(tree_first(&ep->items), struct epoll_item, node));
    poll_head_detach(&ep->head);
    kfree(ep);
}

/* Is anything ready? Items that turn out not to be leave the list. */
static u32 epoll_poll(struct file *file, struct poll_table *table) {
    struct epoll *ep = file->private;
    struct epoll_item *item, *next;
    poll_add(table, &ep->head);
    list_for_each_safe(item, next, &ep->ready, ready_link) {
        if (item_poll(item))
            return POLLIN | POLLRDNORM;
        list_remove(&item->ready_link);
    }
    return 0;
}

static void epoll_show(struct file *file, struct text *text) {
    const struct epoll *epoll = file->private;
    for (struct tree_node *node = tree_first(&epoll->items); node; node = tree_next(node)) {
        const struct epoll_item *item = tree_entry(node, struct epoll_item, node);
        text_add(text, "tfd: %8lu events: %8x data: %16lx  pos:%lu ino:%lx sdev:%lx\n", item->node.key,
                 item->events | item->modes, item->data, item->file->pos, item->file->inode->ino, item->file->inode->super->dev);
    }
}

static const struct file_ops epoll_ops = {
    .poll = epoll_poll, .seek = anon_seek, .release = epoll_release, .show = epoll_show,
};

struct epoll *epoll_of(struct file *file) { return file->ops == &epoll_ops ? file->private : NULL; }

static struct epoll_item *find(struct epoll *ep, i32 fd, struct file *file) {
    struct tree_node *n = tree_ceil(&ep->items, fd);
    while (n && n->key == (u64)fd) { /* a descriptor may have been reused while its file lives on */
        struct epoll_item *item = tree_entry(n, struct epoll_item, node);
        if (item->file == file)
            return item;
        n = tree_next(n);
    }
    return NULL;
}

struct file *epoll_watched(struct file *file, u32 fd, u32 place) {
    struct epoll *ep = epoll_of(file);
    if (!ep)
        return ERR_PTR(-EINVAL);
    struct tree_node *n = tree_ceil(&ep->items, fd);
    for (; n && n->key == fd; n = tree_next(n))
        if (!place--)
            return tree_entry(n, struct epoll_item, node)->file;
    return ERR_PTR(-ENOENT);
}

static void set_events(struct epoll_item *item, const struct epoll_event *event) {
    item->events = (event->events & ~MODES) | POLLERR | POLLHUP;
    item->modes = event->events & MODES;
    item->data = event->data;
}

static i64 add(struct epoll *ep, i32 fd, struct file *file, const struct epoll_event *event) {
    if (!epoll_may_watch(ep, file))
        return -ELOOP;
    struct epoll_item *item = kmalloc(sizeof(*item));
    if (!item)
        return -ENOMEM;
    item->node.key = fd;
    item->watch.notify = notify;
    item->epoll = ep;
    item->file = file;
    list_init(&item->watch.link);
    list_init(&item->ready_link);
    list_append(&file->epoll_items, &item->file_link);
    tree_insert(&ep->items, &item->node);
    set_events(item, event);
    if (item_poll(item))
        item_ready(item);
    return 0;
}

i64 sys_epoll_ctl(const u64 *a) {
    struct epoll_event event = {0};
    struct file *file = fd_peek(a[0]), *target = fd_peek(a[2]);
    if (a[1] != EPOLL_CTL_DEL && get_user(event, a[3]))
        return -EFAULT;
    if (!file || !target)
        return -EBADF;
    if (!target->ops->poll)
        return -EPERM;
    struct epoll *ep = epoll_of(file);
    if (!ep || file == target)
        return -EINVAL;
    if ((event.events & EPOLLEXCLUSIVE) && ((event.events & ~BESIDE_EXCLUSIVE) || epoll_of(target)))
        return -EINVAL;
    struct epoll_item *item = find(ep, a[2], target);
    switch (a[1]) {
    case EPOLL_CTL_ADD:
        return item ? -EEXIST : add(ep, a[2], target, &event);
    case EPOLL_CTL_DEL:
        if (!item)
            return -ENOENT;
        item_free(item);
        return 0;
    case EPOLL_CTL_MOD:
        if (!item)
            return -ENOENT;
        if ((event.events | item->modes) & EPOLLEXCLUSIVE)
            return -EINVAL;
        set_events(item, &event);
        if (item_poll(item))
            item_ready(item);
        return 0;
    }
    return -EINVAL;
}

/* Report what is ready, each item at most once; how many, or -EFAULT when not even one. */
static i64 collect(struct epoll *ep, u64 to, i64 max) {
    struct list again = LIST_INIT(again); /* level-triggered: to be asked next time, too */
    i64 count = 0;
    while (count < max && !list_empty(&ep->ready)) {
        struct epoll_item *item = list_first(&ep->ready, struct epoll_item, ready_link);
        list_remove(&item->ready_link);
        struct epoll_event event = {.events = item_poll(item), .data = item->data};
        if (!event.events)
            continue;
        if (put_user(event, to + count * sizeof(event))) {
            list_push(&ep->ready, &item->ready_link);
            count = count ? count : -EFAULT;
            break;
        }
        count++;
        if (item->modes & EPOLLONESHOT)
            item->events = 0;
        else if (!(item->modes & EPOLLET))
            list_append(&again, &item->ready_link);
    }
    while (!list_empty(&again)) {
        struct list *link = again.next;
        list_remove(link);
        list_append(&ep->ready, link);
    }
    return count;
}

static i64 epoll_wait(i32 fd, u64 to, i32 max, u64 deadline) {
    struct file *file = fd_file(current->files, fd);
    if (!file)
        return -EBADF;
    struct epoll *ep = epoll_of(file);
    i64 count = max <= 0 || (u32)max > 0x7fffffff / sizeof(struct epoll_event) ? -EINVAL
                : !in_user_space(to, (u64)max * sizeof(struct epoll_event)) ? -EFAULT : ep ? 0 : -EINVAL;
    while (!count) {
        count = collect(ep, to, max);
        if (count || !deadline)
            break;
        i64 why = wait_on(&ep->head.sleepers, deadline);
        if (why == -ETIMEDOUT)
            deadline = 0; /* one last look */
        else if (why)
            count = list_empty(&ep->ready) ? -EINTR : 0;
    }
    file_put(file);
    return count;
}

static u64 ms_deadline(i32 ms) { return ms < 0 ? NEVER : ms ? deadline_after((u64)ms * 1000000) : 0; }

i64 sys_epoll_wait(const u64 *a) { return epoll_wait(a[0], a[1], a[2], ms_deadline(a[3])); }

i64 sys_epoll_pwait(const u64 *a) {
    i64 error = a[4] ? set_temporary_mask(a[4], a[5]) : 0;
    return error ? error : epoll_wait(a[0], a[1], a[2], ms_deadline(a[3]));
}

i64 sys_epoll_pwait2(const u64 *a) {
    u64 ns, deadline = NEVER;
    i64 error = a[3] ? get_timespec(&ns, a[3]) : 0;
    if (!error && a[3])
        deadline = ns ? deadline_after(ns) : 0;
    if (!error && a[4])
        error = set_temporary_mask(a[4], a[5]);
    return error ? error : epoll_wait(a[0], a[1], a[2], deadline);
}

static i64 make_epoll(u32 flags) {
    if (flags & ~(u32)O_CLOEXEC)
        return -EINVAL;
    struct epoll *ep = kzalloc(sizeof(*ep));
    if (!ep)
        return -ENOMEM;
    list_init(&ep->ready);
    poll_head_init(&ep->head);
    ep->file = anon_file("anon_inode:[eventpoll]", &epoll_ops, O_RDWR, ep);
    if (IS_ERR(ep->file)) {
        i64 error = PTR_ERR(ep->file);
        kfree(ep);
        return error;
    }
    return fd_install(ep->file, 0, flags & O_CLOEXEC);
}

i64 sys_epoll_create(const u64 *a) { return (i32)a[0] <= 0 ? -EINVAL : make_epoll(0); }
i64 sys_epoll_create1(const u64 *a) { return make_epoll(a[0]); }
