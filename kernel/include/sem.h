/* System V semaphores: what their operations and semctl(2) share. */
#pragma once
#include "ipc.h"

#define SEM_SET_MAX 250 /* semaphores of a set: its values are one heap object */
#define SEM_OPS_MAX 500
#define SEM_VALUE_MAX 32767

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

extern struct ipc_family sem_sets;
