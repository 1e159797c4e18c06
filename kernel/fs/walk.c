/* Path resolution: one component after the other, links spliced into the rest of the path. */
#include "fs/walk.h"
#include "errno.h"
#include "fs/open.h"
#include "lib.h"
#include "task.h"
#include "uaccess.h"

#define MAX_LINKS 40
#define BUFFER (PATH_MAX + 8) /* words are read over the end of the text */

static char buffers[2][BUFFER] __attribute__((aligned(8)));
static char link_text[PATH_MAX] __attribute__((aligned(8)));

char *path_from_user(int buffer, u64 address) {
    i64 size = copy_string_from_user(buffers[buffer], address, PATH_MAX);
    return size < 0 ? ERR_PTR(size) : buffers[buffer];
}

char *path_from_kernel(int buffer, const char *path) {
    u64 size = strlen(path);
    if (size >= PATH_MAX)
        return ERR_PTR(-ENAMETOOLONG);
    if (path != buffers[buffer])
        memcpy(buffers[buffer], path, size + 1);
    return buffers[buffer];
}

/* A byte with its top bit set wherever `word` has a zero byte; exact up to the first. */
static u64 zero_bytes(u64 word) { return (word - 0x0101010101010101UL) & ~word & 0x8080808080808080UL; }

/* Cut the component at `text`, hashing it eight bytes at a time; where it ends. */
static const char *cut_name(struct name *name, const char *text) {
    u32 hash = 0;
    for (const char *at = text;; at += 8) {
        u64 word = *(const u64 *)at;
        u64 stop = zero_bytes(word) | zero_bytes(word ^ 0x2f2f2f2f2f2f2f2fUL);
        if (!stop) {
            hash = name_hash_step(hash, word);
            continue;
        }
        u32 bytes = __builtin_ctzl(stop) / 8;
        if (bytes)
            hash = name_hash_step(hash, word & ((1UL << (bytes * 8)) - 1));
        *name = (struct name){text, at + bytes - text, hash};
        return at + bytes;
    }
}

struct dentry *walk_lookup(struct dentry *dir, const struct name *name, const char *rest, u32 flags) {
    struct inode *inode = dir->inode;
    struct dentry *d = dentry_find(dir, name);
    if (d && inode->ops->revalidate && !(d->flags & DENTRY_PINNED) && !inode->ops->revalidate(d)) {
        dentry_unhash(d);
        dentry_put(d);
        d = NULL;
    }
    if (!d) {
        if (!inode->ops->lookup)
            return NULL;
        d = inode->ops->lookup(dir, name, rest, flags);
        if (!d || IS_ERR(d))
            return d;
    }
    if (!d->inode) {
        dentry_put(d);
        return NULL;
    }
    while (d->mounted) {
        struct dentry *over = dentry_get(d->mounted);
        dentry_put(d);
        d = over;
    }
    return d;
}

static struct dentry *process_root(void) { return current && current->fs ? current->fs->root : root_dentry; }

/* Go there, taking over the reference; -EXDEV where the walk must stay in its file system. */
static i64 walk_to(struct walk *w, struct dentry *d) {
    bool leaves = (w->flags & WALK_NO_XDEV) && d->super != w->at->super;
    dentry_put(w->at);
    w->at = d;
    return leaves ? -EXDEV : 0;
}

/* To "/", which a confined walk does not have or has where it started. */
static i64 walk_to_root(struct walk *w) {
    return w->flags & WALK_BENEATH ? -EXDEV : walk_to(w, dentry_get(w->top));
}

/* One up, or nowhere at the top. */
static i64 walk_up(struct walk *w) {
    if (w->at == w->top)
        return w->flags & WALK_BENEATH ? -EXDEV : 0;
    return walk_to(w, dentry_get(dentry_up(w->at)));
}

/* Put the target of a link before the rest of the path. */
static i64 splice(struct walk *w, struct dentry *link) {
    struct inode *inode = link->inode;
    if (++w->links > MAX_LINKS || (w->flags & WALK_NO_LINKS))
        return -ELOOP;
    if (inode->ops->follow) {
        if (w->flags & WALK_NO_MAGIC_LINKS)
            return -ELOOP;
        if (w->flags & WALK_CONFINED)
            return -EXDEV;
        struct dentry *to = inode->ops->follow(inode);
        return IS_ERR(to) ? PTR_ERR(to) : walk_to(w, to);
    }
    i64 size = inode->ops->readlink(inode, link_text, PATH_MAX - 1);
    if (size < 0)
        return size;
    if (!size)
        return -ENOENT;
    u64 rest = strlen(w->rest);
    if (size + rest + 1 >= PATH_MAX)
        return -ENAMETOOLONG;
    memmove(w->buffer + size, w->rest, rest + 1);
    memcpy(w->buffer, link_text, size);
    w->rest = w->buffer;
    return link_text[0] == '/' ? walk_to_root(w) : 0;
}

