/* kcmp(2): do two threads share something? */
#include "errno.h"
#include "fs/epoll.h"
#include "fs/open.h"
#include "lib.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

enum { KCMP_FILE, KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_IO, KCMP_SYSVSEM, KCMP_EPOLL_TFD, KCMP_TYPES };

/* 0: the same; 1 and 2: an order that stays, and says nothing about addresses. */
static i64 compare(const void *a, const void *b) {
    static u64 mask, factor;
    if (!factor) {
        mask = random_u64();
        factor = random_u64() | 1;
    }
    u64 x = ((u64)a ^ mask) * factor, y = ((u64)b ^ mask) * factor;
    return x == y ? 0 : x < y ? 1 : 2;
}

static i64 compare_files(const struct task *a, const struct task *b, u64 fd_a, u64 fd_b) {
    const struct file *first = a->files ? fd_in(a->files, (i32)fd_a) : NULL;
    const struct file *second = b->files ? fd_in(b->files, (i32)fd_b) : NULL;
    return first && second ? compare(first, second) : -EBADF;
}

/* One of the files an epoll watches, by its descriptor then: the place-th of those that were added under it. */
struct epoll_slot {
    u32 epoll, fd, place;
};

static i64 compare_watched(const struct task *a, const struct task *b, u64 fd, u64 address) {
    struct epoll_slot slot;
    if (get_user(slot, address))
        return -EFAULT;
    const struct file *file = a->files ? fd_in(a->files, (i32)fd) : NULL;
    struct file *epoll = b->files ? fd_in(b->files, (i32)slot.epoll) : NULL;
    if (!file || !epoll)
        return -EBADF;
    const struct file *watched = epoll_watched(epoll, slot.fd, slot.place);
    return IS_ERR(watched) ? PTR_ERR(watched) : compare(file, watched);
}

i64 sys_kcmp(const u64 *args) {
    const struct task *a = task_find((i32)args[0]), *b = task_find((i32)args[1]);
    if (!a || !b)
        return -ESRCH;
    if (!may_inspect(a->process, false) || !may_inspect(b->process, false))
        return -EPERM;
    switch ((u32)args[2]) {
    case KCMP_FILE:
        return compare_files(a, b, args[3], args[4]);
    case KCMP_VM:
        return compare(a->mm, b->mm);
    case KCMP_FILES:
        return compare(a->files, b->files);
    case KCMP_FS:
        return compare(a->fs, b->fs);
    case KCMP_SIGHAND:
        return compare(a->sighand, b->sighand);
    case KCMP_IO: /* who has set nothing has nothing of his own */
        return compare(a->io_priority ? a : NULL, b->io_priority ? b : NULL);
    case KCMP_SYSVSEM:
        return compare(a->process->sem_undo, b->process->sem_undo);
    case KCMP_EPOLL_TFD:
        return compare_watched(a, b, args[3], args[4]);
    default:
        return -EINVAL;
    }
}
