/* Names: the tree and its cache (fs/dentry.c). */
#pragma once
#include "fs/vfs.h"

struct name {
    const char *text; /* not terminated */
    u32 size;
    u32 hash;
};

#define DENTRY_HASHED 1  /* found by lookup */
#define DENTRY_PINNED 2  /* holds a reference to itself while hashed: the name exists nowhere else */
#define DENTRY_LRU 4     /* unreferenced, waiting to be used again or evicted */
#define DENTRY_ANON 8    /* stands for an object outside the tree; its name is all its path */
#define DENTRY_UNCACHED 16 /* dies with its last reference */
#define DENTRY_INLINE 32 /* bytes of a name kept in the dentry itself */

struct dentry {
    u32 refs;
    u32 hash;
    u16 flags, size; /* size of the name */
    u32 capacity;    /* bytes at `name`; a multiple of 8, zeros behind the name */
    char *name;
    struct dentry *parent; /* itself at the root of a super */
    struct dentry *hash_next;
    struct inode *inode;   /* NULL: known not to exist */
    struct super *super;
    struct dentry *mounted; /* the root of what is mounted here */
    u64 stamp;             /* host files: when it was last checked; tmpfs: place in the listing */
    struct list children, sibling; /* hashed children */
    struct list lru;
    char inline_name[DENTRY_INLINE];
};

void name_set(struct name *name, const char *text, u64 size);
u32 name_hash_step(u32 hash, u64 word);

struct dentry *dentry_get(struct dentry *dentry);
void dentry_put(struct dentry *dentry);
/* A new unhashed dentry with one reference; NULL when memory is out. `parent` NULL: a root. */
struct dentry *dentry_new(struct super *super, struct dentry *parent, const struct name *name);
/* Give it the inode (taking over that reference; NULL = negative) and make it findable. */
void dentry_attach(struct dentry *dentry, struct inode *inode, u32 flags);
/* A dentry outside the tree for a pipe and its like; takes over the inode reference. NULL: no memory. */
struct dentry *dentry_anon(struct inode *inode, const char *text);
/* A referenced cached child, or NULL. */
struct dentry *dentry_find(struct dentry *parent, const struct name *name);
/* Take a name out of the tree: it is gone, or to be looked up again. Its subtree goes with it. */
void dentry_unhash(struct dentry *dentry);
/* Room for a longer name before a rename; false when memory is out. */
bool dentry_reserve(struct dentry *dentry, u64 size);
void dentry_move(struct dentry *dentry, struct dentry *parent, const struct name *name);
/* Two names change places; room for both is reserved, and the texts are not the dentries' own. */
void dentry_exchange(struct dentry *a, const struct name *a_name, struct dentry *b, const struct name *b_name);
/* Is `above` the dentry or one of its ancestors, mounts included? */
bool dentry_below(struct dentry *dentry, const struct dentry *above);
/* The dentry above, crossing mounts; itself at the top. Not referenced. */
struct dentry *dentry_up(struct dentry *dentry);
/* The path from `root` (NULL: the top) into buf, terminated; length or -ERANGE. */
i64 dentry_path(struct dentry *dentry, struct dentry *root, char *buf, u64 size);
/* Evict up to n unreferenced dentries, oldest first; how many went. */
u64 dentries_evict(u64 n);
