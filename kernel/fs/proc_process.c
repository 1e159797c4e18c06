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

#define TICK 10000000UL /* ns in a clock tick of /proc: USER_HZ is 100 */

static char state_of(const struct process *p) {
    if (p->zombie || list_empty(&p->threads))
        return 'Z';
    if (p->stopped)
        return 'T';
    struct task *t;
    list_for_each(t, &p->threads, thread_link)
        if (t->state == TASK_RUNNABLE)
            return 'R';
    return 'S';
}

static const char *comm_of(const struct process *p) { return p->leader ? p->leader->comm : "?"; }
static i32 parent_of(const struct process *p) { return p->parent ? p->parent->pid : 0; }

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

static void write_comm(struct text *text, struct process *p) { text_add(text, "%s\n", comm_of(p)); }

static void write_stat(struct text *text, struct process *p) {
    struct task *t = proc_task(p);
    struct mm *mm = t ? t->mm : NULL;
    text_add(text, "%d (%s) %c %d %d %d %lu %d 4194304 ", p->pid, comm_of(p), state_of(p), parent_of(p),
             p->pgid, p->sid, p->terminal ? p->terminal->rdev : 0, p->terminal ? p->terminal->foreground : -1);
    struct usage_counts counts = usage_of(p);
    text_add(text, "%lu %lu %lu %lu ", counts.minor_faults, p->child_counts.minor_faults, counts.major_faults,
             p->child_counts.major_faults);
    struct cpu_time used = process_cpu(p);
    text_add(text, "%lu %lu %lu %lu 20 0 %u 0 ", used.user / TICK, used.system / TICK, p->child_cpu.user / TICK,
             p->child_cpu.system / TICK, p->thread_count);
    text_add(text, "%lu %lu %lu %lu ", p->start_ns / TICK, mm ? mm->reserved : 0, mm ? mm->resident : 0, RLIM_INFINITY);
    text_add(text, "1 1 %lu 0 0 0 0 0 0 0 0 0 %d 0 0 0 0 0 0 0 0 ", mm ? mm->stack_top : 0, p->exit_signal);
    text_add(text, "%lu %lu %lu %lu %lu 0\n", mm ? mm->brk_start : 0, mm ? mm->arg_start : 0,
             mm ? mm->arg_end : 0, mm ? mm->env_start : 0, mm ? mm->env_end : 0);
}

static void write_statm(struct text *text, struct process *p) {
    struct task *t = proc_task(p);
    u64 pages = t ? t->mm->reserved / PAGE_SIZE : 0, resident = t ? t->mm->resident : 0;
    text_add(text, "%lu %lu 0 0 0 %lu 0\n", pages, resident, pages);
}

#define CAPABILITIES 0x1ffffffffffUL /* as capget(2) tells */

static void write_signals(struct text *text, struct task *t) {
    u64 ignored = 0, caught = 0;
    for (u32 i = 0; t->sighand && i < NSIG; i++) {
        u64 handler = t->sighand->action[i].handler;
        ignored |= handler == SIG_IGN ? 1UL << i : 0;
        caught |= handler != SIG_IGN && handler != SIG_DFL ? 1UL << i : 0;
    }
    text_add(text, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
             t->pending.bits, t->process->pending.bits, t->blocked, ignored, caught);
}

static void write_status(struct text *text, struct process *p) {
    static const char *const states[] = {"R (running)", "S (sleeping)", "T (stopped)", "Z (zombie)"};
    struct task *t = proc_task(p);
    char state = state_of(p);
    const char *words = states[state == 'R' ? 0 : state == 'S' ? 1 : state == 'T' ? 2 : 3];
    text_add(text, "Name:\t%s\nUmask:\t%04o\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
             comm_of(p), t ? t->fs->umask : 0, words, p->pid, p->pid, parent_of(p));
    text_add(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t64\nGroups:\t", p->ruid, p->uid, p->suid,
             p->uid, p->rgid, p->gid, p->sgid, p->gid);
    for (u32 i = 0; i < p->group_count; i++)
        text_add(text, "%u ", p->groups[i]);
    text_add(text, "\n");
    if (t)
        text_add(text, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\n", t->mm->reserved / 1024,
                 t->mm->reserved / 1024, MAX(p->peak_resident, t->mm->resident) * 4, t->mm->resident * 4);
    if (t)
        text_add(text, "VmLck:\t%8lu kB\nVmSwap:\t%8u kB\n", mm_locked_kb(t->mm), 0);
    text_add(text, "Threads:\t%u\n", p->thread_count);
    if (t)
        write_signals(text, t);
    u64 able = p->uid ? 0 : CAPABILITIES;
    text_add(text, "CapInh:\t%016x\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016x\n", 0, able, able,
             CAPABILITIES, 0);
    text_add(text, "NoNewPrivs:\t%d\nSeccomp:\t0\nCpus_allowed:\t1\nCpus_allowed_list:\t0\n", p->no_new_privs);
    struct usage_counts counts = usage_of(p);
    text_add(text, "Mems_allowed_list:\t0\nvoluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
             counts.waits, counts.preemptions);
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
    text_add(text, "pos:\t%lu\nflags:\t0%o\nmnt_id:\t%lu\nino:\t%lu\n", file->pos,
             file->flags | cloexec | (file->flags & O_PATH ? 0 : O_LARGEFILE), MINOR(file->inode->super->dev),
             file->inode->ino);
}

