/* O_ASYNC and the owner of a file: readiness that arrives as a signal. */
#include "fs/async.h"
#include "fs/dnotify.h"
#include "lib.h"
#include "proc.h"
#include "task.h"
#include "uaccess.h"

struct owner {
    i32 type, pid; /* F_OWNER_*; pid 0: nobody */
};

struct async {
    struct poll_watch watch; /* on the file's poll head while O_ASYNC is set */
    const struct file *file;
    struct owner owner;
    i32 signal; /* 0: SIGIO without a siginfo of its own */
    i32 fd;     /* by which it was asked for, whatever that is now */
    u32 ruid, euid; /* of who set the owner: what it may send */
};

static bool permitted(const struct async *async, const struct process *target) {
    const struct cred *other = target->cred;
    return async->euid == 0 || async->euid == other->suid || async->euid == other->ruid ||
           async->ruid == other->suid || async->ruid == other->ruid;
}

static void send_to(struct async *async, struct process *process, struct task *thread, struct siginfo info) {
    if (!permitted(async, process))
        return;
    i64 error = thread ? signal_task(thread, info.signo, &info) : signal_process(process, info.signo, &info);
    if (error && async->signal) { /* the queue is full: SIGIO says that something was lost */
        info = (struct siginfo){.signo = SIGIO, .code = SI_KERNEL};
        signal_process(process, SIGIO, &info);
    }
}

static void send_to_owner(struct async *async, struct siginfo info) {
    struct process *process;
    struct task *task;
    if (!async->owner.pid)
        return;
    switch (async->owner.type) {
    case F_OWNER_TID:
        task = task_find(async->owner.pid);
        if (task && task->process)
            send_to(async, task->process, task, info);
        return;
    case F_OWNER_PID:
        process = process_find(async->owner.pid);
        if (process)
            send_to(async, process, NULL, info);
        return;
    }
    list_for_each(process, &all_processes, all)
        if (process->pgid == async->owner.pid)
            send_to(async, process, NULL, info);
}

/* Of whatever needs a code and a band: SIGIO alone, or all that siginfo's layout gives. */
static void tell_owner(struct async *async, i32 fd, i32 code, u32 band) {
    struct siginfo info = {.signo = async->signal ? async->signal : SIGIO, .code = SI_KERNEL};
    if (async->signal) {
        info.code = code;
        info.raw[0] = band;
        info.raw[1] = (u32)fd;
    }
    send_to_owner(async, info);
}

static void notify(struct poll_watch *watch, u32 events) {
    struct async *async = container_of(watch, struct async, watch);
    bool in = events & (POLLIN | POLLRDNORM), up = events & POLLHUP;
    /* One end of a pipe shares its poll head with the other. */
    if (!up && !(in ? file_readable(async->file) : file_writable(async->file)))
        return;
    i32 code = up ? POLL_HUP : in ? POLL_IN : POLL_OUT;
    u32 band = up ? POLLHUP | POLLERR : in ? POLLIN | POLLRDNORM : POLLOUT | POLLWRNORM | POLLWRBAND;
    tell_owner(async, async->fd, code, band);
}

void async_message(struct file *file, i32 fd) { tell_owner(file->async, fd, POLL_MSG, POLLIN | POLLRDNORM | POLLMSG); }

void async_urgent(struct file *file) {
    if (file->async)
        send_to_owner(file->async, (struct siginfo){.signo = SIGURG, .code = SI_KERNEL});
}

static struct async *async_of(struct file *file) {
    struct async *async = file->async;
    if (async)
        return async;
    async = kmalloc(sizeof(*async));
    if (async) {
        *async = (struct async){.watch = {.notify = notify}, .file = file};
        list_init(&async->watch.link);
        file->async = async;
    }
    return async;
}

bool async_possible(const struct file *file) {
    u32 mode = file->inode->mode;
    return file->ops->poll && (S_ISFIFO(mode) || S_ISSOCK(mode) || S_ISCHR(mode));
}

i64 async_set(struct file *file, i32 fd, bool on) {
    struct async *async = file->async;
    if (!async_possible(file))
        return 0;
    if (on) {
        async = async_of(file);
        if (!async)
            return -ENOMEM;
        async->fd = fd;
        file_poll_watched(file, &async->watch);
    } else if (async) {
        list_remove(&async->watch.link);
    }
    file->flags = on ? file->flags | O_ASYNC : file->flags & ~O_ASYNC;
    return 0;
}

void async_forget(struct file *file) {
    if (!file->async)
        return;
    dnotify_forget(file, NULL);
    list_remove(&file->async->watch.link);
    kfree(file->async);
}

static bool group_exists(i32 pgid) {
    struct process *process;
    list_for_each(process, &all_processes, all)
        if (process->pgid == pgid)
            return true;
    return false;
}

static i64 set_owner(struct file *file, struct owner owner) {
    bool there = owner.type == F_OWNER_TID ? task_find(owner.pid) != NULL
               : owner.type == F_OWNER_PID ? process_find(owner.pid) != NULL : group_exists(owner.pid);
    if (owner.pid && !there)
        return -ESRCH;
    struct async *async = async_of(file);
    if (!async)
        return -ENOMEM;
    async->owner = owner;
    async->ruid = current->cred->ruid;
    async->euid = current->cred->euid;
    return 0;
}

i64 async_own(struct file *file) {
    struct owner own = {F_OWNER_PID, current->process->pid};
    return file->async && file->async->owner.pid ? 0 : set_owner(file, own);
}

i64 async_command(struct file *file, u32 command, u64 argument) {
    static const struct owner nobody = {F_OWNER_PID, 0};
    struct owner owner = file->async && file->async->owner.pid ? file->async->owner : nobody;
    i32 number = (i32)argument;
    switch (command) {
    case F_SETOWN:
        if (number == (i32)0x80000000)
            return -EINVAL;
        owner = number < 0 ? (struct owner){F_OWNER_PGRP, -number} : (struct owner){F_OWNER_PID, number};
        return set_owner(file, owner);
    case F_GETOWN:
        return owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid;
    case F_SETOWN_EX:
        if (get_user(owner, argument))
            return -EFAULT;
        return owner.type < F_OWNER_TID || owner.type > F_OWNER_PGRP ? -EINVAL : set_owner(file, owner);
    case F_GETOWN_EX:
        return put_user(owner, argument);
    case F_GETOWNER_UIDS: {
        u32 ids[2] = {file->async ? file->async->ruid : 0, file->async ? file->async->euid : 0};
        return put_user(ids, argument);
    }
    case F_SETSIG:
        if (argument > NSIG)
            return -EINVAL;
        if (!async_of(file))
            return -ENOMEM;
        file->async->signal = number;
        return 0;
    case F_GETSIG:
        return file->async ? file->async->signal : 0;
    }
    return -EINVAL;
}
