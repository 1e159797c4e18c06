/* System V shared memory: files in memory that are named by a key and mapped by shmat(2). */
#include "ipc.h"
#include "errno.h"
#include "file.h"
#include "fs/open.h"
#include "fs/regular.h"
#include "lib.h"
#include "mm.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define SHM_RDONLY 010000
#define SHM_RND 020000
#define SHM_REMAP 040000
#define SHM_EXEC 0100000
#define SHM_DEST 01000
#define SHM_LOCKED 02000
#define SHM_NORESERVE 010000
#define SHM_LOCK 11
#define SHM_UNLOCK 12
#define SHM_STAT 13
#define SHM_INFO 14
#define SHM_STAT_ANY 15
#define SHM_MAX (1UL << 40) /* bytes of a segment: pages come when they are touched */

struct segment {
    struct ipc_object object;
    struct file *file; /* its own; every shmat opens another */
    u64 size;
    i64 attached, detached; /* seconds */
    i32 creator, last;      /* pids */
};

/* struct shmid64_ds, shminfo64, shm_info (asm-generic/shmbuf.h, linux/shm.h) */
struct shm_status {
    struct ipc_perm perm;
    u64 size;
    i64 attached, detached, changed;
    i32 creator, last;
    u64 attaches, unused[2];
};
_Static_assert(sizeof(struct shm_status) == 112, "shmid64_ds");
struct shm_limits {
    u64 max, min, segments, per_process, all, unused[4];
};
struct shm_usage {
    i32 used, pad;
    u64 total, resident, swapped, attempts, successes;
};

static void segment_free(struct ipc_object *object) {
    file_put(((struct segment *)object)->file);
    kfree(object);
}

static struct ipc_family segments = {.free = segment_free};

/* The last mapping of one shmat has gone, perhaps the last one a removed segment was waiting for. */
static void released(struct file *file) {
    struct ipc_object *object = file->private;
    object->refs--; /* not the last: the name has one */
    if (object->refs == 1 && (object->perm.mode & SHM_DEST))
        ipc_unname(object);
}

static const struct file_ops attached_ops = {
    .read = regular_read, .write = regular_write, .seek = regular_seek, .release = released, .seekable = true,
};

static i64 make(i32 key, u64 size, u32 flags) {
    char label[32];
    if (!size || size > SHM_MAX)
        return -EINVAL;
    if (!(flags & SHM_NORESERVE) && !mm_may_commit(size))
        return -ENOMEM;
    struct segment *s = kzalloc(sizeof(*s));
    if (!s)
        return -ENOMEM;
    format(label, sizeof(label), "/SYSV%08x (deleted)", (u32)key);
    s->file = file_memory(label, ROUND_UP(size, PAGE_SIZE));
    i64 id = IS_ERR(s->file) ? PTR_ERR(s->file) : ipc_add(&segments, &s->object, key, flags);
    if (id < 0) {
        if (!IS_ERR(s->file))
            file_put(s->file);
        kfree(s);
        return id;
    }
    s->size = size;
    s->creator = current->process->pid;
    return id;
}

i64 sys_shmget(const u64 *a) {
    struct ipc_object *object = ipc_lookup(&segments, a[0], a[2]);
    if (IS_ERR(object))
        return PTR_ERR(object);
    if (!object)
        return make(a[0], a[1], a[2]);
    return a[1] > ((struct segment *)object)->size ? -EINVAL : object->id;
}

/* Where a segment is to go; 0: anywhere. */
static i64 attach_address(u64 at, u64 size, u32 flags) {
    if (!at)
        return flags & SHM_REMAP ? -EINVAL : 0;
    if (at & PAGE_MASK) {
        if (!(flags & SHM_RND))
            return -EINVAL;
        at = ROUND_DOWN(at, PAGE_SIZE);
        if (!at && (flags & SHM_REMAP))
            return -EINVAL;
    }
    if (at > NV_USER_END || size > NV_USER_END - at || (!(flags & SHM_REMAP) && !mm_is_free(current->mm, at, size)))
        return -EINVAL;
    return (i64)at;
}