static i64 walk_run(struct walk *w) {
    for (;;) {
        while (*w->rest == '/')
            w->rest++;
        w->dot = w->dotdot = false;
        w->last.size = 0;
        if (!*w->rest)
            break;
        struct name name;
        const char *end = cut_name(&name, w->rest);
        if (name.size > NAME_MAX)
            return -ENAMETOOLONG;
        const char *after = end;
        while (*after == '/')
            after++;
        bool last = !*after;
        w->slash = last && *end;
        if (!S_ISDIR(w->at->inode->mode))
            return -ENOTDIR;
        i64 error = inode_permission(w->at->inode, MAY_EXEC);
        if (error)
            return error;
        w->dot = name.size == 1 && name.text[0] == '.';
        w->dotdot = name.size == 2 && name.text[0] == '.' && name.text[1] == '.';
        if (last && (w->flags & WALK_PARENT)) {
            w->last = name;
            w->rest = (char *)end;
            return 0;
        }
        w->rest = (char *)end; /* slashes stay: a link before one must be followed */
        if (w->dot)
            continue;
        if (w->dotdot) {
            error = walk_up(w);
            if (error)
                return error;
            continue;
        }
        struct dentry *next = walk_lookup(w->at, &name, after, w->flags);
        if (!next)
            return -ENOENT;
        if (IS_ERR(next))
            return PTR_ERR(next);
        if (S_ISLNK(next->inode->mode) && (!last || w->slash || (w->flags & WALK_FOLLOW))) {
            error = splice(w, next);
            dentry_put(next);
            if (error)
                return error;
            continue;
        }
        error = walk_to(w, next);
        if (error)
            return error;
    }
    if ((w->slash || (w->flags & WALK_DIRECTORY)) && !S_ISDIR(w->at->inode->mode))
        return -ENOTDIR;
    return 0;
}

static i64 finish(struct walk *w, i64 error) {
    if (error) {
        dentry_put(w->at);
        w->at = NULL;
    }
    return error;
}

i64 walk_at(struct walk *w, i32 dirfd, char *path, u32 flags) {
    *w = (struct walk){.flags = flags, .buffer = path, .rest = path};
    if (!*path && !(flags & WALK_EMPTY))
        return -ENOENT;
    w->top = process_root();
    if (*path == '/' && !(flags & WALK_CONFINED)) {
        w->at = w->top;
    } else if (dirfd == AT_FDCWD) {
        w->at = current && current->fs ? current->fs->cwd : root_dentry;
    } else {
        struct file *file = fd_peek_any(dirfd);
        if (!file)
            return -EBADF;
        if (*path && !S_ISDIR(file->inode->mode))
            return -ENOTDIR;
        w->at = file->dentry;
    }
    dentry_get(w->at);
    if (flags & WALK_CONFINED) {
        w->top = w->at; /* referenced by the descriptor or the process as long as nothing sleeps */
        if (*path == '/' && (flags & WALK_BENEATH))
            return finish(w, -EXDEV);
    }
    return finish(w, walk_run(w));
}

i64 walk_through(struct walk *w, struct dentry *link) {
    bool slash = w->slash;
    i64 error = splice(w, link);
    if (!error)
        error = walk_run(w);
    w->slash |= slash;
    return finish(w, error);
}

struct dentry *walk_user(i32 dirfd, u64 path, u32 flags) {
    struct walk w;
    char *text = path || !(flags & WALK_EMPTY) ? path_from_user(0, path) : path_from_kernel(0, "");
    if (IS_ERR(text))
        return ERR_PTR(PTR_ERR(text));
    i64 error = walk_at(&w, dirfd, text, flags);
    return error ? ERR_PTR(error) : w.at;
}

struct dentry *walk_kernel(const char *path, u32 flags) {
    struct walk w;
    char *text = path_from_kernel(0, path);
    if (IS_ERR(text))
        return ERR_PTR(PTR_ERR(text));
    i64 error = walk_at(&w, AT_FDCWD, text, flags);
    return error ? ERR_PTR(error) : w.at;
}
