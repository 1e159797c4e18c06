/* System V IPC: what shared memory, semaphores and message queues have in common (ipc/object.c). */
#pragma once
#include "frame.h"
#include "sched.h"
#include "types.h"

#define IPC_PRIVATE 0
#define IPC_CREAT 01000u
#define IPC_EXCL 02000u
#define IPC_NOWAIT 04000u
#define IPC_RMID 0
#define IPC_SET 1
#define IPC_STAT 2
#define IPC_INFO 3
#define IPC_READ 0444u
#define IPC_WRITE 0222u

/* struct ipc64_perm (asm-generic/ipcbuf.h) */
struct ipc_perm {
    i32 key;
    u32 uid, gid, cuid, cgid, mode;
    u16 seq, pad;
    u64 unused[2];
};
_Static_assert(sizeof(struct ipc_perm) == 48, "ipc64_perm");

struct ipc_object;
#define IPC_SLOTS 4096

struct ipc_family {
    struct ipc_object *slot[IPC_SLOTS];
    u16 seq;
    void (*free)(struct ipc_object *object);
};

/* The first member of what it is part of. Whoever may sleep holds a reference. */
struct ipc_object {
    struct ipc_family *family;
    struct ipc_perm perm;
    i32 id;
    u32 refs;
    bool removed;
    struct wait_queue waiting;
    i64 changed; /* seconds since the epoch */
};

i64 ipc_seconds(void);
/* The object of a key, checked against the rights in `flags`; NULL: make one; ERR_PTR. */
struct ipc_object *ipc_lookup(struct ipc_family *family, i32 key, u32 flags);
/* Give a fresh object an id and one reference, its name's; the id or -ENOSPC. */
i64 ipc_add(struct ipc_family *family, struct ipc_object *object, i32 key, u32 flags);
/* The object of an id, if the current process has these rights (IPC_READ, IPC_WRITE, 0); ERR_PTR. */
struct ipc_object *ipc_find(struct ipc_family *family, i32 id, u32 rights);
/* The same by place in the table, for those who list it. */
struct ipc_object *ipc_at(struct ipc_family *family, i32 index);
i64 ipc_highest(const struct ipc_family *family, u32 *used); /* index of the last in use */
struct ipc_object *ipc_get(struct ipc_object *object);
void ipc_put(struct ipc_object *object);
bool ipc_owner(const struct ipc_object *object); /* may the current process remove or change it? */
/* Its name goes: sleepers wake up, and it dies with its last reference. */
void ipc_unname(struct ipc_object *object);
/* The same for IPC_RMID: 0 or -EPERM. */
i64 ipc_remove(struct ipc_object *object);
/* IPC_SET from a user's ipc_perm at the start of the structure. */
i64 ipc_set(struct ipc_object *object, u64 from);

struct process;
void sem_exit(struct process *process); /* what SEM_UNDO promised (ipc/sem.c) */
