/* pidfd_open(2) and its family: a process or a thread by descriptor, which no other can take the place of. */
#include "fs/pidfd.h"
#include "errno.h"
#include "fs/anon.h"
#include "fs/proc.h"
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

/* Nobody has the number any more. */
static void detach(struct pid_handle *handle) {
    if (!handle)
        return;
    handle->process = NULL;
    handle->thread = NULL;
    poll_wake(&handle->head, POLLIN | POLLRDNORM | POLLHUP);
    put(handle);
}

void pidfd_reaped(struct process *process) {
    detach(process->handle);
    process->handle = NULL;
}

void pidfd_thread_gone(struct task *task) {
    detach(task->handle);
    task->handle = NULL;
}

/* A process that has ended is there to be waited for; a leader that has left its threads has not ended. */
static u32 pidfd_poll(struct file *file, struct poll_table *table) {
    struct pid_handle *handle = file->private;
    poll_add(table, &handle->head);
    if (!handle->process && !handle->thread)
        return POLLIN | POLLRDNORM | POLLHUP;
    return handle->process && handle->process->zombie ? POLLIN | POLLRDNORM : 0;
}

static void pidfd_release(struct file *file) { put(file->private); }

/* Of one that has been waited for there is no number any more. */
static void pidfd_show(struct file *file, struct text *text) {
    const struct pid_handle *handle = file->private;
    i32 pid = handle->process || handle->thread ? handle->pid : -1;
    text_add(text, "Pid:\t%d\nNSpid:\t%d\n", pid, pid);
}

static const struct file_ops pidfd_ops = {.poll = pidfd_poll, .release = pidfd_release, .show = pidfd_show};

/* The handle in its owner's place, made if there is none, with a new reference; NULL: no memory. */
static struct pid_handle *handle_at(struct pid_handle **place, i32 pid) {
    struct pid_handle *handle = *place;
    if (!handle) {
        handle = kmalloc(sizeof(*handle));
        if (!handle)
            return NULL;
        *handle = (struct pid_handle){ .refs = 1, .pid = pid };
        poll_head_init(&handle->head);
        *place = handle;
    }
    handle->refs++;
    return handle;
}

static struct file *open_handle(struct pid_handle *handle, u32 flags) {
    if (!handle)
        return ERR_PTR(-ENOMEM);
    struct file *file = anon_file("anon_inode:[pidfd]", &pidfd_ops, O_RDWR | flags, handle);
    if (IS_ERR(file))
        put(handle);
    else
        file->flags |= flags & PIDFD_THREAD;
    return file;
}

struct file *pidfd_file(struct process *process, u32 flags) {
    struct pid_handle *handle = handle_at(&process->handle, process->pid);
    if (handle)
        handle->process = process;
    return open_handle(handle, flags);
}

struct file *pidfd_thread_file(struct task *task, u32 flags) {
    if (task->tid == task->process->pid)
        return pidfd_file(task->process, flags | PIDFD_THREAD);
    struct pid_handle *handle = handle_at(&task->handle, task->tid);
    if (handle)
        handle->thread = task;
    return open_handle(handle, flags | PIDFD_THREAD);
}

struct pid_handle *pidfd_handle(i32 fd, u32 *flags) {
    struct file *file = fd_peek(fd);
    if (!file || file->ops != &pidfd_ops)
        return ERR_PTR(-EBADF);
    *flags = file->flags;
    return file->private;
}

i64 sys_pidfd_open(const u64 *a) {
    i32 pid = a[0];
    u32 flags = a[1];
    if ((flags & ~(u32)(O_NONBLOCK | PIDFD_THREAD)) || pid <= 0)
        return -EINVAL;
    struct process *process = process_find(pid);
    struct task *task = process ? NULL : task_find(pid);
    if (!process && !(task && (flags & PIDFD_THREAD)))
        return task ? -ENOENT : -ESRCH;
    struct file *file = process ? pidfd_file(process, flags) : pidfd_thread_file(task, flags);
    return IS_ERR(file) ? PTR_ERR(file) : fd_install(file, 0, true);
}

/* Whom a signal is for; by default whom the descriptor was opened for. */
#define SIGNAL_THREAD 1u
#define SIGNAL_THREAD_GROUP 2u
#define SIGNAL_PROCESS_GROUP 4u

static i64 send_by_handle(const struct pid_handle *handle, u32 scope, i32 sig, struct siginfo *info) {
    if (!handle->process && !handle->thread)
        return -ESRCH;
    if (scope == SIGNAL_PROCESS_GROUP)
        return signal_group_from_program(handle->pid, sig, info);
    if (scope == SIGNAL_THREAD)
        return signal_thread_from_program(0, handle->pid, sig, info);
    return signal_from_program(handle->process ? handle->process : handle->thread->process, sig, info);
}

/* The older way to hold a process: its directory in /proc. */
static struct pid_handle *directory_handle(i32 fd, u32 *flags, struct pid_handle *handle) {
    struct file *file = fd_peek(fd);
    i32 pid = file ? proc_pid_of_directory(file->inode) : 0;
    if (!pid)
        return ERR_PTR(-EBADF);
    *flags = file->flags;
    *handle = (struct pid_handle){.pid = pid, .process = proc_process_of(file->inode)};
    return handle;
}

i64 sys_pidfd_send_signal(const u64 *a) {
    u32 opened, scope = a[3];
    i32 sig = a[1];
    if (scope & ~(SIGNAL_THREAD | SIGNAL_THREAD_GROUP | SIGNAL_PROCESS_GROUP) || (scope & (scope - 1)))
        return -EINVAL;
    struct pid_handle of_directory, *handle = pidfd_handle(a[0], &opened);
    if (IS_ERR(handle))
        handle = directory_handle(a[0], &opened, &of_directory);
    if (IS_ERR(handle))
        return PTR_ERR(handle);
    if (!scope)
        scope = opened & PIDFD_THREAD ? SIGNAL_THREAD : SIGNAL_THREAD_GROUP;
    if (!a[2])
        return send_by_handle(handle, scope, sig, NULL);
    struct siginfo info;
    i64 error = siginfo_from_user(&info, a[2], handle->pid);
    if (error == -EFAULT)
        return error;
    if (info.signo != sig)
        return -EINVAL;
    if (error || (scope == SIGNAL_PROCESS_GROUP && (info.code >= 0 || info.code == SI_TKILL)))
        return -EPERM;
    return send_by_handle(handle, scope, sig, &info);
}

i64 sys_pidfd_getfd(const u64 *a) {
    u32 opened;
    if (a[2])
        return -EINVAL;
    struct pid_handle *handle = pidfd_handle(a[0], &opened);
    if (IS_ERR(handle))
        return PTR_ERR(handle);
    struct task *task = handle->process || handle->thread ? task_find(handle->pid) : NULL;
    if (!task || !task->files)
        return -ESRCH;
    if (!may_inspect(task->process, false))
        return -EPERM;
    struct file *file = fd_in(task->files, a[1]);
    return file ? fd_install(file_get(file), 0, true) : -EBADF;
}
