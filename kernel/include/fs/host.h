/* Files of the host, reached by FS_* calls. */
#pragma once
#include "fs/open.h"
#include "hypercall.h"

struct host_super {
    struct super super;
    u64 node; /* of the export's root */
    u64 dev;  /* the host's device number of the root */
};

struct host_inode {
    struct inode inode;
    u64 node;
    u64 checked;  /* when the attributes were last true; 0: ask again */
    u64 dev, blocks;
    u32 blksize;
    u32 access;   /* MAY_* that the host allows */
    u64 next_read; /* page index where the last read-ahead ended */
    u32 reads;     /* read-aheads so far: a large file that is used much is read in larger pieces */
    char *target; /* of a symbolic link, once read */
    struct host_inode *hash_next;
};

#define HOST_INODE(i) container_of(i, struct host_inode, inode)
#define HOST_SUPER(s) container_of(s, struct host_super, super)
#define HOST_NODE(dentry) (HOST_INODE((dentry)->inode)->node)

/* A super for an export id, flags NV_MOUNT_*; ERR_PTR. */
struct super *host_super_new(u64 export, u32 flags, const char *source);
/* The inode of a node with a new reference, made or brought up to date; NULL: no memory, and the
   host has been told to forget a node nobody will use. */
struct inode *host_inode_get(struct super *super, const struct nv_attr *attr);
/* Take over attributes; cached pages go when the file was changed by somebody else. */
void host_attributes(struct inode *inode, const struct nv_attr *attr);
void host_link_target(struct inode *inode, const char *text, u64 size); /* remember it */
void host_stale(struct inode *inode); /* ask again at the next use */
/* The host is out of descriptors: give some back. true: worth a retry. */
bool host_make_room(i64 result);

/* Pages that came with a walk: `size` bytes in frames, which are taken over. */
#define PREFETCH_PAGES 128
u64 host_prefetch_frames(paddr *out);
void host_prefetched(struct inode *inode, const paddr *frames, u64 count, u64 size);

extern const struct inode_ops host_dir_ops, host_file_ops, host_link_ops, host_special_ops, host_device_ops;

i64 host_refresh(struct inode *inode);
i64 host_setattr(struct inode *inode, const struct attr_change *change);
void host_stat(struct inode *inode, struct stat *out);
u32 host_access(struct inode *inode);
i64 host_sync(struct inode *inode, bool data_only);
void host_free(struct inode *inode);
struct dentry *host_lookup(struct dentry *dir, const struct name *name, const char *rest, u32 flags);
bool host_revalidate(struct dentry *dentry);
u64 host_spare_reclaim(void); /* frames given back */
