/* Making files before there is a process. Everything made here lives in the root tmpfs, even below
   a mounted host directory: the host's tree is never changed to build the guest's. */
#include "fs/boot.h"
#include "errno.h"
#include "fs/names.h"
#include "fs/open.h"
#include "fs/tmpfs.h"
#include "lib.h"

static i64 add(struct dentry *dir, struct dentry *entry, u32 mode, u64 rdev, const char *text) {
    if (dir->inode->ops == &tmpfs_dir_ops)
        return S_ISLNK(mode) ? tmpfs_symlink(dir, entry, text) : tmpfs_create(dir, entry, mode, rdev);
    if (S_ISLNK(mode))
        return -EROFS;
    struct inode *inode = tmpfs_inode(root_dentry->super, mode);
    if (!inode)
        return -ENOMEM;
    dentry_attach(entry, inode, DENTRY_PINNED);
    return 0;
}

static i64 fill(struct inode *inode, const char *text, u64 size) {
    struct io io;
    io_kernel(&io, (void *)text, size);
    for (u64 pos = 0; pos < size;) {
        i64 put = inode->ops->write(inode, &io, &pos, false);
        if (put <= 0)
            return put ? put : -EIO;
        pos += put;
    }
    return 0;
}

static i64 make_one(const char *path, u32 mode, u64 rdev, const char *text, u64 size) {
    struct walk w;
    struct dentry *found;
    i64 error = names_parent(&w, AT_FDCWD, path_from_kernel(0, path), 0, &found);
    if (error || !w.at) /* "/" itself is there */
        return error;
    if (found) {
        error = S_ISDIR(mode) && S_ISDIR(found->inode->mode) ? 0 : -EEXIST;
        dentry_put(found);
    } else {
        struct dentry *entry = dentry_new(w.at->super, w.at, &w.last);
        error = entry ? add(w.at, entry, mode, rdev, text) : -ENOMEM;
        if (!error && S_ISREG(mode) && size)
            error = fill(entry->inode, text, size);
        dentry_put(entry);
    }
    dentry_put(w.at);
    return error;
}

i64 boot_make(const char *path, u32 mode, u64 rdev, const char *text, u64 size) {
    static char prefix[PATH_MAX];
    i64 error = make_one(path, mode, rdev, text, size);
    if (error != -ENOENT)
        return error;
    for (u64 i = 1; path[i] && i < PATH_MAX - 1; i++) {
        if (path[i] != '/')
            continue;
        memcpy(prefix, path, i);
        prefix[i] = 0;
        error = make_one(prefix, S_IFDIR | 0755, 0, NULL, 0);
        if (error && error != -EEXIST)
            return error;
    }
    return make_one(path, mode, rdev, text, size);
}
