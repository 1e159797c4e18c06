/* What getrusage, wait4 and /proc count: figures differ from kernel to kernel, what they follow does not. */
#define _GNU_SOURCE
#include "say.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static void touch(long pages)
{
    volatile char *at = mmap(0, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise((void *)at, pages * 4096, MADV_NOHUGEPAGE);
    for (long i = 0; i < pages; i++)
        at[i * 7919 % pages * 4096] = 1;
}

static void waits(int n)
{
    for (int i = 0; i < n; i++)
        nanosleep(&(struct timespec){0, 1000000}, 0);
}

static void spin(void)
{
    struct timespec t;
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    while (t.tv_nsec < 30000000 && !t.tv_sec);
}

static struct rusage of(int who)
{
    struct rusage r;
    if (getrusage(who, &r))
        die("getrusage");
    return r;
}

static long micros(struct timeval t) { return t.tv_sec * 1000000 + t.tv_usec; }

int main(void)
{
    struct rusage before = of(RUSAGE_SELF), after, child;
    unsigned long minor, major;
    int status;

    touch(200);
    waits(5);
    spin();
    after = of(RUSAGE_SELF);
    printf("faults %d, waits %d, time %d, resident %d\n", after.ru_minflt > before.ru_minflt,
           after.ru_nvcsw - before.ru_nvcsw >= 5, micros(after.ru_utime) + micros(after.ru_stime) >= 29000,
           after.ru_maxrss >= 800);
    struct rusage thread = of(RUSAGE_THREAD);
    printf("thread: faults %d, waits %d\n", thread.ru_minflt >= after.ru_minflt, thread.ru_nvcsw >= after.ru_nvcsw);
    after = of(RUSAGE_CHILDREN);
    printf("children: %ld %ld %ld %ld\n", after.ru_minflt, after.ru_nvcsw, micros(after.ru_utime), after.ru_maxrss);
    fflush(stdout);
    if (!fork()) {
        touch(300);
        waits(6);
        _exit(0);
    }
    SAY(wait4(-1, &status, 0, &child) > 0);
    after = of(RUSAGE_CHILDREN);
    printf("child: faults %d, waits %d, resident %d\n", child.ru_minflt > 0, child.ru_nvcsw >= 6, child.ru_maxrss >= 1200);
    printf("children: the same %d %d %d\n", after.ru_minflt == child.ru_minflt, after.ru_nvcsw == child.ru_nvcsw,
           after.ru_maxrss == child.ru_maxrss);
    /* A grandchild counts once its parent has waited for it, and then for everybody above. */
    if (!fork()) {
        if (!fork()) {
            waits(7);
            _exit(0);
        }
        wait(0);
        _exit(0);
    }
    SAY(wait4(-1, &status, 0, &child) > 0);
    printf("with a grandchild: waits %d\n", child.ru_nvcsw >= 7);
    FILE *f = fopen("/proc/self/stat", "r");
    int n = fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu", &minor, &major);
    fclose(f);
    printf("/proc: %d fields, faults %d\n", n, minor > 0);
    SAY(getrusage(7, &child));
    SAY(getrusage(RUSAGE_SELF, (void *)8));
    return 0;
}
