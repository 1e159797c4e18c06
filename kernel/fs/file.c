/* Open files, and what the rest of the kernel asks of them. */
#include "fs/async.h"
#include "fs/epoll.h"
#include "fs/lease.h"
#include "fs/notify.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "lib.h"
#include "task.h"

static const struct file_ops path_ops; /* of O_PATH files, and until open has found better: nothing works */

struct file *file_new(struct dentry *dentry, const struct file_ops *ops, u32 flags) {
    struct file *file = kmalloc(sizeof(*file));
    if (!file)
        return ERR_PTR(-ENOMEM);
    file->ops = ops;
    file->refs = 1;
    file->flags = flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
    file->pos = 0;
    file->dentry = dentry_get(dentry);
    file->inode = dentry->inode;
    file->private = NULL;
    list_init(&file->epoll_items);
    file->async = NULL;
    file->hold = file->reads = 0;
    return file;
}

struct file *file_get(struct file *file) {
    file->refs++;
    return file;
}

/* A file without a name goes for good when the last that has it open closes it. */
static void notify_closed(struct file *file) {
    notify_object(file->dentry, file_writable(file) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
    if (!file->inode->nlink && file->dentry->refs == 1)
        inotify_gone(file->inode);
}

void file_put(struct file *file) {
    if (!file || --file->refs)
        return;
    epoll_forget(file);
    lease_forget(file);
    async_forget(file);
    if (!list_empty(&file->inode->locks))
        locks_release_file(file->inode, file);
    if (file->inode->pages.dirty && file_writable(file))
        inode_write_back(file->inode, 0, ~0UL);
    if (file->ops->release)
        file->ops->release(file);
    if (unlikely(inotify_watches) && file->ops != &path_ops)
        notify_closed(file);
    file_release_hold(file);
    file->inode->readers -= file->reads;
    dentry_put(file->dentry);
    kfree(file);
}

void file_release_hold(struct file *file) {
    file->inode->writers -= file->hold;
    file->hold = 0;
}

static void hold(struct file *file, i32 as) {
    file->hold = as;
    file->inode->writers += as;
}

struct file *file_open_dentry(struct dentry *dentry, u32 flags) {
    struct inode *inode = dentry->inode;
    const struct file_ops *ops = inode->ops->file;
    i64 (*open)(struct inode *, struct file *) = inode->ops->open;
    if (flags & O_PATH) {
        ops = &path_ops;
        open = NULL;
    } else if (!ops && !open) { /* a special file of a file system that leaves it to us */
        open = S_ISFIFO(inode->mode) ? fifo_open : S_ISCHR(inode->mode) ? device_open : NULL;
        if (!open)
            return ERR_PTR(-ENXIO);
    }
    struct file *file = file_new(dentry, ops ? ops : &path_ops, flags);
    if (IS_ERR(file))
        return file;
    if (S_ISREG(inode->mode) && file_writable(file))
        hold(file, 1);
    else if (S_ISREG(inode->mode) && !(flags & O_PATH))
        inode->readers += file->reads = 1;
    if (!open) {
        if (!(flags & O_PATH))
            notify_file(dentry, IN_OPEN);
        return file;
    }
    file->flags |= flags & O_NOCTTY; /* only opening a terminal asks for it */
    i64 error = open(inode, file);
    file->flags &= ~O_NOCTTY;
    if (error) {
        file->ops = &path_ops; /* nothing was opened, so nothing is to be released */
        file_put(file);
        return ERR_PTR(error);
    }
    notify_file(dentry, IN_OPEN);
    return file;
}

void file_accessed(struct file *file) {
    if (!(file->flags & O_NOATIME))
        inode_accessed(file->inode);
}

static i64 counted(i64 moved, bool write) {
    current->process->move_calls[write]++;
    current->process->moved_bytes[write] += MAX(moved, 0);
    return moved;
}

i64 file_read(struct file *file, struct io *io, u64 *pos) {
    if (!file_readable(file))
        return -EBADF;
    if (S_ISDIR(file->inode->mode))
        return -EISDIR;
    i64 done = file->ops->read ? file->ops->read(file, io, pos) : -EINVAL;
    if (done > 0)
        notify_file(file->dentry, IN_ACCESS);
    return counted(done, false);
}

i64 file_write(struct file *file, struct io *io, u64 *pos) {
    if (!file_writable(file))
        return -EBADF;
    i64 done = file->ops->write ? file->ops->write(file, io, pos) : -EINVAL;
    if (done > 0)
        notify_file(file->dentry, IN_MODIFY);
    return counted(done, true);
}

u32 file_poll(struct file *file, struct poll_table *table) {
    if (!file->ops->poll)
        return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    return file->ops->poll(file, table);
}

struct watch_table {
    struct poll_table table;
    struct poll_watch *watch;
};

static void hang_watch(struct poll_table *table, struct poll_head *head) {
    struct poll_watch *watch = container_of(table, struct watch_table, table)->watch;
    if (list_empty(&watch->link))
        list_append(&head->watches, &watch->link);
}

u32 file_poll_watched(struct file *file, struct poll_watch *watch) {
    struct watch_table hanging = {{hang_watch}, watch};
    return file_poll(file, &hanging.table);
}

struct inode *file_inode(struct file *file) { return file->inode; }
struct dentry *file_dentry(struct file *file) { return dentry_get(file->dentry); }
bool file_can_read(const struct file *file) { return file_readable(file); }
bool file_is_sealed(const struct file *file) { return file->inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE); }
bool file_can_write(const struct file *file) { return file_writable(file) && !file_is_sealed(file); }
bool file_is_regular(const struct file *file) { return S_ISREG(file->inode->mode) && file->ops == &regular_ops; }
bool file_is_zero_device(const struct file *file) {
    return S_ISCHR(file->inode->mode) && file->inode->rdev == MAKEDEV(1, 5);
}
i64 file_path(struct file *file, char *buf, u64 size) { return dentry_path(file->dentry, NULL, buf, size); }

