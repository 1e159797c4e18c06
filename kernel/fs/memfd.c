/* Files in memory that never had a name: memfd_create(2), shared anonymous mappings. */
#include "errno.h"
#include "fs/tmpfs.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define MEMFD_NAME_MAX 249

struct file *file_memory(const char *label, u64 size) {
    struct inode *inode = tmpfs_inode(root_dentry->super, S_IFREG | 0777);
    if (!inode)
        return ERR_PTR(-ENOMEM);
    inode->nlink = 0;
    inode->size = size;
    struct dentry *d = dentry_anon(inode, label);
    if (!d) {
        inode_put(inode);
        return ERR_PTR(-ENOMEM);
    }
    struct file *file = file_open_dentry(d, O_RDWR);
    dentry_put(d);
    if (!IS_ERR(file))
        file_release_hold(file); /* as on Linux: it can be executed while this descriptor is open */
    return file;
}

struct file *file_shared_memory(u64 size) { return file_memory("/dev/zero (deleted)", size); }

i64 sys_memfd_create(const u64 *a) {
    static char name[MEMFD_NAME_MAX + 1], label[MEMFD_NAME_MAX + 32]; /* nothing here sleeps */
    if (a[1] & ~(u64)(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC) ||
        (a[1] & (MFD_NOEXEC_SEAL | MFD_EXEC)) == (MFD_NOEXEC_SEAL | MFD_EXEC))
        return -EINVAL;
    i64 size = copy_string_from_user(name, a[0], sizeof(name));
    if (size < 0)
        return size == -ENAMETOOLONG ? -EINVAL : size;
    format(label, sizeof(label), "/memfd:%s (deleted)", name);
    struct file *file = file_memory(label, 0);
    if (IS_ERR(file))
        return PTR_ERR(file);
    file->inode->seals = a[1] & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL) ? 0 : F_SEAL_SEAL;
    if (a[1] & MFD_NOEXEC_SEAL) {
        file->inode->mode &= ~0111u;
        file->inode->seals |= F_SEAL_EXEC;
    }
    return fd_install(file, 0, a[1] & MFD_CLOEXEC);
}
