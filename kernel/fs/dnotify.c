/* F_NOTIFY of fcntl(2): a signal when something happens in a directory, the predecessor of inotify(7). */
#include "fs/dnotify.h"
#include "errno.h"
#include "fs/async.h"
#include "fs/notify.h"
#include "lib.h"
#include "linux/fcntl.h"
#include "task.h"

#define ENTRIES_MAX 4096 /* in the whole guest: each is looked at whenever something happens to a file */

/* One for each open directory and table of descriptors. */
struct entry {
    struct list link;
    struct file *file; /* not a reference: closing it ends this */
    const struct fd_table *table;
    i32 fd;
    u32 wanted; /* DN_* */
};

static struct list entries;
static u32 count;

static const struct {
    u32 wanted, events;
} kinds[] = {
    {DN_ACCESS, IN_ACCESS}, {DN_MODIFY, IN_MODIFY}, {DN_CREATE, IN_CREATE | IN_MOVED_TO},
    {DN_DELETE, IN_DELETE | IN_MOVED_FROM}, {DN_ATTRIB, IN_ATTRIB}, {DN_RENAME, NOTIFY_RENAMED},
};

static void drop(struct entry *e) {
    list_remove(&e->link);
    kfree(e);
    count--;
    inotify_watches--;
}

static struct entry *find(const struct file *file, const struct fd_table *table) {
    struct entry *e;
    if (count)
        list_for_each(e, &entries, link)
            if (e->file == file && (!table || e->table == table))
                return e;
    return NULL;
}

void dnotify_forget(const struct file *file, const struct fd_table *table) {
    for (struct entry *e; (e = find(file, table));)
        drop(e);
}

void dnotify_report(const struct inode *dir, u32 events) {
    struct entry *e, *next;
    u32 wanted = 0;
    if (!count)
        return;
    for (u32 i = 0; i < ARRAY_LEN(kinds); i++)
        wanted |= events & kinds[i].events ? kinds[i].wanted : 0;
    list_for_each_safe(e, next, &entries, link) {
        if (e->file->inode != dir || !(e->wanted & wanted))
            continue;
        async_message(e->file, e->fd);
        if (!(e->wanted & DN_MULTISHOT))
            drop(e);
    }
}

i64 dnotify_command(struct file *file, i32 fd, u32 wanted) {
    if (!(wanted & ~DN_MULTISHOT)) {
        dnotify_forget(file, current->files);
        return 0;
    }
    if (!S_ISDIR(file->inode->mode))
        return -ENOTDIR;
    i64 error = async_own(file);
    if (error)
        return error;
    struct entry *e = find(file, current->files);
    if (e) {
        e->fd = fd;
        e->wanted |= wanted;
        return 0;
    }
    if (!entries.next)
        list_init(&entries);
    e = count < ENTRIES_MAX ? kmalloc(sizeof(*e)) : NULL;
    if (!e)
        return -ENOMEM;
    *e = (struct entry){.file = file, .table = current->files, .fd = fd, .wanted = wanted};
    list_append(&entries, &e->link);
    count++;
    inotify_watches++;
    return 0;
}
