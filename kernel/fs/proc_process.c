/* /proc/<pid>: what there is to say of a process. */
#include "errno.h"
#include "fs/proc.h"
#include "fs/walk.h"
#include "hypercall.h"
#include "lib.h"
#include "linux/resource.h"
#include "mm.h"
#include "proc.h"
#include "terminal.h"

/* Bytes of the process's own memory that are its argument or environment strings. */
static void add_memory(struct text *text, struct mm *mm, u64 start, u64 end) {
    while (start < end && !text->failed) {
        paddr at = mm_resolve(mm, start, 0);
        u64 part = MIN(end - start, PAGE_SIZE - start % PAGE_SIZE);
        if (!at)
            return;
        text_bytes(text, phys_to_virt(at), part);
        start += part;
    }
}

static void write_cmdline(struct text *text, struct process *p) {
    struct task *t = proc_task(p);
    if (t)
        add_memory(text, t->mm, t->mm->arg_start, t->mm->arg_end);
}

static void write_environ(struct text *text, struct process *p) {
    struct task *t = proc_task(p);
    if (t)
        add_memory(text, t->mm, t->mm->env_start, t->mm->env_end);
}

static void write_auxv(struct text *text, struct process *p) {
    struct task *t = proc_task(p);
    if (t)
        text_bytes(text, t->mm->auxv, t->mm->auxv_len * sizeof(u64));
}

static void write_statm(struct text *text, struct process *p) {
    struct task *t = proc_task(p);
    u64 pages = t ? t->mm->reserved / PAGE_SIZE : 0, resident = t ? t->mm->resident : 0;
    text_add(text, "%lu %lu 0 0 0 %lu 0\n", pages, resident, pages);
}

