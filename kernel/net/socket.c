/* Sockets as objects and as open files. */
#include "net/socket.h"
#include "errno.h"
#include "fs/anon.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/tty.h"
#include "net/interface.h"
#include "net/urgent.h"
#include "task.h"
#include "uaccess.h"

static u32 socket_count;

struct socket *socket_alloc(u64 size, const struct socket_ops *ops, u16 family, u16 type, u16 protocol) {
    /* Those in a backlog have no descriptor, so there may be more of them than files. */
    struct socket *s = socket_count < 2 * boot.max_files ? kzalloc(size) : NULL;
    if (!s)
        return NULL;
    socket_count++;
    s->ops = ops;
    s->refs = 1;
    s->family = family;
    s->type = type;
    s->protocol = protocol;
    s->creds = s->peer_creds = (struct ucred){0, ~0u, ~0u};
    poll_head_init(&s->head);
    wait_queue_init(&s->room);
    list_init(&s->in.marks);
    packets_init(&s->packets);
    list_init(&s->backlog);
    list_init(&s->backlog_link);
    list_init(&s->flight_link);
    options_init(s);
    return s;
}

struct socket *socket_get(struct socket *s) {
    s->refs++;
    return s;
}

void socket_put(struct socket *s) {
    if (--s->refs)
        return;
    stream_close(&s->in);
    packets_free(&s->packets);
    socket_count--;
    s->ops->free(s);
}

i64 socket_wait(struct wait_queue *q, u64 deadline) {
    if (!deadline)
        return -EAGAIN;
    i64 why = wait_on(q, deadline);
    return why == -ETIMEDOUT ? -EAGAIN : !why ? 0 : deadline == NEVER ? -ERESTARTSYS : -EINTR;
}

i64 socket_error(struct socket *s) {
    i64 error = s->error;
    s->error = 0;
    return -error;
}

void socket_wake(struct socket *s) {
    poll_wake(&s->head, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLHUP | POLLRDHUP | POLLERR);
    wake_all(&s->room);
}

static i64 read_or_write(struct file *file, struct io *io, bool write) {
    struct socket *s = file->private;
    struct message m = {.io = *io};
    u64 timeout = write ? s->options.send_timeout : s->options.receive_timeout;
    if (!io->left && !write)
        return 0; /* unlike recv(2), which would wait */
    m.deadline = file->flags & O_NONBLOCK ? 0 : timeout == NEVER ? NEVER : deadline_after(timeout);
    i64 done = write ? s->ops->send(s, &m) : s->ops->receive(s, &m);
    control_drop(&m.control);
    *io = m.io;
    return done;
}

static i64 socket_read(struct file *file, struct io *io, u64 *pos) { return read_or_write(file, io, false); }
static i64 socket_write(struct file *file, struct io *io, u64 *pos) { return read_or_write(file, io, true); }

static u32 socket_poll(struct file *file, struct poll_table *table) {
    struct socket *s = file->private;
    poll_add(table, &s->head);
    return s->ops->poll(s) | (s->error ? POLLERR : 0);
}

/* Bytes that have been sent and not arrived. Those of TCP have as far as the other's buffer goes. */
static u64 unread(const struct socket *s) {
    if (!s->peer)
        return 0;
    u64 size = stream_size(&s->peer->in) + s->peer->packets.bytes;
    u64 arrived = s->family == AF_UNIX ? 0 : (u64)s->peer->options.receive_buffer / 2;
    return size - MIN(size, arrived);
}

static i64 socket_ioctl(struct file *file, u64 command, u64 argument) {
    struct socket *s = file->private;
    i64 value;
    switch (command) {
    case SIOCINQ:
        value = s->ops->waiting(s);
        break;
    case SIOCOUTQ:
    case SIOCOUTQNSD:
        if (command == SIOCOUTQNSD && (s->family == AF_UNIX || s->protocol != IPPROTO_TCP))
            return -ENOTTY;
        value = s->state == SOCKET_LISTENING ? -EINVAL : (i64)unread(s);
        break;
    case SIOCATMARK:
        value = urgent_is_here(s);
        break;
    default:
        return interface_ioctl(command, argument);
    }
    i32 small = value;
    return value < 0 ? value : put_user(small, argument);
}

static void socket_release(struct file *file) {
    struct socket *s = file->private;
    s->file = NULL;
    s->closed = true;
    s->ops->close(s);
    backlog_close(s);
    socket_wake(s);
    poll_head_detach(&s->head);
    socket_put(s);
    rights_collect();
}

const struct file_ops socket_file_ops = {
    .read = socket_read, .write = socket_write, .poll = socket_poll, .ioctl = socket_ioctl,
    .release = socket_release,
};

static i64 refuse_open(struct inode *inode, struct file *file) { return -ENXIO; }
static void free_inode(struct inode *inode) { kfree(inode); }
static const struct inode_ops socket_inode_ops = {.open = refuse_open, .free = free_inode};

static struct file *make_file(struct socket *s, u32 flags) {
    char text[32];
    struct inode *inode = kmalloc(sizeof(*inode));
    if (!inode)
        return ERR_PTR(-ENOMEM);
    anon_inode_init(inode, &socket_inode_ops, S_IFSOCK | 0777);
    format(text, sizeof(text), "socket:[%lu]", inode->ino);
    struct dentry *d = dentry_anon(inode, text);
    if (!d) {
        inode_put(inode);
        return ERR_PTR(-ENOMEM);
    }
    struct file *file = file_new(d, &socket_file_ops, O_RDWR | flags);
    dentry_put(d);
    if (!IS_ERR(file)) {
        file->private = s;
        s->file = file;
    }
    return file;
}

struct file *socket_file(struct socket *s, u32 flags) {
    struct file *file = make_file(s, flags);
    if (IS_ERR(file)) {
        s->closed = true;
        s->ops->close(s);
        socket_put(s);
    }
    return file;
}
