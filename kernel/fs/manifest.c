/* The boot manifest: what the host wants the guest to see, and the program to run. */
#include "errno.h"
#include "file.h"
#include "fs/boot.h"
#include "fs/host.h"
#include "hypercall.h"
#include "lib.h"

struct boot_program boot_program = {.path = "", .cwd = "/", .hostname = "nanvix"};

static u32 arguments, variables;

/* The record at `at`, if it lies inside the manifest with both its strings terminated; NULL at the
   end. *next is where the one behind it starts. */
static const struct nv_manifest *record_at(u64 at, u64 *next) {
    const struct nv_manifest *r = phys_to_virt(boot.manifest_gpa + at);
    if (at > boot.manifest_size || boot.manifest_size - at < sizeof(*r) || r->type == NV_MANIFEST_END)
        return NULL;
    u64 text = (u64)r->first + r->second + 2;
    const char *first = (const char *)(r + 1);
    if (text > boot.manifest_size - at - sizeof(*r) || first[r->first] || first[text - 1])
        return NULL;
    *next = ROUND_UP(at + sizeof(*r) + text, 8);
    return r;
}

static i64 mount(const char *path, const struct nv_manifest *r) {
    bool file = r->mode & NV_MOUNT_FILE;
    i64 error = boot_make(path, file ? S_IFREG | 0444 : S_IFDIR | 0755, 0, NULL, 0);
    if (error && error != -EEXIST)
        return error;
    struct dentry *on = walk_kernel(path, WALK_FOLLOW);
    if (IS_ERR(on))
        return PTR_ERR(on);
    struct super *super = on->parent == on ? ERR_PTR(-EBUSY) : host_super_new(r->value, r->mode, "host");
    if (!IS_ERR(super) && S_ISDIR(on->inode->mode) != S_ISDIR(super->root->inode->mode))
        error = -ENOTDIR;
    else
        error = IS_ERR(super) ? PTR_ERR(super) : 0;
    if (error) {
        dentry_put(on);
        return error;
    }
    super_mount(super, on);
    return 0;
}

static i64 apply(const struct nv_manifest *r) {
    const char *first = (const char *)(r + 1), *second = first + r->first + 1;
    switch (r->type) {
    case NV_MANIFEST_DIR:
        return boot_make(first, S_IFDIR | (r->mode & 07777), 0, NULL, 0);
    case NV_MANIFEST_SYMLINK:
        return boot_make(first, S_IFLNK | 0777, 0, second, r->second);
    case NV_MANIFEST_FILE:
        return boot_make(first, S_IFREG | (r->mode & 07777), 0, second, r->second);
    case NV_MANIFEST_MOUNT:
        return mount(first, r);
    case NV_MANIFEST_EXEC:
        boot_program.path = first;
        return 0;
    case NV_MANIFEST_ARG:
        boot_program.argv[arguments++] = first;
        return 0;
    case NV_MANIFEST_ENV:
        boot_program.envp[variables++] = first;
        return 0;
    case NV_MANIFEST_CWD:
        boot_program.cwd = first;
        return 0;
    case NV_MANIFEST_HOSTNAME:
        boot_program.hostname = first;
        return 0;
    }
    return -EINVAL;
}

/* Room for n pointers and a NULL. At boot frames come one behind the other. */
static const char **pointers(u64 n) {
    u64 pages = (n + 1) * sizeof(char *) / PAGE_SIZE + 1;
    paddr first = frame_alloc_zero();
    for (u64 i = 1; first && i < pages; i++)
        if (frame_alloc_zero() != first + i * PAGE_SIZE)
            first = 0;
    if (!first)
        panic("no memory for %lu arguments", n);
    return phys_to_virt(first);
}

void manifest_apply(void) {
    const struct nv_manifest *r;
    u64 count[NV_MANIFEST_HOSTNAME + 1] = {0}, next;
    for (u64 at = 0; (r = record_at(at, &next)); at = next)
        if (r->type < ARRAY_LEN(count))
            count[r->type]++;
    boot_program.argv = pointers(count[NV_MANIFEST_ARG]);
    boot_program.envp = pointers(count[NV_MANIFEST_ENV]);
    for (u64 at = 0; (r = record_at(at, &next)); at = next) {
        i64 error = apply(r);
        if (error)
            klog("manifest: %s: error %ld", (const char *)(r + 1), -error);
    }
}
