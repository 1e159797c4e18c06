/* The name cache: a hash table of dentries, the unreferenced ones in order of last use.

   Every dentry holds its parent, so an unreferenced one has no children and can be evicted alone.
   Where names exist only here (tmpfs, mount points) hashed dentries are pinned by themselves. */
#include "fs/dentry.h"
#include "errno.h"
#include "lib.h"

#define BUCKETS 2048

static struct dentry *buckets[BUCKETS];
static struct list unused = LIST_INIT(unused);
static u64 unused_count;

static struct dentry **bucket_of(const struct dentry *parent, u32 hash) {
    return &buckets[(hash ^ ((u64)parent >> 6)) % BUCKETS];
}

u32 name_hash_step(u32 hash, u64 word) {
    u64 mixed = (hash ^ word) * 0x9e3779b97f4a7c15UL;
    return mixed >> 32 ^ mixed;
}

void name_set(struct name *name, const char *text, u64 size) {
    name->text = text;
    name->size = size;
    name->hash = 0;
    for (u64 at = 0; at < size; at += 8) {
        u64 word = 0;
        memcpy(&word, text + at, MIN(size - at, 8UL));
        name->hash = name_hash_step(name->hash, word);
    }
}

static bool name_is(const struct name *name, const struct dentry *dentry) {
    if (name->hash != dentry->hash || name->size != dentry->size)
        return false;
    u64 at = 0;
    for (; at + 8 <= name->size; at += 8)
        if (*(const u64 *)(name->text + at) != *(const u64 *)(dentry->name + at))
            return false;
    for (; at < name->size; at++)
        if (name->text[at] != dentry->name[at])
            return false;
    return true;
}

/* The name's bytes, and zeros to the end of the last word. */
static void store_name(struct dentry *dentry, const struct name *name) {
    if (name->size)
        *(u64 *)(dentry->name + (name->size - 1) / 8 * 8) = 0;
    memcpy(dentry->name, name->text, name->size);
    dentry->name[name->size] = 0;
    dentry->size = name->size;
    dentry->hash = name->hash;
}

bool dentry_reserve(struct dentry *dentry, u64 size) {
    if (size < dentry->capacity)
        return true;
    u32 capacity = ROUND_UP(size + 1, 8);
    char *bytes = kmalloc(capacity);
    if (!bytes)
        return false;
    memcpy(bytes, dentry->name, dentry->size + 1);
    if (dentry->name != dentry->inline_name)
        kfree(dentry->name);
    dentry->name = bytes;
    dentry->capacity = capacity;
    return true;
}

struct dentry *dentry_new(struct super *super, struct dentry *parent, const struct name *name) {
    struct dentry *d = kmalloc(sizeof(*d));
    if (!d)
        return NULL;
    d->refs = 1;
    d->flags = 0;
    d->size = 0;
    d->capacity = DENTRY_INLINE;
    d->name = d->inline_name;
    d->inline_name[0] = 0;
    d->inode = NULL;
    d->super = super;
    d->mounted = NULL;
    d->hash_next = NULL;
    d->stamp = 0;
    list_init(&d->children);
    list_init(&d->sibling);
    list_init(&d->lru);
    if (!dentry_reserve(d, name->size)) {
        kfree(d);
        return NULL;
    }
    store_name(d, name);
    d->parent = parent ? dentry_get(parent) : d;
    return d;
}

static void hash_add(struct dentry *d) {
    struct dentry **bucket = bucket_of(d->parent, d->hash);
    d->hash_next = *bucket;
    *bucket = d;
    d->flags |= DENTRY_HASHED;
    list_append(&d->parent->children, &d->sibling);
}

static void hash_remove(struct dentry *d) {
    struct dentry **at = bucket_of(d->parent, d->hash);
    while (*at != d)
        at = &(*at)->hash_next;
    *at = d->hash_next;
    d->flags &= ~DENTRY_HASHED;
    list_remove(&d->sibling);
}

static struct dentry *hash_find(struct dentry *parent, const struct name *name) {
    struct dentry *d = *bucket_of(parent, name->hash);
    while (d && !(d->parent == parent && name_is(name, d)))
        d = d->hash_next;
    return d;
}

struct dentry *dentry_get(struct dentry *d) {
    if (d->refs++ == 0 && (d->flags & DENTRY_LRU)) {
        d->flags &= ~DENTRY_LRU;
        list_remove(&d->lru);
        unused_count--;
    }
    return d;
}

/* Free an unreferenced dentry; its parent loses a reference, which the caller drops. */
static struct dentry *dentry_free(struct dentry *d) {
    struct dentry *parent = d->parent == d ? NULL : d->parent;
    if (d->flags & DENTRY_LRU) {
        list_remove(&d->lru);
        unused_count--;
    }
    if (d->flags & DENTRY_HASHED)
        hash_remove(d);
    struct inode *inode = d->inode;
    if (d->name != d->inline_name)
        kfree(d->name);
    kfree(d);
    inode_put(inode);
    return parent;
}

