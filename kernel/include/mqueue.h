/* POSIX message queues (mq_overview(7)): their names and files (ipc/mqueue_fs.c), the messages in them
   (ipc/mqueue.c), and how one process hears that a queue is no longer empty (ipc/mqueue_notify.c). */
#pragma once
#include "fs/open.h"
#include "tree.h"

#define MQ_CAPACITY_DEFAULT 10 /* messages; also the most, but for root */
#define MQ_SIZE_DEFAULT 8192   /* bytes of a message; likewise */
#define MQ_PRIORITIES 32768UL
#define MQ_QUEUES_MAX 256      /* but for root */

/* struct mq_attr (linux/mqueue.h) */
struct mq_attr {
    i64 flags, capacity, size, count, reserved[4];
};
_Static_assert(sizeof(struct mq_attr) == 64, "struct mq_attr");

/* Who is to be told of the next message, and how; once. */
#define MQ_COOKIE 32 /* bytes that a C library's own thread reads from its netlink socket */
struct mq_notice {
    i32 pid;   /* 0: nobody */
    u64 since; /* the process's start: its number may be another's by now */
    i32 how, signo;
    u64 value;
    struct socket *socket;
    u8 cookie[MQ_COOKIE];
};

struct process;

struct mqueue {
    struct inode inode;
    u64 capacity, message_size;
    u64 charge;              /* bytes it counts against RLIMIT_MSGQUEUE of its maker */
    u32 maker;               /* that user */
    struct list all;
    struct tree messages;    /* the next one to be received first */
    u64 count, bytes, sequence;
    struct list senders, receivers; /* struct mq_wait.link, the longest waiting first */
    struct poll_head head;
    struct mq_notice notice;
};

extern const struct file_ops mqueue_file_ops;
/* The queue of a descriptor of the current task, or NULL. */
static inline struct mqueue *mqueue_of(struct file *file) {
    return file && file->ops == &mqueue_file_ops ? file->private : NULL;
}
void mqueue_drop_messages(struct mqueue *queue);

void mqueue_mount(void); /* at /dev/mqueue */

/* A message has come into the empty queue, and nobody was waiting for it. */
void mqueue_notify(struct mqueue *queue);
bool mqueue_notifies(const struct mqueue *queue, const struct process *process);
/* Nobody is to be told any more. */
void mqueue_forget_notice(struct mqueue *queue);
