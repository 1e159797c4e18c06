/* name_to_handle_at(2), open_by_handle_at(2): files by number instead of by name. Files in memory have such
   handles, laid out as Linux lays out those of a tmpfs. */
#include "errno.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "lib.h"
#include "linux/fcntl.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define HANDLE_BYTES_MAX 128
#define HANDLE_IN_MEMORY 1
#define HANDLE_INVALID 255
#define AT_HANDLE_MNT_ID_UNIQUE 1u
#define AT_HANDLE_FID 0x200u

/* struct file_handle, with what this file system puts behind it. */
struct handle {
    u32 bytes;
    i32 type;
    u32 generation, ino_low, ino_high;
};
#define HEAD_SIZE offsetof(struct handle, generation)
#define OWN_SIZE (sizeof(struct handle) - HEAD_SIZE)

static bool has_handles(const struct super *super) { return !strcmp(super->type, "tmpfs"); }

/* Numbers are never used again; the time keeps those of another guest apart. */
static u32 generation(const struct inode *inode) { return (u32)(inode->btime >> 10); }

static i64 put_handle(struct dentry *d, u64 to, u64 mount_id_to, bool unique) {
    struct handle handle = { 0 };
    u64 mount = MINOR(d->super->dev), size = sizeof(handle);
    if (!has_handles(d->super))
        return -EOPNOTSUPP;
    if (copy_from_user(&handle, to, HEAD_SIZE))
        return -EFAULT;
    if (handle.bytes > HANDLE_BYTES_MAX)
        return -EINVAL;
    bool fits = handle.bytes >= OWN_SIZE;
    handle = (struct handle){ .bytes = OWN_SIZE, .type = HANDLE_IN_MEMORY, .generation = generation(d->inode),
                              .ino_low = (u32)d->inode->ino, .ino_high = (u32)(d->inode->ino >> 32) };
    if (!fits) {
        handle.type = HANDLE_INVALID;
        size = HEAD_SIZE;
    }
    if (copy_to_user(mount_id_to, &mount, unique ? sizeof(u64) : sizeof(u32)) || copy_to_user(to, &handle, size))
        return -EFAULT;
    return fits ? 0 : -EOVERFLOW;
}

i64 sys_name_to_handle_at(const u64 *a) {
    u32 flags = (u32)a[4];
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH | AT_HANDLE_MNT_ID_UNIQUE | AT_HANDLE_FID))
        return -EINVAL;
    struct dentry *d = walk_user((i32)a[0], a[1], (flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0) |
                                                      (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0));
    if (IS_ERR(d))
        return PTR_ERR(d);
    i64 result = put_handle(d, a[2], a[3], flags & AT_HANDLE_MNT_ID_UNIQUE);
    dentry_put(d);
    return result;
}

/* The next in the tree below `root`, parents before children; NULL at its end. */
static struct dentry *next_below(struct dentry *root, struct dentry *d) {
    if (!list_empty(&d->children))
        return list_first(&d->children, struct dentry, sibling);
    while (d != root && d->sibling.next == &d->parent->children)
        d = d->parent;
    return d == root ? NULL : list_entry(d->sibling.next, struct dentry, sibling);
}

/* All names in memory are in the tree. */
static struct dentry *find(struct super *super, const struct handle *handle) {
    u64 ino = (u64)handle->ino_high << 32 | handle->ino_low;
    for (struct dentry *d = super->root; d && !current->kill_pending; d = next_below(super->root, d))
        if (d->inode && d->inode->ino == ino && generation(d->inode) == handle->generation)
            return d;
    return NULL;
}

static i64 open_handle(struct super *super, u64 at, u32 size, u32 flags) {
    struct handle handle;
    u8 rest[HANDLE_BYTES_MAX];
    if (copy_from_user(rest, at + HEAD_SIZE, size))
        return -EFAULT;
    if (!has_handles(super) || size < OWN_SIZE)
        return -ESTALE;
    memcpy(&handle.generation, rest, OWN_SIZE);
    struct dentry *d = find(super, &handle);
    if (!d)
        return -ESTALE;
    dentry_get(d);
    struct file *file = file_open_existing(d, flags);
    dentry_put(d);
    return IS_ERR(file) ? PTR_ERR(file) : fd_install(file, 0, flags & O_CLOEXEC);
}

i64 sys_open_by_handle_at(const u64 *a) {
    struct handle head;
    i32 at = (i32)a[0];
    if (copy_from_user(&head, a[1], HEAD_SIZE))
        return -EFAULT;
    if (!head.bytes || head.bytes > HANDLE_BYTES_MAX || head.type < 0)
        return -EINVAL;
    struct file *mount = at == AT_FDCWD ? NULL : fd_peek_any(at);
    if (at != AT_FDCWD && !mount)
        return -EBADF;
    if (!capable(CAP_DAC_READ_SEARCH))
        return -EPERM;
    return open_handle(mount ? mount->dentry->super : current->fs->cwd->super, a[1], head.bytes, (u32)a[2]);
}
