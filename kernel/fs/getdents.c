/* getdents64(2) and the older getdents(2): file systems emit entries, which gather in a page and leave in one
   copy. */
#include "errno.h"
#include "fs/notify.h"
#include "fs/open.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

/* In the older form the name begins where the type is here, and the type is the last byte: as long, then. */
struct dirent64 {
    u64 ino, next;
    u16 size;
    u8 type;
    char name[];
} packed;

struct dir_sink {
    struct file *file;
    u64 to, room; /* of the user's buffer */
    u64 done;     /* bytes copied out */
    i64 error;
    bool full; /* the buffer has ended before its size */
    bool old;  /* entries for getdents(2) */
};

static u8 staged[PAGE_SIZE] __attribute__((aligned(8))); /* nothing sleeps while it is in use */
static u64 staged_size;

/* The buffer has ended early: what is whole in it counts, without the padding behind the last name, and
   the next call goes on behind that. */
static void flush_part(struct dir_sink *sink, u64 there) {
    for (u64 at = 0; at < staged_size;) {
        const struct dirent64 *entry = (const struct dirent64 *)(staged + at);
        u64 needed = sink->old ? entry->size : offsetof(struct dirent64, name) + strlen(entry->name) + 1;
        if (at + needed > there)
            break;
        at += entry->size;
        sink->done += entry->size;
        sink->file->pos = entry->next;
    }
    sink->error = sink->done ? 0 : -EFAULT;
    sink->full = true;
}

static bool flush(struct dir_sink *sink) {
    u64 there = copy_some_to_user(sink->to + sink->done, staged, staged_size);
    if (there < staged_size) {
        flush_part(sink, there);
        staged_size = 0;
        return false;
    }
    sink->done += staged_size;
    staged_size = 0;
    return true;
}

bool dir_emit(struct dir_sink *sink, const char *name, u64 size, u64 ino, u32 type, u64 next) {
    u64 length = ROUND_UP(offsetof(struct dirent64, name) + size + 1, 8);
    if (sink->done + staged_size + length > sink->room) {
        if (!sink->done && !staged_size)
            sink->error = -EINVAL;
        return false;
    }
    if (staged_size + length > sizeof(staged) && !flush(sink))
        return false;
    struct dirent64 *entry = (struct dirent64 *)(staged + staged_size);
    *(u64 *)((u8 *)entry + length - 8) = 0;
    entry->ino = ino;
    entry->next = next;
    entry->size = length;
    char *text = sink->old ? (char *)&entry->type : entry->name;
    memcpy(text, name, size);
    text[size] = 0;
    *(sink->old ? (u8 *)entry + length - 1 : &entry->type) = (u8)type;
    staged_size += length;
    sink->file->pos = next;
    return true;
}

bool dir_emit_dots(struct dir_sink *sink, struct file *file) {
    struct dentry *d = file->dentry;
    if (file->pos == 0 && !dir_emit(sink, ".", 1, d->inode->ino, DT_OF(S_IFDIR), 1))
        return false;
    return file->pos != 1 || dir_emit(sink, "..", 2, dentry_up(d)->inode->ino, DT_OF(S_IFDIR), 2);
}

static i64 list(const u64 *a, bool old) {
    struct file *file = fd_peek(a[0]);
    if (!file)
        return -EBADF;
    if (!file->ops->readdir || !S_ISDIR(file->inode->mode))
        return -ENOTDIR;
    if (!file->inode->nlink) /* removed while it was open */
        return -ENOENT;
    struct dir_sink sink = {.file = file, .to = a[1], .room = (u32)a[2], .old = old};
    staged_size = 0;
    u64 before = file->pos;
    i64 error = file->ops->readdir(file, &sink);
    if (!sink.error && !sink.full)
        flush(&sink);
    if (!sink.error && (sink.done || !error)) {
        notify_file(file->dentry, IN_ACCESS);
        file_accessed(file);
        return sink.done;
    }
    file->pos = before;
    return sink.error ? sink.error : error;
}

i64 sys_getdents64(const u64 *a) { return list(a, false); }

i64 sys_getdents(const u64 *a) { return list(a, true); }
