/* Credentials: their lifetime, and what changes them beside the calls that set ids. */
#include "cred.h"
#include "errno.h"
#include "fs/vfs.h"
#include "lib.h"
#include "proc.h"

/* Capabilities over files: they come and go with the file-system user id. */
#define CAP_FILES (CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_DAC_READ_SEARCH) | \
                   CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_LINUX_IMMUTABLE) | \
                   CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_MAC_OVERRIDE))

struct cred *cred_first(u32 uid, u32 gid) {
    struct cred *cred = kzalloc(sizeof(*cred));
    if (!cred)
        return NULL;
    cred->refs = 1;
    cred->ruid = cred->euid = cred->suid = cred->fsuid = uid;
    cred->rgid = cred->egid = cred->sgid = cred->fsgid = gid;
    cred->bounding = CAP_ALL;
    cred->effective = cred->permitted = uid ? 0 : CAP_ALL;
    return cred;
}

static void groups_put(struct groups *groups) {
    if (groups && !--groups->refs)
        kfree(groups);
}

void cred_put(struct cred *cred) {
    if (!cred || --cred->refs)
        return;
    groups_put(cred->groups);
    kfree(cred);
}

struct cred *cred_copy(void) {
    struct cred *cred = kmalloc(sizeof(*cred));
    if (!cred)
        return NULL;
    *cred = *current->cred;
    cred->refs = 1;
    if (cred->groups)
        cred->groups->refs++;
    return cred;
}

void cred_groups_set(struct cred *cred, struct groups *groups) {
    groups_put(cred->groups);
    cred->groups = groups;
}

bool cred_in_group(const struct cred *cred, u32 gid) {
    const struct groups *groups = cred->groups;
    if (gid == cred->fsgid)
        return true;
    u32 low = 0, high = groups ? groups->count : 0;
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (groups->gid[middle] == gid)
            return true;
        if (groups->gid[middle] < gid)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Who has become somebody else holds secrets of who it was: others must not look into it. */
void cred_commit(struct cred *cred) {
    struct process *process = current->process;
    struct cred *old = current->cred;
    if (cred->euid != old->euid || cred->egid != old->egid || cred->fsuid != old->fsuid ||
        cred->fsgid != old->fsgid || (cred->permitted & ~old->permitted)) {
        process->not_dumpable = true;
        process->parent_death_signal = 0;
    }
    current->cred = cred;
    if (current->tid == process->pid) {
        cred_put(process->cred);
        process->cred = cred_get(cred);
    }
    cred_put(old);
}

static bool has_root(const struct cred *c) { return !c->ruid || !c->euid || !c->suid; }

void cred_follow_ids(struct cred *cred, const struct cred *old) {
    if (cred->securebits & SECBIT_NO_SETUID_FIXUP)
        return;
    if (has_root(old) && !has_root(cred)) {
        if (!(cred->securebits & SECBIT_KEEP_CAPS))
            cred->permitted = cred->effective = 0;
        cred->ambient = 0;
    }
    if (!old->euid && cred->euid)
        cred->effective = 0;
    else if (old->euid && !cred->euid)
        cred->effective = cred->permitted;
}

void cred_follow_fsuid(struct cred *cred, const struct cred *old) {
    if (cred->securebits & SECBIT_NO_SETUID_FIXUP)
        return;
    if (!old->fsuid && cred->fsuid)
        cred->effective &= ~CAP_FILES;
    else if (old->fsuid && !cred->fsuid)
        cred->effective |= cred->permitted & CAP_FILES;
}

struct cred *cred_of_real_user(void) {
    const struct cred *old = current->cred;
    bool fixed = old->securebits & SECBIT_NO_SETUID_FIXUP;
    u64 effective = fixed ? old->effective : old->ruid ? 0 : old->permitted;
    if (old->fsuid == old->ruid && old->fsgid == old->rgid && effective == old->effective)
        return NULL;
    struct cred *cred = cred_copy();
    if (!cred)
        return ERR_PTR(-ENOMEM);
    cred->fsuid = old->ruid;
    cred->fsgid = old->rgid;
    cred->effective = effective;
    return cred;
}

bool cred_is_secure(const struct cred *cred) { return cred->euid != cred->ruid || cred->egid != cred->rgid; }

static bool same(const struct cred *a, const struct cred *b) {
    return a->euid == b->euid && a->egid == b->egid && a->suid == b->suid && a->sgid == b->sgid &&
           a->fsuid == b->fsuid && a->fsgid == b->fsgid && a->effective == b->effective &&
           a->permitted == b->permitted && a->ambient == b->ambient && a->securebits == b->securebits;
}

struct cred *cred_for_program(const struct inode *file) {
    struct cred *old = current->cred, c = *old;
    bool privileged = !current->no_new_privs;
    if (privileged && (file->mode & S_ISUID))
        c.euid = file->uid;
    if (privileged && (file->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
        c.egid = file->gid;
    c.suid = c.fsuid = c.euid;
    c.sgid = c.fsgid = c.egid;
    if (cred_is_secure(&c))
        c.ambient = 0;
    bool root = !(c.securebits & SECBIT_NOROOT);
    c.permitted = c.ambient;
    if (root && (!c.ruid || !c.euid))
        c.permitted |= c.bounding | c.inheritable;
    c.effective = root && !c.euid ? c.permitted : c.ambient;
    c.securebits &= ~SECBIT_KEEP_CAPS;
    if (same(&c, old))
        return cred_get(old);
    struct cred *cred = cred_copy();
    if (!cred)
        return NULL;
    c.refs = cred->refs;
    *cred = c;
    return cred;
}

bool may_inspect(const struct process *target, bool by_file) {
    const struct cred *self = current->cred, *other = target->cred;
    u32 uid = by_file ? self->fsuid : self->ruid, gid = by_file ? self->fsgid : self->rgid;
    if (target == current->process || capable(CAP_SYS_PTRACE))
        return true;
    return uid == other->ruid && uid == other->euid && uid == other->suid && gid == other->rgid &&
           gid == other->egid && gid == other->sgid && !target->not_dumpable &&
           !(other->permitted & ~(by_file ? self->effective : self->permitted));
}

u32 tasks_of_user(u32 uid) {
    const struct process *process;
    const struct task *task;
    u32 count = 0;
    list_for_each(process, &all_processes, all) {
        bool leader = false;
        list_for_each(task, &process->threads, thread_link) {
            leader |= task->tid == process->pid;
            count += task->cred->ruid == uid;
        }
        count += !leader && process->cred->ruid == uid; /* a zombie, or a leader that has left its threads */
    }
    return count;
}
