/* process_vm_readv(2), process_vm_writev(2): the memory of another process. */
#include "errno.h"
#include "fs/io.h"
#include "lib.h"
#include "linux/fcntl.h"
#include "mm.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

/* The most one call moves: nothing interrupts the kernel, and callers must expect short counts. */
#define REMOTE_MAX (64UL << 20)

/* Between the caller's buffers and a range of another address space; bytes, fewer at the first page
   that is not there. */
static u64 move(struct mm *mm, u64 at, u64 size, struct io *io, bool write) {
    u64 done = 0;
    while (done < size && io->left) {
        u64 part = MIN(size - done, PAGE_SIZE - (at + done) % PAGE_SIZE);
        paddr page = at + done < NV_USER_END ? mm_resolve(mm, at + done, write ? FAULT_WRITE : 0) : 0;
        if (!page)
            break;
        paddr frame = ROUND_DOWN(page, PAGE_SIZE);
        frame_get(frame); /* reaching the caller's pages may reclaim others */
        i64 moved = write ? io_take(io, phys_to_virt(page), part) : io_put(io, phys_to_virt(page), part);
        frame_put(frame);
        done += MAX(moved, 0);
        if (moved < (i64)part)
            break;
    }
    return done;
}

static i64 move_all(struct mm *mm, u64 vector, u64 count, struct io *io, bool write) {
    u64 done = 0;
    for (u64 i = 0; i < count && io->left; i++) {
        struct iovec v;
        if (get_user(v, vector + i * sizeof(v)))
            return done ? (i64)done : -EFAULT;
        u64 want = MIN(v.size, io->left), moved = move(mm, v.base, want, io, write);
        done += moved;
        if (moved < want)
            return done ? (i64)done : -EFAULT;
    }
    return done;
}

/* As ptrace(2) judges: the same user in every respect, or one who may do anything. */
static bool may_access(const struct process *target) {
    const struct process *self = current->process;
    return !self->uid || target == self ||
           (!target->not_dumpable && self->ruid == target->uid && self->ruid == target->ruid &&
            self->ruid == target->suid && self->rgid == target->gid && self->rgid == target->rgid);
}

static i64 transfer(const u64 *a, bool write) {
    struct io io, remote;
    if (a[5])
        return -EINVAL;
    i64 error = io_vector(&io, a[1], a[2]);
    if (error || !io.left)
        return error;
    io.left = MIN(io.left, REMOTE_MAX);
    error = io_vector(&remote, a[3], a[4]); /* only to judge it */
    if (error || !remote.left)
        return error;
    struct process *process = process_find((i32)a[0]);
    struct task *task = process ? process->leader : task_find((i32)a[0]);
    if (!task || !task->mm)
        return -ESRCH;
    if (!may_access(task->process))
        return -EPERM;
    struct mm *mm = task->mm;
    mm_get(mm);
    i64 done = move_all(mm, a[3], a[4], &io, write);
    mm_put(mm);
    return done;
}

i64 sys_process_vm_readv(const u64 *a) { return transfer(a, false); }
i64 sys_process_vm_writev(const u64 *a) { return transfer(a, true); }
