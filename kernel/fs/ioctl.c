/* ioctl(2): what concerns any descriptor, then the file's own. */
#include "errno.h"
#include "fs/async.h"
#include "fs/open.h"
#include "linux/tty.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

i64 sys_ioctl(const u64 *a) {
    struct file *file = fd_peek(a[0]);
    u32 command = a[1];
    i32 value;
    if (!file)
        return -EBADF;
    switch (command) {
    case FIOCLEX:
    case FIONCLEX:
        fd_set_cloexec(a[0], command == FIOCLEX);
        return 0;
    case FIONBIO:
        if (get_user(value, a[2]))
            return -EFAULT;
        file->flags = value ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
        return 0;
    case FIOASYNC:
        if (get_user(value, a[2]))
            return -EFAULT;
        if (!value == !(file->flags & O_ASYNC))
            return 0;
        return async_possible(file) ? async_set(file, a[0], value) : -ENOTTY;
    case FIONREAD:
        if (S_ISREG(file->inode->mode) && file->ops == &regular_ops) {
            value = file->inode->size - file->pos;
            return put_user(value, a[2]);
        }
    }
    return file->ops->ioctl ? file->ops->ioctl(file, command, a[2]) : -ENOTTY;
}
