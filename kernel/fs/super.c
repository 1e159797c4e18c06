/* Mounted file systems. */
#include "errno.h"
#include "fs/dentry.h"

struct list all_supers = LIST_INIT(all_supers);
struct dentry *root_dentry;

struct super *super_new(const char *type, const char *source, u32 flags, u32 magic) {
    static u32 last_device = 16; /* anonymous devices: major 0 */
    struct super *super = kmalloc(sizeof(*super));
    if (!super)
        return NULL;
    *super = (struct super){
        .type = type, .source = source, .flags = flags, .magic = magic, .dev = MAKEDEV(0, ++last_device),
    };
    list_append(&all_supers, &super->link);
    return super;
}

void super_mount(struct super *super, struct dentry *on) {
    super->covers = on;
    on->mounted = super->root;
    /* Names on the way to a mount are never looked up again: the mount would be lost. */
    for (struct dentry *d = on; !(d->flags & DENTRY_PINNED) && d->parent != d; d = d->parent) {
        d->flags |= DENTRY_PINNED;
        dentry_get(d);
    }
}
