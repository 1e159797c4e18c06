/* Scheduling in real time: policies, priorities, limits, who inherits them. */
#include "real_time.h"

enum { BATCH = 3, RESET = 0x40000000 };

static int priority_of(pid_t who)
{
    struct sched_param param = {99};
    MUST(syscall(SYS_sched_getparam, who, &param));
    return param.sched_priority;
}

CASE(setting_and_getting, "sched_setscheduler sched_getscheduler sched_setparam sched_getparam sched_rr_get_interval")
{
    static const int tries[][2] = {{1, 1}, {1, 99}, {1, 0}, {1, 100}, {1, -1}, {2, 7}, {2, 0}, {0, 1}, {3, 1}, {5, 1}, {0, 0}, {6, 0}, {4, 0}};
    struct timespec interval;
    ROOT_ONLY;
    for (unsigned i = 0; i < sizeof tries / sizeof *tries; i++) {
        say("%d %d", tries[i][0], tries[i][1]);
        T(set_policy(0, tries[i][0], tries[i][1]));
        T(syscall(SYS_sched_getscheduler, 0));
        N(priority_of(0));
    }
    T(set_policy(0, SCHED_RR, 10));
    T(syscall(SYS_sched_rr_get_interval, 0, &interval));
    say("%ld %ld", (long)interval.tv_sec, interval.tv_nsec);
    T(syscall(SYS_sched_setparam, 0, &(struct sched_param){20}));
    T(syscall(SYS_sched_setparam, 0, &(struct sched_param){0}));
    N(priority_of(0));
    T(set_policy(0, SCHED_FIFO, 10));
    T(syscall(SYS_sched_rr_get_interval, 0, &interval));
    say("%ld %ld", (long)interval.tv_sec, interval.tv_nsec);
}

CASE(attributes_of_real_time, "sched_setattr sched_getattr")
{
    struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t times[3]; } info = {48, 1, 0, 5, 33};
    ROOT_ONLY;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    T(syscall(SYS_sched_getattr, 0, &info, 48, 0));
    say("%u %u %d %u", info.policy, (unsigned)info.flags, info.nice, info.priority);
    info.flags = 16; /* SCHED_FLAG_KEEP_PARAMS */
    info.priority = 1;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    N(priority_of(0));
    info.flags = 8; /* SCHED_FLAG_KEEP_POLICY */
    info.policy = 3;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    T(syscall(SYS_sched_getscheduler, 0));
    N(priority_of(0));
    info.flags = 0;
    info.priority = 3;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    info.policy = 2;
    info.priority = 100;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    info.priority = 0;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    info.policy = 0;
    info.nice = 4;
    T(syscall(SYS_sched_setattr, 0, &info, 0));
    T(syscall(SYS_sched_getattr, 0, &info, 48, 0));
    say("%u %u %d %u", info.policy, (unsigned)info.flags, info.nice, info.priority);
}

CASE(what_children_inherit, "sched_setscheduler fork")
{
    ROOT_ONLY;
    T(set_policy(0, SCHED_RR, 12));
    CHILD(T(syscall(SYS_sched_getscheduler, 0)); N(priority_of(0)));
    T(set_policy(0, SCHED_RR | RESET, 12));
    T(syscall(SYS_sched_getscheduler, 0));
    CHILD(T(syscall(SYS_sched_getscheduler, 0)); N(priority_of(0)); T(syscall(SYS_getpriority, PRIO_PROCESS, 0)));
    T(set_policy(0, BATCH | RESET, 0));
    MUST(setpriority(PRIO_PROCESS, 0, -5));
    CHILD(T(syscall(SYS_sched_getscheduler, 0)); T(syscall(SYS_getpriority, PRIO_PROCESS, 0)));
    MUST(setpriority(PRIO_PROCESS, 0, 5));
    CHILD(T(syscall(SYS_getpriority, PRIO_PROCESS, 0)));
}

static void somebody(void)
{
    MUST(setrlimit(RLIMIT_RTPRIO, &(struct rlimit){0, 0}));
    MUST(syscall(SYS_setresuid, 5, 5, 5));
}

CASE(within_the_limit, "sched_setscheduler setrlimit")
{
    ROOT_ONLY;
    CHILD(
        somebody();
        T(set_policy(0, SCHED_FIFO, 1));
        T(set_policy(0, SCHED_FIFO, 0));
        T(set_policy(0, SCHED_FIFO, 100)));
    CHILD(
        somebody();
        T(set_policy(0, SCHED_OTHER, 0));
        T(set_policy(getppid(), SCHED_OTHER, 0)));
    CHILD(
        MUST(set_policy(0, SCHED_FIFO, 50));
        somebody();
        T(set_policy(0, SCHED_FIFO, 51));
        T(set_policy(0, SCHED_RR, 40));
        T(set_policy(0, SCHED_FIFO, 40));
        T(set_policy(0, SCHED_FIFO, 41));
        T(set_policy(0, SCHED_OTHER, 0));
        T(set_policy(0, SCHED_FIFO, 40)));
}

CASE(limits_of_real_time, "sched_setscheduler")
{
    static const char *const names[] = {"sched_rr_timeslice_ms", "sched_rt_period_us", "sched_rt_runtime_us"};
    for (int i = 0; i < 3; i++) {
        char path[64], text[32] = "";
        snprintf(path, sizeof path, "/proc/sys/kernel/%s", names[i]);
        MUST(read(MUST(open(path, O_RDONLY)), text, sizeof text - 1));
        say("%s: %s", names[i], text);
    }
}

CASE(lines_of_the_process, "sched_setscheduler")
{
    ROOT_ONLY;
    char text[1024], *word;
    MUST(set_policy(0, SCHED_RR, 17));
    int fd = MUST(open("/proc/self/stat", O_RDONLY));
    text[MUST(read(fd, text, sizeof text - 1))] = 0;
    int number = 2;
    for (word = strtok(strrchr(text, ')') + 1, " "); word; word = strtok(0, " "))
        if (++number == 18 || number == 40 || number == 41)
            say("%d: %s", number, word);
}
