/* System V semaphores: sets whose operations happen all or none. */
#include "ipc.h"
#include "errno.h"
#include "lib.h"
#include "linux/time.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define SET_MAX 250 /* semaphores of a set: its values are one heap object */
#define OPS_MAX 500
#define VALUE_MAX 32767
#define SEM_UNDO 0x1000
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

struct sem {
    u16 value, rising, zero; /* the last two: how many wait for it to rise, or for zero */
    i32 pid;
};

struct sem_set {
    struct ipc_object object;
    u32 count;
    i64 used; /* seconds */
    struct sem *sem;
};

/* What a process must give back to one set when it ends. */
struct sem_undo {
    struct sem_undo *next;
    struct sem_set *set; /* referenced */
    i16 adjust[];
};

struct sembuf {
    u16 number;
    i16 op, flags;
};

/* struct semid64_ds, seminfo (asm/sembuf.h, linux/sem.h) */
struct sem_status {
    struct ipc_perm perm;
    i64 used;
    u64 unused1;
    i64 changed;
    u64 unused2, count, unused3, unused4;
};
_Static_assert(sizeof(struct sem_status) == 104, "semid64_ds");

static void set_free(struct ipc_object *object) {
    kfree(((struct sem_set *)object)->sem);
    kfree(object);
}

static struct ipc_family sets = {.free = set_free};

static i64 make(i32 key, u64 count, u32 flags) {
    if (!count || count > SET_MAX)
        return -EINVAL;
    struct sem_set *set = kzalloc(sizeof(*set));
    struct sem *sem = set ? kzalloc(count * sizeof(*sem)) : NULL;
    i64 id = sem ? ipc_add(&sets, &set->object, key, flags) : -ENOMEM;
    if (id < 0) {
        kfree(sem);
        kfree(set);
        return id;
    }
    set->sem = sem;
    set->count = count;
    set->used = 0;
    return id;
}

i64 sys_semget(const u64 *a) {
    if ((i32)a[1] < 0 || (i32)a[1] > SET_MAX)
        return -EINVAL;
    struct ipc_object *object = ipc_lookup(&sets, a[0], a[2]);
    if (IS_ERR(object))
        return PTR_ERR(object);
    if (!object)
        return make(a[0], (u32)a[1], a[2]);
    return (u32)a[1] > ((struct sem_set *)object)->count ? -EINVAL : object->id;
}

/* The current process's debts to a set; NULL: none (or, when one is to be made, no memory). */
static struct sem_undo *undo_of(struct sem_set *set, bool make) {
    struct sem_undo *u = current->process->sem_undo;
    while (u && u->set != set)
        u = u->next;
    if (u || !make)
        return u;
    u = kzalloc(sizeof(*u) + set->count * sizeof(i16));
    if (!u)
        return NULL;
    u->set = (struct sem_set *)ipc_get(&set->object);
    u->next = current->process->sem_undo;
    current->process->sem_undo = u;
    return u;
}

/* Try all operations: 0, an error, or -EAGAIN with *blocked set to the one that must wait. Nothing has
   changed unless the result is 0. */
static i64 attempt(struct sem_set *set, const struct sembuf *ops, u32 n, struct sem_undo *undo,
                   const struct sembuf **blocked) {
    u32 done = 0;
    i64 error = 0;
    *blocked = NULL;
    for (; done < n && !error; done++) {
        struct sem *s = &set->sem[ops[done].number];
        i32 value = s->value + ops[done].op;
        if (ops[done].op ? value < 0 : s->value) {
            *blocked = &ops[done];
            error = -EAGAIN;
        } else if (value > VALUE_MAX) {
            error = -ERANGE;
        } else if (undo && (ops[done].flags & SEM_UNDO)) {
            i32 adjust = undo->adjust[ops[done].number] - ops[done].op;
            if (adjust < -VALUE_MAX - 1 || adjust > VALUE_MAX)
                error = -ERANGE;
            else
                undo->adjust[ops[done].number] = adjust;
        }
        if (error)
            break;
        s->value = value;
    }
    for (u32 i = 0; !error && i < n; i++)
        set->sem[ops[i].number].pid = current->process->pid;
    while (error && done--) {
        set->sem[ops[done].number].value -= ops[done].op;
        if (undo && (ops[done].flags & SEM_UNDO))
            undo->adjust[ops[done].number] += ops[done].op;
    }
    return error;
}

