/* semctl(2): looking at sets of semaphores, setting values outright, removing sets. */
#include "sem.h"
#include "errno.h"
#include "lib.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define GETPID 11
#define GETVAL 12
#define GETALL 13
#define GETNCNT 14
#define GETZCNT 15
#define SETVAL 16
#define SETALL 17
#define SEM_STAT 18
#define SEM_INFO 19
#define SEM_STAT_ANY 20

/* struct semid64_ds, seminfo (asm/sembuf.h, linux/sem.h) */
struct sem_status {
    struct ipc_perm perm;
    i64 used;
    u64 unused1;
    i64 changed;
    u64 unused2, count, unused3, unused4;
};
_Static_assert(sizeof(struct sem_status) == 104, "semid64_ds");

/* Values that are set outright are owed to nobody any more. */
static void forget_debts(struct sem_set *set, u32 first, u32 last) {
    struct process *p;
    list_for_each(p, &all_processes, all)
        for (struct sem_undo *u = p->sem_undo; u; u = u->next)
            for (u32 i = first; u->set == set && i < last; i++)
                u->adjust[i] = 0;
    set->object.changed = ipc_seconds();
    wake_all(&set->object.waiting);
}

static i64 get_all(struct sem_set *set, u64 to) {
    for (u32 i = 0; i < set->count; i++)
        if (put_user(set->sem[i].value, to + i * sizeof(u16)))
            return -EFAULT;
    return 0;
}

static i64 set_all(struct sem_set *set, u64 from) {
    u16 values[SEM_SET_MAX];
    if (copy_from_user(values, from, set->count * sizeof(u16)))
        return -EFAULT;
    for (u32 i = 0; i < set->count; i++)
        if (values[i] > SEM_VALUE_MAX)
            return -ERANGE;
    for (u32 i = 0; i < set->count; i++)
        set->sem[i].value = values[i];
    forget_debts(set, 0, set->count);
    return 0;
}

static i64 on_one(struct sem_set *set, u32 command, u32 number, i32 value) {
    if (number >= set->count)
        return -EINVAL;
    struct sem *s = &set->sem[number];
    switch (command) {
    case GETPID:
        return s->pid;
    case GETVAL:
        return s->value;
    case GETNCNT:
        return s->rising;
    case GETZCNT:
        return s->zero;
    }
    if (value < 0 || value > SEM_VALUE_MAX)
        return -ERANGE;
    s->value = value;
    s->pid = current->process->pid;
    forget_debts(set, number, number + 1);
    return 0;
}

static i64 info(u32 command, u64 to) {
    u32 used, total = 0;
    i64 highest = ipc_highest(&sem_sets, &used);
    for (u32 i = 0; i < IPC_SLOTS; i++)
        total += sem_sets.slot[i] ? ((struct sem_set *)sem_sets.slot[i])->count : 0;
    /* map, sets, semaphores, undos, per set, per call, undos of a process, size, largest value */
    i32 out[10] = {
        IPC_SLOTS * SEM_SET_MAX, IPC_SLOTS, IPC_SLOTS * SEM_SET_MAX, IPC_SLOTS * SEM_SET_MAX,
        SEM_SET_MAX, SEM_OPS_MAX, SEM_OPS_MAX,
        command == SEM_INFO ? (i32)used : (i32)sizeof(struct sem_undo), SEM_VALUE_MAX,
        command == SEM_INFO ? (i32)total : SEM_VALUE_MAX,
    };
    return put_user(out, to) ? -EFAULT : highest;
}

i64 sys_semctl(const u64 *a) {
    u32 command = a[2];
    if (command == IPC_INFO || command == SEM_INFO)
        return info(command, a[3]);
    bool by_index = command == SEM_STAT || command == SEM_STAT_ANY;
    bool owners = command == IPC_RMID || command == IPC_SET;
    u32 rights = owners ? 0 : command == SETVAL || command == SETALL ? IPC_WRITE : IPC_READ;
    struct ipc_object *object = by_index ? ipc_at(&sem_sets, a[0]) : ipc_find(&sem_sets, a[0], rights);
    if (IS_ERR(object))
        return PTR_ERR(object);
    struct sem_set *set = (struct sem_set *)object;
    struct sem_status out = {
        .perm = object->perm, .used = set->used, .changed = object->changed, .count = set->count,
    };
    switch (command) {
    case IPC_RMID:
        return ipc_remove(object);
    case IPC_SET:
        return user_reach(a[3], sizeof(out), false) < sizeof(out) ? -EFAULT : ipc_set(object, a[3]);
    case IPC_STAT:
        return put_user(out, a[3]);
    case SEM_STAT:
    case SEM_STAT_ANY:
        return put_user(out, a[3]) ? -EFAULT : object->id;
    case GETALL:
        return get_all(set, a[3]);
    case SETALL:
        return set_all(set, a[3]);
    case GETPID:
    case GETVAL:
    case GETNCNT:
    case GETZCNT:
    case SETVAL:
        return on_one(set, command, a[1], a[3]);
    }
    return -EINVAL;
}
