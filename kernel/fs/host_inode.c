/* Host files: which node is which inode, attributes, and when to ask the host again. */
#include "errno.h"
#include "fs/host.h"
#include "lib.h"

#define BUCKETS 1024
#define FRESH_NS 1000000000UL /* how long names and attributes of changing mounts are believed */

static struct host_inode *buckets[BUCKETS];

static struct host_inode **bucket_of(u64 node) { return &buckets[node % BUCKETS]; }

static bool believed(struct super *super, u64 since) {
    return since && ((super->flags & SUPER_STABLE) || clock_monotonic() - since < FRESH_NS);
}

bool host_make_room(i64 result) { return (result == -EAGAIN || result == -ENFILE) && dentries_evict(512); }

static void forget(u64 node) {
    hc_begin(NV_OP_FS_FORGET);
    hc_arg(0, node);
    hc_ring();
}

void host_stale(struct inode *inode) { HOST_INODE(inode)->checked = 0; }

void host_attributes(struct inode *inode, const struct nv_attr *attr) {
    struct host_inode *h = HOST_INODE(inode);
    bool changed = attr->mtime != inode->mtime || attr->size != inode->size;
    inode->mode = (inode->mode & S_IFMT) | (attr->mode & 07777);
    inode->nlink = attr->nlink;
    inode->uid = attr->uid;
    inode->gid = attr->gid;
    inode->atime = attr->atime;
    inode->mtime = attr->mtime;
    inode->ctime = attr->ctime;
    h->blocks = attr->blocks;
    h->blksize = attr->blksize;
    h->access = attr->access & 7;
    h->checked = clock_monotonic() | 1;
    u64 before = inode->size;
    inode->size = attr->size;
    if (changed && inode->pages.count) {
        if (attr->size < before)
            pages_truncate(inode, attr->size);
        pages_invalidate(inode);
    }
    if (changed && h->target) {
        kfree(h->target);
        h->target = NULL;
    }
}

struct inode *host_inode_get(struct super *super, const struct nv_attr *attr) {
    struct host_inode *h = *bucket_of(attr->node);
    while (h && (h->node != attr->node || h->inode.super != super))
        h = h->hash_next;
    if (h && (h->inode.mode & S_IFMT) == (attr->mode & S_IFMT)) {
        host_attributes(&h->inode, attr);
        return inode_get(&h->inode);
    }
    h = kmalloc(sizeof(*h));
    if (!h) {
        forget(attr->node);
        return NULL;
    }
    u32 type = attr->mode & S_IFMT;
    const struct inode_ops *ops = type == S_IFDIR   ? &host_dir_ops
                                  : type == S_IFREG ? &host_file_ops
                                  : type == S_IFLNK ? &host_link_ops
                                  : type == S_IFIFO || type == S_IFSOCK ? &host_special_ops
                                                    : &host_device_ops;
    inode_init(&h->inode, super, ops, attr->mode & (S_IFMT | 07777));
    h->inode.ino = attr->ino;
    h->inode.rdev = attr->rdev;
    h->inode.size = attr->size;
    h->inode.mtime = attr->mtime;
    h->node = attr->node;
    h->dev = attr->dev == HOST_SUPER(super)->dev ? super->dev : attr->dev;
    h->next_read = h->reads = 0;
    h->target = NULL;
    h->hash_next = *bucket_of(h->node);
    *bucket_of(h->node) = h;
    host_attributes(&h->inode, attr);
    return &h->inode;
}

void host_free(struct inode *inode) {
    struct host_inode *h = HOST_INODE(inode);
    struct host_inode **at = bucket_of(h->node);
    while (*at != h)
        at = &(*at)->hash_next;
    *at = h->hash_next;
    page_map_drop(&inode->pages, 0, ~0UL);
    forget(h->node);
    kfree(h->target);
    kfree(h);
}

i64 host_refresh(struct inode *inode) {
    struct host_inode *h = HOST_INODE(inode);
    struct nv_attr attr;
    if (believed(inode->super, h->checked))
        return 0;
    hc_begin(NV_OP_FS_GETATTR);
    hc_arg(0, h->node);
    hc_out(&attr, sizeof(attr));
    i64 error = hc_ring();
    if (error < 0)
        return error;
    host_attributes(inode, &attr);
    return 0;
}

