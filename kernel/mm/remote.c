/* process_vm_readv(2), process_vm_writev(2): the memory of another process. */
#include "errno.h"
#include "fs/remote.h"
#include "lib.h"
#include "linux/fcntl.h"
#include "mm.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

u64 remote_move(struct mm *mm, u64 at, u64 size, struct io *io, bool write, bool force) {
    u64 done = 0;
    while (done < size && io->left) {
        u64 here = at + done, part = MIN(size - done, PAGE_SIZE - here % PAGE_SIZE);
        paddr page = here >= NV_USER_END ? 0
                     : force ? mm_resolve_forced(mm, here, write) : mm_resolve(mm, here, write ? FAULT_WRITE : 0);
        if (!page)
            break;
        frame_get(ROUND_DOWN(page, PAGE_SIZE)); /* reaching the caller's pages may reclaim others */
        i64 moved = write ? io_take(io, phys_to_virt(page), part) : io_put(io, phys_to_virt(page), part);
        frame_put(ROUND_DOWN(page, PAGE_SIZE));
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
        u64 want = MIN(v.size, io->left), moved = remote_move(mm, v.base, want, io, write, false);
        done += moved;
        if (moved < want)
            return done ? (i64)done : -EFAULT;
    }
    return done;
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
    if (!may_inspect(task->process, false))
        return -EPERM;
    struct mm *mm = task->mm;
    mm_get(mm);
    i64 done = move_all(mm, a[3], a[4], &io, write);
    mm_put(mm);
    return done;
}

i64 sys_process_vm_readv(const u64 *a) { return transfer(a, false); }
i64 sys_process_vm_writev(const u64 *a) { return transfer(a, true); }
