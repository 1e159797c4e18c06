/* Descriptor tables: leaves of 64 descriptors, so that a small process has a small table and a
   fork copies only what is open. */
#include "fs/dnotify.h"
#include "fs/open.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/resource.h"
#include "task.h"
#include "uaccess.h"

struct fd_table *fd_table_new(void) {
    struct fd_table *t = kmalloc(sizeof(*t));
    if (!t)
        return NULL;
    t->refs = 1;
    t->leaves = ARRAY_LEN(t->first);
    t->leaf = t->first;
    for (u32 i = 0; i < ARRAY_LEN(t->first); i++)
        t->first[i] = NULL;
    return t;
}

struct fd_table *fd_table_get(struct fd_table *t) {
    t->refs++;
    return t;
}

i32 fd_table_reach(const struct fd_table *t) {
    return (t->leaves > ARRAY_LEN(t->first) || t->leaf[1] ? t->leaves : 1) * FD_LEAF;
}

static struct fd_leaf *leaf_of(const struct fd_table *t, i32 fd) {
    u32 n = (u32)fd / FD_LEAF;
    return n < t->leaves ? t->leaf[n] : NULL;
}

/* The leaf of a descriptor, made when missing; NULL: no memory. */
static struct fd_leaf *leaf_make(struct fd_table *t, i32 fd) {
    u32 n = (u32)fd / FD_LEAF;
    if (n >= t->leaves) {
        u32 leaves = t->leaves;
        while (leaves <= n)
            leaves *= 2;
        struct fd_leaf **grown = kmalloc(leaves * sizeof(*grown));
        if (!grown)
            return NULL;
        for (u32 i = 0; i < leaves; i++)
            grown[i] = i < t->leaves ? t->leaf[i] : NULL;
        if (t->leaf != t->first)
            kfree(t->leaf);
        t->leaf = grown;
        t->leaves = leaves;
    }
    if (!t->leaf[n]) {
        struct fd_leaf *leaf = kmalloc(sizeof(*leaf));
        if (!leaf)
            return NULL;
        leaf->open = leaf->cloexec = 0;
        t->leaf[n] = leaf;
    }
    return t->leaf[n];
}

struct file *fd_in(const struct fd_table *t, i32 fd) {
    struct fd_leaf *leaf = fd < 0 ? NULL : leaf_of(t, fd);
    return leaf && (leaf->open >> (fd % FD_LEAF) & 1) ? leaf->file[fd % FD_LEAF] : NULL;
}

struct file *fd_peek_any(i32 fd) { return fd_in(current->files, fd); }

struct file *fd_peek(i32 fd) {
    struct file *file = fd_in(current->files, fd);
    return file && !(file->flags & O_PATH) ? file : NULL;
}

struct file *fd_file(struct fd_table *t, i32 fd) {
    struct file *file = fd_in(t, fd);
    return file && !(file->flags & O_PATH) ? file_get(file) : NULL;
}

/* One above the highest descriptor the process may have. */
static i32 fd_limit(void) {
    u64 limit = current ? current->process->limits[RLIMIT_NOFILE].cur : FD_LEAF;
    return MIN(MIN(limit, (u64)boot.max_files), (u64)FD_ROOT * FD_LEAF);
}

static i32 lowest_free(const struct fd_table *t, i32 from, i32 limit) {
    for (i32 fd = from; fd < limit; fd = (fd / FD_LEAF + 1) * FD_LEAF) {
        struct fd_leaf *leaf = leaf_of(t, fd);
        u64 free = leaf ? ~leaf->open >> (fd % FD_LEAF) : 1;
        if (free) {
            fd += __builtin_ctzl(free);
            return fd < limit ? fd : -1;
        }
    }
    return -1;
}

static void put_at(struct fd_leaf *leaf, i32 fd, struct file *file, bool cloexec) {
    u64 bit = 1UL << (fd % FD_LEAF);
    leaf->file[fd % FD_LEAF] = file;
    leaf->open |= bit;
    leaf->cloexec = cloexec ? leaf->cloexec | bit : leaf->cloexec & ~bit;
}

bool fd_cloexec(i32 fd) { return leaf_of(current->files, fd)->cloexec >> (fd % FD_LEAF) & 1; }

