/* Keys, ids and rights of System V IPC objects. */
#include "ipc.h"
#include "errno.h"
#include "linux/time.h"
#include "task.h"
#include "uaccess.h"

#define SEQUENCE 32768 /* ids of one slot are this far apart */

i64 ipc_seconds(void) { return clock_realtime() / SECOND_NS; }

static bool permitted(const struct ipc_perm *perm, u32 rights) {
    const struct cred *self = current->cred;
    u32 granted = perm->mode;
    if (capable(CAP_IPC_OWNER))
        return true;
    if (self->euid == perm->uid || self->euid == perm->cuid)
        granted >>= 6;
    else if (cred_in_group(self, perm->gid) || cred_in_group(self, perm->cgid))
        granted >>= 3;
    /* The caller's bits stand for owner, group and others alike. */
    u32 asked = (rights >> 6 | rights >> 3 | rights) & 7;
    return !(asked & ~granted & 7);
}

bool ipc_owner(const struct ipc_object *object) {
    u32 uid = current->cred->euid;
    return uid == object->perm.uid || uid == object->perm.cuid || capable(CAP_SYS_ADMIN);
}

struct ipc_object *ipc_lookup(struct ipc_family *family, i32 key, u32 flags) {
    for (u32 i = 0; key != IPC_PRIVATE && i < IPC_SLOTS; i++) {
        struct ipc_object *object = family->slot[i];
        if (!object || object->perm.key != key)
            continue;
        if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
            return ERR_PTR(-EEXIST);
        return permitted(&object->perm, flags & 0777) ? object : ERR_PTR(-EACCES);
    }
    return key == IPC_PRIVATE || (flags & IPC_CREAT) ? NULL : ERR_PTR(-ENOENT);
}

i64 ipc_add(struct ipc_family *family, struct ipc_object *object, i32 key, u32 flags) {
    const struct cred *self = current->cred;
    for (u32 i = 0; i < IPC_SLOTS; i++) {
        if (family->slot[i])
            continue;
        *object = (struct ipc_object){
            .family = family, .id = (family->seq % (SEQUENCE - 1)) * SEQUENCE + i, .refs = 1,
            .perm = {.key = key, .uid = self->euid, .gid = self->egid, .cuid = self->euid, .cgid = self->egid,
                     .mode = flags & 0777, .seq = family->seq % (SEQUENCE - 1)},
            .changed = ipc_seconds(),
        };
        family->seq++;
        wait_queue_init(&object->waiting);
        family->slot[i] = object;
        return object->id;
    }
    return -ENOSPC;
}

struct ipc_object *ipc_at(struct ipc_family *family, i32 index) {
    struct ipc_object *object = index >= 0 && index < IPC_SLOTS ? family->slot[index] : NULL;
    return !object ? ERR_PTR(-EINVAL) : permitted(&object->perm, IPC_READ) ? object : ERR_PTR(-EACCES);
}

struct ipc_object *ipc_find(struct ipc_family *family, i32 id, u32 rights) {
    i32 index = id % SEQUENCE;
    struct ipc_object *object = id >= 0 && index < IPC_SLOTS ? family->slot[index] : NULL;
    if (!object || object->id != id)
        return ERR_PTR(-EINVAL);
    return permitted(&object->perm, rights) ? object : ERR_PTR(-EACCES);
}

i64 ipc_highest(const struct ipc_family *family, u32 *used) {
    i64 highest = 0;
    *used = 0;
    for (i32 i = 0; i < IPC_SLOTS; i++)
        if (family->slot[i]) {
            highest = i;
            ++*used;
        }
    return highest;
}

struct ipc_object *ipc_get(struct ipc_object *object) {
    object->refs++;
    return object;
}

void ipc_put(struct ipc_object *object) {
    if (!--object->refs)
        object->family->free(object);
}

void ipc_unname(struct ipc_object *object) {
    if (object->removed)
        return;
    object->removed = true;
    object->perm.key = IPC_PRIVATE;
    object->family->slot[object->id % SEQUENCE] = NULL;
    wake_all(&object->waiting);
    ipc_put(object);
}

i64 ipc_remove(struct ipc_object *object) {
    if (!ipc_owner(object))
        return -EPERM;
    ipc_unname(object);
    return 0;
}

i64 ipc_set(struct ipc_object *object, u64 from) {
    struct ipc_perm perm;
    if (get_user(perm, from))
        return -EFAULT;
    if (!ipc_owner(object))
        return -EPERM;
    object->perm.uid = perm.uid;
    object->perm.gid = perm.gid;
    object->perm.mode = (object->perm.mode & ~0777u) | (perm.mode & 0777);
    object->changed = ipc_seconds();
    return 0;
}