i64 host_setattr(struct inode *inode, const struct attr_change *c) {
    struct host_inode *h = HOST_INODE(inode);
    struct nv_attr attr;
    if ((c->mask & NV_SET_SIZE) && inode->pages.dirty) {
        i64 error = inode_write_back(inode, 0, ~0UL);
        if (error)
            return error;
    }
    hc_begin(NV_OP_FS_SETATTR);
    hc_arg(0, h->node);
    hc_arg(1, c->mask);
    hc_arg(2, c->mode | (u64)c->uid << 32);
    hc_arg(3, c->mask & NV_SET_OWNER ? c->gid : c->size);
    hc_arg(4, c->atime);
    hc_arg(5, c->mtime);
    hc_out(&attr, sizeof(attr));
    i64 error = hc_ring();
    if (error < 0)
        return error;
    /* The change is ours: pages stay true but for those cut off. */
    if (attr.size < inode->size)
        pages_truncate(inode, attr.size);
    else if (attr.size > inode->size)
        pages_zero_tail(inode);
    inode->size = attr.size;
    inode->mtime = attr.mtime;
    host_attributes(inode, &attr);
    return 0;
}

void host_stat(struct inode *inode, struct stat *out) {
    struct host_inode *h = HOST_INODE(inode);
    out->dev = h->dev;
    out->blocks = h->blocks;
    out->blksize = h->blksize;
}

u32 host_access(struct inode *inode) { return HOST_INODE(inode)->access; }

i64 host_sync(struct inode *inode, bool data_only) {
    hc_begin(NV_OP_FS_FSYNC);
    hc_arg(0, HOST_INODE(inode)->node);
    hc_arg(1, data_only);
    return MIN(hc_ring(), 0);
}

/* A cached name: believe it, or walk to it again and see whether it is the same node. */
bool host_revalidate(struct dentry *d) {
    struct nv_attr attr;
    if (!d->inode)
        return believed(d->super, d->stamp);
    if (believed(d->super, HOST_INODE(d->inode)->checked))
        return true;
    hc_begin(NV_OP_FS_WALK);
    hc_arg(0, HOST_NODE(d->parent));
    hc_in(d->name, d->size);
    hc_out(&attr, sizeof(attr));
    if (hc_ring() != 1)
        return false;
    if (attr.node != HOST_NODE(d)) {
        struct inode *other = host_inode_get(d->super, &attr);
        inode_put(other); /* the next lookup walks to it; unused nodes must not stay with the host */
        return false;
    }
    host_attributes(d->inode, &attr);
    return true;
}

static i64 host_statfs(struct super *super, struct statfs *out) {
    struct nv_statfs st;
    hc_begin(NV_OP_FS_STATFS);
    hc_arg(0, HOST_SUPER(super)->node);
    hc_out(&st, sizeof(st));
    i64 error = hc_ring();
    if (error < 0)
        return error;
    out->blocks = st.blocks;
    out->bfree = st.bfree;
    out->bavail = st.bavail;
    out->files = st.files;
    out->ffree = st.ffree;
    out->bsize = out->frsize = st.bsize;
    out->namelen = st.namelen;
    return 0;
}

/* Attributes of an export's root. Boot mounts one after the other, so they are asked for in batches. */
static i64 root_attributes(u64 export, struct nv_attr *out) {
    static struct nv_attr batch[32];
    static u64 first, count;
    if (export < first || export - first >= count) {
        hc_begin(NV_OP_FS_GETATTR);
        hc_arg(0, export);
        hc_out(batch, sizeof(batch));
        i64 got = hc_ring();
        if (got <= 0)
            return got ? got : -EIO;
        first = export;
        count = MIN((u64)got, ARRAY_LEN(batch));
    }
    *out = batch[export - first];
    return 0;
}

struct super *host_super_new(u64 export, u32 flags, const char *source) {
    struct nv_attr attr;
    i64 error = root_attributes(export, &attr);
    if (error)
        return ERR_PTR(error);
    struct host_super *h = kzalloc(sizeof(*h));
    struct name empty = {"", 0, 0};
    if (!h)
        return ERR_PTR(-ENOMEM);
    h->node = export;
    h->dev = attr.dev;
    super_init(&h->super, "host", source, HOST_MAGIC,
               (flags & NV_MOUNT_READ_ONLY ? SUPER_READ_ONLY : 0) | (flags & NV_MOUNT_STABLE ? SUPER_STABLE : 0));
    h->super.statfs = host_statfs;
    attr.node = export;
    struct inode *inode = host_inode_get(&h->super, &attr);
    h->super.root = inode ? dentry_new(&h->super, NULL, &empty) : NULL;
    if (!h->super.root)
        return ERR_PTR(-ENOMEM);
    h->super.root->inode = inode;
    return &h->super;
}
