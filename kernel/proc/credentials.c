/* User and group ids (credentials(7)). User 0 is privileged inside the guest, nowhere else: what the
   host grants does not depend on them. */
#include "errno.h"
#include "lib.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define KEEP (~0u)

static bool privileged(void) { return current->process->uid == 0; }

i64 sys_getuid(const u64 *a) { return current->process->ruid; }
i64 sys_geteuid(const u64 *a) { return current->process->uid; }
i64 sys_getgid(const u64 *a) { return current->process->rgid; }
i64 sys_getegid(const u64 *a) { return current->process->gid; }

static i64 put_three(const u64 *a, u32 real, u32 effective, u32 saved) {
    if (put_user(real, a[0]) || put_user(effective, a[1]) || put_user(saved, a[2]))
        return -EFAULT;
    return 0;
}

i64 sys_getresuid(const u64 *a) {
    struct process *p = current->process;
    return put_three(a, p->ruid, p->uid, p->suid);
}

i64 sys_getresgid(const u64 *a) {
    struct process *p = current->process;
    return put_three(a, p->rgid, p->gid, p->sgid);
}

/* May an unprivileged process take this id? Only one it already has. */
static bool may_take(u32 id, u32 real, u32 effective, u32 saved) {
    return id == KEEP || privileged() || id == real || id == effective || id == saved;
}

static i64 set_three(u32 *real, u32 *effective, u32 *saved, u32 r, u32 e, u32 s) {
    if (!may_take(r, *real, *effective, *saved) || !may_take(e, *real, *effective, *saved) ||
        !may_take(s, *real, *effective, *saved))
        return -EPERM;
    if (r != KEEP)
        *real = r;
    if (e != KEEP)
        *effective = e;
    if (s != KEEP)
        *saved = s;
    return 0;
}

i64 sys_setresuid(const u64 *a) {
    struct process *p = current->process;
    return set_three(&p->ruid, &p->uid, &p->suid, (u32)a[0], (u32)a[1], (u32)a[2]);
}

i64 sys_setresgid(const u64 *a) {
    struct process *p = current->process;
    return set_three(&p->rgid, &p->gid, &p->sgid, (u32)a[0], (u32)a[1], (u32)a[2]);
}

i64 sys_setuid(const u64 *a) {
    struct process *p = current->process;
    u32 id = (u32)a[0], others = privileged() ? id : KEEP;
    if (id == KEEP)
        return -EINVAL;
    if (!privileged() && id != p->ruid && id != p->suid)
        return -EPERM;
    return set_three(&p->ruid, &p->uid, &p->suid, others, id, others);
}

i64 sys_setgid(const u64 *a) {
    struct process *p = current->process;
    u32 id = (u32)a[0], others = privileged() ? id : KEEP;
    if (id == KEEP)
        return -EINVAL;
    if (!privileged() && id != p->rgid && id != p->sgid)
        return -EPERM;
    return set_three(&p->rgid, &p->gid, &p->sgid, others, id, others);
}

/* setreuid(2): the saved id follows the effective one when the real id is set or the effective one
   becomes something else than the old real one. */
static i64 set_pair(u32 *real, u32 *effective, u32 *saved, u32 r, u32 e) {
    u32 old_real = *real;
    if (r != KEEP && !privileged() && r != *real && r != *effective)
        return -EPERM;
    i64 err = set_three(real, effective, saved, r, e, KEEP);
    if (!err && (r != KEEP || (e != KEEP && e != old_real)))
        *saved = *effective;
    return err;
}

i64 sys_setreuid(const u64 *a) {
    struct process *p = current->process;
    return set_pair(&p->ruid, &p->uid, &p->suid, (u32)a[0], (u32)a[1]);
}

i64 sys_setregid(const u64 *a) {
    struct process *p = current->process;
    return set_pair(&p->rgid, &p->gid, &p->sgid, (u32)a[0], (u32)a[1]);
}

i64 sys_getgroups(const u64 *a) {
    struct process *p = current->process;
    i32 room = (i32)a[0];
    if (room < 0 || (room && (u32)room < p->group_count))
        return -EINVAL;
    if (room && copy_to_user(a[1], p->groups, p->group_count * sizeof(u32)))
        return -EFAULT;
    return p->group_count;
}

i64 sys_setgroups(const u64 *a) {
    u32 groups[NGROUPS_MAX];
    if (!privileged())
        return -EPERM;
    if (a[0] > NGROUPS_MAX)
        return -EINVAL;
    if (copy_from_user(groups, a[1], a[0] * sizeof(u32)))
        return -EFAULT;
    memcpy(current->process->groups, groups, a[0] * sizeof(u32));
    current->process->group_count = (u32)a[0];
    return 0;
}

/* setfsuid(2) and setfsgid(2) return the old id and change nothing else here: file permissions
   follow the effective ids. */
i64 sys_setfsuid(const u64 *a) { return current->process->uid; }
i64 sys_setfsgid(const u64 *a) { return current->process->gid; }

/* Capabilities: all of them for user 0, none for anyone else. */
struct capability_header {
    u32 version;
    i32 pid;
};
struct capability_data {
    u32 effective, permitted, inheritable;
};
#define CAPABILITY_VERSION_3 0x20080522u
#define CAPABILITIES_ALL 0x1ffffffffffUL /* 41 of them */

static i64 capability_check(u64 header_addr, struct capability_header *header) {
    if (get_user(header->version, header_addr))
        return -EFAULT;
    if (header->version != CAPABILITY_VERSION_3) {
        u32 version = CAPABILITY_VERSION_3;
        return put_user(version, header_addr) ? -EFAULT : -EINVAL;
    }
    if (get_user(header->pid, header_addr + offsetof(struct capability_header, pid)))
        return -EFAULT;
    if (header->pid < 0)
        return -EINVAL;
    return header->pid && !task_find(header->pid) ? -ESRCH : 0;
}

i64 sys_capget(const u64 *a) {
    struct capability_header header;
    i64 err = capability_check(a[0], &header);
    if (err || !a[1])
        return err == -EINVAL && !a[1] ? 0 : err;
    struct task *task = header.pid ? task_find(header.pid) : current;
    u64 all = task->process->uid ? 0 : CAPABILITIES_ALL;
    struct capability_data data[2] = { { (u32)all, (u32)all, 0 }, { (u32)(all >> 32), (u32)(all >> 32), 0 } };
    return copy_to_user(a[1], data, sizeof(data));
}

/* Keeping what one has is allowed; a smaller set cannot be kept track of, so it is refused. */
i64 sys_capset(const u64 *a) {
    struct capability_header header;
    struct capability_data data[2];
    i64 err = capability_check(a[0], &header);
    if (err)
        return err;
    if (copy_from_user(data, a[1], sizeof(data)))
        return -EFAULT;
    u64 wanted = data[0].permitted | (u64)data[1].permitted << 32;
    return (wanted & CAPABILITIES_ALL) == (privileged() ? CAPABILITIES_ALL : 0) ? 0 : -EPERM;
}