i64 file_punch(struct file *file, u64 offset, u64 size) {
    const struct inode_ops *ops = file->inode->ops;
    return ops->allocate ? ops->allocate(file->inode, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, size)
                         : -EOPNOTSUPP;
}

i64 file_sync(struct file *file, bool data_only) {
    struct inode *inode = file->inode;
    i64 error = inode->pages.dirty ? inode_write_back(inode, 0, ~0UL) : 0;
    i64 synced = inode->ops->sync ? inode->ops->sync(inode, data_only) : 0;
    return error ? error : synced;
}

i64 file_read_kernel(struct file *file, u64 offset, void *buf, u64 size) {
    u64 done = 0;
    while (done < size) {
        struct io io;
        u64 pos = offset + done;
        io_kernel(&io, (char *)buf + done, size - done);
        i64 got = file->ops->read ? file->ops->read(file, &io, &pos) : -EINVAL;
        if (got < 0)
            return done ? (i64)done : got;
        if (!got)
            break;
        done += got;
    }
    return done;
}

struct file *file_open_exec(i32 dirfd, const char *path, u32 flags) {
    struct walk w;
    char *text = path_from_kernel(0, path);
    if (IS_ERR(text))
        return (struct file *)text;
    u32 how = WALK_OPEN | (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
    i64 error = walk_at(&w, dirfd, text, how);
    if (error)
        return ERR_PTR(error);
    struct inode *inode = w.at->inode;
    struct file *file;
    if (S_ISLNK(inode->mode))
        file = ERR_PTR(-ELOOP);
    else if (!S_ISREG(inode->mode) || (error = inode_permission(inode, MAY_EXEC)))
        file = ERR_PTR(-EACCES);
    else if (inode->writers > 0)
        file = ERR_PTR(-ETXTBSY);
    else if ((error = lease_break(inode, O_RDONLY)))
        file = ERR_PTR(error);
    else
        file = file_open_dentry(w.at, O_RDONLY);
    if (!IS_ERR(file))
        hold(file, -1);
    dentry_put(w.at);
    return file;
}
