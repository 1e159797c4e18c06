/* eventfd(2): a counter that can be waited for. */
#include "errno.h"
#include "fs/anon.h"
#include "fs/eventfd.h"
#include "fs/proc.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"

#define EFD_SEMAPHORE 1
#define COUNT_MAX (~0UL - 1)

struct eventfd {
    u64 count;
    bool semaphore;
    struct poll_head head;
};

static i64 eventfd_wait(struct file *file, struct eventfd *e) {
    if (file->flags & O_NONBLOCK)
        return -EAGAIN;
    return wait_on(&e->head.sleepers, NEVER) ? -ERESTARTSYS : 0;
}

static i64 eventfd_read(struct file *file, struct io *io, u64 *pos) {
    struct eventfd *e = file->private;
    if (io->left < sizeof(u64))
        return -EINVAL;
    while (!e->count) {
        i64 error = eventfd_wait(file, e);
        if (error)
            return error;
    }
    u64 value = e->semaphore ? 1 : e->count;
    e->count -= value;
    poll_wake(&e->head, POLLOUT | POLLWRNORM);
    return io_put_all(io, &value, sizeof(value));
}

static i64 eventfd_write(struct file *file, struct io *io, u64 *pos) {
    struct eventfd *e = file->private;
    u64 value;
    if (io->left != sizeof(u64))
        return -EINVAL;
    i64 got = io_take(io, &value, sizeof(value));
    if (got != sizeof(value))
        return -EFAULT;
    if (value == ~0UL)
        return -EINVAL;
    while (value > COUNT_MAX - e->count) {
        i64 error = eventfd_wait(file, e);
        if (error)
            return error;
    }
    e->count += value;
    poll_wake(&e->head, POLLIN | POLLRDNORM);
    return sizeof(value);
}

static u32 eventfd_poll(struct file *file, struct poll_table *table) {
    struct eventfd *e = file->private;
    poll_add(table, &e->head);
    return (e->count ? POLLIN | POLLRDNORM : 0) | (e->count < COUNT_MAX ? POLLOUT | POLLWRNORM : 0);
}

static void eventfd_release(struct file *file) {
    struct eventfd *e = file->private;
    poll_head_detach(&e->head);
    kfree(e);
}

static void eventfd_show(struct file *file, struct text *text) {
    const struct eventfd *e = file->private;
    text_add(text, "eventfd-count: %16lx\neventfd-id: %lu\neventfd-semaphore: %d\n", e->count, file->inode->ino, e->semaphore);
}

static const struct file_ops eventfd_ops = {
    .read = eventfd_read, .write = eventfd_write, .poll = eventfd_poll, .seek = anon_seek, .release = eventfd_release,
    .show = eventfd_show,
};

bool is_eventfd(const struct file *file) { return file->ops == &eventfd_ops; }

void eventfd_signal(struct file *file) {
    struct eventfd *e = file->private;
    e->count += e->count < COUNT_MAX;
    poll_wake(&e->head, POLLIN | POLLRDNORM);
}

static i64 make_eventfd(u32 count, u32 flags) {
    if (flags & ~(u32)(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    struct eventfd *e = kmalloc(sizeof(*e));
    if (!e)
        return -ENOMEM;
    e->count = count;
    e->semaphore = flags & EFD_SEMAPHORE;
    poll_head_init(&e->head);
    struct file *file = anon_file("anon_inode:[eventfd]", &eventfd_ops, O_RDWR | (flags & O_NONBLOCK), e);
    if (IS_ERR(file)) {
        kfree(e);
        return PTR_ERR(file);
    }
    return fd_install(file, 0, flags & O_CLOEXEC);
}

i64 sys_eventfd(const u64 *a) { return make_eventfd(a[0], 0); }
i64 sys_eventfd2(const u64 *a) { return make_eventfd(a[0], a[1]); }
