/* mq_timedsend(2) and mq_timedreceive(2): messages by priority, and those who wait for one, or for room. */
#include "mqueue.h"
#include "errno.h"
#include "lib.h"
#include "linux/time.h"
#include "net/packet.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define SEQUENCE_BITS 48

struct mq_message {
    struct tree_node node; /* by priority, then by age */
    u32 priority;
    struct packet *packet;
};

/* One who sleeps in a call: a sender with its message, a receiver without one yet. What is handed from one to
   the other never lies in the queue, so nobody can take it away. */
struct mq_wait {
    struct list link;
    struct wait_queue wake;
    struct mq_message *message;
    bool done;
};

static void message_free(struct mq_message *m) {
    packet_free(m->packet);
    kfree(m);
}

static struct mq_message *message_new(u64 from, u64 size, u32 priority) {
    struct io io;
    struct mq_message *m = kmalloc(sizeof(*m));
    if (!m)
        return ERR_PTR(-ENOMEM);
    io_user(&io, from, size);
    m->priority = priority;
    m->packet = packet_new(&io, size);
    if (IS_ERR(m->packet)) {
        i64 error = PTR_ERR(m->packet);
        kfree(m);
        return ERR_PTR(error);
    }
    return m;
}

static void insert(struct mqueue *q, struct mq_message *m) {
    m->node.key = (u64)(MQ_PRIORITIES - 1 - m->priority) << SEQUENCE_BITS | q->sequence++;
    tree_insert(&q->messages, &m->node);
    q->count++;
    q->bytes += m->packet->size;
}

static struct mq_message *take(struct mqueue *q) {
    struct mq_message *m = tree_entry(tree_first(&q->messages), struct mq_message, node);
    tree_remove(&q->messages, &m->node);
    q->count--;
    q->bytes -= m->packet->size;
    return m;
}

void mqueue_drop_messages(struct mqueue *q) {
    while (q->count)
        message_free(take(q));
}

static struct mq_wait *longest_waiting(struct list *waiting) {
    return list_empty(waiting) ? NULL : list_first(waiting, struct mq_wait, link);
}

static void finish(struct mq_wait *w) {
    list_remove(&w->link);
    w->done = true;
    wake_all(&w->wake);
}

/* Sleep until somebody finishes this wait: 0, -ETIMEDOUT or -ERESTARTSYS. */
static i64 wait_in(struct list *waiting, struct mq_wait *w, u64 deadline) {
    w->done = false;
    wait_queue_init(&w->wake);
    list_append(waiting, &w->link);
    while (!w->done) {
        i64 error = wait_on(&w->wake, deadline);
        if (error && !w->done) {
            list_remove(&w->link);
            return error == -ETIMEDOUT ? error : -ERESTARTSYS;
        }
    }
    return 0;
}

static void touch(struct mqueue *q, bool read) {
    q->inode.mtime = q->inode.ctime = clock_realtime();
    if (read)
        q->inode.atime = q->inode.ctime;
}

static i64 send(struct file *file, struct mqueue *q, struct mq_message *m, u64 deadline) {
    if (q->count >= q->capacity) {
        struct mq_wait w = {.message = m};
        return file->flags & O_NONBLOCK ? -EAGAIN : wait_in(&q->senders, &w, deadline);
    }
    struct mq_wait *receiver = longest_waiting(&q->receivers);
    touch(q, false);
    if (receiver) {
        receiver->message = m;
        finish(receiver);
        return 0;
    }
    insert(q, m);
    if (q->count == 1)
        mqueue_notify(q);
    poll_wake(&q->head, POLLIN | POLLRDNORM);
    return 0;
}

/* The next message, or ERR_PTR. */
static struct mq_message *receive(struct file *file, struct mqueue *q, u64 deadline) {
    if (!q->count) {
        struct mq_wait w = {.message = NULL};
        i64 error = file->flags & O_NONBLOCK ? -EAGAIN : wait_in(&q->receivers, &w, deadline);
        return error ? ERR_PTR(error) : w.message;
    }
    struct mq_message *m = take(q);
    struct mq_wait *sender = longest_waiting(&q->senders);
    touch(q, true);
    if (sender) {
        insert(q, sender->message);
        finish(sender);
    } else {
        poll_wake(&q->head, POLLOUT | POLLWRNORM);
    }
    return m;
}

static i64 get_deadline(u64 *deadline, u64 from) {
    u64 ns;
    *deadline = NEVER;
    i64 error = from ? get_timespec(&ns, from) : 0;
    if (!error && from)
        *deadline = clock_deadline(CLOCK_REALTIME, ns, true);
    return error;
}

i64 sys_mq_timedsend(const u64 *a) {
    u64 deadline;
    i64 error = get_deadline(&deadline, a[4]);
    if (error)
        return error;
    if ((u32)a[3] >= MQ_PRIORITIES)
        return -EINVAL;
    struct file *file = fd_peek(a[0]);
    struct mqueue *q = mqueue_of(file);
    if (!q || !file_writable(file))
        return -EBADF;
    if (a[2] > q->message_size)
        return -EMSGSIZE;
    struct mq_message *m = message_new(a[1], a[2], a[3]);
    if (IS_ERR(m))
        return PTR_ERR(m);
    file_get(file);
    error = send(file, q, m, deadline);
    file_put(file);
    if (error)
        message_free(m);
    return error;
}

static i64 deliver(const struct mq_message *m, u64 to, u64 priority_to) {
    struct io io;
    io_user(&io, to, m->packet->size);
    if (priority_to && put_user(m->priority, priority_to))
        return -EFAULT;
    i64 error = packet_read(m->packet, 0, &io);
    return error < 0 ? error : m->packet->size;
}

i64 sys_mq_timedreceive(const u64 *a) {
    u64 deadline;
    i64 error = get_deadline(&deadline, a[4]);
    if (error)
        return error;
    struct file *file = fd_peek(a[0]);
    struct mqueue *q = mqueue_of(file);
    if (!q || !file_readable(file))
        return -EBADF;
    if (a[2] < q->message_size)
        return -EMSGSIZE;
    file_get(file);
    struct mq_message *m = receive(file, q, deadline);
    file_put(file);
    if (IS_ERR(m))
        return PTR_ERR(m);
    i64 got = deliver(m, a[1], a[3]);
    message_free(m);
    return got;
}
