/* System calls that make, name and connect sockets. */
#include "net/calls.h"
#include "errno.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define TYPE_FLAGS (SOCK_CLOEXEC | SOCK_NONBLOCK)

struct socket *socket_of(i32 fd, i64 *error) {
    struct file *file = fd_peek(fd);
    struct socket *s = file ? file_socket(file) : NULL;
    *error = s ? 0 : file ? -ENOTSOCK : -EBADF;
    return s;
}

struct file *socket_file_of(i32 fd) {
    i64 error;
    struct socket *s = socket_of(fd, &error);
    return s ? file_get(s->file) : ERR_PTR(error);
}

u64 socket_deadline(const struct file *file, u64 timeout, u32 flags) {
    if ((file->flags & O_NONBLOCK) || (flags & MSG_DONTWAIT))
        return 0;
    return timeout == NEVER ? NEVER : deadline_after(timeout);
}

static i64 create(u32 family, u32 type, u32 protocol, struct socket **out) {
    u32 plain = type & SOCK_TYPE_MASK;
    if (type & ~(SOCK_TYPE_MASK | TYPE_FLAGS))
        return -EINVAL;
    if (plain > SOCK_PACKET)
        return -EINVAL;
    switch (family) {
    case AF_UNIX:
        return unix_create(plain, protocol, out);
    case AF_INET:
    case AF_INET6:
        return inet_create(family, plain, protocol, out);
    case AF_NETLINK:
        return netlink_create(plain, protocol, out);
    }
    return -EAFNOSUPPORT;
}

i64 sys_socket(const u64 *a) {
    struct socket *s;
    i64 error = create(a[0], a[1], a[2], &s);
    if (error)
        return error;
    struct file *file = socket_file(s, a[1] & SOCK_NONBLOCK);
    return IS_ERR(file) ? PTR_ERR(file) : fd_install(file, 0, a[1] & SOCK_CLOEXEC);
}

i64 sys_socketpair(const u64 *a) {
    struct socket *s[2];
    struct file *ends[2];
    if ((u32)a[1] & ~(SOCK_TYPE_MASK | TYPE_FLAGS))
        return -EINVAL;
    if (user_reach(a[3], 2 * sizeof(i32), true) < 2 * sizeof(i32)) /* Linux writes the descriptors first */
        return -EFAULT;
    i64 error = create(a[0], a[1], a[2], &s[0]);
    if (error)
        return error;
    ends[0] = socket_file(s[0], a[1] & SOCK_NONBLOCK);
    if (IS_ERR(ends[0]))
        return PTR_ERR(ends[0]);
    error = s[0]->family == AF_UNIX ? create(a[0], a[1], a[2], &s[1]) : -EOPNOTSUPP;
    if (!error) {
        ends[1] = socket_file(s[1], a[1] & SOCK_NONBLOCK);
        error = IS_ERR(ends[1]) ? PTR_ERR(ends[1]) : unix_pair(s[0], s[1]);
        if (error && !IS_ERR(ends[1]))
            file_put(ends[1]);
    }
    if (error) {
        file_put(ends[0]);
        return error;
    }
    return fd_install_pair(ends, a[3], a[1] & SOCK_CLOEXEC);
}

i64 sys_bind(const u64 *a) {
    struct address address;
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    if (s)
        error = address_from_user(&address, a[1], (u32)a[2]);
    return error ? error : s->ops->bind(s, &address);
}

i64 sys_listen(const u64 *a) {
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    if (!s)
        return error;
    if (!s->ops->listen)
        return -EOPNOTSUPP;
    error = s->ops->listen(s, MIN((u32)a[1], (u32)SOMAXCONN));
    if (!error) {
        s->backlog_max = MIN((u32)a[1], (u32)SOMAXCONN);
        s->state = SOCKET_LISTENING;
        creds_of_current(&s->creds);
        wake_all(&s->room);
    }
    return error;
}

static i64 accept_on(struct file *listener, u64 to, u64 size_at, u32 flags) {
    struct socket *s = listener->private;
    struct address address;
    if (!s->ops->listen)
        return -EOPNOTSUPP;
    if (s->state != SOCKET_LISTENING)
        return -EINVAL;
    struct socket *child = backlog_take(s, socket_deadline(listener, s->options.receive_timeout, 0));
    if (IS_ERR(child))
        return PTR_ERR(child);
    i64 error = child->ops->peer_name(child, &address);
    struct file *file = socket_file(child, flags & SOCK_NONBLOCK);
    if (IS_ERR(file))
        return PTR_ERR(file);
    if (error)
        error = -ECONNABORTED;
    else if (to)
        error = address_to_user(&address, to, size_at);
    if (error) {
        file_put(file);
        return error;
    }
    return fd_install(file, 0, flags & SOCK_CLOEXEC);
}

i64 sys_accept4(const u64 *a) {
    if (a[3] & ~(u64)TYPE_FLAGS)
        return -EINVAL;
    struct file *file = socket_file_of(a[0]);
    if (IS_ERR(file))
        return PTR_ERR(file);
    i64 fd = accept_on(file, a[1], a[2], a[3]);
    file_put(file);
    return fd;
}

i64 sys_accept(const u64 *a) {
    u64 with_flags[6] = {a[0], a[1], a[2]};
    return sys_accept4(with_flags);
}

i64 sys_connect(const u64 *a) {
    struct address address;
    struct file *file = socket_file_of(a[0]);
    if (IS_ERR(file))
        return PTR_ERR(file);
    struct socket *s = file->private;
    i64 error = address_from_user(&address, a[1], (u32)a[2]);
    if (!error)
        error = s->ops->connect(s, &address, socket_deadline(file, s->options.send_timeout, 0));
    file_put(file);
    return error;
}

i64 sys_shutdown(const u64 *a) {
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    if (!s)
        return error;
    return (u32)a[1] > SHUT_RDWR ? -EINVAL : s->ops->shutdown(s, (u32)a[1] + 1);
}

i64 sys_getsockname(const u64 *a) {
    struct address address;
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    if (s)
        error = s->ops->name(s, &address);
    return error ? error : address_to_user(&address, a[1], a[2]);
}

i64 sys_getpeername(const u64 *a) {
    struct address address;
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    if (s)
        error = s->ops->peer_name(s, &address);
    return error ? error : address_to_user(&address, a[1], a[2]);
}
