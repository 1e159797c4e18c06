/* statfs(2). */
#include "errno.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

static i64 statfs(struct super *super, u64 to) {
    struct statfs out = {
        .type = super->magic, .bsize = PAGE_SIZE, .namelen = NAME_MAX, .frsize = PAGE_SIZE,
        .fsid = {super->dev, 0}, .flags = ST_VALID | (super->flags & SUPER_READ_ONLY ? ST_RDONLY : 0),
    };
    i64 error = super->statfs ? super->statfs(super, &out) : 0;
    return error ? error : put_user(out, to);
}

i64 sys_statfs(const u64 *a) {
    struct dentry *d = walk_user(AT_FDCWD, a[0], WALK_FOLLOW);
    if (IS_ERR(d))
        return PTR_ERR(d);
    i64 error = statfs(d->inode->super, a[1]);
    dentry_put(d);
    return error;
}

i64 sys_fstatfs(const u64 *a) {
    struct file *file = fd_peek_any(a[0]);
    return file ? statfs(file->inode->super, a[1]) : -EBADF;
}