i64 sys_shmat(const u64 *a) {
    u32 flags = a[2];
    bool writes = !(flags & SHM_RDONLY);
    struct ipc_object *object = ipc_find(&segments, a[0], writes ? IPC_READ | IPC_WRITE : IPC_READ);
    if (IS_ERR(object))
        return PTR_ERR(object);
    struct segment *s = (struct segment *)object;
    u64 size = ROUND_UP(s->size, PAGE_SIZE);
    i64 at = attach_address(a[1], size, flags);
    if (at < 0)
        return at;
    struct file *file = file_new(s->file->dentry, &attached_ops, writes ? O_RDWR : O_RDONLY);
    if (IS_ERR(file))
        return -ENOMEM;
    file->private = ipc_get(object);
    u32 prot = PROT_READ | (writes ? PROT_WRITE : 0) | (flags & SHM_EXEC ? PROT_EXEC : 0);
    i64 result = mm_map_checked(at, size, prot, MAP_SHARED | (at ? MAP_FIXED : 0), file, 0);
    file_put(file); /* the mapping holds it */
    if (result > 0) {
        s->attached = ipc_seconds();
        s->last = current->process->pid;
    }
    return result;
}

i64 sys_shmdt(const u64 *a) {
    struct mm *mm = current->mm;
    struct area *area = area_find(mm, a[0]);
    if (!area || area->node.key != a[0] || area->offset || !area->file || area->file->ops != &attached_ops)
        return -EINVAL;
    struct file *file = file_get(area->file);
    struct segment *s = file->private;
    u64 end = a[0] + ROUND_UP(s->size, PAGE_SIZE);
    i64 error = 0;
    /* All that is left of this attachment, which may have been cut to pieces. */
    for (u64 at = a[0]; !error && (area = area_first_from(mm, at)) && area->node.key < end;) {
        u64 first = area->node.key, last = area->end;
        at = last;
        if (area->file == file && first - a[0] == area->offset)
            error = mm_unmap(mm, first, last - first);
    }
    s->detached = ipc_seconds();
    s->last = current->process->pid;
    file_put(file);
    return error;
}

static i64 status(struct segment *s, u64 to) {
    struct shm_status out = {
        .perm = s->object.perm, .size = s->size, .attached = s->attached, .detached = s->detached,
        .changed = s->object.changed, .creator = s->creator, .last = s->last,
        .attaches = mm_count_areas(s->file->inode),
    };
    return put_user(out, to);
}

static i64 usage(u64 command, u64 to) {
    u32 used;
    i64 highest = ipc_highest(&segments, &used);
    if (command == IPC_INFO) {
        struct shm_limits limits = {SHM_MAX, 1, IPC_SLOTS, IPC_SLOTS, SHM_MAX / PAGE_SIZE, {0}};
        return put_user(limits, to) ? -EFAULT : highest;
    }
    struct shm_usage out = {.used = used};
    for (i32 i = 0; i < IPC_SLOTS; i++) {
        struct segment *s = (struct segment *)segments.slot[i];
        out.total += s ? ROUND_UP(s->size, PAGE_SIZE) / PAGE_SIZE : 0;
        out.resident += s ? s->file->inode->pages.count : 0;
    }
    return put_user(out, to) ? -EFAULT : highest;
}

/* A removed segment keeps its id as long as it is attached. */
static i64 remove(struct ipc_object *object) {
    if (object->refs == 1 || !ipc_owner(object))
        return ipc_remove(object);
    object->perm.mode |= SHM_DEST;
    object->perm.key = IPC_PRIVATE;
    return 0;
}

i64 sys_shmctl(const u64 *a) {
    u32 command = a[1];
    if (command == IPC_INFO || command == SHM_INFO)
        return usage(command, a[2]);
    bool by_index = command == SHM_STAT || command == SHM_STAT_ANY;
    struct ipc_object *object = by_index ? ipc_at(&segments, a[0])
                                         : ipc_find(&segments, a[0], command == IPC_STAT ? IPC_READ : 0);
    if (IS_ERR(object))
        return PTR_ERR(object);
    struct segment *s = (struct segment *)object;
    i64 error;
    switch (command) {
    case IPC_STAT:
        return status(s, a[2]);
    case SHM_STAT:
    case SHM_STAT_ANY:
        error = status(s, a[2]);
        return error ? error : object->id;
    case IPC_SET:
        return user_reach(a[2], sizeof(struct shm_status), false) < sizeof(struct shm_status) ? -EFAULT : ipc_set(object, a[2]);
    case IPC_RMID:
        return remove(object);
    case SHM_LOCK: /* nothing is ever swapped */
        object->perm.mode |= SHM_LOCKED;
        return 0;
    case SHM_UNLOCK:
        object->perm.mode &= ~SHM_LOCKED;
        return 0;
    }
    return -EINVAL;
}
