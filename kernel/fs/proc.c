/* The machinery of /proc and /sys: inodes are made when looked up and live as long as somebody looks. */
#include "fs/proc.h"
#include "errno.h"
#include "fs/regular.h"
#include "fs/walk.h"
#include "hypercall.h"
#include "lib.h"

struct proc_inode {
    struct inode inode;
    const struct proc_node *node;
    i32 pid;    /* of the process it is about, or 0 */
    i32 number; /* in a directory of numbers: descriptor or thread */
    u64 born;   /* the process: another one may have got its pid since */
};

static struct super proc_super, sys_super;
static const struct inode_ops dir_ops, file_ops_inode, link_ops, magic_ops;

static struct proc_inode *of(struct inode *inode) { return container_of(inode, struct proc_inode, inode); }

struct process *proc_process_of(struct inode *inode) {
    struct process *process = process_find(of(inode)->pid);
    return process && process->start_ns == of(inode)->born ? process : NULL;
}

i32 proc_pid_of_directory(struct inode *inode) {
    return inode->ops == &dir_ops && of(inode)->node == &proc_process ? of(inode)->pid : 0;
}

/* What an inode is about is gone: it may stay open, but says nothing any more. */
static bool gone(struct inode *inode) { return of(inode)->pid && !proc_process_of(inode); }

struct task *proc_task(struct process *p) {
    if (!p || p->zombie || list_empty(&p->threads))
        return NULL;
    struct task *task = list_first(&p->threads, struct task, thread_link);
    return task->mm && task->files && task->fs ? task : NULL;
}

static u64 number_of(const struct proc_node *node, i32 pid, i32 number) {
    return (u64)pid << 32 ^ (u64)(u32)number << 16 ^ (u32)(u64)node;
}

/* Who may not be looked into shows its directories and no more; itself it always sees. */
static void set_owner(struct inode *inode, const struct process *process) {
    bool hidden = process->not_dumpable && inode->mode != (S_IFDIR | 0555);
    if (!hidden || (S_ISDIR(inode->mode) && process == current->process)) {
        inode->uid = process->cred->euid;
        inode->gid = process->cred->egid;
    }
}

static struct inode *make_inode(struct super *super, const struct proc_node *node, i32 pid, i32 number) {
    struct proc_inode *p = kmalloc(sizeof(*p));
    if (!p)
        return NULL;
    const struct inode_ops *ops = S_ISDIR(node->mode) ? &dir_ops
                                  : node->follow      ? &magic_ops
                                  : node->link        ? &link_ops
                                  : node->ops         ? node->ops
                                                      : &file_ops_inode;
    inode_init(&p->inode, super, ops, node->mode);
    p->node = node;
    p->pid = pid;
    p->number = number;
    p->inode.ino = number_of(node, pid, number);
    p->inode.mtime = p->inode.ctime = p->inode.atime = clock_realtime();
    struct process *process = pid ? process_find(pid) : NULL;
    p->born = process ? process->start_ns : 0;
    if (process)
        set_owner(&p->inode, process);
    if (S_ISDIR(node->mode))
        p->inode.nlink = 2;
    return &p->inode;
}

void proc_free(struct inode *inode) { kfree(of(inode)); }

/* What stands in for several entries of a kind has a number of its own. */
static i32 number_below(const struct proc_inode *p, const struct proc_node *entry) {
    return entry->number ? entry->number : p->number;
}

static bool is_there(const struct proc_inode *p, const struct proc_node *entry) {
    return !entry->there || entry->there(number_below(p, entry));
}

/* A name as a number without leading zeros, or -1. */
static i32 parse_number(const struct name *name) {
    i32 n = 0;
    if (!name->size || name->size > 7 || (name->text[0] == '0' && name->size > 1))
        return -1;
    for (u32 i = 0; i < name->size; i++) {
        if (name->text[i] < '0' || name->text[i] > '9')
            return -1;
        n = n * 10 + name->text[i] - '0';
    }
    return n;
}

static struct dentry *attach(struct dentry *dir, const struct name *name, const struct proc_node *node,
                             i32 pid, i32 number) {
    struct inode *inode = make_inode(dir->super, node, pid, number);
    struct dentry *d = inode ? dentry_new(dir->super, dir, name) : NULL;
    if (!d) {
        inode_put(inode);
        return ERR_PTR(-ENOMEM);
    }
    dentry_attach(d, inode, DENTRY_UNCACHED);
    return d;
}

static struct dentry *proc_lookup(struct dentry *dir, const struct name *name, const char *rest, u32 flags) {
    struct proc_inode *p = of(dir->inode);
    const struct proc_node *node = p->node;
    if (gone(dir->inode))
        return ERR_PTR(-ESRCH);
    for (const struct proc_node *e = node->entries; e && e->name; e++)
        if (strlen(e->name) == name->size && !memcmp(e->name, name->text, name->size) && is_there(p, e))
            return attach(dir, name, e, p->pid, number_below(p, e));
    i32 number = node->next ? parse_number(name) : -1;
    struct process *process = proc_process_of(dir->inode);
    /* Not even a name to be made here: nothing is. */
    if (number < 0 || node->next(process, number) != number)
        return ERR_PTR(-ENOENT);
    /* In the root the numbers are processes, below they belong to one. */
    return attach(dir, name, node->numbered, p->pid ? p->pid : number, p->pid ? number : 0);
}

static bool proc_revalidate(struct dentry *d) {
    struct inode *dir = d->parent->inode;
    if (!d->inode || gone(d->inode))
        return false;
    const struct proc_node *node = of(dir)->node;
    i32 number = of(dir)->pid ? of(d->inode)->number : of(d->inode)->pid;
    return of(d->inode)->node != node->numbered || node->next(proc_process_of(dir), number) == number;
}

