/* Where CPU time goes: user or system, and that every way of asking agrees. Argument: how many times slower
   than usual the machine is. */
#define _GNU_SOURCE
#include <stdio.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long work_us = 200000;
#define tell(...) (printf(__VA_ARGS__), putchar('\n'), fflush(stdout))

static long us(struct timeval t) { return t.tv_sec * 1000000L + t.tv_usec; }

static long clock_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static struct rusage usage(int who) {
    struct rusage r;
    getrusage(who, &r);
    return r;
}

static void compute(void) {
    volatile unsigned long x = 0;
    long end = clock_us(CLOCK_PROCESS_CPUTIME_ID) + work_us;
    while (clock_us(CLOCK_PROCESS_CPUTIME_ID) < end)
        for (int i = 0; i < 100000; i++)
            x += i;
}

static void call(void) {
    static char buffer[1 << 20];
    struct iovec often[8]; /* long calls: the way into the kernel and out of it is not to count */
    int zero = open("/dev/zero", O_RDONLY);
    long end = clock_us(CLOCK_PROCESS_CPUTIME_ID) + work_us;
    memset(buffer, 1, sizeof(buffer)); /* all there */
    for (int i = 0; i < 8; i++)
        often[i] = (struct iovec){buffer, sizeof(buffer)};
    while (clock_us(CLOCK_PROCESS_CPUTIME_ID) < end)
        readv(zero, often, 8);
    close(zero);
}

/* Time taken from the CPU by others may hit either half, so only "mostly" is asked for. */
static void split(const char *what, void (*work)(void), int user) {
    struct rusage before = usage(RUSAGE_SELF);
    work();
    struct rusage after = usage(RUSAGE_SELF);
    long mine = us(after.ru_utime) - us(before.ru_utime), its = us(after.ru_stime) - us(before.ru_stime);
    tell("%s: all of it %d, mostly %s %d", what, mine + its >= work_us - 1000, user ? "user" : "system",
        user ? mine > its : its > mine);
}

/* Several clocks are never read at one moment: one try of many must come close. */
static void sums(void) {
    int near = 0;
    for (int i = 0; i < 1000 && !near; i++) {
        struct rusage r = usage(RUSAGE_SELF), t = usage(RUSAGE_THREAD);
        long clock = clock_us(CLOCK_PROCESS_CPUTIME_ID), sum = us(r.ru_utime) + us(r.ru_stime);
        long thread = us(t.ru_utime) + us(t.ru_stime);
        near = clock >= sum && clock - sum < 2000 && thread >= sum && thread - sum < 2000;
    }
    struct tms ticks;
    times(&ticks);
    struct rusage r = usage(RUSAGE_SELF);
    tell("sums agree %d, times %d", near, us(r.ru_utime) / 10000 - ticks.tms_utime < 3 &&
        us(r.ru_stime) / 10000 - ticks.tms_stime < 3);
}

static void child(const char *what, void (*work)(void), int user) {
    siginfo_t info;
    sigset_t set;
    struct rusage r;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pid_t pid = fork();
    if (!pid) {
        work();
        _exit(3);
    }
    sigwaitinfo(&set, &info);
    wait4(pid, NULL, 0, &r);
    tell("child that %s: status %d, wait4 %d, signal %d", what, info.si_status,
        user ? us(r.ru_utime) > us(r.ru_stime) : us(r.ru_stime) > us(r.ru_utime),
        user ? info.si_utime > info.si_stime : info.si_stime > info.si_utime);
}

int main(int argc, char **argv) {
    work_us *= argc > 1 ? atoi(argv[1]) : 1;
    split("work", compute, 1);
    split("calls", call, 0);
    sums();
    child("works", compute, 1);
    child("calls", call, 0);
    struct rusage r = usage(RUSAGE_CHILDREN);
    tell("children: %d", us(r.ru_utime) > work_us / 2 && us(r.ru_stime) > work_us / 2);
}
