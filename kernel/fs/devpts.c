/* /dev/pts: a name for every pseudo-terminal whose master is open. */
#include "errno.h"
#include "fs/pty.h"
#include "fs/regular.h"
#include "fs/tmpfs.h"
#include "fs/walk.h"
#include "lib.h"
#include "task.h"

#define TTY_GROUP 5
#define FIRST_INODE 3 /* of pty 0; the directory and ptmx come before */

static struct pty *ptys[PTYS_MAX];
static struct super devpts;
static struct inode root_inode, ptmx_inode;

static i64 open_ptmx(struct inode *inode, struct file *file) { return ptmx_open(file); }
static i64 open_slave(struct inode *inode, struct file *file) {
    return pty_slave_open(container_of(inode, struct pty, inode), file);
}

static void free_pty(struct inode *inode) {
    struct pty *pty = container_of(inode, struct pty, inode);
    poll_head_detach(&pty->slave);
    poll_head_detach(&pty->master);
    ring_free(&pty->typed);
    ring_free(&pty->shown);
    line_free(&pty->line);
    kfree(pty);
}

static void never_free(struct inode *inode) { inode->refs = 1; }

static const struct inode_ops slave_inode_ops = {.open = open_slave, .setattr = tmpfs_setattr, .free = free_pty};
static const struct inode_ops ptmx_inode_ops = {.open = open_ptmx, .setattr = tmpfs_setattr, .free = never_free};

static void name_inode(struct inode *inode, u64 number, u64 rdev) {
    inode->ino = number;
    inode->rdev = rdev;
    inode->atime = inode->mtime = inode->ctime = clock_realtime();
}

i64 devpts_add(struct pty *pty) {
    u32 index = 0;
    inode_init(&pty->inode, &devpts, &slave_inode_ops, S_IFCHR | 0620);
    while (index < PTYS_MAX && ptys[index])
        index++;
    if (index == PTYS_MAX) {
        inode_put(&pty->inode);
        return -ENOSPC;
    }
    pty->index = index;
    pty->control.rdev = MAKEDEV(PTY_SLAVE_MAJOR, index);
    name_inode(&pty->inode, FIRST_INODE + index, pty->control.rdev);
    pty->inode.uid = current->cred->fsuid;
    pty->inode.gid = TTY_GROUP;
    ptys[index] = pty;
    return 0;
}

void devpts_drop(struct pty *pty) { ptys[pty->index] = NULL; }

/* A name as a number without leading zeros, or PTYS_MAX. */
static u32 parse_index(const struct name *name) {
    u32 n = 0;
    if (!name->size || name->size > 3 || (name->text[0] == '0' && name->size > 1))
        return PTYS_MAX;
    for (u32 i = 0; i < name->size; i++) {
        if (name->text[i] < '0' || name->text[i] > '9')
            return PTYS_MAX;
        n = n * 10 + name->text[i] - '0';
    }
    return n;
}

static struct inode *find_inode(const struct name *name) {
    if (name->size == 4 && !memcmp(name->text, "ptmx", 4))
        return &ptmx_inode;
    u32 index = parse_index(name);
    return index < PTYS_MAX && ptys[index] ? &ptys[index]->inode : NULL;
}

static struct dentry *lookup(struct dentry *dir, const struct name *name, const char *rest, u32 flags) {
    struct inode *inode = find_inode(name);
    if (!inode)
        return NULL;
    struct dentry *d = dentry_new(&devpts, dir, name);
    if (!d)
        return ERR_PTR(-ENOMEM);
    dentry_attach(d, inode_get(inode), DENTRY_UNCACHED);
    return d;
}

struct dentry *devpts_entry(const struct name *name) {
    struct dentry *d = walk_lookup(devpts.root, name, "", 0);
    return d ? d : ERR_PTR(-EIO);
}

static bool revalidate(struct dentry *d) {
    struct name name = {d->name, d->size, d->hash};
    return find_inode(&name) == d->inode;
}

static i64 readdir(struct file *file, struct dir_sink *sink) {
    char text[16];
    if (!dir_emit_dots(sink, file))
        return 0;
    if (file->pos <= 2 && !dir_emit(sink, "ptmx", 4, ptmx_inode.ino, DT_OF(ptmx_inode.mode), 3))
        return 0;
    for (u32 i = 0; i < PTYS_MAX; i++) {
        if (!ptys[i] || file->pos > i + 3)
            continue;
        u64 size = format(text, sizeof(text), "%u", i);
        if (!dir_emit(sink, text, size, FIRST_INODE + i, DT_OF(S_IFCHR), i + 4))
            return 0;
    }
    return 0;
}

static i64 dir_seek(struct file *file, i64 offset, i32 whence) { return seek_to(file, offset, whence, PTYS_MAX + 4); }

static const struct file_ops dir_file_ops = {.readdir = readdir, .seek = dir_seek, .seekable = true};
static const struct inode_ops dir_ops = {
    .file = &dir_file_ops, .lookup = lookup, .revalidate = revalidate, .free = never_free,
};

void devpts_mount(void) {
    struct name empty = {"", 0, 0};
    super_init(&devpts, "devpts", "devpts", DEVPTS_MAGIC, 0);
    inode_init(&root_inode, &devpts, &dir_ops, S_IFDIR | 0755);
    root_inode.nlink = 2;
    name_inode(&root_inode, 1, 0);
    inode_init(&ptmx_inode, &devpts, &ptmx_inode_ops, S_IFCHR | 0666);
    name_inode(&ptmx_inode, 2, MAKEDEV(5, 2));
    devpts.root = dentry_new(&devpts, NULL, &empty);
    struct dentry *on = walk_kernel("/dev/pts", 0);
    if (!devpts.root || IS_ERR(on))
        panic("cannot mount /dev/pts");
    devpts.root->inode = &root_inode;
    super_mount(&devpts, on);
}
