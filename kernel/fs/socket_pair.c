/* socketpair(2): two byte queues, one for each direction. */
#include "fs/socket.h"
#include "errno.h"
#include "fs/anon.h"
#include "lib.h"
#include "linux/socket.h"
#include "linux/tty.h"
#include "task.h"
#include "uaccess.h"

static void wake(struct socket *s, u32 events) {
    if (s)
        poll_wake(&s->head, events);
}

static i64 wait_for_peer(struct file *file, struct socket *s, u32 flags) {
    if ((file->flags & O_NONBLOCK) || (flags & MSG_DONTWAIT))
        return -EAGAIN;
    return wait_on(&s->head.sleepers, NEVER) ? -ERESTARTSYS : 0;
}

/* Nothing will ever come again. */
static bool at_end(const struct socket *s) { return s->read_shut || !s->peer || s->peer->write_shut; }

i64 socket_receive(struct file *file, struct io *io, u32 flags) {
    struct socket *s = file->private;
    u64 done = 0;
    while (io->left) {
        i64 got = s->in.size ? ring_read(&s->in, io) : 0;
        if (got > 0) {
            done += got;
            wake(s->peer, POLLOUT | POLLWRNORM);
        } else if (got == 0 && !s->in.size && !at_end(s) && (!done || (flags & MSG_WAITALL))) {
            got = wait_for_peer(file, s, flags);
            if (!got)
                continue;
        }
        if (got <= 0)
            return done ? (i64)done : got;
    }
    return done;
}

i64 socket_send(struct file *file, struct io *io, u32 flags) {
    struct socket *s = file->private;
    u64 done = 0;
    while (io->left) {
        i64 put;
        if (!s->peer || s->write_shut || s->peer->read_shut) {
            if (!done && !(flags & MSG_NOSIGNAL))
                signal_task(current, SIGPIPE, NULL);
            put = -EPIPE;
        } else if (!ring_takes(&s->peer->in, io->left)) {
            put = wait_for_peer(file, s, flags);
            if (!put)
                continue;
        } else {
            put = ring_write(&s->peer->in, io);
        }
        if (put <= 0)
            return done ? (i64)done : put;
        done += put;
        wake(s->peer, POLLIN | POLLRDNORM);
    }
    return done;
}

static i64 socket_read(struct file *file, struct io *io, u64 *pos) { return socket_receive(file, io, 0); }
static i64 socket_write(struct file *file, struct io *io, u64 *pos) { return socket_send(file, io, 0); }

static u32 socket_poll(struct file *file, struct poll_table *table) {
    struct socket *s = file->private;
    poll_add(table, &s->head);
    u32 events = s->in.size || at_end(s) ? POLLIN | POLLRDNORM : 0;
    if (at_end(s))
        events |= POLLRDHUP;
    if (!s->peer || (s->read_shut && s->write_shut))
        events |= POLLHUP;
    if (!s->peer || s->peer->in.count < s->peer->in.slots)
        events |= POLLOUT | POLLWRNORM;
    return events;
}

static i64 socket_ioctl(struct file *file, u64 command, u64 argument) {
    i32 waiting = ((struct socket *)file->private)->in.size;
    return command == FIONREAD ? put_user(waiting, argument) : -ENOTTY;
}

i64 socket_shutdown(struct socket *s, i32 how) {
    if (how < SHUT_RD || how > SHUT_RDWR)
        return -EINVAL;
    s->read_shut |= how != SHUT_WR;
    s->write_shut |= how != SHUT_RD;
    wake(s, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
    wake(s->peer, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
    return 0;
}

static void socket_free(struct socket *s) {
    if (s->peer)
        s->peer->peer = NULL;
    wake(s->peer, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
    poll_head_detach(&s->head);
    ring_free(&s->in);
    kfree(s);
}

static void socket_release(struct file *file) { socket_free(file->private); }

static const struct file_ops socket_ops = {
    .read = socket_read, .write = socket_write, .poll = socket_poll, .ioctl = socket_ioctl,
    .release = socket_release,
};

struct socket *file_socket(struct file *file) { return file->ops == &socket_ops ? file->private : NULL; }

static struct socket *socket_new(void) {
    struct socket *s = kzalloc(sizeof(*s));
    if (!s || !ring_init(&s->in)) {
        kfree(s);
        return NULL;
    }
    poll_head_init(&s->head);
    s->pid = current->process->pid;
    s->uid = current->process->uid;
    s->gid = current->process->gid;
    return s;
}

static i64 refuse_open(struct inode *inode, struct file *file) { return -ENXIO; }
static void free_inode(struct inode *inode) { kfree(inode); }
static const struct inode_ops socket_inode_ops = {.open = refuse_open, .free = free_inode};

static struct file *socket_file(struct socket *s, u32 flags) {
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
    struct file *file = file_new(d, &socket_ops, O_RDWR | flags);
    dentry_put(d);
    if (!IS_ERR(file))
        file->private = s;
    return file;
}

i64 socket_pair(u32 flags, struct file **ends) {
    struct socket *pair[2] = {socket_new(), NULL};
    pair[1] = pair[0] ? socket_new() : NULL;
    ends[0] = pair[1] ? socket_file(pair[0], flags) : ERR_PTR(-ENOMEM);
    ends[1] = IS_ERR(ends[0]) ? ends[0] : socket_file(pair[1], flags);
    if (!IS_ERR(ends[1])) {
        pair[0]->peer = pair[1];
        pair[1]->peer = pair[0];
        return 0;
    }
    if (!IS_ERR(ends[0]))
        file_put(ends[0]); /* and with it the first socket */
    else if (pair[0])
        socket_free(pair[0]);
    if (pair[1])
        socket_free(pair[1]);
    return PTR_ERR(ends[1]);
}
