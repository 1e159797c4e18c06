/* Names of AF_UNIX sockets: files, and abstract ones that are only bytes. */
#include "errno.h"
#include "fs/names.h"
#include "lib.h"
#include "net/unix.h"
#include "task.h"

#define PATH_OFFSET offsetof(struct sockaddr_un, path)
#define BUCKETS 64

static struct list table[BUCKETS];

static struct list *bucket(u64 key) {
    struct list *head = &table[key % BUCKETS];
    if (!head->next)
        list_init(head);
    return head;
}
static struct list *bucket_of_path(const struct inode *inode) { return bucket((u64)inode >> 6); }
static struct list *bucket_of_name(const struct address *name) { return bucket(hash_bytes(name->bytes, name->size)); }

struct unix_name *unix_name_get(struct unix_name *name) {
    if (name)
        name->refs++;
    return name;
}

void unix_name_put(struct unix_name *name) {
    if (name && !--name->refs)
        kfree(name);
}

static struct unix_name *name_new(const struct address *address) {
    struct unix_name *name = kmalloc(sizeof(*name));
    if (name) {
        name->refs = 1;
        name->address = *address;
    }
    return name;
}

static i64 check(const struct address *a) {
    return a->size <= PATH_OFFSET || a->size > sizeof(struct sockaddr_un) || a->family != AF_UNIX ? -EINVAL : 0;
}

static bool is_abstract(const struct address *a) { return !a->un.path[0]; }

/* The path in an address, terminated, in a path buffer. */
static char *path_of(const struct address *a) {
    char text[UNIX_PATH_MAX + 1];
    u64 n = a->size - PATH_OFFSET;
    memcpy(text, a->un.path, n);
    text[n] = 0;
    return path_from_kernel(0, text);
}

/* Each type of socket has abstract names of its own. */
static struct unix_socket *find_abstract(const struct address *a, u32 type) {
    struct unix_socket *u;
    list_for_each(u, bucket_of_name(a), bound)
        if (!u->path && u->s.type == type && u->name->address.size == a->size && !memcmp(u->name->address.bytes, a->bytes, a->size))
            return u;
    return NULL;
}

/* Make the socket file; *made gets it referenced. */
static i64 make_file(const struct address *a, bool named, struct dentry **made) {
    struct walk w;
    struct dentry *found;
    i64 error = names_parent(&w, AT_FDCWD, path_of(a), -EADDRINUSE, &found);
    if (error)
        return error;
    error = found ? -EADDRINUSE : w.slash ? -ENOENT : names_may_change(w.at);
    if (!error && named) /* only now, as on Linux */
        error = -EINVAL;
    if (!error)
        error = names_create(w.at, &w.last, S_IFSOCK | (0777 & ~current->fs->umask), 0, made);
    if (error == -EEXIST) /* the host has made it meanwhile */
        error = -EADDRINUSE;
    dentry_put(found);
    dentry_put(w.at);
    return error;
}

static i64 bind_path(struct unix_socket *u, struct address *a) {
    a->size = PATH_OFFSET + MIN(strlen(a->un.path), (u64)UNIX_PATH_MAX) + 1;
    struct unix_name *name = name_new(a);
    if (!name)
        return -ENOMEM;
    i64 error = make_file(a, u->name, &u->path);
    if (error) {
        kfree(name);
        return error;
    }
    u->name = name;
    list_push(bucket_of_path(u->path->inode), &u->bound);
    return 0;
}

static i64 bind_abstract(struct unix_socket *u, const struct address *a) {
    if (find_abstract(a, u->s.type))
        return -EADDRINUSE;
    u->name = name_new(a);
    if (!u->name)
        return -ENOMEM;
    list_push(bucket_of_name(a), &u->bound);
    return 0;
}

i64 unix_bind_any(struct unix_socket *u) {
    static u32 next;
    struct address a = {.size = PATH_OFFSET + 6, .un = {.family = AF_UNIX}};
    char digits[8];
    if (u->name)
        return 0;
    for (u32 tries = 0; tries < 1u << 20; tries++) {
        next = (next + 1) & 0xfffff;
        format(digits, sizeof(digits), "%05x", next);
        memcpy(a.un.path + 1, digits, 5);
        if (!find_abstract(&a, u->s.type))
            return bind_abstract(u, &a);
    }
    return -ENOSPC;
}

i64 unix_bind(struct socket *s, const struct address *to) {
    struct unix_socket *u = unix_socket(s);
    struct address a = *to;
    if (a.size == PATH_OFFSET && a.family == AF_UNIX)
        return unix_bind_any(u);
    i64 error = check(&a);
    if (error)
        return error;
    if (a.size < sizeof(a.un))
        memset(a.bytes + a.size, 0, sizeof(a.un) - a.size);
    if (is_abstract(&a))
        return u->name ? -EINVAL : bind_abstract(u, &a);
    return bind_path(u, &a);
}

/* The name stays with the socket and what it has connected; only nobody finds it any more. */
void unix_unbind(struct unix_socket *u) {
    list_remove(&u->bound);
    struct dentry *path = u->path;
    u->path = NULL;
    dentry_put(path);
}

static struct socket *find_path(const struct address *a) {
    struct walk w;
    char *text = path_of(a);
    i64 error = IS_ERR(text) ? PTR_ERR(text) : walk_at(&w, AT_FDCWD, text, WALK_FOLLOW);
    if (error)
        return ERR_PTR(error);
    struct inode *inode = w.at->inode;
    struct socket *s = ERR_PTR(-ECONNREFUSED);
    error = inode_permission(inode, MAY_WRITE);
    if (error)
        s = ERR_PTR(error);
    struct unix_socket *u;
    if (!error && S_ISSOCK(inode->mode))
        list_for_each(u, bucket_of_path(inode), bound)
            if (u->path && u->path->inode == inode)
                s = socket_get(&u->s);
    dentry_put(w.at);
    return s;
}

struct socket *unix_find(const struct address *to, u32 type) {
    struct socket *s;
    i64 error = check(to);
    if (error)
        return ERR_PTR(error);
    if (is_abstract(to)) {
        struct unix_socket *u = find_abstract(to, type);
        s = u ? socket_get(&u->s) : ERR_PTR(-ECONNREFUSED);
    } else {
        s = find_path(to);
    }
    if (!IS_ERR(s) && s->type != type) {
        socket_put(s);
        s = ERR_PTR(-EPROTOTYPE);
    }
    return s;
}

void unix_each(void (*visit)(struct unix_socket *u, void *argument), void *argument) {
    for (u32 n = 0; n < BUCKETS; n++) {
        struct unix_socket *u;
        list_for_each(u, bucket(n), bound)
            visit(u, argument);
    }
}
