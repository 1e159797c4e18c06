/* Limits of resources, and what happens at them. */
#include "case.h"

CASE(reading_and_setting, "getrlimit setrlimit prlimit64")
{
    struct rlimit limit;
    static const int all[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS,
                              RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING,
                              RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        T(syscall(SYS_getrlimit, all[i], &limit));
        IS(limit.rlim_cur <= limit.rlim_max);
    }
    T(syscall(SYS_getrlimit, 16, &limit));
    T(syscall(SYS_getrlimit, RLIMIT_CORE, (void *)8));
    limit = (struct rlimit){5, 4};
    T(syscall(SYS_setrlimit, RLIMIT_CORE, &limit));
    T(syscall(SYS_setrlimit, 16, &limit));
    T(syscall(SYS_prlimit64, 0x7ffffff, RLIMIT_CORE, 0, &limit));
    T(syscall(SYS_prlimit64, 0, RLIMIT_CORE, (void *)8, 0));
}

CASE(lowering, "setrlimit prlimit64 fork")
{
    struct rlimit limit = {40, 50}, old;
    T(syscall(SYS_setrlimit, RLIMIT_NOFILE, &limit));
    T(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &old));
    say("%ld %ld", (long)old.rlim_cur, (long)old.rlim_max);
    CHILD(getrlimit(RLIMIT_NOFILE, &old); say("%ld %ld", (long)old.rlim_cur, (long)old.rlim_max));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            limit.rlim_max = 60;
            T(syscall(SYS_setrlimit, RLIMIT_NOFILE, &limit));
            limit.rlim_max = 45;
            T(syscall(SYS_setrlimit, RLIMIT_NOFILE, &limit)));
}

CASE(limits_of_a_child, "prlimit64")
{
    int ends[2];
    char byte;
    struct rlimit limit = {33, 44}, old;
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        getrlimit(RLIMIT_NOFILE, &old);
        _exit(old.rlim_cur);
    }
    T(syscall(SYS_prlimit64, child, RLIMIT_NOFILE, &limit, &old));
    T(syscall(SYS_prlimit64, child, RLIMIT_NOFILE, 0, &old));
    N(old.rlim_cur);
    close(ends[1]);
    say_status("child", wait_for(child));
}

CASE(address_space, "setrlimit mmap brk")
{
    T(setrlimit(RLIMIT_AS, &(struct rlimit){64 << 20, 64 << 20}));
    T(mmap(0, 100 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    T(mmap(0, 100 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

CASE(data_segment, "setrlimit brk mmap")
{
    char *now = (char *)syscall(SYS_brk, 0);
    T(setrlimit(RLIMIT_DATA, &(struct rlimit){8 << 20, 8 << 20}));
    IS((char *)syscall(SYS_brk, now + (16 << 20)) == now);
    T(mmap(0, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap(0, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

CASE(processor_time_limit, "setrlimit kill")
{
    CHILD(setrlimit(RLIMIT_CPU, &(struct rlimit){1, 3}); for (;;));
}

CASE(processes_of_a_user, "setrlimit fork")
{
    if (!geteuid())
        CHILD(
            setrlimit(RLIMIT_NPROC, &(struct rlimit){2, 2});
            uid_t nobody_else = 1 << 24 | getpid();
            if (syscall(SYS_setresuid, nobody_else, nobody_else, nobody_else)) _exit(1);
            int made = 0;
            for (int i = 0; i < 5; i++) {
                pid_t child = fork();
                if (!child) {
                    sleep_ms(500);
                    _exit(0);
                }
                if (child < 0) {
                    say("%s", error_name(errno));
                    break;
                }
                made++;
            }
            N(made);
            while (wait(0) > 0));
}

CASE(locked_memory, "setrlimit mlock")
{
    char *at = MUST(mmap(0, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    T(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){8 * PAGE, 8 * PAGE}));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(mlock(at, 4 * PAGE));
            T(mlock(at, 64 * PAGE)));
}

CASE(queued_signals, "setrlimit rt_sigqueueinfo")
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, 40);
    sigprocmask(SIG_BLOCK, &set, 0);
    if (!geteuid())
        CHILD(
            setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){2, 2});
            if (syscall(SYS_setresuid, 54322, 54322, 54322)) _exit(1);
            for (int i = 0; i < 4; i++)
                T(sigqueue(getpid(), 40, (union sigval){.sival_int = i}));
            T(kill(getpid(), 40)));
}

/* All processes of a user count, whoever sends. */
CASE(queued_signals_of_a_user, "setrlimit rt_sigqueueinfo")
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, 40);
    sigprocmask(SIG_BLOCK, &set, 0);
    if (geteuid())
        return;
    pid_t other = MUST(fork());
    if (!other) {
        if (syscall(SYS_setresuid, 54324, 54324, 54324)) _exit(1);
        pause();
    }
    while (syscall(SYS_getpriority, PRIO_USER, 54324) < 0)
        sleep_ms(1);
    T(sigqueue(other, 40, (union sigval){.sival_int = 1}));
    CHILD(
        setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){3, 3});
        if (syscall(SYS_setresuid, 54324, 54324, 54324)) _exit(1);
        T(sigqueue(other, 40, (union sigval){.sival_int = 2}));
        for (int i = 0; i < 3; i++)
            T(sigqueue(getpid(), 40, (union sigval){.sival_int = i}));
        T(sigqueue(other, 40, (union sigval){.sival_int = 3})));
    T(kill(other, SIGKILL));
    say_status("other", wait_for(other));
    CHILD(
        setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){3, 3});
        if (syscall(SYS_setresuid, 54324, 54324, 54324)) _exit(1);
        for (int i = 0; i < 4; i++)
            T(sigqueue(getpid(), 40, (union sigval){.sival_int = i})));
}