static void write_cgroup(struct text *text, struct process *p) { text_add(text, "0::/\n"); }
static void write_zero(struct text *text, struct process *p) { text_add(text, "0\n"); }

static i64 copy_path(const char *path, char *buf, u64 size) {
    u64 n = MIN(strlen(path), size);
    memcpy(buf, path, n);
    return n;
}

static i64 link_exe(struct process *p, i32 number, char *buf, u64 size) {
    return p->exe[0] ? copy_path(p->exe, buf, size) : -ENOENT;
}

#define AT_ENTRY 9

/* The program's file is what its entry point is mapped from. */
static struct dentry *follow_exe(struct process *p, i32 number) {
    struct task *t = proc_task(p);
    struct area *area = NULL;
    for (u32 i = 0; t && i + 1 < t->mm->auxv_len; i += 2)
        if (t->mm->auxv[i] == AT_ENTRY)
            area = area_find(t->mm, t->mm->auxv[i + 1]);
    return area && area->file ? file_dentry(area->file) : NULL;
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
    list_for_each(t, &p->threads, thread_link)
        if (t->tid >= from && (best < 0 || t->tid < best))
            best = t->tid;
    return best;
}

#define DIR (S_IFDIR | 0555)
#define TEXT (S_IFREG | 0444)
#define LINK (S_IFLNK | 0777)

static const struct proc_node fd_info = {.mode = S_IFREG | 0444, .write_numbered = write_fdinfo};
static const struct proc_node fd_link = {.mode = S_IFLNK | 0700, .link = link_fd, .follow = follow_fd};

/* What a thread has of its own is little: the names are those of its process. */
#define COMMON_ENTRIES                                                                \
    {.name = "auxv", .mode = S_IFREG | 0400, .write = write_auxv},                    \
    {.name = "cmdline", .mode = TEXT, .write = write_cmdline},                        \
    {.name = "comm", .mode = TEXT, .write = write_comm},                              \
    {.name = "cgroup", .mode = TEXT, .write = write_cgroup},                          \
    {.name = "cwd", .mode = LINK, .link = link_cwd, .follow = follow_cwd},            \
    {.name = "environ", .mode = S_IFREG | 0400, .write = write_environ},              \
    {.name = "exe", .mode = LINK, .link = link_exe, .follow = follow_exe},                                  \
    {.name = "fd", .mode = S_IFDIR | 0500, .next = next_fd, .numbered = &fd_link},    \
    {.name = "fdinfo", .mode = S_IFDIR | 0555, .next = next_fd, .numbered = &fd_info}, \
    {.name = "io", .mode = S_IFREG | 0400, .write = write_io},                        \
    {.name = "limits", .mode = TEXT, .write = write_limits},                          \
    {.name = "maps", .mode = TEXT, .write = proc_maps},                               \
    {.name = "mountinfo", .mode = TEXT, .write = proc_mountinfo},                     \
    {.name = "mounts", .mode = TEXT, .write = proc_mounts},                           \
    {.name = "oom_score", .mode = TEXT, .write = write_zero},                         \
    {.name = "oom_score_adj", .mode = TEXT, .write = write_zero},                     \
    {.name = "root", .mode = LINK, .link = link_root, .follow = follow_root},         \
    {.name = "smaps", .mode = TEXT, .write = proc_smaps},                             \
    {.name = "smaps_rollup", .mode = TEXT, .write = proc_smaps_rollup},               \
    {.name = "stat", .mode = TEXT, .write = write_stat},                              \
    {.name = "statm", .mode = TEXT, .write = write_statm},                            \
    {.name = "status", .mode = TEXT, .write = write_status}

static const struct proc_node thread_entries[] = {COMMON_ENTRIES, {0}};
static const struct proc_node thread_node = {.mode = DIR, .entries = thread_entries};
static const struct proc_node process_entries[] = {
    COMMON_ENTRIES,
    {.name = "task", .mode = DIR, .next = next_thread, .numbered = &thread_node},
    {0},
};
const struct proc_node proc_process = {.mode = DIR, .entries = process_entries};
