/* Working directory, root and umask of processes. */
#include "errno.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "hypercall.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

struct fs_context *fs_context_initial(const char *cwd) {
    struct fs_context *fs = kmalloc(sizeof(*fs));
    if (!fs)
        return ERR_PTR(-ENOMEM);
    struct dentry *at = walk_kernel(cwd, WALK_FOLLOW | WALK_DIRECTORY);
    *fs = (struct fs_context){
        .refs = 1, .umask = boot.umask & 0777, .root = dentry_get(root_dentry),
        .cwd = IS_ERR(at) ? dentry_get(root_dentry) : at,
    };
    return fs;
}

struct fs_context *fs_context_fork(struct fs_context *from) {
    struct fs_context *fs = kmalloc(sizeof(*fs));
    if (!fs)
        return ERR_PTR(-ENOMEM);
    *fs = *from;
    fs->refs = 1;
    dentry_get(fs->root);
    dentry_get(fs->cwd);
    return fs;
}

struct fs_context *fs_context_get(struct fs_context *fs) {
    fs->refs++;
    return fs;
}

void fs_context_put(struct fs_context *fs) {
    if (!fs || --fs->refs)
        return;
    dentry_put(fs->root);
    dentry_put(fs->cwd);
    kfree(fs);
}

i64 sys_umask(const u64 *a) {
    u32 old = current->fs->umask;
    current->fs->umask = a[0] & 0777;
    return old;
}

/* Enter a directory the caller holds a reference of, which passes to *place. */
static i64 enter(struct dentry **place, struct dentry *to) {
    if (IS_ERR(to))
        return PTR_ERR(to);
    i64 error = S_ISDIR(to->inode->mode) ? inode_permission(to->inode, MAY_EXEC) : -ENOTDIR;
    if (error) {
        dentry_put(to);
        return error;
    }
    struct dentry *old = *place;
    *place = to;
    dentry_put(old);
    return 0;
}

i64 sys_chdir(const u64 *a) { return enter(&current->fs->cwd, walk_user(AT_FDCWD, a[0], WALK_FOLLOW)); }

i64 sys_fchdir(const u64 *a) {
    struct file *file = fd_peek_any(a[0]);
    return file ? enter(&current->fs->cwd, dentry_get(file->dentry)) : -EBADF;
}

i64 sys_chroot(const u64 *a) {
    struct dentry *to = walk_user(AT_FDCWD, a[0], WALK_FOLLOW);
    if (!IS_ERR(to) && !capable(CAP_SYS_CHROOT)) {
        dentry_put(to);
        return -EPERM;
    }
    return enter(&current->fs->root, to);
}

i64 sys_getcwd(const u64 *a) {
    struct dentry *cwd = current->fs->cwd;
    char *page = kmalloc(PATH_MAX);
    if (!page)
        return -ENOMEM;
    i64 size;
    if (cwd->parent != cwd && !(cwd->flags & DENTRY_HASHED))
        size = -ENOENT;
    else
        size = dentry_path(cwd, current->fs->root, page, PATH_MAX);
    if (size == -ERANGE)
        size = -ENAMETOOLONG;
    if (size >= 0)
        size = (u64)size + 1 > a[1] ? -ERANGE : copy_to_user(a[0], page, size + 1) ? -EFAULT : size + 1;
    kfree(page);
    return size;
}
