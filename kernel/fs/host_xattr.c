/* Extended attributes of host files: the host keeps them. */
#include "errno.h"
#include "fs/host.h"
#include "fs/xattr.h"
#include "lib.h"

static struct segments runs; /* nothing sleeps between filling and using it */

static void begin(u16 op, struct inode *inode) {
    hc_begin(op);
    hc_arg(0, HOST_INODE(inode)->node);
}

/* A call whose answer goes into the program's buffer, or which asks for its size alone. */
static i64 fetch(u16 op, struct inode *inode, const char *name, struct io *to, bool ask) {
    u64 size = to->left;
    i64 room = ask || !size ? 0 : MAX(io_segments(to, &runs, size, true), 0);
    begin(op, inode);
    if (name)
        hc_in(name, strlen(name));
    if (room)
        hc_out_segments(&runs);
    i64 got = hc_ring();
    bool short_of_memory = got == -ERANGE || got > room;
    return !ask && short_of_memory && (u64)room < size ? -EFAULT : got;
}

static i64 get(struct inode *inode, const char *name, struct io *to, bool ask) {
    return fetch(NV_OP_FS_GETXATTR, inode, name, to, ask);
}

static i64 set(struct inode *inode, const char *name, struct io *from, u32 flags) {
    u64 size = from->left;
    i64 room = size ? io_segments(from, &runs, size, false) : 0;
    if (room < 0 || (u64)room < size)
        return -EFAULT;
    begin(NV_OP_FS_SETXATTR, inode);
    hc_arg(1, flags);
    hc_in(name, strlen(name));
    if (size)
        hc_in_segments(&runs);
    host_stale(inode);
    return MIN(hc_ring(), 0);
}

static i64 remove(struct inode *inode, const char *name) {
    begin(NV_OP_FS_REMOVEXATTR, inode);
    hc_in(name, strlen(name));
    host_stale(inode);
    return MIN(hc_ring(), 0);
}

static i64 list(struct inode *inode, struct io *to, bool ask) {
    return fetch(NV_OP_FS_LISTXATTR, inode, NULL, to, ask);
}

const struct xattr_ops host_xattr_ops = {.get = get, .set = set, .remove = remove, .list = list};