void dentry_put(struct dentry *d) {
    while (d && --d->refs == 0) {
        if ((d->flags & (DENTRY_HASHED | DENTRY_UNCACHED)) == DENTRY_HASHED) {
            d->flags |= DENTRY_LRU;
            list_append(&unused, &d->lru);
            /* A cache that holds more names than there are frames / 8 has lost its measure. */
            if (++unused_count > frames_total() / 8)
                dentries_evict(unused_count / 8);
            return;
        }
        d = dentry_free(d);
    }
}

u64 dentries_evict(u64 n) {
    static bool busy; /* dropping a parent's reference may come back here */
    if (busy)
        return 0;
    busy = true;
    u64 gone = 0;
    while (gone < n && !list_empty(&unused)) {
        struct dentry *parent = dentry_free(list_first(&unused, struct dentry, lru));
        gone++;
        dentry_put(parent);
    }
    busy = false;
    return gone;
}

void dentry_attach(struct dentry *d, struct inode *inode, u32 flags) {
    struct name name = {d->name, d->size, d->hash};
    struct dentry *old = hash_find(d->parent, &name);
    if (old)
        dentry_unhash(old);
    d->inode = inode;
    d->flags |= flags;
    if (flags & DENTRY_PINNED)
        d->refs++;
    hash_add(d);
}

struct dentry *dentry_anon(struct inode *inode, const char *text) {
    struct name name = {text, strlen(text), 0};
    struct dentry *d = dentry_new(inode->super, NULL, &name);
    if (!d)
        return NULL;
    d->inode = inode;
    d->flags = DENTRY_ANON;
    return d;
}

struct dentry *dentry_find(struct dentry *parent, const struct name *name) {
    struct dentry *d = hash_find(parent, name);
    return d ? dentry_get(d) : NULL;
}

void dentry_unhash(struct dentry *d) {
    if (!(d->flags & DENTRY_HASHED))
        return;
    dentry_get(d);
    hash_remove(d);
    if (d->flags & DENTRY_PINNED) {
        d->flags &= ~DENTRY_PINNED;
        d->refs--;
    }
    dentry_put(d);
}

void dentry_move(struct dentry *d, struct dentry *parent, const struct name *name) {
    struct dentry *old = hash_find(parent, name);
    if (old && old != d)
        dentry_unhash(old);
    struct dentry *before = d->parent;
    hash_remove(d);
    store_name(d, name); /* the caller has reserved the room */
    d->parent = dentry_get(parent);
    hash_add(d);
    dentry_put(before);
}

void dentry_exchange(struct dentry *a, const struct name *a_name, struct dentry *b, const struct name *b_name) {
    struct dentry *parent = a->parent;
    hash_remove(a);
    hash_remove(b);
    store_name(a, b_name);
    store_name(b, a_name);
    a->parent = b->parent;
    b->parent = parent;
    hash_add(a);
    hash_add(b);
}

struct dentry *dentry_up(struct dentry *d) {
    while (d->parent == d && d->super->covers)
        d = d->super->covers;
    return d->parent;
}

bool dentry_below(struct dentry *d, const struct dentry *above) {
    for (;;) {
        if (d == above)
            return true;
        struct dentry *up = dentry_up(d);
        if (up == d)
            return false;
        d = up;
    }
}

i64 dentry_path(struct dentry *d, struct dentry *root, char *buf, u64 size) {
    static const char deleted[] = " (deleted)";
    if (d->flags & DENTRY_ANON) {
        if (d->size + 1UL > size)
            return -ERANGE;
        memcpy(buf, d->name, d->size + 1);
        return d->size;
    }
    /* Written from the end backwards, then moved to the front. */
    u64 at = size;
    if (at < sizeof(deleted))
        return -ERANGE;
    buf[--at] = 0;
    if (d->parent != d && !(d->flags & DENTRY_HASHED)) {
        at -= sizeof(deleted) - 1;
        memcpy(buf + at, deleted, sizeof(deleted) - 1);
    }
    u64 empty = at;
    while (d != root) {
        while (d->parent == d && d->super->covers && d != root)
            d = d->super->covers;
        if (d == root || d->parent == d)
            break;
        if (d->size + 1UL > at)
            return -ERANGE;
        at -= d->size;
        memcpy(buf + at, d->name, d->size);
        buf[--at] = '/';
        d = d->parent;
    }
    if (at == empty) {
        if (!at)
            return -ERANGE;
        buf[--at] = '/';
    }
    memmove(buf, buf + at, size - at);
    return size - at - 1;
}
