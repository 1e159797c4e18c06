/* Looking up host names: one call finds as many components as the rest of the path has, and may
   bring the content of a small file along, or the target of a link. */
#include "errno.h"
#include "fs/host.h"
#include "fs/walk.h"
#include "lib.h"

#define MAX_COMPONENTS 16

static struct nv_attr attrs[MAX_COMPONENTS]; /* a walk never sleeps, so one set serves all */
static struct name names[MAX_COMPONENTS];
static char target[512]; /* of a link, where no pages are asked for */

/* Cut what can be walked at once off the path: names[], and the end of the text. The rest of the
   path directly follows the first name. *whole: nothing is left over. */
static const char *plan(const struct name *name, const char *rest, u32 *count, bool *whole) {
    const char *end = name->text + name->size;
    names[0] = *name;
    *count = 1;
    /* More than one slash ends the plan: the host takes only clean paths. */
    while (*count < MAX_COMPONENTS && rest == end + 1 && *rest) {
        const char *stop = rest;
        while (*stop && *stop != '/')
            stop++;
        u64 size = stop - rest;
        if (size > NAME_MAX || (rest[0] == '.' && (size == 1 || (size == 2 && rest[1] == '.'))))
            break;
        name_set(&names[(*count)++], rest, size);
        end = stop;
        rest = *stop ? stop + 1 : stop;
        while (*rest == '/')
            rest++;
    }
    *whole = !*rest;
    return end;
}

static i64 ring(u64 node, const char *path, u64 size, u32 count, const paddr *frames, u64 pages, bool open) {
    i64 reached;
    for (int attempt = 0;; attempt++) {
        hc_begin(NV_OP_FS_WALK);
        hc_arg(0, node);
        hc_arg(1, !open); /* whoever asks about a program or a library is about to open it */
        hc_in(path, size);
        hc_out(attrs, count * sizeof(attrs[0]));
        for (u64 i = 0; i < pages; i++)
            hc_out_phys(frames[i], PAGE_SIZE);
        if (!pages)
            hc_out(target, sizeof(target));
        reached = hc_ring();
        i64 error = reached < 0 ? reached : -(i64)hc_result(0);
        if (attempt || reached > 0 || !host_make_room(error))
            return reached;
    }
}

/* Hang the components that were reached below each other; the first one, or NULL without memory. */
static struct dentry *graft(struct dentry *dir, u32 reached, bool then_missing, struct inode **last) {
    struct dentry *first = NULL, *parent = dir;
    struct super *super = dir->super;
    for (u32 i = 0; i < reached + then_missing; i++) {
        bool exists = i < reached;
        struct inode *inode = exists ? host_inode_get(super, &attrs[i]) : NULL;
        struct dentry *d = exists && !inode ? NULL : dentry_new(super, parent, &names[i]);
        if (!d) {
            inode_put(inode);
            /* Whatever else was reached has no inode: let the host forget it. */
            while (exists && ++i < reached)
                inode_put(host_inode_get(super, &attrs[i]));
            break;
        }
        d->stamp = clock_monotonic() | 1;
        dentry_attach(d, inode, 0);
        if (parent != dir && parent != first)
            dentry_put(parent);
        if (!first)
            first = d;
        parent = d;
        if (inode)
            *last = inode; /* kept by its dentry, and that by the chain below */
    }
    if (parent != dir && parent != first)
        dentry_put(parent);
    return first;
}

/* A link was reached and `size` bytes of its target: in `target` or in a frame that must be zero. */
static void take_target(struct inode *link, const paddr *frames, u64 pages, u64 size) {
    if (size > (pages ? PAGE_SIZE : sizeof(target)))
        return;
    char *text = pages ? phys_to_virt(frames[0]) : target;
    host_link_target(link, text, size);
    if (pages)
        memset(text, 0, size);
}

struct dentry *host_lookup(struct dentry *dir, const struct name *name, const char *rest, u32 flags) {
    static paddr frames[PREFETCH_PAGES];
    u32 count;
    bool whole;
    const char *end = plan(name, rest, &count, &whole);
    u64 pages = whole ? host_prefetch_frames(frames) : 0;
    i64 reached = ring(HOST_NODE(dir), name->text, end - name->text, count, frames, pages, flags & WALK_OPEN);
    u64 error = hc_result(0), content = hc_result(1);
    if (reached < 0 || reached > count) {
        error = reached < 0 ? -reached : EIO;
        reached = 0;
    }
    bool complete = reached == count;
    struct inode *last = NULL;
    struct dentry *first = graft(dir, reached, !complete && error == ENOENT, &last);
    const struct nv_attr *final = &attrs[count - 1];
    if (content && reached && S_ISLNK(attrs[reached - 1].mode)) {
        if (last && HOST_INODE(last)->node == attrs[reached - 1].node)
            take_target(last, frames, pages, content);
        content = 0;
    }
    if (last && complete && HOST_INODE(last)->node == final->node && S_ISREG(final->mode) && content &&
        content <= pages * PAGE_SIZE) {
        inode_get(last);
        host_prefetched(last, frames, pages, content);
        inode_put(last);
    } else {
        host_prefetched(NULL, frames, pages, 0);
    }
    if (first)
        return first;
    return ERR_PTR(reached || error == ENOENT || !error || error > 4095 ? -ENOMEM : -(i64)error);
}