static i64 proc_readdir(struct file *file, struct dir_sink *sink) {
    struct proc_inode *p = of(file->inode);
    const struct proc_node *node = p->node, *e = node->entries;
    char text[16];
    u64 place = 2;
    if (gone(file->inode))
        return -ENOENT;
    if (!dir_emit_dots(sink, file))
        return 0;
    for (; e && e->name; e++, place++) {
        u64 ino = number_of(e, p->pid, number_below(p, e));
        if (file->pos <= place && is_there(p, e) && !dir_emit(sink, e->name, strlen(e->name), ino, DT_OF(e->mode), place + 1))
            return 0;
    }
    if (!node->next)
        return 0;
    struct process *process = proc_process_of(file->inode);
    for (i32 n = node->next(process, file->pos - place); n >= 0; n = node->next(process, n + 1)) {
        u64 size = format(text, sizeof(text), "%d", n);
        u64 ino = number_of(node->numbered, p->pid ? p->pid : n, p->pid ? n : 0);
        if (!dir_emit(sink, text, size, ino, DT_OF(node->numbered->mode), place + n + 1))
            return 0;
    }
    return 0;
}

static i64 proc_dir_seek(struct file *file, i64 offset, i32 whence) { return seek_to(file, offset, whence, 0); }

/* Text is made when a file is read from its start, and stays what it was until then. */
static i64 proc_read(struct file *file, struct io *io, u64 *pos) {
    static struct segments from;
    struct text *text = file->private;
    struct proc_inode *p = of(file->inode);
    if (!text && !(text = file->private = kzalloc(sizeof(*text))))
        return -ENOMEM;
    if (*pos == 0) {
        if (gone(file->inode))
            return -ESRCH;
        text_free(text);
        if (p->node->write_numbered)
            p->node->write_numbered(text, proc_process_of(file->inode), p->number);
        else
            p->node->write(text, proc_process_of(file->inode));
    }
    if (*pos >= text->size)
        return 0;
    u64 done = 0, size = text->size;
    while (io->left && *pos < size) {
        u64 *entry = page_map_find(&text->pages, *pos / PAGE_SIZE);
        from.count = 0;
        segments_add(&from, ENTRY_FRAME(*entry) + *pos % PAGE_SIZE, MIN(PAGE_SIZE - *pos % PAGE_SIZE, size - *pos));
        i64 put = io_put_runs(io, &from);
        if (put <= 0)
            return done ? (i64)done : put;
        *pos += put;
        done += put;
    }
    return done;
}

static i64 proc_write(struct file *file, struct io *io, u64 *pos) {
    struct proc_inode *p = of(file->inode);
    if (gone(file->inode))
        return -ESRCH;
    return p->node->store ? p->node->store(proc_process_of(file->inode), p->number, io) : -EINVAL;
}

/* Shells cut what they are about to write. */
static i64 proc_setattr(struct inode *inode, const struct attr_change *change) {
    return change->mask & ~NV_SET_SIZE ? -EPERM : 0;
}

static void proc_release(struct file *file) {
    if (file->private)
        text_free(file->private);
    kfree(file->private);
}

static i64 proc_seek(struct file *file, i64 offset, i32 whence) {
    return whence == SEEK_END ? -EINVAL : seek_to(file, offset, whence, 0);
}

static i64 proc_readlink(struct inode *inode, char *buf, u64 size) {
    struct process *process = proc_process_of(inode);
    if (gone(inode))
        return -ENOENT;
    return of(inode)->node->link(process, of(inode)->number, buf, size);
}

static struct dentry *proc_follow(struct inode *inode) {
    struct process *process = proc_process_of(inode);
    struct dentry *to = process ? of(inode)->node->follow(process, of(inode)->number) : NULL;
    return to ? to : ERR_PTR(-ENOENT);
}

static const struct file_ops proc_dir_file_ops = {.readdir = proc_readdir, .seek = proc_dir_seek, .seekable = true};
static const struct file_ops proc_file_ops = {
    .read = proc_read, .write = proc_write, .seek = proc_seek, .release = proc_release, .seekable = true,
};
static const struct inode_ops dir_ops = {
    .file = &proc_dir_file_ops, .lookup = proc_lookup, .revalidate = proc_revalidate, .free = proc_free,
};
static const struct inode_ops file_ops_inode = {
    .file = &proc_file_ops, .setattr = proc_setattr, .free = proc_free,
};
static const struct inode_ops link_ops = {.readlink = proc_readlink, .free = proc_free};
static const struct inode_ops magic_ops = {.readlink = proc_readlink, .follow = proc_follow, .free = proc_free};

static void mount_at(struct super *super, const char *path, const struct proc_node *root) {
    struct name empty = {"", 0, 0};
    struct inode *inode = make_inode(super, root, 0, 0);
    super->root = inode ? dentry_new(super, NULL, &empty) : NULL;
    struct dentry *on = walk_kernel(path, 0);
    if (!super->root || IS_ERR(on))
        panic("cannot mount %s", path);
    super->root->inode = inode;
    super_mount(super, on);
}

void proc_mount(void) {
    super_init(&proc_super, "proc", "proc", PROC_MAGIC, 0);
    mount_at(&proc_super, "/proc", &proc_root);
    super_init(&sys_super, "sysfs", "sysfs", SYSFS_MAGIC, 0);
    mount_at(&sys_super, "/sys", &sys_root);
}
