/* Calls that change the name space. The name space is the host's to make, so
   nobody in the guest has the privilege, whatever his user id; what Linux looks at before it asks for the
   privilege is looked at here, too. */
#include "errno.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "lib.h"
#include "linux/fcntl.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define MNT_FLAGS 15UL /* FORCE, DETACH, EXPIRE, UMOUNT_NOFOLLOW */
#define UMOUNT_NOFOLLOW 8UL

/* A path that must lead somewhere. */
static i64 denied(i32 dirfd, u64 path, u32 how) {
    struct dentry *d = walk_user(dirfd, path, how);
    if (IS_ERR(d))
        return PTR_ERR(d);
    dentry_put(d);
    return -EPERM;
}

/* A string that may be left out. */
static i64 string(u64 at) {
    char *text = at ? kmalloc(PATH_MAX) : NULL;
    i64 size = !at ? 0 : text ? copy_string_from_user(text, at, PATH_MAX) : -ENOMEM;
    kfree(text);
    return size == -ENAMETOOLONG ? -EINVAL : MIN(size, 0);
}

i64 sys_mount(const u64 *a) {
    i64 error = string(a[2]);
    if (!error)
        error = string(a[0]);
    if (!error && a[4] && !user_reach(a[4], 1, false))
        error = -EFAULT;
    return error ? error : denied(AT_FDCWD, a[1], WALK_FOLLOW);
}

i64 sys_umount2(const u64 *a) {
    return a[1] & ~MNT_FLAGS ? -EINVAL : denied(AT_FDCWD, a[0], a[1] & UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW);
}

i64 sys_pivot_root(const u64 *a) { return -EPERM; }
i64 sys_swapon(const u64 *a) { return -EPERM; }
i64 sys_swapoff(const u64 *a) { return -EPERM; }
i64 sys_acct(const u64 *a) { return -EPERM; }
i64 sys_open_tree(const u64 *a) { return -EPERM; }
i64 sys_move_mount(const u64 *a) { return -EPERM; }
i64 sys_fsopen(const u64 *a) { return -EPERM; }
i64 sys_fspick(const u64 *a) { return -EPERM; }
i64 sys_mount_setattr(const u64 *a) { return -EPERM; }
