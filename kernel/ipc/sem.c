/* System V semaphores: sets whose operations happen all or none. */
#include "sem.h"
#include "errno.h"
#include "lib.h"
#include "linux/time.h"
#include "syscall.h"
#include "task.h"
#include "uaccess.h"

#define SEM_UNDO 0x1000

struct sembuf {
    u16 number;
    i16 op, flags;
};

static void set_free(struct ipc_object *object) {
    kfree(((struct sem_set *)object)->sem);
    kfree(object);
}

struct ipc_family sem_sets = {.free = set_free};

static i64 make(i32 key, u64 count, u32 flags) {
    if (!count || count > SEM_SET_MAX)
        return -EINVAL;
    struct sem_set *set = kzalloc(sizeof(*set));
    struct sem *sem = set ? kzalloc(count * sizeof(*sem)) : NULL;
    i64 id = sem ? ipc_add(&sem_sets, &set->object, key, flags) : -ENOMEM;
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
    if ((i32)a[1] < 0 || (i32)a[1] > SEM_SET_MAX)
        return -EINVAL;
    struct ipc_object *object = ipc_lookup(&sem_sets, a[0], a[2]);
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
        } else if (value > SEM_VALUE_MAX) {
            error = -ERANGE;
        } else if (undo && (ops[done].flags & SEM_UNDO)) {
            i32 adjust = undo->adjust[ops[done].number] - ops[done].op;
            if (adjust < -SEM_VALUE_MAX - 1 || adjust > SEM_VALUE_MAX)
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
    if (n > SEM_OPS_MAX)
        return -E2BIG;
    struct sembuf *ops = kmalloc(n * sizeof(*ops));
    if (!ops)
        return -ENOMEM;
    i64 result = copy_from_user(ops, a[1], n * sizeof(*ops));
    u32 rights = IPC_READ;
    for (u32 i = 0; !result && i < n; i++)
        rights = ops[i].op ? IPC_WRITE : rights;
    struct ipc_object *object = result ? NULL : ipc_find(&sem_sets, a[0], rights);
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
                set->sem[i].value = MIN(MAX(value, 0), SEM_VALUE_MAX);
                set->sem[i].pid = process->pid;
            }
        wake_all(&set->object.waiting);
        ipc_put(&set->object);
        kfree(u);
        u = next;
    }
}
