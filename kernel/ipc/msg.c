/* System V message queues. */
#include "ipc.h"
#include "errno.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define TEXT_MAX 8192UL    /* bytes of a message */
#define QUEUE_BYTES 16384UL
#define MSG_NOERROR 010000u
#define MSG_EXCEPT 020000u
#define MSG_STAT 11
#define MSG_INFO 12
#define MSG_STAT_ANY 13
#define PARTS (TEXT_MAX / PAGE_SIZE)

struct message {
    struct list link;
    i64 type;
    u64 size;
    char *part[PARTS]; /* a page of text each */
};

struct queue {
    struct ipc_object object;
    struct list messages;
    u64 bytes, count, limit;
    i64 sent, received; /* seconds */
    i32 sender, receiver;
};

/* struct msqid64_ds, msginfo (asm-generic/msgbuf.h, linux/msg.h) */
struct msg_status {
    struct ipc_perm perm;
    i64 sent, received, changed;
    u64 bytes, count, limit;
    i32 sender, receiver;
    u64 unused[2];
};
_Static_assert(sizeof(struct msg_status) == 120, "msqid64_ds");

static void message_free(struct message *m) {
    for (u32 i = 0; i < PARTS; i++)
        kfree(m->part[i]);
    kfree(m);
}

static void queue_free(struct ipc_object *object) {
    struct queue *q = (struct queue *)object;
    struct message *m, *next;
    list_for_each_safe(m, next, &q->messages, link)
        message_free(m);
    kfree(q);
}

static struct ipc_family queues = {.free = queue_free};

i64 sys_msgget(const u64 *a) {
    struct ipc_object *object = ipc_lookup(&queues, a[0], a[1]);
    if (IS_ERR(object))
        return PTR_ERR(object);
    if (object)
        return object->id;
    struct queue *q = kzalloc(sizeof(*q));
    i64 id = q ? ipc_add(&queues, &q->object, a[0], a[1]) : -ENOMEM;
    if (id < 0) {
        kfree(q);
        return id;
    }
    list_init(&q->messages);
    q->limit = QUEUE_BYTES;
    return id;
}

/* A message of the program's: its type, then `size` bytes. */
static struct message *message_new(u64 from, u64 size) {
    struct message *m = kzalloc(sizeof(*m));
    i64 error = !m ? -ENOMEM : get_user(m->type, from) ? -EFAULT : m->type < 1 ? -EINVAL : 0;
    for (u64 at = 0; !error && at < size; at += PAGE_SIZE) {
        u64 part = MIN(size - at, PAGE_SIZE);
        char *text = m->part[at / PAGE_SIZE] = kmalloc(part);
        error = !text ? -ENOMEM : copy_from_user(text, from + sizeof(i64) + at, part);
    }
    if (error) {
        if (m)
            message_free(m);
        return ERR_PTR(error);
    }
    m->size = size;
    return m;
}

/* Sleep until the queue changes, if the caller may: 0 means look again. */
static i64 wait_for(struct queue *q, u32 flags, i64 otherwise) {
    if (flags & IPC_NOWAIT)
        return otherwise;
    i64 error = wait_on(&q->object.waiting, NEVER);
    return q->object.removed ? -EIDRM : error ? -ERESTARTNOHAND : 0;
}

static i64 send(struct queue *q, struct message *m, u32 flags) {
    while (q->bytes + m->size > q->limit || q->count + 1 > q->limit) {
        i64 error = wait_for(q, flags, -EAGAIN);
        if (error)
            return error;
    }
    list_append(&q->messages, &m->link);
    q->bytes += m->size;
    q->count++;
    q->sent = ipc_seconds();
    q->sender = current->process->pid;
    wake_all(&q->object.waiting);
    return 0;
}

i64 sys_msgsnd(const u64 *a) {
    i64 type;
    if (get_user(type, a[1]))
        return -EFAULT;
    if (a[2] > TEXT_MAX || (i32)a[0] < 0 || type < 1)
        return -EINVAL;
    struct message *m = message_new(a[1], a[2]);
    if (IS_ERR(m))
        return PTR_ERR(m);
    struct ipc_object *object = ipc_find(&queues, a[0], IPC_WRITE);
    i64 error = IS_ERR(object) ? PTR_ERR(object) : 0;
    if (!error) {
        ipc_get(object);
        error = send((struct queue *)object, m, a[3]);
        ipc_put(object);
    }
    if (error)
        message_free(m);
    return error;
}

