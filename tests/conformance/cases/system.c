/* The system: names, random numbers, scheduling, resources, odd calls. */
#include "case.h"
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

CASE(names, "uname sethostname setdomainname")
{
    struct utsname name;
    T(uname(&name));
    say("%s %s", name.sysname, name.machine);
    IS(strlen(name.nodename) > 0 && strlen(name.release) > 0 && strlen(name.version) > 0);
    T(syscall(SYS_uname, (void *)8));
    T(syscall(SYS_sethostname, "x", -1));
    T(syscall(SYS_sethostname, "x", 65));
    T(syscall(SYS_sethostname, (void *)8, 4));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_sethostname, "x", 1));
            T(syscall(SYS_setdomainname, "x", 1)));
}

CASE(information, "sysinfo")
{
    struct sysinfo info;
    T(sysinfo(&info));
    IS(info.totalram > 0 && info.freeram <= info.totalram && info.procs > 0 && info.mem_unit > 0);
    T(syscall(SYS_sysinfo, (void *)8));
}

CASE(random_numbers, "getrandom")
{
    unsigned char a[64] = {0}, b[64] = {0};
    T(getrandom(a, 64, 0));
    T(getrandom(b, 64, GRND_NONBLOCK));
    IS(memcmp(a, b, 64));
    T(getrandom(a, 0, 0));
    T(getrandom(a, 16, GRND_RANDOM));
    T(getrandom(a, 16, 4 /* GRND_INSECURE */));
    T(getrandom(a, 16, 8));
    T(getrandom(a, 16, GRND_RANDOM | 4));
    T(syscall(SYS_getrandom, (void *)8, 16, 0));
}

CASE(processor_sets, "sched_getaffinity sched_setaffinity getcpu")
{
    unsigned long set[16] = {0};
    unsigned cpu = 99, node = 99;
    IS(syscall(SYS_sched_getaffinity, 0, sizeof set, set) >= 8);
    IS(set[0] & 1);
    T(syscall(SYS_sched_getaffinity, 0, 3, set));
    T(syscall(SYS_sched_getaffinity, 0x7ffffff, sizeof set, set));
    set[0] = 1;
    T(syscall(SYS_sched_setaffinity, 0, sizeof set, set));
    set[0] = 0;
    T(syscall(SYS_sched_setaffinity, 0, sizeof set, set));
    T(syscall(SYS_sched_setaffinity, 0, sizeof set, (void *)8));
    T(syscall(SYS_getcpu, &cpu, &node, 0));
    say("%u %u", cpu, node);
    T(syscall(SYS_getcpu, 0, 0, 0));
    T(syscall(SYS_getcpu, (void *)8, 0, 0));
}

CASE(policies, "sched_getscheduler sched_setscheduler sched_getparam sched_setparam")
{
    struct sched_param param = {0};
    T(syscall(SYS_sched_getscheduler, 0));
    T(syscall(SYS_sched_getparam, 0, &param));
    N(param.sched_priority);
    T(syscall(SYS_sched_setscheduler, 0, 3 /* SCHED_BATCH */, &param));
    T(syscall(SYS_sched_getscheduler, 0));
    T(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param));
    T(syscall(SYS_sched_setscheduler, 0, 77, &param));
    T(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &param));
    param.sched_priority = 5;
    T(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param));
    T(syscall(SYS_sched_setparam, 0, &param));
    T(syscall(SYS_sched_getscheduler, 0x7ffffff));
    T(syscall(SYS_sched_getscheduler, -1));
    T(syscall(SYS_sched_getparam, 0, (void *)8));
    param.sched_priority = 0;
    T(syscall(SYS_sched_setscheduler, 0, 3 | SCHED_RESET_ON_FORK, &param));
    T(syscall(SYS_sched_getscheduler, 0));
    CHILD(T(syscall(SYS_sched_getscheduler, 0)));
    T(syscall(SYS_sched_setscheduler, 0, 5 /* SCHED_IDLE */, &param));
    T(syscall(SYS_sched_setparam, 0, &param));
    CHILD(T(syscall(SYS_sched_getscheduler, 0)));
    T(syscall(SYS_sched_getscheduler, getppid()));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param));
            T(syscall(SYS_sched_setscheduler, 0, 5 | SCHED_RESET_ON_FORK, &param));
            T(syscall(SYS_sched_setscheduler, 0, 5, &param));
            T(syscall(SYS_sched_setscheduler, getppid(), 3, &param)));
}

