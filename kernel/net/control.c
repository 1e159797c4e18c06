/* Control messages: descriptors and credentials, in and out of programs. */
#include "errno.h"
#include "lib.h"
#include "linux/time.h"
#include "net/inet.h"
#include "task.h"
#include "uaccess.h"

#define CONTROL_MAX (1u << 17) /* bytes of a control part that is sent */
#define HEADER sizeof(struct cmsghdr)

const struct ucred nobody = {0, 65534, 65534};

void creds_of_current(struct ucred *out) {
    *out = (struct ucred){current->process->pid, current->cred->euid, current->cred->egid};
}

bool creds_equal(const struct control *a, const struct control *b) {
    return a->has_creds == b->has_creds &&
           (!a->has_creds || (a->creds.pid == b->creds.pid && a->creds.uid == b->creds.uid && a->creds.gid == b->creds.gid));
}

void control_drop(struct control *c) {
    struct rights *rights = c->rights;
    c->rights = NULL;
    if (rights)
        rights_drop(rights);
}

/* Room for the descriptors of one more SCM_RIGHTS. */
static struct rights *rights_grow(struct control *c, u64 more) {
    struct rights *old = c->rights;
    u32 count = old ? old->count : 0;
    if (count + more > SCM_MAX_FD)
        return ERR_PTR(-EINVAL);
    struct rights *r = kmalloc(sizeof(*r) + (count + more) * sizeof(r->file[0]));
    if (!r)
        return ERR_PTR(-ENOMEM);
    list_init(&r->doomed);
    r->count = count;
    if (old)
        memcpy(r->file, old->file, count * sizeof(r->file[0]));
    kfree(old);
    c->rights = r;
    return r;
}

static i64 read_rights(struct control *c, u64 at, u64 size) {
    i32 fds[SCM_MAX_FD];
    u64 n = size / sizeof(i32);
    if (n > SCM_MAX_FD)
        return -EINVAL;
    if (!n)
        return 0;
    if (copy_from_user(fds, at, n * sizeof(i32)))
        return -EFAULT;
    struct rights *r = rights_grow(c, n);
    if (IS_ERR(r))
        return PTR_ERR(r);
    for (u64 i = 0; i < n; i++) {
        struct file *file = fd_peek_any(fds[i]);
        if (!file)
            return -EBADF;
        r->file[r->count++] = file_get(file);
    }
    return 0;
}

/* To say that one is somebody else takes the capability to become it. */
static i64 read_creds(struct control *c, u64 at, u64 size) {
    const struct cred *own = current->cred;
    if (size != sizeof(c->creds))
        return -EINVAL;
    if (get_user(c->creds, at))
        return -EFAULT;
    const struct ucred *said = &c->creds;
    bool other_pid = said->pid != current->process->pid;
    bool other_uid = said->uid != own->euid && said->uid != own->ruid && said->uid != own->suid;
    bool other_gid = said->gid != own->egid && said->gid != own->rgid && said->gid != own->sgid;
    if ((other_pid && !capable(CAP_SYS_ADMIN)) || (other_uid && !capable(CAP_SETUID)) ||
        (other_gid && !capable(CAP_SETGID)))
        return -EPERM;
    if (other_pid && !process_find(said->pid))
        return -ESRCH;
    c->has_creds = true;
    return 0;
}

static i64 read_one(struct control *c, const struct socket *s, const struct cmsghdr *header, u64 at) {
    u64 size = header->size - HEADER;
    if (header->level != SOL_SOCKET)
        return s->family == AF_INET || s->family == AF_INET6 ? inet_control_read(&c->ip, s, header, at) : 0;
    if (header->type == SCM_RIGHTS)
        return s->family == AF_UNIX ? read_rights(c, at, size) : -EINVAL;
    return header->type == SCM_CREDENTIALS ? read_creds(c, at, size) : -EINVAL;
}

i64 control_from_user(struct control *c, const struct socket *s, u64 at, u64 size) {
    i64 error = 0;
    *c = (struct control){0};
    if (size > CONTROL_MAX)
        return -ENOBUFS;
    if (user_reach(at, size, false) < size)
        return -EFAULT;
    while (!error && size >= HEADER) {
        struct cmsghdr header;
        if (get_user(header, at))
            error = -EFAULT;
        else if (header.size < HEADER || header.size > size)
            error = -EINVAL;
        else
            error = read_one(c, s, &header, at + HEADER);
        if (error)
            break;
        u64 step = ROUND_UP(header.size, 8);
        at += step;
        size -= MIN(step, size);
    }
    if (error)
        control_drop(c);
    return error;
}

void control_put(struct control_sink *sink, i32 level, i32 type, const void *data, u64 size, u32 *flags) {
    struct cmsghdr header = {HEADER + size, level, type};
    if (sink->left < HEADER) {
        *flags |= MSG_CTRUNC;
        return;
    }
    if (header.size > sink->left) {
        header.size = sink->left;
        *flags |= MSG_CTRUNC;
    }
    if (put_user(header, sink->at) || copy_to_user(sink->at + HEADER, data, header.size - HEADER))
        return; /* as if there had been no room */
    u64 step = MIN(ROUND_UP(header.size, 8), sink->left);
    sink->at += step;
    sink->left -= step;
}

/* Descriptors for as many files as there is room and descriptors for. */
static void put_rights(struct control_sink *sink, struct rights *r, u32 *flags) {
    i32 fds[SCM_MAX_FD];
    u64 room = sink->left < HEADER ? 0 : (sink->left - HEADER) / sizeof(i32);
    u32 n = 0;
    while (n < MIN(room, (u64)r->count)) {
        i64 fd = fd_install(file_get(r->file[n]), 0, *flags & MSG_CMSG_CLOEXEC);
        if (fd < 0)
            break;
        fds[n++] = fd;
    }
    if (n < r->count)
        *flags |= MSG_CTRUNC;
    u32 ignored = 0; /* the rest of the last words is padding */
    if (n)
        control_put(sink, SOL_SOCKET, SCM_RIGHTS, fds, n * sizeof(i32), &ignored);
}

static void put_time(struct control_sink *sink, i32 option, u64 ns, u32 *flags) {
    u64 unit = option == SO_TIMESTAMP || option == SO_TIMESTAMP_NEW ? 1000 : 1;
    u64 time[2] = {ns / SECOND_NS, ns % SECOND_NS / unit};
    control_put(sink, SOL_SOCKET, option, time, sizeof(time), flags);
}

u64 control_to_user(struct control *c, struct socket *s, u64 at, u64 size, u32 *flags) {
    struct control_sink sink = {at, at ? size : 0};
    if (c->arrived)
        put_time(&sink, s->options.stamp, c->arrived, flags);
    if (s->options.pass_creds && s->family == AF_UNIX)
        control_put(&sink, SOL_SOCKET, SCM_CREDENTIALS, c->has_creds ? &c->creds : &nobody, sizeof(nobody), flags);
    if (c->rights)
        put_rights(&sink, c->rights, flags);
    if (c->ip.error)
        inet_error_put(&sink, s, &c->ip, flags);
    if (c->ip.known)
        inet_control_put(&sink, s, &c->ip, flags);
    control_drop(c);
    return at ? size - sink.left : 0;
}