/* The first message of a type; of any (0); of another (MSG_EXCEPT); of the lowest type up to -type. */
static struct message *choose(struct queue *q, i64 type, u32 flags) {
    struct message *m, *best = NULL;
    list_for_each(m, &q->messages, link) {
        if (type < 0) {
            if (m->type <= (type == -__LONG_MAX__ - 1 ? __LONG_MAX__ : -type) && (!best || m->type < best->type))
                best = m;
        } else if (!type || (flags & MSG_EXCEPT ? m->type != type : m->type == type)) {
            return m;
        }
    }
    return best;
}

static i64 deliver(struct message *m, u64 to, u64 size) {
    if (put_user(m->type, to))
        return -EFAULT;
    for (u64 at = 0; at < size; at += PAGE_SIZE)
        if (copy_to_user(to + sizeof(i64) + at, m->part[at / PAGE_SIZE], MIN(size - at, PAGE_SIZE)))
            return -EFAULT;
    return size;
}

static i64 receive(struct queue *q, u64 to, u64 size, i64 type, u32 flags) {
    struct message *m;
    while (!(m = choose(q, type, flags))) {
        i64 error = wait_for(q, flags, -ENOMSG);
        if (error)
            return error;
    }
    if (m->size > size && !(flags & MSG_NOERROR))
        return -E2BIG;
    list_remove(&m->link);
    q->bytes -= m->size;
    q->count--;
    q->received = ipc_seconds();
    q->receiver = current->process->pid;
    wake_all(&q->object.waiting);
    i64 got = deliver(m, to, MIN(m->size, size));
    message_free(m);
    return got;
}

i64 sys_msgrcv(const u64 *a) {
    if ((i64)a[2] < 0)
        return -EINVAL;
    struct ipc_object *object = ipc_find(&queues, a[0], IPC_READ);
    if (IS_ERR(object))
        return PTR_ERR(object);
    ipc_get(object);
    i64 got = receive((struct queue *)object, a[1], a[2], a[3], a[4]);
    ipc_put(object);
    return got;
}

static i64 info(u32 command, u64 to) {
    u32 used;
    i64 highest = ipc_highest(&queues, &used);
    /* pool, map, message, queue, queues, segment size, headers, segments */
    i32 out[8] = {IPC_SLOTS * QUEUE_BYTES / 1024, QUEUE_BYTES, TEXT_MAX, QUEUE_BYTES, IPC_SLOTS, 16, QUEUE_BYTES, 0xffff};
    if (command == MSG_INFO)
        out[0] = used;
    return put_user(out, to) ? -EFAULT : highest;
}

i64 sys_msgctl(const u64 *a) {
    u32 command = a[1];
    if (command == IPC_INFO || command == MSG_INFO)
        return info(command, a[2]);
    bool by_index = command == MSG_STAT || command == MSG_STAT_ANY;
    struct ipc_object *object = by_index ? ipc_at(&queues, a[0])
                                         : ipc_find(&queues, a[0], command == IPC_STAT ? IPC_READ : 0);
    if (IS_ERR(object))
        return PTR_ERR(object);
    struct queue *q = (struct queue *)object;
    struct msg_status out = {
        .perm = object->perm, .sent = q->sent, .received = q->received, .changed = object->changed,
        .bytes = q->bytes, .count = q->count, .limit = q->limit, .sender = q->sender, .receiver = q->receiver,
    };
    switch (command) {
    case IPC_STAT:
        return put_user(out, a[2]);
    case MSG_STAT:
    case MSG_STAT_ANY:
        return put_user(out, a[2]) ? -EFAULT : object->id;
    case IPC_SET: {
        struct msg_status in;
        if (get_user(in, a[2]))
            return -EFAULT;
        if (in.limit > QUEUE_BYTES && !capable(CAP_SYS_RESOURCE))
            return -EPERM;
        i64 error = ipc_set(object, a[2]);
        if (!error)
            q->limit = MIN(in.limit, 16 * QUEUE_BYTES);
        return error;
    }
    case IPC_RMID:
        return ipc_remove(object);
    }
    return -EINVAL;
}