void fd_set_cloexec(i32 fd, bool on) {
    struct fd_leaf *leaf = leaf_of(current->files, fd);
    put_at(leaf, fd, leaf->file[fd % FD_LEAF], on);
}

i64 fd_put(struct fd_table *t, i32 fd, struct file *file, bool cloexec) {
    struct fd_leaf *leaf = leaf_make(t, fd);
    if (!leaf) {
        file_put(file);
        return -ENOMEM;
    }
    put_at(leaf, fd, file, cloexec);
    return fd;
}

i64 fd_install(struct file *file, i32 from, bool cloexec) {
    struct fd_table *t = current->files;
    i32 fd = lowest_free(t, from, fd_limit());
    if (fd < 0) {
        file_put(file);
        return -EMFILE;
    }
    return fd_put(t, fd, file, cloexec);
}

i64 fd_install_pair(struct file **ends, u64 to, bool cloexec) {
    i32 fds[2];
    i64 first = fd_install(ends[0], 0, cloexec);
    if (first < 0) {
        file_put(ends[1]);
        return first;
    }
    i64 second = fd_install(ends[1], 0, cloexec);
    fds[0] = first;
    fds[1] = second;
    i64 error = second < 0 ? second : copy_to_user(to, fds, sizeof(fds));
    if (error) {
        fd_close(current->files, first);
        fd_close(current->files, second);
    }
    return error;
}

i64 fd_replace(struct file *file, i32 fd, bool cloexec) {
    struct fd_table *t = current->files;
    struct fd_leaf *leaf = NULL;
    i64 error = -EBADF;
    if (fd >= 0 && fd < fd_limit()) {
        leaf = leaf_make(t, fd);
        error = -ENOMEM;
    }
    if (!leaf) {
        file_put(file);
        return error;
    }
    fd_close(t, fd);
    put_at(leaf, fd, file, cloexec);
    return fd;
}

i64 fd_close(struct fd_table *t, i32 fd) {
    struct file *file = fd_in(t, fd);
    if (!file)
        return -EBADF;
    struct fd_leaf *leaf = leaf_of(t, fd);
    leaf->open &= ~(1UL << (fd % FD_LEAF));
    leaf->cloexec &= ~(1UL << (fd % FD_LEAF));
    if (!list_empty(&file->inode->locks))
        locks_release_table(file->inode, t);
    if (unlikely(file->async))
        dnotify_forget(file, t);
    if (file->ops->flush)
        file->ops->flush(file);
    file_put(file);
    return 0;
}

i32 fd_next(const struct fd_table *t, i32 from) {
    for (u32 n = (u32)from / FD_LEAF; n < t->leaves; n++, from = n * FD_LEAF) {
        u64 open = t->leaf[n] ? t->leaf[n]->open >> (from % FD_LEAF) : 0;
        if (open)
            return from + __builtin_ctzl(open);
    }
    return -1;
}

struct fd_table *fd_table_fork(struct fd_table *from) {
    struct fd_table *t = fd_table_new();
    if (!t)
        return ERR_PTR(-ENOMEM);
    for (i32 fd = fd_next(from, 0); fd >= 0; fd = fd_next(from, fd + 1)) {
        struct fd_leaf *old = leaf_of(from, fd);
        struct file *file = file_get(old->file[fd % FD_LEAF]);
        if (fd_put(t, fd, file, old->cloexec >> (fd % FD_LEAF) & 1) < 0) {
            fd_table_put(t);
            return ERR_PTR(-ENOMEM);
        }
    }
    return t;
}

void fd_table_put(struct fd_table *t) {
    if (!t || --t->refs)
        return;
    for (i32 fd = fd_next(t, 0); fd >= 0; fd = fd_next(t, fd + 1))
        fd_close(t, fd);
    for (u32 i = 0; i < t->leaves; i++)
        kfree(t->leaf[i]);
    if (t->leaf != t->first)
        kfree(t->leaf);
    kfree(t);
}

void fd_table_close_on_exec(struct fd_table *t) {
    for (u32 n = 0; n < t->leaves; n++)
        while (t->leaf[n] && t->leaf[n]->cloexec)
            fd_close(t, n * FD_LEAF + __builtin_ctzl(t->leaf[n]->cloexec));
}
