/* /proc/<pid>/mem: the memory of a process, by address. Like ptrace(2) it also reaches what the process
   itself may not: a debugger writes breakpoints into code. */
#include "errno.h"
#include "fs/proc.h"
#include "fs/remote.h"
#include "mm.h"
#include "proc.h"

/* The address space that was there when the file was opened, not what execve(2) has put in its place. */
static struct mm *memory_of(struct file *file) {
    struct task *task = proc_task(proc_process_of(file->inode));
    return task && task->mm->serial == (u64)file->private ? task->mm : NULL;
}

static i64 mem_open(struct inode *inode, struct file *file) {
    struct process *process = proc_process_of(inode);
    struct task *task = proc_task(process);
    if (!process)
        return -ESRCH;
    if (!may_inspect(process, true))
        return -EACCES;
    file->private = task ? (void *)task->mm->serial : NULL;
    return 0;
}

static i64 transfer(struct file *file, struct io *io, u64 *pos, bool write) {
    struct mm *mm = memory_of(file);
    if (!mm || !io->left)
        return 0;
    mm_get(mm);
    u64 done = remote_move(mm, *pos, MIN(io->left, REMOTE_MAX), io, write, true);
    bool there = done || mm_resolve_forced(mm, *pos, write);
    mm_put(mm);
    *pos += done;
    return done ? (i64)done : there ? -EFAULT : -EIO;
}

static i64 mem_read(struct file *file, struct io *io, u64 *pos) { return transfer(file, io, pos, false); }
static i64 mem_write(struct file *file, struct io *io, u64 *pos) { return transfer(file, io, pos, true); }

/* Every 64-bit number is an address. */
static i64 mem_seek(struct file *file, i64 offset, i32 whence) {
    if (whence != SEEK_SET && whence != SEEK_CUR)
        return -EINVAL;
    file->pos = whence == SEEK_CUR ? file->pos + (u64)offset : (u64)offset;
    return (i64)file->pos;
}

static const struct file_ops mem_file_ops = {
    .read = mem_read, .write = mem_write, .seek = mem_seek, .seekable = true,
};
const struct inode_ops proc_mem_ops = {.file = &mem_file_ops, .open = mem_open, .free = proc_free};
