/* unshare(2): no longer share with others what clone(2) has let the thread share. */
#include "errno.h"
#include "file.h"
#include "linux/clone.h"
#include "mm.h"
#include "proc.h"
#include "syscall.h"

#define UNSHARABLE (CLONE_THREAD | CLONE_FS | CLONE_SIGHAND | CLONE_VM | CLONE_FILES | CLONE_SYSVSEM | \
                    CLONE_NEW_NAMESPACES | CLONE_NEWTIME)

/* Threads, handlers and memory cannot be parted with: only who shares them with nobody may ask. */
static bool alone(u64 flags) {
    return (!(flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) || current->process->thread_count == 1) &&
           (!(flags & (CLONE_SIGHAND | CLONE_VM)) || current->sighand->refs == 1) &&
           (!(flags & CLONE_VM) || current->mm->refs == 1);
}

i64 sys_unshare(const u64 *a) {
    u64 flags = a[0];
    if ((flags & ~UNSHARABLE) || !alone(flags))
        return -EINVAL;
    if (flags & (CLONE_NEW_NAMESPACES | CLONE_NEWTIME))
        return -EPERM; /* a guest process has no privilege over name spaces */
    struct fs_context *fs = flags & CLONE_FS ? fs_context_fork(current->fs) : NULL;
    struct fd_table *files = flags & CLONE_FILES ? fd_table_fork(current->files) : NULL;
    if (IS_ERR(fs) || IS_ERR(files)) {
        if (fs && !IS_ERR(fs))
            fs_context_put(fs);
        if (files && !IS_ERR(files))
            fd_table_put(files);
        return -ENOMEM;
    }
    if (fs) {
        fs_context_put(current->fs);
        current->fs = fs;
    }
    if (files) {
        fd_table_put(current->files);
        current->files = files;
    }
    return 0;
}
