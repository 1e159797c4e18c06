/* /proc/<pid>: which name spaces and groups a process is in. There is one of each, and everybody is in it. */
#include "errno.h"
#include "fs/anon.h"
#include "fs/proc.h"
#include "lib.h"

/* The numbers of Linux's first ones; those of mounts and networks are given at boot there. */
#define CGROUP 4026531835u
#define IPC 4026531839u
#define MNT 4026531832u
#define NET 4026531833u
#define PID 4026531836u
#define TIME 4026531834u
#define USER 4026531837u
#define UTS 4026531838u

static void space_free(struct inode *inode) { kfree(inode); }
static const struct file_ops space_file_ops = {0}; /* to be held, not to be read */
static const struct inode_ops space_ops = {.file = &space_file_ops, .free = space_free};

static i64 say(const char *kind, u32 number, char *buf, u64 size) {
    char text[32];
    u64 length = MIN(format(text, sizeof(text), "%s:[%u]", kind, number), size);
    memcpy(buf, text, length);
    return (i64)length;
}

static struct dentry *open_space(const char *kind, u32 number) {
    char text[32];
    struct inode *inode = kmalloc(sizeof(*inode));
    if (!inode)
        return NULL;
    anon_inode_init(inode, &space_ops, S_IFREG | 0444);
    inode->ino = number;
    inode->uid = inode->gid = 0;
    format(text, sizeof(text), "%s:[%u]", kind, number);
    struct dentry *d = dentry_anon(inode, text);
    if (!d)
        inode_put(inode);
    return d;
}

#define SPACE(what, kind, number)                                                                                     \
    static i64 link_##what(struct process *p, i32 n, char *buf, u64 size) { return say(kind, number, buf, size); } \
    static struct dentry *follow_##what(struct process *p, i32 n) { return open_space(kind, number); }
SPACE(cgroup, "cgroup", CGROUP)
SPACE(ipc, "ipc", IPC)
SPACE(mnt, "mnt", MNT)
SPACE(net, "net", NET)
SPACE(pid, "pid", PID)
SPACE(time, "time", TIME)
SPACE(user, "user", USER)
SPACE(uts, "uts", UTS)

#define ENTRY(label, what) {.name = label, .mode = S_IFLNK | 0777, .link = link_##what, .follow = follow_##what}
const struct proc_node proc_space_entries[] = {
    ENTRY("cgroup", cgroup), ENTRY("ipc", ipc), ENTRY("mnt", mnt), ENTRY("net", net), ENTRY("pid", pid),
    ENTRY("pid_for_children", pid), ENTRY("time", time), ENTRY("time_for_children", time), ENTRY("user", user),
    ENTRY("uts", uts), {0},
};

void proc_id_map(struct text *text, struct process *p) { text_add(text, "%10u %10u %10u\n", 0u, 0u, ~0u); }
void proc_setgroups(struct text *text, struct process *p) { text_add(text, "allow\n"); }
void proc_cgroup(struct text *text, struct process *p) { text_add(text, "0::/\n"); }
void proc_cpuset(struct text *text, struct process *p) { text_add(text, "/\n"); }
/* Nobody has logged in: audit(7) does not know the process. */
void proc_login(struct text *text, struct process *p) { text_add(text, "%u", ~0u); }
