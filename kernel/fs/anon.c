/* Objects outside the tree: pipes, events, epolls. They share one pseudo file system. */
#include "fs/anon.h"
#include "errno.h"
#include "hypercall.h"
#include "lib.h"
#include "task.h"

static struct super anon_super = {.type = "anon", .source = "none", .magic = ANON_MAGIC};

void anon_inode_init(struct inode *inode, const struct inode_ops *ops, u32 mode) {
    if (!anon_super.dev)
        super_init(&anon_super, "anon", "none", ANON_MAGIC, 0);
    inode_init(inode, &anon_super, ops, mode);
    inode->ino = inode_number();
    inode->atime = inode->mtime = inode->ctime = clock_realtime();
    inode->uid = current ? current->cred->fsuid : boot.uid;
    inode->gid = current ? current->cred->fsgid : boot.gid;
}

static void free_anon(struct inode *inode) { kfree(inode); }
static const struct inode_ops anon_ops = {.free = free_anon};

i64 anon_seek(struct file *file, i64 offset, i32 whence) { return 0; }

struct file *anon_file(const char *name, const struct file_ops *ops, u32 flags, void *private) {
    struct inode *inode = kmalloc(sizeof(*inode));
    if (!inode)
        return ERR_PTR(-ENOMEM);
    anon_inode_init(inode, &anon_ops, 0600);
    struct dentry *d = dentry_anon(inode, name);
    if (!d) {
        inode_put(inode);
        return ERR_PTR(-ENOMEM);
    }
    struct file *file = file_new(d, ops, flags);
    dentry_put(d);
    if (!IS_ERR(file))
        file->private = private;
    return file;
}
