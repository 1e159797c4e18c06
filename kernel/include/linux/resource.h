/* Limits and usage (asm-generic/resource.h, linux/resource.h). */
#pragma once
#include "linux/time.h"

#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIMIT_LOCKS 10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE 12
#define RLIMIT_NICE 13
#define RLIMIT_RTPRIO 14
#define RLIMIT_RTTIME 15

#define RUSAGE_SELF 0
#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD 1

struct rusage {
    struct timeval utime, stime;
    i64 maxrss, ixrss, idrss, isrss, minflt, majflt, nswap;
    i64 inblock, oublock, msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};
_Static_assert(sizeof(struct rusage) == 144, "struct rusage");

struct process;
struct usage_counts;
/* Of a process until now, without its children. */
struct usage_counts usage_of(const struct process *process);
void usage_add(struct usage_counts *to, const struct usage_counts *more);
/* What a process has used so far; with_children adds the children it has waited for (proc/usage.c). */
void rusage_of(struct rusage *out, const struct process *process, bool with_children);

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2
#define NICE_MIN (-20)
#define NICE_MAX 19
