/* Calls that change the name space or need handles of files. The name space is the host's to make, so
   nobody in the guest has the privilege, whatever his user id. */
#include "errno.h"
#include "fs/open.h"
#include "syscall.h"
#include "task.h"

i64 sys_mount(const u64 *a) { return -EPERM; }
i64 sys_umount2(const u64 *a) { return -EPERM; }
i64 sys_pivot_root(const u64 *a) { return -EPERM; }
i64 sys_swapon(const u64 *a) { return -EPERM; }
i64 sys_swapoff(const u64 *a) { return -EPERM; }
i64 sys_acct(const u64 *a) { return -EPERM; }
i64 sys_open_tree(const u64 *a) { return -EPERM; }
i64 sys_move_mount(const u64 *a) { return -EPERM; }
i64 sys_fsopen(const u64 *a) { return -EPERM; }
i64 sys_fspick(const u64 *a) { return -EPERM; }
i64 sys_mount_setattr(const u64 *a) { return -EPERM; }
i64 sys_open_by_handle_at(const u64 *a) { return -EPERM; }
/* No file system here gives out handles. */
i64 sys_name_to_handle_at(const u64 *a) { return a[4] & ~0x1601UL ? -EINVAL : -EOPNOTSUPP; }
