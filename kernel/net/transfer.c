/* System calls that send and receive. */
#include "errno.h"
#include "fs/pollset.h"
#include "lib.h"
#include "net/calls.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

static i64 send_message(struct file *file, struct message *m, u32 flags) {
    struct socket *s = file->private;
    m->flags = flags;
    m->deadline = socket_deadline(file, s->options.send_timeout, flags);
    i64 done = s->ops->send(s, m);
    control_drop(&m->control);
    return done;
}

static i64 receive_message(struct file *file, struct message *m, u32 flags) {
    struct socket *s = file->private;
    m->flags = flags;
    if ((flags & MSG_ERRQUEUE) && s->ops->errors)
        return s->ops->errors(s, m);
    m->deadline = socket_deadline(file, s->options.receive_timeout, flags);
    return s->ops->receive(s, m);
}

/* The socket of sendto or recvfrom, and a message of the buffer they name. */
static struct file *begin(struct message *m, const u64 *a) {
    io_user(&m->io, a[1], a[2]);
    return in_user_space(a[1], m->io.left) ? socket_file_of(a[0]) : ERR_PTR(-EFAULT);
}

i64 sys_sendto(const u64 *a) {
    struct message m = {0};
    struct file *file = begin(&m, a);
    if (IS_ERR(file))
        return PTR_ERR(file);
    i64 done = a[4] ? address_from_user(&m.address, a[4], (u32)a[5]) : 0;
    if (!done)
        done = send_message(file, &m, a[3]);
    file_put(file);
    return done;
}

i64 sys_recvfrom(const u64 *a) {
    struct message m = {0};
    struct file *file = begin(&m, a);
    if (IS_ERR(file))
        return PTR_ERR(file);
    i64 got = receive_message(file, &m, a[3]);
    control_drop(&m.control);
    file_put(file);
    if (got >= 0 && a[4] && address_to_user(&m.address, a[4], a[5]))
        return -EFAULT;
    return got;
}

static i64 read_header(struct user_msghdr *header, u64 at) {
    if (get_user(*header, at))
        return -EFAULT;
    if ((i32)header->name_size < 0)
        return -EINVAL;
    header->name_size = header->name ? MIN(header->name_size, (u32)ADDRESS_MAX) : 0;
    return 0;
}

static i64 read_vector(struct message *m, const struct user_msghdr *header) {
    return header->vectors > IOV_MAX ? -EMSGSIZE : io_vector(&m->io, header->vector, header->vectors);
}

static i64 send_one(struct file *file, u64 at, u32 flags) {
    struct message m = {0};
    struct user_msghdr header;
    i64 error = read_header(&header, at);
    if (!error)
        error = address_from_user(&m.address, header.name, header.name_size);
    if (!error)
        error = read_vector(&m, &header);
    if (!error && header.control_size)
        error = control_from_user(&m.control, file->private, header.control, header.control_size);
    return error ? error : send_message(file, &m, flags);
}

static i64 receive_one(struct file *file, u64 at, u32 flags) {
    struct message m = {0};
    struct user_msghdr header;
    i64 error = read_header(&header, at);
    if (!error)
        error = read_vector(&m, &header);
    if (error)
        return error;
    i64 got = receive_message(file, &m, flags);
    if (got >= 0) {
        m.out_flags |= flags & MSG_CMSG_CLOEXEC;
        header.control_size = control_to_user(&m.control, file->private, header.control, header.control_size, &m.out_flags);
        header.flags = m.out_flags;
        if (header.name && copy_to_user(header.name, m.address.bytes, MIN(header.name_size, m.address.size)))
            got = -EFAULT;
        if (header.name)
            header.name_size = m.address.size;
        if (put_user(header.name_size, at + offsetof(struct user_msghdr, name_size)) ||
            put_user(header.control_size, at + offsetof(struct user_msghdr, control_size)) ||
            put_user(header.flags, at + offsetof(struct user_msghdr, flags)))
            got = -EFAULT;
    }
    control_drop(&m.control);
    return got;
}

static i64 message_call(i32 fd, u64 at, u32 flags, i64 (*one)(struct file *, u64, u32)) {
    struct file *file = socket_file_of(fd);
    if (IS_ERR(file))
        return PTR_ERR(file);
    i64 done = one(file, at, flags);
    file_put(file);
    return done;
}

i64 sys_sendmsg(const u64 *a) { return message_call(a[0], a[1], a[2], send_one); }
i64 sys_recvmsg(const u64 *a) { return message_call(a[0], a[1], a[2], receive_one); }

/* Messages one after the other until one fails; the failure is told only if it is the first. */
static i64 many(struct file *file, const u64 *a, u32 flags, u64 deadline, i64 (*one)(struct file *, u64, u32)) {
    u32 done = 0, count = MIN((u32)a[2], (u32)IOV_MAX);
    while (done < count) {
        u64 at = a[1] + done * sizeof(struct user_mmsghdr);
        i64 moved = one(file, at, flags & ~(u32)MSG_WAITFORONE);
        if (moved < 0)
            return done ? (i64)done : moved;
        u32 size = moved;
        if (put_user(size, at + offsetof(struct user_mmsghdr, size)))
            return done ? (i64)done : -EFAULT;
        done++;
        if (flags & MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (deadline != NEVER && clock_monotonic() >= deadline)
            break;
    }
    return done;
}

static i64 many_call(const u64 *a, u64 deadline, i64 (*one)(struct file *, u64, u32)) {
    struct file *file = socket_file_of(a[0]);
    if (IS_ERR(file))
        return PTR_ERR(file);
    i64 done = many(file, a, a[3], deadline, one);
    file_put(file);
    return done;
}

i64 sys_sendmmsg(const u64 *a) { return many_call(a, NEVER, send_one); }

/* The time limit is looked at between messages only, as on Linux. */
i64 sys_recvmmsg(const u64 *a) {
    u64 ns, deadline = NEVER;
    i64 error = a[4] ? get_timespec(&ns, a[4]) : 0;
    if (!error && a[4])
        deadline = deadline_after(ns);
    if (error)
        return error;
    i64 done = many_call(a, deadline, receive_one);
    return done > 0 && timeout_write(deadline, a[4], 1) ? -EFAULT : done;
}
