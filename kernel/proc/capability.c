/* Capabilities (capabilities(7)): reading and giving up what a thread may do. */
#include "cred.h"
#include "errno.h"
#include "linux/prctl.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

struct capability_header {
    u32 version;
    i32 pid;
};
struct capability_data {
    u32 effective, permitted, inheritable;
};
#define CAPABILITY_VERSION_1 0x19980330u /* 32 of them; the others have 64 */
#define CAPABILITY_VERSION_2 0x20071026u
#define CAPABILITY_VERSION_3 0x20080522u

/* How many capability_data belong to the header's version; -EINVAL tells the caller ours. */
static i64 parts(u64 at, struct capability_header *header) {
    if (get_user(header->version, at))
        return -EFAULT;
    bool one = header->version == CAPABILITY_VERSION_1;
    if (one || header->version == CAPABILITY_VERSION_2 || header->version == CAPABILITY_VERSION_3)
        return get_user(header->pid, at + offsetof(struct capability_header, pid)) ? -EFAULT : one ? 1 : 2;
    u32 version = CAPABILITY_VERSION_3;
    return put_user(version, at) ? -EFAULT : -EINVAL;
}

i64 sys_capget(const u64 *a) {
    struct capability_header header;
    i64 count = parts(a[0], &header);
    if (count < 0)
        return count == -EINVAL && !a[1] ? 0 : count;
    if (header.pid < 0)
        return -EINVAL;
    const struct task *task = header.pid ? task_find(header.pid) : current;
    const struct process *process = task ? task->process : process_find(header.pid);
    if (!process)
        return -ESRCH;
    if (!a[1])
        return 0;
    const struct cred *c = task ? task->cred : process->cred;
    struct capability_data data[2] = {
        { (u32)c->effective, (u32)c->permitted, (u32)c->inheritable },
        { (u32)(c->effective >> 32), (u32)(c->permitted >> 32), (u32)(c->inheritable >> 32) },
    };
    return copy_to_user(a[1], data, (u64)count * sizeof(*data));
}

i64 sys_capset(const u64 *a) {
    struct capability_header header;
    struct capability_data data[2] = { { 0 } };
    i64 count = parts(a[0], &header);
    if (count < 0)
        return count;
    if (header.pid && header.pid != current->tid)
        return -EPERM;
    if (copy_from_user(data, a[1], (u64)count * sizeof(*data)))
        return -EFAULT;
    u64 effective = (data[0].effective | (u64)data[1].effective << 32) & CAP_ALL;
    u64 permitted = (data[0].permitted | (u64)data[1].permitted << 32) & CAP_ALL;
    u64 inheritable = (data[0].inheritable | (u64)data[1].inheritable << 32) & CAP_ALL;
    const struct cred *old = current->cred;
    if ((inheritable & ~(old->inheritable | old->permitted) && !capable(CAP_SETPCAP)) ||
        (inheritable & ~(old->inheritable | old->bounding)) || (permitted & ~old->permitted) ||
        (effective & ~permitted))
        return -EPERM;
    struct cred *c = cred_copy();
    if (!c)
        return -ENOMEM;
    c->effective = effective;
    c->permitted = permitted;
    c->inheritable = inheritable;
    c->ambient &= permitted & inheritable;
    cred_commit(c);
    return 0;
}

static i64 drop_bounding(u64 number) {
    if (!capable(CAP_SETPCAP))
        return -EPERM;
    if (number > CAP_LAST)
        return -EINVAL;
    struct cred *c = cred_copy();
    if (!c)
        return -ENOMEM;
    c->bounding &= ~CAP_BIT(number);
    cred_commit(c);
    return 0;
}

static i64 set_securebits(u32 bits) {
    u32 old = current->cred->securebits, locks = old & SECBIT_LOCK(SECBITS);
    if ((locks >> 1 & (old ^ bits)) || (locks & ~bits) || (bits & ~(SECBITS | SECBIT_LOCK(SECBITS))) ||
        !capable(CAP_SETPCAP))
        return -EPERM;
    struct cred *c = cred_copy();
    if (!c)
        return -ENOMEM;
    c->securebits = bits;
    cred_commit(c);
    return 0;
}

static i64 set_keep(u64 keep) {
    if (keep > 1)
        return -EINVAL;
    if (current->cred->securebits & SECBIT_LOCK(SECBIT_KEEP_CAPS))
        return -EPERM;
    struct cred *c = cred_copy();
    if (!c)
        return -ENOMEM;
    c->securebits = (c->securebits & ~SECBIT_KEEP_CAPS) | (keep ? SECBIT_KEEP_CAPS : 0);
    cred_commit(c);
    return 0;
}

static i64 ambient(u64 what, u64 number) {
    const struct cred *old = current->cred;
    bool all = what == PR_CAP_AMBIENT_CLEAR_ALL;
    if (all ? number != 0 : number > CAP_LAST)
        return -EINVAL;
    u64 bit = all ? CAP_ALL : CAP_BIT(number);
    if (what == PR_CAP_AMBIENT_IS_SET)
        return (old->ambient & bit) != 0;
    if (!all && what != PR_CAP_AMBIENT_RAISE && what != PR_CAP_AMBIENT_LOWER)
        return -EINVAL;
    if (what == PR_CAP_AMBIENT_RAISE &&
        (!(old->permitted & old->inheritable & bit) || (old->securebits & SECBIT_NO_CAP_AMBIENT_RAISE)))
        return -EPERM;
    struct cred *c = cred_copy();
    if (!c)
        return -ENOMEM;
    c->ambient = what == PR_CAP_AMBIENT_RAISE ? c->ambient | bit : c->ambient & ~bit;
    cred_commit(c);
    return 0;
}

i64 prctl_capabilities(const u64 *a) {
    const struct cred *c = current->cred;
    switch ((i32)a[0]) {
    case PR_CAPBSET_READ:
        return a[1] > CAP_LAST ? -EINVAL : (i64)(c->bounding >> a[1] & 1);
    case PR_CAPBSET_DROP:
        return drop_bounding(a[1]);
    case PR_GET_KEEPCAPS:
        return (c->securebits & SECBIT_KEEP_CAPS) != 0;
    case PR_SET_KEEPCAPS:
        return set_keep(a[1]);
    case PR_GET_SECUREBITS:
        return c->securebits;
    case PR_SET_SECUREBITS:
        return set_securebits((u32)a[1]);
    default: /* PR_CAP_AMBIENT */
        return a[3] || a[4] || (a[1] == PR_CAP_AMBIENT_CLEAR_ALL && a[2]) ? -EINVAL : ambient(a[1], a[2]);
    }
}
