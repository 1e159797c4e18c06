/* The file system of POSIX message queues: mq_open(2), mq_unlink(2), mq_getsetattr(2), /dev/mqueue. */
#include "errno.h"
#include "fs/names.h"
#include "fs/notify.h"
#include "fs/regular.h"
#include "fs/tmpfs.h"
#include "lib.h"
#include "linux/resource.h"
#include "mqueue.h"
#include "net/packet.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define FILE_SIZE 80 /* what stat(2) says, as on Linux */
#define CAPACITY_HARD 65536
/* What Linux counts beside the messages themselves: a header for each, a node for each priority. */
#define HEADER_COST 48
#define PRIORITY_COST 48

static struct super *queues_super;
static struct list queues = LIST_INIT(queues);
static const struct mq_attr *wanted; /* of the queue that is being made; NULL: the usual */

static bool privileged(void) { return capable(CAP_SYS_RESOURCE); }

/* What the queues of a user may still hold. */
static u64 room_of(u32 user) {
    u64 used = 0, limit = current->process->limits[RLIMIT_MSGQUEUE].cur;
    struct mqueue *q;
    list_for_each(q, &queues, all)
        used += q->maker == user ? q->charge : 0;
    /* However much root allows itself: nothing ends a process whose memory lies in a queue. */
    limit = MIN(limit, frames_total() * PAGE_SIZE / 4);
    return limit - MIN(used, limit);
}

static u64 queues_count(void) {
    u64 n = 0;
    struct mqueue *q;
    list_for_each(q, &queues, all)
        n++;
    return n;
}

/* Capacity and message size of a new queue: 0, or why not. */
static i64 measure(struct mqueue *q) {
    q->capacity = wanted ? wanted->capacity : MQ_CAPACITY_DEFAULT;
    q->message_size = wanted ? wanted->size : MQ_SIZE_DEFAULT;
    u64 most = privileged() ? CAPACITY_HARD : MQ_CAPACITY_DEFAULT;
    u64 largest = privileged() ? PACKET_MAX : MQ_SIZE_DEFAULT;
    if (!q->capacity || !q->message_size || q->capacity > most || q->message_size > largest)
        return -EINVAL;
    q->maker = current->cred->ruid;
    q->charge = q->capacity * (q->message_size + HEADER_COST) + MIN(q->capacity, MQ_PRIORITIES) * PRIORITY_COST;
    return q->charge > room_of(q->maker) ? -EMFILE : 0;
}

static void queue_free(struct inode *inode) {
    struct mqueue *q = container_of(inode, struct mqueue, inode);
    mqueue_forget_notice(q);
    mqueue_drop_messages(q);
    poll_head_detach(&q->head);
    list_remove(&q->all);
    kfree(q);
}

static i64 queue_open(struct inode *inode, struct file *file) {
    file->private = container_of(inode, struct mqueue, inode);
    return 0;
}

/* Its size stays what it is. */
static i64 queue_setattr(struct inode *inode, const struct attr_change *change) {
    struct attr_change rest = *change;
    rest.mask &= ~NV_SET_SIZE;
    return tmpfs_setattr(inode, &rest);
}

static const struct inode_ops queue_inode_ops = {
    .file = &mqueue_file_ops, .open = queue_open, .setattr = queue_setattr, .free = queue_free,
};

static i64 create(struct dentry *dir, struct dentry *entry, u32 mode, u64 rdev) {
    if (!S_ISREG(mode))
        return -EPERM;
    if (queues_count() >= MQ_QUEUES_MAX && !privileged())
        return -ENOSPC;
    struct mqueue *q = kzalloc(sizeof(*q));
    i64 error = q ? measure(q) : -ENOMEM;
    if (error) {
        kfree(q);
        return error;
    }
    struct inode *inode = &q->inode;
    inode_init(inode, queues_super, &queue_inode_ops, mode & (S_IFMT | 07777));
    inode->ino = inode_number();
    inode->uid = current->cred->fsuid;
    inode->gid = current->cred->fsgid;
    inode->size = FILE_SIZE;
    inode->atime = inode->mtime = inode->ctime = inode->btime = clock_realtime();
    list_init(&q->senders);
    list_init(&q->receivers);
    poll_head_init(&q->head);
    list_append(&queues, &q->all);
    return tmpfs_add(dir, entry, inode);
}

/* How many bytes wait and who will hear of the next message, as text. */
static i64 queue_read(struct file *file, struct io *io, u64 *pos) {
    const struct mqueue *q = file->private;
    const struct mq_notice *notice = &q->notice;
    char text[FILE_SIZE];
    u64 size = format(text, sizeof(text), "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", q->bytes,
                      notice->pid ? notice->how : 0, notice->pid && !notice->how ? notice->signo : 0, notice->pid);
    if (*pos >= size)
        return 0;
    i64 put = io_put(io, text + *pos, MIN(size - *pos, io->left));
    if (put > 0)
        *pos += put;
    return put;
}

