/* Extended attributes of files in memory: a short list beside the inode. */
#include "errno.h"
#include "fs/tmpfs.h"
#include "fs/xattr.h"
#include "lib.h"
#include "sched.h"
#include "task.h"

#define PARTS (XATTR_SIZE_MAX / PAGE_SIZE)

struct xattr {
    struct xattr *next; /* in descending order of names, the order in which Linux lists them */
    u32 name_size, size;
    char *value[PARTS]; /* a page each, the last as much as it takes */
    char name[];        /* with its NUL */
};

static struct tmpfs_inode *of(struct inode *inode) { return container_of(inode, struct tmpfs_inode, inode); }

/* The link to an attribute, or to the first behind it. */
static struct xattr **place(struct inode *inode, const char *name) {
    struct xattr **at = &of(inode)->xattrs;
    while (*at && strcmp((*at)->name, name) > 0)
        at = &(*at)->next;
    return at;
}

static struct xattr **find(struct inode *inode, const char *name) {
    struct xattr **at = place(inode, name);
    return *at && !strcmp((*at)->name, name) ? at : NULL;
}

static u64 objects(const struct xattr *x) { return 1 + (sizeof(*x) + x->name_size + x->size) / TMPFS_OBJECT; }

static u64 part_size(const struct xattr *x, u32 part) { return MIN(x->size - part * PAGE_SIZE, PAGE_SIZE); }

static void release(struct xattr *x) {
    for (u32 i = 0; i < PARTS; i++)
        kfree(x->value[i]);
    kfree(x);
}

static void drop(struct xattr **at) {
    struct xattr *x = *at;
    *at = x->next;
    tmpfs_uncharge(objects(x));
    release(x);
}

static i64 get(struct inode *inode, const char *name, struct io *to, bool ask) {
    struct xattr **at = find(inode, name), *x;
    if (!at)
        return -ENODATA;
    x = *at;
    if (ask)
        return x->size;
    if (to->left < x->size)
        return -ERANGE;
    for (u32 i = 0; i * PAGE_SIZE < x->size; i++)
        if (io_put_all(to, x->value[i], part_size(x, i)) < 0)
            return -EFAULT;
    return x->size;
}

/* Room for a value and what the user says it is; 0 or negative errno. */
static i64 fill(struct xattr *x, struct io *from) {
    for (u32 i = 0; i * PAGE_SIZE < x->size; i++) {
        u64 n = part_size(x, i);
        x->value[i] = kmalloc(n);
        if (!x->value[i])
            return -ENOSPC;
        if ((u64)io_take(from, x->value[i], n) != n)
            return -EFAULT;
    }
    return tmpfs_charge(objects(x)) ? 0 : -ENOSPC;
}

static i64 set(struct inode *inode, const char *name, struct io *from, u32 flags) {
    struct xattr **at = find(inode, name);
    u32 name_size = strlen(name) + 1;
    if (at ? flags & XATTR_CREATE : flags & XATTR_REPLACE)
        return at ? -EEXIST : -ENODATA;
    struct xattr *fresh = kzalloc(sizeof(*fresh) + name_size);
    if (!fresh)
        return -ENOSPC;
    fresh->name_size = name_size;
    fresh->size = from->left;
    memcpy(fresh->name, name, name_size);
    i64 error = fill(fresh, from);
    if (error) {
        release(fresh);
        return error;
    }
    if (at)
        drop(at);
    at = place(inode, name);
    fresh->next = *at;
    *at = fresh;
    inode->ctime = clock_realtime();
    return 0;
}

static i64 remove(struct inode *inode, const char *name) {
    struct xattr **at = find(inode, name);
    if (!at)
        return -ENODATA;
    drop(at);
    inode->ctime = clock_realtime();
    return 0;
}

/* Names that only the privileged see. */
static bool hidden(const struct xattr *x) { return !strncmp(x->name, "trusted.", 8) && !capable(CAP_SYS_ADMIN); }

static i64 list(struct inode *inode, struct io *to, bool ask) {
    u64 size = 0;
    for (struct xattr *x = of(inode)->xattrs; x; x = x->next)
        size += hidden(x) ? 0 : x->name_size;
    if (ask)
        return size;
    if (to->left < size)
        return -ERANGE;
    for (struct xattr *x = of(inode)->xattrs; x; x = x->next)
        if (!hidden(x) && io_put(to, x->name, x->name_size) != x->name_size)
            return -EFAULT;
    return size;
}

void tmpfs_xattr_free(struct inode *inode) {
    while (of(inode)->xattrs)
        drop(&of(inode)->xattrs);
}

const struct xattr_ops tmpfs_xattr_ops = {
    .privileged = true, .get = get, .set = set, .remove = remove, .list = list,
};