static void write_limits(struct text *text, struct process *p) {
    static const char *const names[RLIM_COUNT][2] = {
        {"Max cpu time", "seconds"}, {"Max file size", "bytes"}, {"Max data size", "bytes"},
        {"Max stack size", "bytes"}, {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
        {"Max processes", "processes"}, {"Max open files", "files"}, {"Max locked memory", "bytes"},
        {"Max address space", "bytes"}, {"Max file locks", "locks"}, {"Max pending signals", "signals"},
        {"Max msgqueue size", "bytes"}, {"Max nice priority", ""}, {"Max realtime priority", ""},
        {"Max realtime timeout", "us"},
    };
    char soft[24], hard[24];
    text_add(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (int i = 0; i < RLIM_COUNT; i++) {
        const struct rlimit *l = &p->limits[i];
        format(soft, sizeof(soft), l->cur == RLIM_INFINITY ? "unlimited" : "%lu", l->cur);
        format(hard, sizeof(hard), l->max == RLIM_INFINITY ? "unlimited" : "%lu", l->max);
        text_add(text, "%-25s %-20s %-20s %-10s\n", names[i][0], soft, hard, names[i][1]);
    }
}

static void write_io(struct text *text, struct process *p) {
    text_add(text, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\n", p->moved_bytes[0], p->moved_bytes[1],
             p->move_calls[0], p->move_calls[1]);
    text_add(text, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n"); /* there is no disk */
}

static void write_fdinfo(struct text *text, struct process *p, i32 fd) {
    struct task *t = proc_task(p);
    struct file *file = t ? fd_in(t->files, fd) : NULL;
    if (!file)
        return;
    u32 cloexec = t->files->leaf[fd / FD_LEAF]->cloexec >> (fd % FD_LEAF) & 1 ? O_CLOEXEC : 0;
    text_add(text, "pos:\t%lu\nflags:\t0%o\nmnt_id:\t%lu\nino:\t%lu\n", file->pos, file_status(file) | cloexec,
             MINOR(file->inode->super->dev), file->inode->ino);
    if (file->ops->show)
        file->ops->show(file, text);
}

static i64 copy_path(const char *path, char *buf, u64 size) {
    u64 n = MIN(strlen(path), size);
    memcpy(buf, path, n);
    return n;
}

static i64 link_exe(struct process *p, i32 number, char *buf, u64 size) {
    return p->exe[0] && proc_task(p) ? copy_path(p->exe, buf, size) : -ENOENT;
}

static struct dentry *follow_exe(struct process *p, i32 number) {
    struct task *t = proc_task(p);
    return t && t->mm->program ? file_dentry(t->mm->program) : NULL;
}

static struct dentry *follow_cwd(struct process *p, i32 number) {
    struct task *t = proc_task(p);
    return t ? dentry_get(t->fs->cwd) : NULL;
}

static struct dentry *follow_root(struct process *p, i32 number) {
    struct task *t = proc_task(p);
    return t ? dentry_get(t->fs->root) : NULL;
}

static struct dentry *follow_fd(struct process *p, i32 fd) {
    struct task *t = proc_task(p);
    struct file *file = t ? fd_in(t->files, fd) : NULL;
    return file ? dentry_get(file->dentry) : NULL;
}

static i64 path_of(struct dentry *d, char *buf, u64 size) {
    if (!d)
        return -ENOENT;
    i64 length = dentry_path(d, current->fs->root, buf, size);
    dentry_put(d);
    return length;
}

static i64 link_cwd(struct process *p, i32 n, char *buf, u64 size) { return path_of(follow_cwd(p, n), buf, size); }
static i64 link_root(struct process *p, i32 n, char *buf, u64 size) { return path_of(follow_root(p, n), buf, size); }
static i64 link_fd(struct process *p, i32 n, char *buf, u64 size) { return path_of(follow_fd(p, n), buf, size); }

static i32 next_fd(struct process *p, i32 from) {
    struct task *t = proc_task(p);
    return t ? fd_next(t->files, from) : -1;
}

static i32 next_thread(struct process *p, i32 from) {
    i32 best = -1;
    struct task *t;
    if (!p)
        return -1;
    if (p->leader_left && p->pid >= from)
        best = p->pid;
    list_for_each(t, &p->threads, thread_link)
        if (t->tid >= from && (best < 0 || t->tid < best))
            best = t->tid;
    return best;
}

#define DIR (S_IFDIR | 0555)
#define TEXT (S_IFREG | 0444)
#define TEXT_RW (S_IFREG | 0644)
#define LINK (S_IFLNK | 0777)

static const struct proc_node fd_info = {.mode = S_IFREG | 0444, .write_numbered = write_fdinfo};
static const struct proc_node fd_link = {.mode = S_IFLNK | 0700, .link = link_fd, .follow = follow_fd};

/* What a thread has of its own is little: its name, state and figures. */
#define COMMON_ENTRIES                                                                \
    {.name = "auxv", .mode = S_IFREG | 0400, .write = write_auxv},                    \
    {.name = "cmdline", .mode = TEXT, .write = write_cmdline},                        \
    {.name = "comm", .mode = S_IFREG | 0644, .write_numbered = proc_comm, .store = proc_set_comm},                              \
    {.name = "cgroup", .mode = TEXT, .write = proc_cgroup},                           \
    {.name = "cpuset", .mode = TEXT, .write = proc_cpuset},                           \
    {.name = "cwd", .mode = LINK, .link = link_cwd, .follow = follow_cwd},            \
    {.name = "environ", .mode = S_IFREG | 0400, .write = write_environ},              \
    {.name = "exe", .mode = LINK, .link = link_exe, .follow = follow_exe},                                  \
    {.name = "fd", .mode = S_IFDIR | 0500, .next = next_fd, .numbered = &fd_link},    \
    {.name = "fdinfo", .mode = S_IFDIR | 0555, .next = next_fd, .numbered = &fd_info}, \
    {.name = "gid_map", .mode = TEXT_RW, .write = proc_id_map},                       \
    {.name = "io", .mode = S_IFREG | 0400, .write = write_io},                        \
    {.name = "limits", .mode = TEXT, .write = write_limits},                          \
    {.name = "loginuid", .mode = TEXT_RW, .write = proc_login},                       \
    {.name = "maps", .mode = TEXT, .write = proc_maps},                               \
    {.name = "mem", .mode = S_IFREG | 0600, .ops = &proc_mem_ops},                    \
    {.name = "mountinfo", .mode = TEXT, .write = proc_mountinfo},                     \
    {.name = "mounts", .mode = TEXT, .write = proc_mounts},                           \
    {.name = "net", .mode = DIR, .entries = proc_net_entries},                        \
    {.name = "ns", .mode = S_IFDIR | 0511, .entries = proc_space_entries},            \
    {.name = "oom_adj", .mode = TEXT_RW, .write = proc_oom_old_adjust, .store = proc_set_oom_old_adjust}, \
    {.name = "oom_score", .mode = TEXT, .write = proc_oom_score},                     \
    {.name = "oom_score_adj", .mode = TEXT_RW, .write = proc_oom_adjust, .store = proc_set_oom_adjust}, \
    {.name = "personality", .mode = S_IFREG | 0400, .write = proc_personality},       \
    {.name = "projid_map", .mode = TEXT_RW, .write = proc_id_map},                    \
    {.name = "root", .mode = LINK, .link = link_root, .follow = follow_root},         \
    {.name = "schedstat", .mode = TEXT, .write_numbered = proc_schedstat},            \
    {.name = "sessionid", .mode = TEXT, .write = proc_login},                         \
    {.name = "setgroups", .mode = TEXT_RW, .write = proc_setgroups},                  \
    {.name = "smaps", .mode = TEXT, .write = proc_smaps},                             \
    {.name = "smaps_rollup", .mode = TEXT, .write = proc_smaps_rollup},               \
    {.name = "stat", .mode = TEXT, .write_numbered = proc_stat},                              \
    {.name = "statm", .mode = TEXT, .write = write_statm},                            \
    {.name = "status", .mode = TEXT, .write_numbered = proc_status},                  \
    {.name = "syscall", .mode = S_IFREG | 0400, .write_numbered = proc_syscall},      \
    {.name = "uid_map", .mode = TEXT_RW, .write = proc_id_map},                       \
    {.name = "wchan", .mode = TEXT, .write = proc_wchan}

static const struct proc_node thread_entries[] = {
    COMMON_ENTRIES, {.name = "children", .mode = TEXT, .write_numbered = proc_children}, {0},
};
static const struct proc_node thread_node = {.mode = DIR, .entries = thread_entries};
static const struct proc_node process_entries[] = {
    COMMON_ENTRIES,
    {.name = "coredump_filter", .mode = TEXT_RW, .write = proc_core_filter, .store = proc_set_core_filter},
    {.name = "timerslack_ns", .mode = S_IFREG | 0666, .write_numbered = proc_slack, .store = proc_set_slack},
    {.name = "task", .mode = DIR, .next = next_thread, .numbered = &thread_node},
    {0},
};
const struct proc_node proc_process = {.mode = DIR, .entries = process_entries};