static i64 operate(struct sem_set *set, const struct sembuf *ops, u32 n, u64 deadline) {
    const struct sembuf *blocked;
    bool alters = false, undoes = false;
    for (u32 i = 0; i < n; i++) {
        if (ops[i].number >= set->count)
            return -EFBIG;
        alters |= ops[i].op != 0;
        undoes |= ops[i].op && (ops[i].flags & SEM_UNDO);
    }
    struct sem_undo *undo = undoes ? undo_of(set, true) : NULL;
    if (undoes && !undo)
        return -ENOMEM;
    for (;;) {
        if (set->object.removed)
            return -EIDRM;
        i64 error = attempt(set, ops, n, undo, &blocked);
        if (!error) {
            set->used = ipc_seconds();
            if (alters)
                wake_all(&set->object.waiting);
            return 0;
        }
        if (!blocked || (blocked->flags & (i16)IPC_NOWAIT))
            return error;
        u16 *waiters = blocked->op ? &set->sem[blocked->number].rising : &set->sem[blocked->number].zero;
        ++*waiters;
        error = wait_on(&set->object.waiting, deadline);
        --*waiters;
        if (error)
            return set->object.removed ? -EIDRM : error == -ETIMEDOUT ? -EAGAIN : -EINTR;
    }
}

static i64 semop(const u64 *a, u64 deadline) {
    u32 n = a[2];
    if (!n)
        return -EINVAL;
    if (n > OPS_MAX)
        return -E2BIG;
    struct sembuf *ops = kmalloc(n * sizeof(*ops));
    if (!ops)
        return -ENOMEM;
    i64 result = copy_from_user(ops, a[1], n * sizeof(*ops));
    u32 rights = IPC_READ;
    for (u32 i = 0; !result && i < n; i++)
        rights = ops[i].op ? IPC_WRITE : rights;
    struct ipc_object *object = result ? NULL : ipc_find(&sets, a[0], rights);
    if (object && IS_ERR(object))
        result = PTR_ERR(object);
    if (!result) {
        ipc_get(object);
        result = operate((struct sem_set *)object, ops, n, deadline);
        ipc_put(object);
    }
    kfree(ops);
    return result;
}

i64 sys_semop(const u64 *a) { return semop(a, NEVER); }

i64 sys_semtimedop(const u64 *a) {
    u64 ns = 0;
    i64 error = a[3] ? get_timespec(&ns, a[3]) : 0;
    return error ? error : semop(a, a[3] ? deadline_after(ns) : NEVER);
}

/* The process has ended: its debts are paid as far as the values allow. */
void sem_exit(struct process *process) {
    struct sem_undo *u = process->sem_undo;
    process->sem_undo = NULL;
    while (u) {
        struct sem_undo *next = u->next;
        struct sem_set *set = u->set;
        for (u32 i = 0; i < set->count; i++)
            if (u->adjust[i]) {
                i32 value = set->sem[i].value + u->adjust[i];
                set->sem[i].value = MIN(MAX(value, 0), VALUE_MAX);
                set->sem[i].pid = process->pid;
            }
        wake_all(&set->object.waiting);
        ipc_put(&set->object);
        kfree(u);
        u = next;
    }
}

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
    u16 values[SET_MAX];
    if (copy_from_user(values, from, set->count * sizeof(u16)))
        return -EFAULT;
    for (u32 i = 0; i < set->count; i++)
        if (values[i] > VALUE_MAX)
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
    if (value < 0 || value > VALUE_MAX)
        return -ERANGE;
    s->value = value;
    s->pid = current->process->pid;
    forget_debts(set, number, number + 1);
    return 0;
}

static i64 info(u32 command, u64 to) {
    u32 used, total = 0;
    i64 highest = ipc_highest(&sets, &used);
    for (u32 i = 0; i < IPC_SLOTS; i++)
        total += sets.slot[i] ? ((struct sem_set *)sets.slot[i])->count : 0;
    /* map, sets, semaphores, undos, per set, per call, undos of a process, size, largest value */
    i32 out[10] = {IPC_SLOTS * SET_MAX, IPC_SLOTS, IPC_SLOTS * SET_MAX, IPC_SLOTS * SET_MAX, SET_MAX, OPS_MAX, OPS_MAX,
                   command == SEM_INFO ? (i32)used : (i32)sizeof(struct sem_undo), VALUE_MAX,
                   command == SEM_INFO ? (i32)total : VALUE_MAX};
    return put_user(out, to) ? -EFAULT : highest;
}

i64 sys_semctl(const u64 *a) {
    u32 command = a[2];
    if (command == IPC_INFO || command == SEM_INFO)
        return info(command, a[3]);
    bool by_index = command == SEM_STAT || command == SEM_STAT_ANY;
    bool owners = command == IPC_RMID || command == IPC_SET;
    u32 rights = owners ? 0 : command == SETVAL || command == SETALL ? IPC_WRITE : IPC_READ;
    struct ipc_object *object = by_index ? ipc_at(&sets, a[0]) : ipc_find(&sets, a[0], rights);
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
