/* Extended attributes of files in memory: a short list beside the inode. */
#include "errno.h"
#include "fs/tmpfs.h"
#include "fs/xattr.h"
#include "lib.h"
#include "sched.h"

#define VALUE_MAX 3072 /* bytes of one value: an object of the heap holds it with its name */
#define COUNT_MAX 64   /* attributes of one inode */

struct xattr {
    struct xattr *next;
    u32 name_size, size;
    char text[]; /* the name with its NUL, then the value */
};

static struct tmpfs_inode *of(struct inode *inode) { return container_of(inode, struct tmpfs_inode, inode); }

/* Where the link to an attribute is, or the end of the list. */
static struct xattr **find(struct inode *inode, const char *name) {
    struct xattr **at = &of(inode)->xattrs;
    while (*at && strcmp((*at)->text, name))
        at = &(*at)->next;
    return at;
}

static u64 objects(const struct xattr *x) { return 1 + (sizeof(*x) + x->name_size + x->size) / TMPFS_OBJECT; }

static void drop(struct xattr **at) {
    struct xattr *x = *at;
    *at = x->next;
    tmpfs_uncharge(objects(x));
    kfree(x);
}

static i64 get(struct inode *inode, const char *name, struct io *to, bool ask) {
    struct xattr *x = *find(inode, name);
    if (!x)
        return -ENODATA;
    if (ask)
        return x->size;
    if (to->left < x->size)
        return -ERANGE;
    return io_put_all(to, x->text + x->name_size, x->size);
}

static i64 set(struct inode *inode, const char *name, struct io *from, u32 flags) {
    struct xattr **at = find(inode, name);
    u32 name_size = strlen(name) + 1, size = from->left, count = 0;
    if (*at ? flags & XATTR_CREATE : flags & XATTR_REPLACE)
        return *at ? -EEXIST : -ENODATA;
    for (struct xattr *x = of(inode)->xattrs; x; x = x->next)
        count += x != *at; /* whose place the new one takes */
    struct xattr *fresh = size <= VALUE_MAX && count < COUNT_MAX ? kmalloc(sizeof(*fresh) + name_size + size) : NULL;
    if (!fresh)
        return -ENOSPC;
    fresh->name_size = name_size;
    fresh->size = size;
    memcpy(fresh->text, name, name_size);
    i64 error = size && io_take(from, fresh->text + name_size, size) != size ? -EFAULT : 0;
    if (!error && !tmpfs_charge(objects(fresh)))
        error = -ENOSPC;
    if (error) {
        kfree(fresh);
        return error;
    }
    if (*at)
        drop(at);
    fresh->next = of(inode)->xattrs;
    of(inode)->xattrs = fresh;
    inode->ctime = clock_realtime();
    return 0;
}

static i64 remove(struct inode *inode, const char *name) {
    struct xattr **at = find(inode, name);
    if (!*at)
        return -ENODATA;
    drop(at);
    inode->ctime = clock_realtime();
    return 0;
}

static i64 list(struct inode *inode, struct io *to, bool ask) {
    u64 size = 0;
    for (struct xattr *x = of(inode)->xattrs; x; x = x->next)
        size += x->name_size;
    if (ask)
        return size;
    if (to->left < size)
        return -ERANGE;
    for (struct xattr *x = of(inode)->xattrs; x; x = x->next)
        if (io_put(to, x->text, x->name_size) != x->name_size)
            return -EFAULT;
    return size;
}

void tmpfs_xattr_free(struct inode *inode) {
    while (of(inode)->xattrs)
        drop(&of(inode)->xattrs);
}

const struct xattr_ops tmpfs_xattr_ops = {.get = get, .set = set, .remove = remove, .list = list};