static volatile int sent_without, sent_with;

static void note_origin(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    if (info->si_pid == getpid())
        sent_with++;
    else
        sent_without++;
}

/* At the limit signals still come, but where they come from is lost; what must be queued is refused. */
CASE(queued_signals_at_the_limit, "setrlimit kill rt_sigqueueinfo timer_create rt_sigpending")
{
    sigset_t set;
    timer_t timer;
    sigfillset(&set);
    sigdelset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, 0);
    struct sigaction action = {.sa_sigaction = note_origin, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    sigaction(40, &action, 0);
    if (!geteuid())
        CHILD(
            setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){2, 2});
            if (syscall(SYS_setresuid, 54323, 54323, 54323)) _exit(1);
            T(sigqueue(getpid(), 40, (union sigval){.sival_int = 1}));
            T(sigqueue(getpid(), 40, (union sigval){.sival_int = 2}));
            T(sigqueue(getpid(), 40, (union sigval){.sival_int = 3}));
            T(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 4}));
            T(kill(getpid(), 40));
            T(timer_create(CLOCK_MONOTONIC, 0, &timer));
            sigprocmask(SIG_UNBLOCK, &set, 0);
            say("%d %d", sent_with, sent_without);
            T(sigqueue(getpid(), 40, (union sigval){.sival_int = 1}));
            say("%d %d", sent_with, sent_without);
            T(timer_create(CLOCK_MONOTONIC, 0, &timer));
            T(timer_create(CLOCK_MONOTONIC, 0, &timer));
            T(timer_create(CLOCK_MONOTONIC, 0, &timer)));
}

CASE(niceness, "getpriority setpriority")
{
    T(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    T(setpriority(PRIO_PROCESS, 0, 5));
    T(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    T(setpriority(PRIO_PROCESS, 0, 100));
    T(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    T(syscall(SYS_getpriority, 9, 0));
    T(setpriority(9, 0, 0));
    T(syscall(SYS_getpriority, PRIO_PROCESS, 0x7ffffff));
    T(syscall(SYS_getpriority, PRIO_PGRP, 0));
    CHILD(T(syscall(SYS_getpriority, PRIO_PROCESS, 0)));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(setpriority(PRIO_PROCESS, 0, 3)));
}
