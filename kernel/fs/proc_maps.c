/* /proc/<pid>/maps, and the tables of mounts. */
#include "fs/proc.h"
#include "fs/walk.h"
#include "lib.h"
#include "mm.h"

static char path[PATH_MAX]; /* nothing here sleeps */

void proc_map_line(struct text *text, const struct area *a) {
    u64 dev = 0, ino = 0;
    i64 size = -1;
    if (a->file) {
        struct stat st;
        inode_stat(file_inode(a->file), &st);
        dev = st.dev;
        ino = st.ino;
        size = file_path(a->file, path, sizeof(path));
    }
    text_add(text, "%08lx-%08lx %c%c%c%c %08lx %02lx:%02lx %lu", a->node.key, a->end,
             a->prot & PROT_READ ? 'r' : '-', a->prot & PROT_WRITE ? 'w' : '-', a->prot & PROT_EXEC ? 'x' : '-',
             a->flags & MAP_SHARED ? 's' : 'p', a->file ? a->offset : 0, MAJOR(dev), MINOR(dev), ino);
    if (size > 0) {
        text_add(text, "%20s", "");
        text_bytes(text, path, size);
    } else if (a->name) {
        text_add(text, "%20s%s", "", a->name);
    }
    text_add(text, "\n");
}

void proc_maps(struct text *text, struct process *p) {
    struct task *t = proc_task(p);
    for (struct area *a = t ? area_first_from(t->mm, 0) : NULL; a; a = area_next(a))
        proc_map_line(text, a);
}

/* Where a super is mounted, as mount tables write it. */
static void mount_point(struct super *super) {
    if (!super->covers || dentry_path(super->covers, NULL, path, sizeof(path)) < 0)
        format(path, sizeof(path), "/");
}

static const char *rights(const struct super *super) { return super->flags & SUPER_READ_ONLY ? "ro" : "rw"; }

void proc_mounts(struct text *text, struct process *p) {
    struct super *super;
    list_for_each(super, &all_supers, link) {
        mount_point(super);
        text_add(text, "%s ", super->source);
        text_bytes(text, path, strlen(path));
        text_add(text, " %s %s,relatime 0 0\n", super->type, rights(super));
    }
}

/* Mounts are numbered by their devices, of which each has one. */
void proc_mountinfo(struct text *text, struct process *p) {
    struct super *super, *root = root_dentry->super;
    list_for_each(super, &all_supers, link) {
        mount_point(super);
        text_add(text, "%lu %lu %lu:%lu / ", MINOR(super->dev), super == root ? 0 : MINOR(root->dev), MAJOR(super->dev),
                 MINOR(super->dev));
        text_bytes(text, path, strlen(path));
        text_add(text, " %s,relatime - %s %s %s\n", rights(super), super->type, super->source, rights(super));
    }
}
