/* Extended attributes: no file system here has any. */
#include "errno.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define XATTR_NAME_MAX 255

/* The answer for an object that has to exist. */
static i64 by_path(u64 path, u32 flags, i64 answer) {
    struct dentry *d = walk_user(AT_FDCWD, path, flags);
    if (IS_ERR(d))
        return PTR_ERR(d);
    dentry_put(d);
    return answer;
}

static i64 by_fd(i32 fd, i64 answer) { return fd_peek(fd) ? answer : -EBADF; }

static i64 no_such_name(u64 name) {
    char text[XATTR_NAME_MAX + 1];
    i64 size = copy_string_from_user(text, name, sizeof(text));
    return size == -ENAMETOOLONG || size == 0 ? -ERANGE : size < 0 ? size : -ENODATA;
}

i64 sys_getxattr(const u64 *a) { return by_path(a[0], WALK_FOLLOW, no_such_name(a[1])); }
i64 sys_lgetxattr(const u64 *a) { return by_path(a[0], 0, no_such_name(a[1])); }
i64 sys_fgetxattr(const u64 *a) { return by_fd(a[0], no_such_name(a[1])); }
i64 sys_removexattr(const u64 *a) { return by_path(a[0], WALK_FOLLOW, no_such_name(a[1])); }
i64 sys_lremovexattr(const u64 *a) { return by_path(a[0], 0, no_such_name(a[1])); }
i64 sys_fremovexattr(const u64 *a) { return by_fd(a[0], no_such_name(a[1])); }
i64 sys_listxattr(const u64 *a) { return by_path(a[0], WALK_FOLLOW, 0); }
i64 sys_llistxattr(const u64 *a) { return by_path(a[0], 0, 0); }
i64 sys_flistxattr(const u64 *a) { return by_fd(a[0], 0); }
i64 sys_setxattr(const u64 *a) { return by_path(a[0], WALK_FOLLOW, -EOPNOTSUPP); }
i64 sys_lsetxattr(const u64 *a) { return by_path(a[0], 0, -EOPNOTSUPP); }
i64 sys_fsetxattr(const u64 *a) { return by_fd(a[0], -EOPNOTSUPP); }
