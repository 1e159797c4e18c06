/* F_SETLEASE of fcntl(2): a file's holder hears by a signal that another wants to open or cut it, and has a
   while to put things in order before that goes on. Those of files from the host are broken by the guest's
   programs alone. */
#include "fs/lease.h"
#include "fs/async.h"
#include "lib.h"
#include "linux/time.h"
#include "task.h"

#define LEASES_MAX 4096 /* in the whole guest: each is looked at whenever a file is opened */

/* One of an open file. While it is being broken `target` is what it will have become at `deadline`. */
struct lease {
    struct list link;
    struct file *file; /* not a reference: closing it ends this */
    i32 fd, type, target; /* F_RDLCK, F_WRLCK; of the target F_UNLCK, too */
    u64 deadline;
    bool breaking;
};

u32 lease_break_seconds = 45;

static struct list leases = LIST_INIT(leases);
static struct wait_queue waiting = {LIST_INIT(waiting.waiters)}; /* for any of them to go */
static u32 count;

static void drop(struct lease *l) {
    list_remove(&l->link);
    kfree(l);
    count--;
    wake_all(&waiting);
}

/* Holders that have had their time. */
static void expire(void) {
    struct lease *l, *next;
    list_for_each_safe(l, next, &leases, link) {
        if (!l->breaking || l->deadline > clock_monotonic())
            continue;
        if (l->target == F_UNLCK) {
            drop(l);
        } else {
            l->type = l->target;
            l->breaking = false;
        }
    }
}

static struct lease *find(const struct file *file) {
    struct lease *l;
    list_for_each(l, &leases, link)
        if (l->file == file)
            return l;
    return NULL;
}

/* Ask those in the way to go, each once. When the first of them has had its time; 0: nobody is in the way. */
static u64 demand(const struct inode *inode, bool write) {
    u64 first = 0;
    struct lease *l;
    expire();
    list_for_each(l, &leases, link) {
        if (l->file->inode != inode || (!write && l->type != F_WRLCK))
            continue;
        if (!l->breaking || (write && l->target != F_UNLCK)) {
            l->target = write ? F_UNLCK : F_RDLCK;
            l->deadline = lease_break_seconds ? deadline_after(lease_break_seconds * SECOND_NS) : NEVER;
            l->breaking = true;
            async_message(l->file, l->fd);
        }
        first = first ? MIN(first, l->deadline) : l->deadline;
    }
    return first;
}

i64 lease_break(struct inode *inode, u32 flags) {
    bool write = (flags & O_ACCMODE) != O_RDONLY;
    i32 *users = write ? &inode->writers : &inode->readers;
    i64 error = 0;
    if (likely(!count))
        return 0;
    ++*users; /* no new lease meanwhile */
    for (u64 deadline; !error && (deadline = demand(inode, write));) {
        if (flags & O_NONBLOCK) {
            error = -EAGAIN;
        } else {
            i64 why = wait_on(&waiting, deadline);
            error = why && why != -ETIMEDOUT ? -ERESTARTSYS : 0;
        }
    }
    --*users;
    return error;
}

/* Is the file open in another way that such a lease rules out? */
static bool in_use(const struct file *file, i32 type) {
    const struct inode *inode = file->inode;
    const struct lease *l;
    if (type == F_RDLCK && inode->writers > 0)
        return true;
    if (type == F_WRLCK && (inode->writers != file->hold || inode->readers != file->reads))
        return true;
    list_for_each(l, &leases, link)
        if (l->file != file && l->file->inode == inode && (type == F_WRLCK || (l->breaking && l->target == F_UNLCK)))
            return true;
    return false;
}

i64 lease_set(struct file *file, i32 fd, i32 type) {
    if (type != F_RDLCK && type != F_WRLCK && type != F_UNLCK)
        return -EINVAL;
    if (current->cred->fsuid != file->inode->uid && !capable(CAP_LEASE))
        return -EACCES;
    if (!S_ISREG(file->inode->mode))
        return -EINVAL;
    expire();
    struct lease *own = find(file);
    if (type == F_UNLCK) {
        if (!own)
            return -EAGAIN;
        drop(own);
        return 0;
    }
    if (in_use(file, type))
        return -EAGAIN;
    i64 error = async_own(file);
    if (error)
        return error;
    if (own) {
        own->type = type;
        own->breaking = own->breaking && own->target != type;
        wake_all(&waiting);
        return 0;
    }
    own = count < LEASES_MAX ? kmalloc(sizeof(*own)) : NULL;
    if (!own)
        return -ENOMEM;
    *own = (struct lease){.file = file, .fd = fd, .type = type};
    list_append(&leases, &own->link);
    count++;
    return 0;
}

i32 lease_type(const struct file *file) {
    expire();
    const struct lease *l = find(file);
    return !l ? F_UNLCK : l->breaking ? l->target : l->type;
}

void lease_forget(const struct file *file) {
    struct lease *l = count ? find(file) : NULL;
    if (l)
        drop(l);
}
