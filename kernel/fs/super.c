/* Mounted file systems. */
#include "fs/dentry.h"

struct list all_supers = LIST_INIT(all_supers);
struct dentry *root_dentry;

void super_init(struct super *super, const char *type, const char *source, u32 magic, u32 flags) {
    static u32 last_device = 16; /* anonymous devices: major 0 */
    u32 device = ++last_device;
    *super = (struct super){
        .type = type, .source = source, .magic = magic, .flags = flags, .dev = MAKEDEV(0, device),
    };
    list_init(&super->link);
}

void super_mount(struct super *super, struct dentry *on) {
    list_append(&all_supers, &super->link);
    if (!on) {
        root_dentry = super->root;
        return;
    }
    super->covers = on;
    on->mounted = super->root;
    /* Names on the way to a mount are never looked up again: the mount would be lost. */
    for (struct dentry *d = on; !(d->flags & DENTRY_PINNED) && d->parent != d; d = d->parent) {
        d->flags |= DENTRY_PINNED;
        dentry_get(d);
    }
}