CASE(priorities_of_policies, "sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_yield")
{
    T(syscall(SYS_sched_get_priority_max, SCHED_OTHER));
    T(syscall(SYS_sched_get_priority_max, SCHED_FIFO));
    T(syscall(SYS_sched_get_priority_min, SCHED_RR));
    T(syscall(SYS_sched_get_priority_max, 77));
    T(syscall(SYS_sched_get_priority_min, 77));
    struct timespec interval;
    T(syscall(SYS_sched_rr_get_interval, 0, &interval));
    T(syscall(SYS_sched_rr_get_interval, 0x7ffffff, &interval));
    T(syscall(SYS_sched_yield));
}

CASE(scheduling_attributes, "sched_getattr sched_setattr")
{
    struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t times[3]; } info = {0};
    T(syscall(SYS_sched_getattr, 0, &info, sizeof info, 0));
    say("%u %u %d", info.size, info.policy, info.nice);
    info.nice = 3;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    T(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    T(syscall(SYS_sched_getattr, 0, &info, 3, 0));
    T(syscall(SYS_sched_setattr, 0, &info, 1));
    info.policy = 3;
    info.flags = 1; /* SCHED_FLAG_RESET_ON_FORK */
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    T(syscall(SYS_sched_getattr, 0, &info, sizeof info, 0));
    say("%u %u %d", info.policy, (unsigned)info.flags, info.nice);
    CHILD(T(syscall(SYS_sched_getscheduler, 0)));
    info.size = 40;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    IS(info.size >= 48);
    info.size = 48;
    info.policy = 77;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    T(syscall(SYS_sched_setattr, 0, (void *)8, 0));
    T(syscall(SYS_sched_setattr, 0x7ffffff, &info, 0));
    T(syscall(SYS_sched_getattr, 0x7ffffff, &info, sizeof info, 0));
}

CASE(barriers, "membarrier")
{
    IS(syscall(SYS_membarrier, 0, 0, 0) > 0);
    T(syscall(SYS_membarrier, 16 /* REGISTER_PRIVATE_EXPEDITED */, 0, 0));
    T(syscall(SYS_membarrier, 8 /* PRIVATE_EXPEDITED */, 0, 0));
    T(syscall(SYS_membarrier, 1 /* GLOBAL */, 0, 0));
    T(syscall(SYS_membarrier, 128 /* PRIVATE_EXPEDITED_RSEQ */, 0, 0));
    T(syscall(SYS_membarrier, 256 /* REGISTER_PRIVATE_EXPEDITED_RSEQ */, 0, 0));
    T(syscall(SYS_membarrier, 128, 0, 0));
    T(syscall(SYS_membarrier, 128, 1 /* on one processor */, 0));
    T(syscall(SYS_membarrier, 8, 1, 0));
    T(syscall(SYS_membarrier, 1 << 20, 0, 0));
    T(syscall(SYS_membarrier, 0, 77, 0));
}

CASE(usage_figures, "getrusage")
{
    struct rusage usage;
    T(getrusage(RUSAGE_SELF, &usage));
    IS(usage.ru_minflt > 0);
    T(getrusage(1 /* RUSAGE_THREAD */, &usage));
    T(getrusage(2, &usage));
    T(syscall(SYS_getrusage, RUSAGE_SELF, (void *)8));
}

CASE(unknown_calls, "read")
{
    T(syscall(999));
    T(syscall(-1));
    T(syscall(1L << 40));
    T(syscall(180));
    T(syscall(174));
}