static u32 queue_poll(struct file *file, struct poll_table *table) {
    struct mqueue *q = file->private;
    poll_add(table, &q->head);
    return (q->count ? POLLIN | POLLRDNORM : 0) | (q->count < q->capacity ? POLLOUT | POLLWRNORM : 0);
}

static i64 queue_seek(struct file *file, i64 offset, i32 whence) { return seek_to(file, offset, whence, FILE_SIZE); }

/* Whoever is to be notified stops being so with the first descriptor it closes. */
static void queue_flush(struct file *file) {
    struct mqueue *q = file->private;
    if (mqueue_notifies(q, current->process))
        mqueue_forget_notice(q);
}

const struct file_ops mqueue_file_ops = {
    .read = queue_read, .poll = queue_poll, .seek = queue_seek, .flush = queue_flush, .seekable = true,
};

/* The entry of a name, NULL, or ERR_PTR. */
static struct dentry *find(struct name *name, u64 from) {
    static char text[PATH_MAX]; /* nothing sleeps while it is used */
    i64 size = copy_string_from_user(text, from, sizeof(text));
    if (size <= 0)
        return ERR_PTR(size ? size : -ENOENT);
    bool dots = text[0] == '.' && (size == 1 || (size == 2 && text[1] == '.'));
    for (i64 i = 0; i < size; i++)
        if (text[i] == '/' || dots)
            return ERR_PTR(-EACCES);
    if (size > NAME_MAX)
        return ERR_PTR(-ENAMETOOLONG);
    name_set(name, text, size);
    return walk_lookup(queues_super->root, name, "", 0);
}

static i64 may_open(const struct dentry *found, u32 flags) {
    static const u8 rights[] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE};
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return -EEXIST;
    if ((flags & O_ACCMODE) == O_ACCMODE)
        return -EINVAL;
    return inode_permission(found->inode, rights[flags & O_ACCMODE]);
}

i64 sys_mq_open(const u64 *a) {
    struct mq_attr attributes;
    struct name name;
    u32 flags = a[1], mode = S_IFREG | (a[2] & 07777 & ~current->fs->umask);
    if (a[3] && get_user(attributes, a[3]))
        return -EFAULT;
    struct dentry *found = find(&name, a[0]);
    if (IS_ERR(found))
        return PTR_ERR(found);
    i64 error;
    if (found) {
        error = may_open(found, flags);
    } else if (!(flags & O_CREAT)) {
        error = -ENOENT;
    } else {
        wanted = a[3] ? &attributes : NULL;
        error = names_may_change(queues_super->root);
        if (!error)
            error = names_create(queues_super->root, &name, mode, 0, &found);
        wanted = NULL;
    }
    struct file *file = error ? ERR_PTR(error) : file_open_dentry(found, flags & (O_ACCMODE | O_NONBLOCK));
    dentry_put(found);
    return IS_ERR(file) ? PTR_ERR(file) : fd_install(file, 0, true);
}

i64 sys_mq_unlink(const u64 *a) {
    struct name name;
    struct dentry *root = queues_super->root, *found = find(&name, a[0]);
    if (!found || IS_ERR(found))
        return found ? PTR_ERR(found) : -ENOENT;
    i64 error = names_may_remove(root, found);
    if (!error)
        error = root->inode->ops->remove(root, found);
    if (!error)
        notify_removed(root, found);
    dentry_put(found);
    return error;
}

i64 sys_mq_getsetattr(const u64 *a) {
    struct mq_attr new;
    if (a[1] && get_user(new, a[1]))
        return -EFAULT;
    if (a[1] && (new.flags & ~(i64)O_NONBLOCK))
        return -EINVAL;
    struct file *file = fd_peek(a[0]);
    const struct mqueue *q = mqueue_of(file);
    if (!q)
        return -EBADF;
    struct mq_attr old = {file->flags & O_NONBLOCK, q->capacity, q->message_size, q->count, {0}};
    if (a[1])
        file->flags = (file->flags & ~O_NONBLOCK) | (u32)new.flags;
    return a[2] ? put_user(old, a[2]) : 0;
}

void mqueue_mount(void) {
    static struct inode_ops dir_ops; /* as any directory in memory, but for what can be made in it */
    struct dentry *on = walk_kernel("/dev/mqueue", 0);
    queues_super = tmpfs_new("mqueue");
    if (!queues_super || IS_ERR(on))
        panic("cannot mount /dev/mqueue");
    queues_super->type = "mqueue";
    queues_super->magic = MQUEUE_MAGIC;
    dir_ops = tmpfs_dir_ops;
    dir_ops.create = create;
    dir_ops.symlink = NULL;
    dir_ops.link = NULL;
    dir_ops.unnamed = NULL;
    dir_ops.rename = NULL;
    queues_super->root->inode->ops = &dir_ops;
    queues_super->root->inode->mode = S_IFDIR | 01777;
    super_mount(queues_super, on);
}
