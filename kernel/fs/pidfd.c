/* pidfd_open(2) and its family: a process by descriptor, which no other can take the place of. */
#include "fs/pidfd.h"
#include "errno.h"
#include "fs/anon.h"
#include "lib.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

static void put(struct pid_handle *handle) {
    if (--handle->refs)
        return;
    poll_head_detach(&handle->head);
    kfree(handle);
}

void pidfd_ended(struct process *process) {
    if (process->handle)
        poll_wake(&process->handle->head, POLLIN | POLLRDNORM);
}

void pidfd_reaped(struct process *process) {
    struct pid_handle *handle = process->handle;
    if (!handle)
        return;
    process->handle = NULL;
    handle->process = NULL;
    poll_wake(&handle->head, POLLIN | POLLRDNORM | POLLHUP);
    put(handle);
}

static u32 pidfd_poll(struct file *file, struct poll_table *table) {
    struct pid_handle *handle = file->private;
    poll_add(table, &handle->head);
    if (!handle->process)
        return POLLIN | POLLRDNORM | POLLHUP;
    return handle->process->zombie ? POLLIN | POLLRDNORM : 0;
}

static void pidfd_release(struct file *file) { put(file->private); }

static const struct file_ops pidfd_ops = {.poll = pidfd_poll, .release = pidfd_release};

/* The handle of a process, with a new reference; NULL: no memory. */
static struct pid_handle *handle_of(struct process *process) {
    struct pid_handle *handle = process->handle;
    if (!handle) {
        handle = kmalloc(sizeof(*handle));
        if (!handle)
            return NULL;
        *handle = (struct pid_handle){ .refs = 1, .pid = process->pid, .process = process };
        poll_head_init(&handle->head);
        process->handle = handle;
    }
    handle->refs++;
    return handle;
}

struct file *pidfd_file(struct process *process, u32 flags) {
    struct pid_handle *handle = handle_of(process);
    if (!handle)
        return ERR_PTR(-ENOMEM);
    struct file *file = anon_file("anon_inode:[pidfd]", &pidfd_ops, O_RDWR | flags, handle);
    if (IS_ERR(file))
        put(handle);
    return file;
}

struct pid_handle *pidfd_handle(i32 fd, bool *nonblocking) {
    struct file *file = fd_peek(fd);
    if (!file || file->ops != &pidfd_ops)
        return ERR_PTR(-EBADF);
    *nonblocking = file->flags & O_NONBLOCK;
    return file->private;
}

i64 sys_pidfd_open(const u64 *a) {
    i32 pid = a[0];
    u32 flags = a[1];
    if ((flags & ~(u32)O_NONBLOCK) || pid <= 0)
        return -EINVAL;
    struct process *process = process_find(pid);
    if (!process)
        return task_find(pid) ? -ENOENT : -ESRCH;
    struct file *file = pidfd_file(process, flags);
    return IS_ERR(file) ? PTR_ERR(file) : fd_install(file, 0, true);
}

i64 sys_pidfd_send_signal(const u64 *a) {
    bool nonblocking;
    i32 sig = a[1];
    if (a[3])
        return -EINVAL;
    struct pid_handle *handle = pidfd_handle(a[0], &nonblocking);
    if (IS_ERR(handle))
        return PTR_ERR(handle);
    if (!a[2])
        return handle->process ? signal_from_program(handle->process, sig, NULL) : -ESRCH;
    struct siginfo info;
    i64 error = siginfo_from_user(&info, a[2], handle->pid);
    if (error == -EFAULT)
        return error;
    if (info.signo != sig)
        return -EINVAL;
    if (error)
        return error;
    return handle->process ? signal_from_program(handle->process, sig, &info) : -ESRCH;
}

i64 sys_pidfd_getfd(const u64 *a) {
    bool nonblocking;
    if (a[2])
        return -EINVAL;
    struct pid_handle *handle = pidfd_handle(a[0], &nonblocking);
    if (IS_ERR(handle))
        return PTR_ERR(handle);
    struct process *process = handle->process;
    struct task *task = process && !process->zombie ? process->leader : NULL;
    if (!task || !task->files)
        return -ESRCH;
    if (!may_inspect(process, false))
        return -EPERM;
    struct file *file = fd_in(task->files, a[1]);
    return file ? fd_install(file_get(file), 0, true) : -EBADF;
}
