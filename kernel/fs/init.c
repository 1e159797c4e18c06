/* The guest's name space at boot: the skeleton every guest has, then what the manifest adds. */
#include "errno.h"
#include "file.h"
#include "fs/boot.h"
#include "fs/proc.h"
#include "fs/pty.h"
#include "fs/tmpfs.h"
#include "lib.h"
#include "mqueue.h"

/* One line of the skeleton; `text` is a link's target or a file's content. */
static const struct entry {
    const char *path;
    u32 mode;
    u64 rdev;
    const char *text;
} skeleton[] = {
    {"/dev", S_IFDIR | 0755, 0, NULL},
    {"/proc", S_IFDIR | 0555, 0, NULL},
    {"/tmp", S_IFDIR | 01777, 0, NULL},
    {"/sys", S_IFDIR | 0555, 0, NULL},
    {"/dev/null", S_IFCHR | 0666, MAKEDEV(1, 3), NULL},
    {"/dev/zero", S_IFCHR | 0666, MAKEDEV(1, 5), NULL},
    {"/dev/full", S_IFCHR | 0666, MAKEDEV(1, 7), NULL},
    {"/dev/random", S_IFCHR | 0666, MAKEDEV(1, 8), NULL},
    {"/dev/urandom", S_IFCHR | 0666, MAKEDEV(1, 9), NULL},
    {"/dev/tty", S_IFCHR | 0666, MAKEDEV(5, 0), NULL},
    {"/dev/console", S_IFCHR | 0620, MAKEDEV(5, 1), NULL},
    {"/dev/ptmx", S_IFCHR | 0666, MAKEDEV(5, 2), NULL},
    {"/dev/pts", S_IFDIR | 0755, 0, NULL},
    {"/dev/shm", S_IFDIR | 01777, 0, NULL},
    {"/dev/mqueue", S_IFDIR | 01777, 0, NULL},
    {"/dev/fd", S_IFLNK | 0777, 0, "/proc/self/fd"},
    {"/dev/stdin", S_IFLNK | 0777, 0, "/proc/self/fd/0"},
    {"/dev/stdout", S_IFLNK | 0777, 0, "/proc/self/fd/1"},
    {"/dev/stderr", S_IFLNK | 0777, 0, "/proc/self/fd/2"},
};

void fs_init(void) {
    struct super *root = tmpfs_new("none");
    if (!root)
        panic("no memory for a file system");
    super_mount(root, NULL);
    for (u64 i = 0; i < ARRAY_LEN(skeleton); i++) {
        const struct entry *e = &skeleton[i];
        i64 error = boot_make(e->path, e->mode, e->rdev, e->text, e->text ? strlen(e->text) : 0);
        if (error)
            panic("%s: error %ld", e->path, -error);
    }
    proc_mount();
    devpts_mount();
    mqueue_mount();
    manifest_apply();
}
