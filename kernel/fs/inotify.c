/* inotify(7): watches on inodes, and the queues of what has happened to them. */
#include "errno.h"
#include "fs/anon.h"
#include "fs/notify.h"
#include "fs/proc.h"
#include "fs/walk.h"
#include "lib.h"
#include "linux/tty.h"
#include "syscall.h"
#include "task.h"
#include "tree.h"
#include "uaccess.h"

#define MODES (IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ONESHOT)
#define KNOWN (IN_ALL_EVENTS | MODES | IN_ISDIR | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED)

struct inotify {
    struct tree watches; /* by number */
    i32 last_number;
    struct list queue;   /* struct event.link */
    u32 events;
    u64 bytes;           /* what reading it all would give */
    struct poll_head head;
};

struct watch {
    struct tree_node node; /* key: number */
    struct list link;      /* inode->watches */
    struct inotify *owner;
    struct inode *inode;   /* referenced */
    u32 mask;
};

struct event {
    struct list link;
    struct inotify_event header;
    u32 name_size;
    char name[];
};

static u32 padded(u32 name_size) { return name_size ? ROUND_UP(name_size + 1, sizeof(struct inotify_event)) : 0; }

static bool repeats(const struct inotify *in, i32 number, u32 mask, u32 cookie, const struct name *name) {
    if (list_empty(&in->queue) || (mask & IN_IGNORED))
        return false;
    const struct event *last = list_entry(in->queue.prev, struct event, link);
    u32 size = name ? name->size : 0;
    return last->header.watch == number && last->header.mask == mask && last->header.cookie == cookie &&
           last->name_size == size && !memcmp(last->name, name ? name->text : "", size);
}

static void queue(struct inotify *in, i32 number, u32 mask, u32 cookie, const struct name *name) {
    u32 size = name ? name->size : 0;
    if (repeats(in, number, mask, cookie, name) || in->events > INOTIFY_QUEUE_MAX)
        return;
    struct event *event = in->events < INOTIFY_QUEUE_MAX ? kmalloc(sizeof(*event) + size) : NULL;
    if (!event) { /* the last event says that there were more */
        event = kmalloc(sizeof(*event));
        if (!event)
            return;
        number = -1;
        mask = IN_Q_OVERFLOW;
        cookie = size = 0;
    }
    event->header = (struct inotify_event){number, mask, cookie, padded(size)};
    event->name_size = size;
    if (size)
        memcpy(event->name, name->text, size);
    list_append(&in->queue, &event->link);
    in->events++;
    in->bytes += sizeof(struct inotify_event) + event->header.length;
    poll_wake(&in->head, POLLIN | POLLRDNORM);
}

static void drop_event(struct inotify *in, struct event *event) {
    in->events--;
    in->bytes -= sizeof(struct inotify_event) + event->header.length;
    list_remove(&event->link);
    kfree(event);
}

static void drop_watch(struct watch *watch, bool report) {
    if (report)
        queue(watch->owner, (i32)watch->node.key, IN_IGNORED, 0, NULL);
    tree_remove(&watch->owner->watches, &watch->node);
    list_remove(&watch->link);
    inode_put(watch->inode);
    kfree(watch);
    inotify_watches--;
}

void inotify_report(struct inode *inode, u32 mask, u32 cookie, const struct name *name, bool unlinked) {
    struct watch *watch, *next;
    inode_get(inode); /* a one-shot watch may be all that keeps it */
    list_for_each_safe(watch, next, &inode->watches, link) {
        if (!(watch->mask & mask & IN_ALL_EVENTS) || (unlinked && (watch->mask & IN_EXCL_UNLINK)))
            continue;
        queue(watch->owner, (i32)watch->node.key, mask, cookie, name);
        if (watch->mask & IN_ONESHOT)
            drop_watch(watch, true);
    }
    inode_put(inode);
}

void inotify_gone(struct inode *inode) {
    inode_get(inode);
    inotify_report(inode, IN_DELETE_SELF, 0, NULL, false);
    while (!list_empty(&inode->watches))
        drop_watch(list_first(&inode->watches, struct watch, link), true);
    inode_put(inode);
}

/* As many whole events as the buffer takes; -EINVAL when not even one. */
static i64 inotify_read(struct file *file, struct io *io, u64 *pos) {
    static const char zeros[sizeof(struct inotify_event)];
    struct inotify *in = file->private;
    i64 done = 0;
    while (list_empty(&in->queue)) {
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        if (wait_on(&in->head.sleepers, NEVER))
            return -ERESTARTSYS;
    }
    while (!list_empty(&in->queue)) {
        struct event *event = list_first(&in->queue, struct event, link);
        u32 length = event->header.length, fill = length - event->name_size;
        if (io->left < sizeof(event->header) + length)
            return done ? done : -EINVAL;
        i64 put = io_put_all(io, &event->header, sizeof(event->header));
        if (put > 0 && length)
            put = io_put_all(io, event->name, event->name_size);
        if (put > 0 && length)
            put = io_put_all(io, zeros, fill);
        if (put < 0)
            return done ? done : put;
        done += sizeof(event->header) + length;
        drop_event(in, event);
    }
    return done;
}

