/* Resource limits that bite: descriptors, CPU time, queued signals, processes; and of another process. */
#define _GNU_SOURCE
#include "case.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static int child(int (*run)(void))
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (!pid)
        _exit(run());
    waitpid(pid, &status, 0);
    return status;
}

static volatile int signalled;
static void on_signal(int number) { signalled = number; }

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int descriptors(void)
{
    struct rlimit limit = {10, 20};
    int p[2];
    MUST(!setrlimit(RLIMIT_NOFILE, &limit));
    int last = -1, fd;
    while ((fd = dup(0)) >= 0)
        last = fd;
    printf("last %d: %s\n", last, strerror(errno));
    TRY(dup2(0, 9));
    TRY(dup2(0, 10));
    TRY(fcntl(0, F_DUPFD, 10));
    TRY(fcntl(0, F_DUPFD, 8));
    close(9);
    TRY(pipe(p));
    TRY(dup(0));
    limit.rlim_cur = 20;
    TRY(setrlimit(RLIMIT_NOFILE, &limit));
    TRY(dup(0));
    limit.rlim_cur = 5;
    TRY(setrlimit(RLIMIT_NOFILE, &limit));
    TRY(fcntl(10, F_GETFD));
    TRY(dup(0));
    limit.rlim_cur = 21;
    TRY(setrlimit(RLIMIT_NOFILE, &limit));
    TRY(getrlimit(77, &limit));
    TRY(setrlimit(RLIMIT_NOFILE, (struct rlimit *)8));
    fflush(stdout);
    return 0;
}

static int soft_cpu(void)
{
    struct rlimit limit = {1, 2};
    signal(SIGXCPU, on_signal);
    MUST(!setrlimit(RLIMIT_CPU, &limit));
    while (!signalled && cpu() < 5)
        ;
    printf("signal %d after a second: %d\n", signalled, cpu() > 0.9 && cpu() < 1.6);
    fflush(stdout);
    while (cpu() < 5)
        ;
    return 1;
}

static int hard_cpu(void)
{
    struct rlimit limit = {0, 0};
    MUST(!setrlimit(RLIMIT_CPU, &limit));
    while (cpu() < 5)
        ;
    return 1;
}

/* A child may set the limits of its parent, if both belong to the same user: the parent dies of it. */
static int by_child(void)
{
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        struct rlimit limit = {0, 0};
        _exit(syscall(SYS_prlimit64, (long)getppid(), (long)RLIMIT_CPU, &limit, 0L) ? 1 : 0);
    }
    int status;
    waitpid(pid, &status, 0);
    if (status)
        return 2;
    while (cpu() < 5)
        ;
    return 1;
}

static int queued_signals(void)
{
    struct rlimit limit = {3, 3};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    if (!getuid())
        MUST(!setresuid(65501, 65501, 65501));
    MUST(!setrlimit(RLIMIT_SIGPENDING, &limit));
    int count = 0;
    while (count < 100 && !sigqueue(getpid(), SIGRTMIN, (union sigval){0}))
        count++;
    printf("queued %d: %s\n", count, strerror(errno));
    TRY(kill(getpid(), SIGUSR1));
    sigpending(&set);
    printf("pending %d\n", sigismember(&set, SIGUSR1));
    fflush(stdout);
    return 0;
}

static int processes(void)
{
    struct rlimit limit = {4, 4};
    if (!getuid())
        MUST(!setresuid(65502, 65502, 65502));
    MUST(!setrlimit(RLIMIT_NPROC, &limit));
    int count = 0, refused = 0;
    pid_t pids[10];
    while (count < 10) {
        pids[count] = fork();
        if (!pids[count])
            pause();
        if (pids[count] < 0) {
            refused = errno;
            break;
        }
        count++;
    }
    printf("refused: %s\n", strerror(refused));
    for (int i = 0; i < count; i++)
        kill(pids[i], SIGKILL);
    while (wait(0) > 0)
        ;
    pid_t pid = fork();
    if (!pid)
        _exit(0);
    printf("again: %d\n", pid > 0);
    fflush(stdout);
    return 0;
}

int main(void)
{
    struct rlimit core;
    syscall(SYS_close_range, 3L, ~0UL >> 32, 0L);
    printf("descriptors %x\n", child(descriptors));
    printf("soft cpu %x\n", child(soft_cpu));
    printf("hard cpu %x\n", child(hard_cpu));
    printf("by a child %x\n", child(by_child));
    printf("signals %x\n", child(queued_signals));
    printf("processes %x\n", child(processes));
    MUST(!getrlimit(RLIMIT_CORE, &core));
    core.rlim_cur = core.rlim_max;
    TRY(setrlimit(RLIMIT_CORE, &core));
    core.rlim_cur = 5, core.rlim_max = 4;
    TRY(setrlimit(RLIMIT_CORE, &core));
    TRY(syscall(SYS_prlimit64, 999999L, 0L, 0L, 0L));
    return 0;
}
