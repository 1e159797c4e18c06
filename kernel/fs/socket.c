/* Socket calls. There are connected pairs and nothing else: no network, and saying so is better
   than a socket that leads nowhere. */
#include "fs/socket.h"
#include "errno.h"
#include "lib.h"
#include "linux/socket.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define FLAGS (MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL | MSG_CMSG_CLOEXEC)

i64 sys_socket(const u64 *a) { return -EAFNOSUPPORT; }

i64 sys_socketpair(const u64 *a) {
    struct file *ends[2];
    u32 type = a[1] & SOCK_TYPE_MASK, flags = a[1] & ~(u64)SOCK_TYPE_MASK;
    if (a[0] != AF_UNIX)
        return -EAFNOSUPPORT;
    if (flags & ~(u32)(SOCK_CLOEXEC | SOCK_NONBLOCK))
        return -EINVAL;
    if (type != SOCK_STREAM)
        return -ESOCKTNOSUPPORT;
    if (a[2])
        return -EPROTONOSUPPORT;
    i64 error = socket_pair(flags & SOCK_NONBLOCK, ends);
    return error ? error : fd_install_pair(ends, a[3], flags & SOCK_CLOEXEC);
}

/* The socket of a descriptor; *error says why not. */
static struct socket *socket_of(i32 fd, i64 *error) {
    struct file *file = fd_peek(fd);
    struct socket *s = file ? file_socket(file) : NULL;
    *error = s ? 0 : file ? -ENOTSOCK : -EBADF;
    return s;
}

static i64 transfer(i32 fd, struct io *io, u32 flags, bool send) {
    i64 done;
    if (!socket_of(fd, &done))
        return done;
    if (flags & ~(u32)FLAGS)
        return -EOPNOTSUPP;
    struct file *file = fd_file(current->files, fd);
    done = send ? socket_send(file, io, flags) : socket_receive(file, io, flags);
    file_put(file);
    return done;
}

i64 sys_sendto(const u64 *a) {
    struct io io;
    i64 error;
    if (!socket_of(a[0], &error))
        return error;
    if (a[4])
        return -EISCONN;
    io_user(&io, a[1], a[2]);
    return transfer(a[0], &io, a[3], true);
}

i64 sys_recvfrom(const u64 *a) {
    struct io io;
    u32 none = 0;
    io_user(&io, a[1], a[2]);
    i64 got = transfer(a[0], &io, a[3], false);
    if (got >= 0 && a[4] && a[5] && put_user(none, a[5]))
        return -EFAULT;
    return got;
}

/* Both message calls; descriptors and credentials do not travel yet. */
static i64 message(i32 fd, u64 address, u32 flags, bool send) {
    struct user_msghdr m;
    struct io io;
    i64 error;
    if (!socket_of(fd, &error))
        return error;
    if (get_user(m, address))
        return -EFAULT;
    if (send && m.control && m.control_size)
        return -EOPNOTSUPP;
    if (send && m.name && m.name_size)
        return -EISCONN;
    error = io_vector(&io, m.vector, m.vectors);
    if (error)
        return error == -EINVAL ? -EMSGSIZE : error;
    i64 done = transfer(fd, &io, flags, send);
    if (done >= 0 && !send) {
        m.name_size = m.flags = 0;
        m.control_size = 0;
        if (put_user(m, address))
            return -EFAULT;
    }
    return done;
}

i64 sys_sendmsg(const u64 *a) { return message(a[0], a[1], a[2], true); }
i64 sys_recvmsg(const u64 *a) { return message(a[0], a[1], a[2], false); }

i64 sys_shutdown(const u64 *a) {
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    return s ? socket_shutdown(s, a[1]) : error;
}

i64 sys_connect(const u64 *a) {
    i64 error;
    return socket_of(a[0], &error) ? -EISCONN : error;
}

/* The address of a socket without a name: its family alone. */
static i64 no_name(u64 to, u64 size_at) {
    u16 family = AF_UNIX;
    u32 room, size = sizeof(family);
    if (get_user(room, size_at))
        return -EFAULT;
    if ((i32)room < 0)
        return -EINVAL;
    if (copy_to_user(to, &family, MIN(room, size)))
        return -EFAULT;
    return put_user(size, size_at);
}

i64 sys_getsockname(const u64 *a) {
    i64 error;
    return socket_of(a[0], &error) ? no_name(a[1], a[2]) : error;
}

i64 sys_getpeername(const u64 *a) {
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    return !s ? error : s->peer ? no_name(a[1], a[2]) : -ENOTCONN;
}

i64 sys_getsockopt(const u64 *a) {
    i64 error;
    struct socket *s = socket_of(a[0], &error);
    i32 value[3] = {0};
    u32 room, size = sizeof(i32);
    if (!s)
        return error;
    if (get_user(room, a[4]))
        return -EFAULT;
    if ((i32)a[1] != SOL_SOCKET)
        return -EOPNOTSUPP;
    switch ((i32)a[2]) {
    case SO_TYPE:
        value[0] = SOCK_STREAM;
        break;
    case SO_DOMAIN:
        value[0] = AF_UNIX;
        break;
    case SO_ERROR:
    case SO_PROTOCOL:
    case SO_ACCEPTCONN:
        break;
    case SO_SNDBUF:
    case SO_RCVBUF:
        value[0] = RING_SLOTS * PAGE_SIZE;
        break;
    case SO_PEERCRED:
        value[0] = s->pid;
        value[1] = s->uid;
        value[2] = s->gid;
        size = sizeof(value);
        break;
    default:
        return -ENOPROTOOPT;
    }
    size = MIN(size, room);
    return copy_to_user(a[3], value, size) ? -EFAULT : put_user(size, a[4]);
}

/* Buffer sizes are a wish, here as on Linux; nothing else can be set. */
i64 sys_setsockopt(const u64 *a) {
    i64 error;
    if (!socket_of(a[0], &error))
        return error;
    if ((i32)a[1] != SOL_SOCKET)
        return -EOPNOTSUPP;
    return (i32)a[2] == SO_SNDBUF || (i32)a[2] == SO_RCVBUF ? 0 : -ENOPROTOOPT;
}
