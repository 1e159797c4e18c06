/* The process file system, and that of the system: tables of names and what writes their text. */
#pragma once
#include "fs/open.h"
#include "task.h"

struct area;
struct io;

void proc_mount(void);

/* Text that grows page by page (fs/proc_text.c). */
struct text {
    struct page_map pages;
    u64 size;
    bool failed; /* no memory: the rest is missing */
};
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_bytes(struct text *text, const void *bytes, u64 size);
void text_free(struct text *text);

/* One name in /proc. A directory has entries, a file a writer, a link a reader. */
struct proc_node {
    const char *name;
    u32 mode;
    void (*write)(struct text *text, struct process *process);
    void (*write_numbered)(struct text *text, struct process *process, i32 number); /* in its place */
    i64 (*store)(struct process *process, i32 number, struct io *io); /* what is written to it; NULL: EINVAL */
    const struct inode_ops *ops; /* of a file that is no text */
    i64 (*link)(struct process *process, i32 number, char *buf, u64 size);
    struct dentry *(*follow)(struct process *process, i32 number); /* of links to objects */
    const struct proc_node *entries; /* ends with a nameless one */
    /* Numbered entries: the next number >= from or -1, and what each is. */
    i32 (*next)(struct process *process, i32 from);
    const struct proc_node *numbered;
    i32 number;              /* of an entry, for the writers below it; 0: that of its directory */
    bool (*there)(i32 number); /* NULL: always */
};

extern const struct proc_node proc_root;            /* fs/proc_system.c */
extern const struct proc_node sys_root;             /* fs/sys.c */
extern const struct proc_node proc_sys_net_entries[], proc_sys_inotify_entries[]; /* fs/proc_sysnet.c */
extern const struct proc_node proc_net_entries[];   /* what /proc/net has */
extern const struct proc_node proc_process;         /* fs/proc_process.c */
void proc_map_line(struct text *text, const struct area *area); /* of maps */
void proc_smaps(struct text *text, struct process *process);    /* fs/proc_memory.c */
void proc_smaps_rollup(struct text *text, struct process *process);
u64 mm_locked_kb(struct mm *mm);
/* /proc/net (net/tables.c) */
void proc_net_tcp(struct text *text, struct process *process);
void proc_net_tcp6(struct text *text, struct process *process);
void proc_net_udp(struct text *text, struct process *process);
void proc_net_udp6(struct text *text, struct process *process);
void proc_net_unix(struct text *text, struct process *process);
void proc_net_dev(struct text *text, struct process *process);
void proc_maps(struct text *text, struct process *process); /* fs/proc_maps.c */
void proc_mounts(struct text *text, struct process *process);
void proc_mountinfo(struct text *text, struct process *process);

/* Of a process, or by its number of a thread (fs/proc_status.c). */
void proc_comm(struct text *text, struct process *process, i32 number);
i64 proc_set_comm(struct process *process, i32 number, struct io *io);
void proc_stat(struct text *text, struct process *process, i32 number);
void proc_status(struct text *text, struct process *process, i32 number);
extern const struct inode_ops proc_mem_ops; /* fs/proc_mem.c */
/* Who dies when memory is out (fs/proc_oom.c). */
void proc_oom_score(struct text *text, struct process *process);
void proc_oom_adjust(struct text *text, struct process *process);
i64 proc_set_oom_adjust(struct process *process, i32 number, struct io *io);
void proc_oom_old_adjust(struct text *text, struct process *process);
i64 proc_set_oom_old_adjust(struct process *process, i32 number, struct io *io);

/* fs/proc_settings.c */
/* What is written to a file of one number: its bytes, -EINVAL, -EFAULT. */
i64 proc_take_number(struct io *io, i64 *out);
void proc_core_filter(struct text *text, struct process *process);
i64 proc_set_core_filter(struct process *process, i32 number, struct io *io);
void proc_slack(struct text *text, struct process *process, i32 number);
i64 proc_set_slack(struct process *process, i32 number, struct io *io);
void proc_personality(struct text *text, struct process *process);
void proc_wchan(struct text *text, struct process *process);
void proc_schedstat(struct text *text, struct process *process, i32 number);
void proc_syscall(struct text *text, struct process *process, i32 number);
void proc_children(struct text *text, struct process *process, i32 number);

/* fs/proc_spaces.c */
extern const struct proc_node proc_space_entries[];
void proc_id_map(struct text *text, struct process *process);
void proc_setgroups(struct text *text, struct process *process);
void proc_cgroup(struct text *text, struct process *process);
void proc_cpuset(struct text *text, struct process *process);
void proc_login(struct text *text, struct process *process);

/* Whom an inode of /proc is about: NULL when it is gone, or nobody. */
struct process *proc_process_of(struct inode *inode);
/* The number in the name of a directory of a process; 0 for anything else. */
i32 proc_pid_of_directory(struct inode *inode);
void proc_free(struct inode *inode);
/* A thread of the process that still has what it runs on, or NULL. */
struct task *proc_task(struct process *process);