CASE(watching_names, "inotify_init1 inotify_add_watch inotify_rm_watch")
{
    char data[512];
    int fd = T(syscall(SYS_inotify_init1, O_NONBLOCK | O_CLOEXEC));
    T(mkdir("d", 0755));
    int watch = T(syscall(SYS_inotify_add_watch, fd, "d", 0x100 | 0x200 | 2 /* create, delete, modify */));
    T(read(fd, data, sizeof data));
    int file = T(open("d/f", O_CREAT | O_RDWR, 0600));
    T(write(file, "x", 1));
    T(unlink("d/f"));
    long size = T(read(fd, data, sizeof data));
    for (long at = 0; at < size;) {
        struct { int wd; uint32_t mask, cookie, length; char name[]; } *event = (void *)(data + at);
        say("%x %s", event->mask, event->length ? event->name : "");
        at += 16 + event->length;
    }
    T(syscall(SYS_inotify_rm_watch, fd, watch));
    T(syscall(SYS_inotify_rm_watch, fd, watch));
    T(syscall(SYS_inotify_add_watch, fd, "missing", 2));
    T(syscall(SYS_inotify_add_watch, fd, "d", 0));
    T(syscall(SYS_inotify_add_watch, 0, "d", 2));
    T(syscall(SYS_inotify_init1, 1));
}

CASE(processor_features, "arch_prctl")
{
    T(syscall(SYS_arch_prctl, 0x1011 /* ARCH_GET_CPUID */, 0));
    unsigned a, b, c, d;
    __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(1), "c"(0));
    IS((d & 1 << 26) && (c & 1 << 20));
}

CASE(secure_computing, "seccomp prctl")
{
    T(prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    T(syscall(SYS_seccomp, 99, 0, 0));
    T(syscall(SYS_seccomp, 0, 1, 0));
    CHILD(
        T(syscall(SYS_seccomp, 0, 0, 0));
        (void)!write(1, "still writes\n", 13);
        syscall(SYS_getpid));
}

CASE(io_priorities, "ioprio_get ioprio_set")
{
    static const int values[] = {2 << 13 | 4, 9 << 13, 0, 1, 3 << 13 | 7, 3 << 13, 4 << 13, 7 << 13, 1 << 13 | 7, 2 << 13 | 0xff, 2 << 13 | 0x18, -1};
    T(syscall(SYS_ioprio_get, 1, 0));
    T(syscall(SYS_ioprio_get, 2, 0));
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
        T(syscall(SYS_ioprio_set, 1, 0, values[i]));
        T(syscall(SYS_ioprio_get, 1, 0));
    }
    T(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 3));
    CHILD(T(syscall(SYS_ioprio_get, 1, 0)); T(syscall(SYS_ioprio_get, 2, 0)));
    T(syscall(SYS_ioprio_set, 2, 0, 2 << 13 | 6));
    T(syscall(SYS_ioprio_get, 2, getpgrp()));
    T(syscall(SYS_ioprio_get, 1, getpid()));
    T(syscall(SYS_ioprio_get, 9, 0));
    T(syscall(SYS_ioprio_get, 1, 0x7ffffff));
    T(syscall(SYS_ioprio_get, 2, 0x7ffffff));
    T(syscall(SYS_ioprio_get, 3, 0x7ffffff));
    T(syscall(SYS_ioprio_set, 9, 0, 0));
    T(syscall(SYS_ioprio_set, 1, 0x7ffffff, 0));
    T(syscall(SYS_ioprio_set, 2, 0x7ffffff, 0));
    T(syscall(SYS_ioprio_set, 9, 0, 9 << 13));
    T(syscall(SYS_ioprio_set, 1, 0, 0));
    T(setpriority(PRIO_PROCESS, 0, 15));
    T(syscall(SYS_ioprio_get, 1, 0));
    T(syscall(SYS_ioprio_get, 2, 0));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_ioprio_set, 1, 0, 1 << 13 | 4));
            T(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 1));
            T(syscall(SYS_ioprio_set, 1, getppid(), 2 << 13 | 1));
            T(syscall(SYS_ioprio_get, 1, getppid()));
            T(syscall(SYS_ioprio_get, 3, 5)));
}
