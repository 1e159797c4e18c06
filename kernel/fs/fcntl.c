/* fcntl(2). */
#include "errno.h"
#include "fs/async.h"
#include "fs/dnotify.h"
#include "fs/lease.h"
#include "fs/lock.h"
#include "fs/pipe.h"
#include "fs/tmpfs.h"
#include "lib.h"
#include "linux/resource.h"
#include "mm.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define SETTABLE (O_APPEND | O_DIRECT | O_NOATIME | O_NONBLOCK)

/* A user's struct flock as a range of bytes. */
static i64 lock_range(struct file *file, const struct flock *in, struct lock *out) {
    i64 base = in->whence == SEEK_SET ? 0 : in->whence == SEEK_CUR ? (i64)file->pos : (i64)file->inode->size;
    i64 start, end;
    if (in->whence < SEEK_SET || in->whence > SEEK_END)
        return -EINVAL;
    if (__builtin_add_overflow(base, in->start, &start) || __builtin_add_overflow(start, in->size, &end))
        return -EOVERFLOW;
    if (in->size < 0) {
        i64 swap = start;
        start = end;
        end = swap;
    }
    if (start < 0)
        return -EINVAL;
    out->start = start;
    out->end = in->size ? (u64)end - 1 : LOCK_END;
    return 0;
}

static i64 lock_command(struct file *file, i32 fd, u32 command, u64 address) {
    struct flock in;
    bool ofd = command >= F_OFD_GETLK;
    if (get_user(in, address))
        return -EFAULT;
    struct lock want = {
        .kind = ofd ? LOCK_OFD : LOCK_PROCESS, .owner = ofd ? (void *)file : (void *)current->files,
        .write = in.type == F_WRLCK, .pid = ofd ? -1 : current->process->pid,
    };
    i64 error = lock_range(file, &in, &want);
    if (error)
        return error;
    if (in.type != F_RDLCK && in.type != F_WRLCK && in.type != F_UNLCK)
        return -EINVAL;
    if (ofd && in.pid)
        return -EINVAL;
    if (command == F_GETLK && in.type == F_UNLCK)
        return -EINVAL;
    if (command == F_GETLK || command == F_OFD_GETLK) {
        struct lock *other = in.type == F_UNLCK ? NULL : lock_conflict(file->inode, &want);
        if (other) {
            in = (struct flock){
                .type = other->write ? F_WRLCK : F_RDLCK, .start = other->start,
                .size = other->end == LOCK_END ? 0 : other->end - other->start + 1, .pid = other->pid,
            };
        } else {
            in.type = F_UNLCK;
        }
        return put_user(in, address);
    }
    if (in.type == F_UNLCK)
        return lock_clear(file->inode, &want);
    if (in.type == F_RDLCK ? !file_readable(file) : !file_writable(file))
        return -EBADF;
    error = lock_set(file->inode, &want, command == F_SETLKW || command == F_OFD_SETLKW);
    /* Closed while it waited: closing has found no lock to release. */
    if (!error && !ofd && fd_peek_any(fd) != file)
        locks_release_table(file->inode, current->files);
    return error;
}

/* Seals exist for memory files, which have no name. */
static i64 add_seals(struct file *file, u32 seals) {
    struct inode *inode = file->inode;
    if (!inode->ops->holes || inode->nlink)
        return -EINVAL;
    if (seals & ~(u32)(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC))
        return -EINVAL;
    if (!file_writable(file) || (inode->seals & F_SEAL_SEAL))
        return -EPERM;
    if ((seals & F_SEAL_WRITE) && !(inode->seals & F_SEAL_WRITE) && mm_shares_writable(inode))
        return -EBUSY;
    inode->seals |= seals;
    return 0;
}

/* How long data is expected to stay: kept for those who ask. */
static i64 life_time(struct inode *inode, u32 command, u64 address) {
    u64 hint = inode->write_hint;
    if (command == F_GET_RW_HINT)
        return put_user(hint, address);
    if (!inode_owner(inode))
        return -EPERM;
    if (get_user(hint, address))
        return -EFAULT;
    if (hint > RW_HINT_MAX)
        return -EINVAL;
    inode->write_hint = hint;
    return 0;
}

static i64 on_file(struct file *file, i32 fd, u32 command, u64 argument) {
    struct pipe *pipe = file_pipe(file);
    switch (command) {
    case F_SETFL:
        if ((file->flags ^ argument) & O_ASYNC) {
            i64 error = async_set(file, fd, argument & O_ASYNC);
            if (error)
                return error;
        }
        file->flags = (file->flags & ~SETTABLE) | (argument & SETTABLE);
        return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return lock_command(file, fd, command, argument);
    case F_GETPIPE_SZ:
        return pipe ? (i64)(pipe->ring.slots * PAGE_SIZE) : -EBADF;
    case F_SETPIPE_SZ:
        return pipe ? pipe_resize(pipe, (u32)argument) : -EBADF;
    case F_SETLEASE:
        return lease_set(file, fd, (i32)argument);
    case F_GETLEASE:
        return lease_type(file);
    case F_NOTIFY:
        return dnotify_command(file, fd, argument);
    case F_GET_SEALS:
        return !file->inode->ops->holes ? -EINVAL : file->inode->nlink ? F_SEAL_SEAL : (i64)file->inode->seals;
    case F_ADD_SEALS:
        return add_seals(file, argument);
    case F_GET_RW_HINT:
    case F_SET_RW_HINT:
        return life_time(file->inode, command, argument);
    }
    return async_command(file, command, argument);
}

/* Not by open(2): a pipe, a socket, an eventfd and their like. */
static bool made_inside(const struct file *file) {
    return (file->dentry->flags & DENTRY_ANON) && !S_ISREG(file->inode->mode);
}

u32 file_status(const struct file *file) {
    return file->flags | ((file->flags & O_PATH) || made_inside(file) ? 0 : O_LARGEFILE);
}

i64 sys_fcntl(const u64 *a) {
    i32 fd = a[0];
    u32 command = a[1];
    struct file *file = fd_peek_any(fd), *other;
    if (!file)
        return -EBADF;
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (a[2] >= current->process->limits[RLIMIT_NOFILE].cur)
            return -EINVAL;
        return fd_install(file_get(file), a[2], command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return fd_cloexec(fd);
    case F_SETFD:
        fd_set_cloexec(fd, a[2] & FD_CLOEXEC);
        return 0;
    case F_GETFL:
        return file_status(file);
    case F_DUPFD_QUERY:
        other = fd_peek_any(a[2]);
        return other ? other == file : -EBADF;
    }
    if (file->flags & O_PATH)
        return -EBADF;
    file_get(file);
    i64 result = on_file(file, fd, command, a[2]);
    file_put(file);
    return result;
}