static u32 inotify_poll(struct file *file, struct poll_table *table) {
    struct inotify *in = file->private;
    poll_add(table, &in->head);
    return list_empty(&in->queue) ? 0 : POLLIN | POLLRDNORM;
}

static i64 inotify_ioctl(struct file *file, u64 command, u64 argument) {
    i32 bytes = (i32)((struct inotify *)file->private)->bytes;
    return command == FIONREAD ? put_user(bytes, argument) : -ENOTTY;
}

static void inotify_release(struct file *file) {
    struct inotify *in = file->private;
    while (in->watches.root)
        drop_watch(tree_entry(tree_first(&in->watches), struct watch, node), false);
    while (!list_empty(&in->queue))
        drop_event(in, list_first(&in->queue, struct event, link));
    poll_head_detach(&in->head);
    kfree(in);
}

static void inotify_show(struct file *file, struct text *text) {
    const struct inotify *in = file->private;
    for (struct tree_node *node = tree_first(&in->watches); node; node = tree_next(node)) {
        const struct watch *watch = tree_entry(node, struct watch, node);
        text_add(text, "inotify wd:%lx ino:%lx sdev:%lx mask:%x ignored_mask:0\n", node->key, watch->inode->ino,
                 watch->inode->super->dev, watch->mask & IN_ALL_EVENTS);
    }
}

static const struct file_ops inotify_ops = {
    .read = inotify_read, .poll = inotify_poll, .ioctl = inotify_ioctl, .seek = anon_seek, .release = inotify_release,
    .show = inotify_show,
};

static i64 make(u32 flags) {
    if (flags & ~(u32)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    struct inotify *in = kzalloc(sizeof(*in));
    if (!in)
        return -ENOMEM;
    list_init(&in->queue);
    poll_head_init(&in->head);
    struct file *file = anon_file("anon_inode:inotify", &inotify_ops, O_RDONLY | (flags & O_NONBLOCK), in);
    if (IS_ERR(file)) {
        kfree(in);
        return PTR_ERR(file);
    }
    return fd_install(file, 0, flags & O_CLOEXEC);
}

i64 sys_inotify_init(const u64 *a) { return make(0); }
i64 sys_inotify_init1(const u64 *a) { return make((u32)a[0]); }

static i64 find(i32 fd, struct inotify **out) {
    struct file *file = fd_peek(fd);
    if (!file)
        return -EBADF;
    *out = file->private;
    return file->ops == &inotify_ops ? 0 : -EINVAL;
}

static i64 add(struct inotify *in, struct inode *inode, u32 mask) {
    struct watch *watch;
    u32 kept = mask & (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT);
    list_for_each(watch, &inode->watches, link) {
        if (watch->owner != in)
            continue;
        if (mask & IN_MASK_CREATE)
            return -EEXIST;
        watch->mask = mask & IN_MASK_ADD ? watch->mask | kept : kept;
        return (i64)watch->node.key;
    }
    watch = inotify_watches < INOTIFY_WATCHES_MAX ? kmalloc(sizeof(*watch)) : NULL;
    if (!watch)
        return inotify_watches < INOTIFY_WATCHES_MAX ? -ENOMEM : -ENOSPC;
    *watch = (struct watch){.owner = in, .inode = inode_get(inode), .mask = kept};
    watch->node.key = (u64)++in->last_number;
    tree_insert(&in->watches, &watch->node);
    list_append(&inode->watches, &watch->link);
    inotify_watches++;
    return in->last_number;
}

i64 sys_inotify_add_watch(const u64 *a) {
    struct inotify *in;
    u32 mask = a[2];
    if (!(mask & KNOWN) || (mask & ~KNOWN))
        return -EINVAL;
    i64 error = find(a[0], &in);
    if (error == -EBADF)
        return error;
    if ((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE))
        return -EINVAL;
    if (error)
        return error;
    struct dentry *d = walk_user(AT_FDCWD, a[1], (mask & IN_DONT_FOLLOW ? 0 : WALK_FOLLOW) |
                                                     (mask & IN_ONLYDIR ? WALK_DIRECTORY : 0));
    if (IS_ERR(d))
        return PTR_ERR(d);
    error = inode_permission(d->inode, MAY_READ);
    i64 number = error ? error : add(in, d->inode, mask);
    dentry_put(d);
    return number;
}

i64 sys_inotify_rm_watch(const u64 *a) {
    struct inotify *in;
    i64 error = find(a[0], &in);
    if (error)
        return error;
    struct tree_node *node = (i32)a[1] > 0 ? tree_find(&in->watches, (u64)(i32)a[1]) : NULL;
    if (!node)
        return -EINVAL;
    drop_watch(tree_entry(node, struct watch, node), true);
    return 0;
}
