/* The calls that read and set user and group ids (credentials(7)). */
#include "cred.h"
#include "errno.h"
#include "frame.h"
#include "lib.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define KEEP (~0u)

i64 sys_getuid(const u64 *a) { return current->cred->ruid; }
i64 sys_geteuid(const u64 *a) { return current->cred->euid; }
i64 sys_getgid(const u64 *a) { return current->cred->rgid; }
i64 sys_getegid(const u64 *a) { return current->cred->egid; }

static i64 put_three(const u64 *a, u32 real, u32 effective, u32 saved) {
    if (put_user(real, a[0]) || put_user(effective, a[1]) || put_user(saved, a[2]))
        return -EFAULT;
    return 0;
}

i64 sys_getresuid(const u64 *a) {
    const struct cred *c = current->cred;
    return put_three(a, c->ruid, c->euid, c->suid);
}

i64 sys_getresgid(const u64 *a) {
    const struct cred *c = current->cred;
    return put_three(a, c->rgid, c->egid, c->sgid);
}

/* Real, effective and saved id of one kind; the one for files follows the effective one. */
struct ids {
    u32 real, effective, saved;
};

static struct ids user_ids(void) { return (struct ids){current->cred->ruid, current->cred->euid, current->cred->suid}; }
static struct ids group_ids(void) { return (struct ids){current->cred->rgid, current->cred->egid, current->cred->sgid}; }

static i64 set_users(struct ids to) {
    struct cred *c = cred_copy();
    if (!c)
        return -ENOMEM;
    c->ruid = to.real;
    c->euid = c->fsuid = to.effective;
    c->suid = to.saved;
    cred_follow_ids(c, current->cred);
    cred_commit(c);
    return 0;
}

static i64 set_groups(struct ids to) {
    struct cred *c = cred_copy();
    if (!c)
        return -ENOMEM;
    c->rgid = to.real;
    c->egid = c->fsgid = to.effective;
    c->sgid = to.saved;
    cred_commit(c);
    return 0;
}

/* May it take this id? Without the capability only one it already has. */
static bool may_take(u32 id, const struct ids *has, bool able) {
    return id == KEEP || able || id == has->real || id == has->effective || id == has->saved;
}

/* setresuid(2) and setresgid(2). */
static i64 three(const u64 *a, struct ids *ids, bool able) {
    u32 real = (u32)a[0], effective = (u32)a[1], saved = (u32)a[2];
    if (!may_take(real, ids, able) || !may_take(effective, ids, able) || !may_take(saved, ids, able))
        return -EPERM;
    *ids = (struct ids){
        real == KEEP ? ids->real : real, effective == KEEP ? ids->effective : effective,
        saved == KEEP ? ids->saved : saved,
    };
    return 0;
}

/* setuid(2) and setgid(2): all three with the capability, else the effective one alone. */
static i64 one(u32 id, struct ids *ids, bool able) {
    if (id == KEEP)
        return -EINVAL;
    if (!able && id != ids->real && id != ids->saved)
        return -EPERM;
    *ids = able ? (struct ids){id, id, id} : (struct ids){ids->real, id, ids->saved};
    return 0;
}

/* setreuid(2) and setregid(2): the saved id follows the effective one when the real id is set or the
   effective one becomes something else than the old real one. */
static i64 pair(const u64 *a, struct ids *ids, bool able) {
    u32 real = (u32)a[0], effective = (u32)a[1], old = ids->real;
    if ((real != KEEP && !able && real != ids->real && real != ids->effective) || !may_take(effective, ids, able))
        return -EPERM;
    if (real != KEEP)
        ids->real = real;
    if (effective != KEEP)
        ids->effective = effective;
    if (real != KEEP || (effective != KEEP && effective != old))
        ids->saved = ids->effective;
    return 0;
}

i64 sys_setresuid(const u64 *a) {
    struct ids ids = user_ids();
    i64 err = three(a, &ids, capable(CAP_SETUID));
    return err ? err : set_users(ids);
}

i64 sys_setresgid(const u64 *a) {
    struct ids ids = group_ids();
    i64 err = three(a, &ids, capable(CAP_SETGID));
    return err ? err : set_groups(ids);
}

i64 sys_setuid(const u64 *a) {
    struct ids ids = user_ids();
    i64 err = one((u32)a[0], &ids, capable(CAP_SETUID));
    return err ? err : set_users(ids);
}

i64 sys_setgid(const u64 *a) {
    struct ids ids = group_ids();
    i64 err = one((u32)a[0], &ids, capable(CAP_SETGID));
    return err ? err : set_groups(ids);
}

i64 sys_setreuid(const u64 *a) {
    struct ids ids = user_ids();
    i64 err = pair(a, &ids, capable(CAP_SETUID));
    return err ? err : set_users(ids);
}

i64 sys_setregid(const u64 *a) {
    struct ids ids = group_ids();
    i64 err = pair(a, &ids, capable(CAP_SETGID));
    return err ? err : set_groups(ids);
}

/* The ids that permissions of files go by. The old one is returned whatever happens. */
i64 sys_setfsuid(const u64 *a) {
    const struct cred *old = current->cred;
    u32 id = (u32)a[0], was = old->fsuid;
    bool may = id == old->ruid || id == old->euid || id == old->suid || id == old->fsuid || capable(CAP_SETUID);
    struct cred *c = id != KEEP && id != was && may ? cred_copy() : NULL;
    if (c) {
        c->fsuid = id;
        cred_follow_fsuid(c, old);
        cred_commit(c);
    }
    return was;
}

i64 sys_setfsgid(const u64 *a) {
    const struct cred *old = current->cred;
    u32 id = (u32)a[0], was = old->fsgid;
    bool may = id == old->rgid || id == old->egid || id == old->sgid || id == old->fsgid || capable(CAP_SETGID);
    struct cred *c = id != KEEP && id != was && may ? cred_copy() : NULL;
    if (c) {
        c->fsgid = id;
        cred_commit(c);
    }
    return was;
}

i64 sys_getgroups(const u64 *a) {
    const struct groups *groups = current->cred->groups;
    u32 count = groups ? groups->count : 0;
    i32 room = (i32)a[0];
    if (room < 0 || (room && (u32)room < count))
        return -EINVAL;
    if (room && count && copy_to_user(a[1], groups->gid, count * sizeof(u32)))
        return -EFAULT;
    return count;
}

/* Ascending, with ever smaller steps (Shell 1959): at most NGROUPS_MAX of them. */
static void sort(u32 *list, u32 count) {
    for (u32 step = count / 2; step; step /= 2)
        for (u32 i = step; i < count; i++) {
            u32 value = list[i], at = i;
            for (; at >= step && list[at - step] > value; at -= step)
                list[at] = list[at - step];
            list[at] = value;
        }
}

i64 sys_setgroups(const u64 *a) {
    u32 count = (u32)a[0];
    if (!capable(CAP_SETGID))
        return -EPERM;
    if (count > NGROUPS_MAX)
        return -EINVAL;
    struct groups *groups = kmalloc(sizeof(*groups) + count * sizeof(u32));
    if (!groups)
        return -ENOMEM;
    *groups = (struct groups){ .refs = 1, .count = count };
    struct cred *c = copy_from_user(groups->gid, a[1], count * sizeof(u32)) ? ERR_PTR(-EFAULT) : cred_copy();
    if (!c || IS_ERR(c)) {
        kfree(groups);
        return c ? PTR_ERR(c) : -ENOMEM;
    }
    sort(groups->gid, count);
    cred_groups_set(c, groups);
    cred_commit(c);
    return 0;
}
