/* futex_waitv, futex_wake, futex_wait, futex_requeue; where the kernel has none the program says so. */
#define _GNU_SOURCE
#include "../case.h"
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define WAITV 449
#define WAKE 454
#define WAIT 455
#define REQUEUE 456
#define U32 2u
#define PRIVATE 128u

struct waitv {
    uint64_t value, addr;
    uint32_t flags, reserved;
};

static uint32_t word[3];
static volatile long result;

static struct timespec soon(int milliseconds)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += milliseconds * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static struct waitv of(int i, uint32_t value) { return (struct waitv){value, (uintptr_t)&word[i], U32 | PRIVATE, 0}; }

static void *sleeper(void *argument)
{
    struct waitv v[3] = {of(0, 0), of(1, 0), of(2, 0)};
    result = syscall(WAITV, v, 3L, 0L, 0L, 0L);
    return argument;
}

static void *single(void *argument)
{
    result = syscall(WAIT, &word[0], 0L, 0xffffffffL, (long)(U32 | PRIVATE), 0L, 0L);
    return argument;
}

/* Until it finds somebody: on a busy machine 50 ms may not be enough to fall asleep in. */
static long wake(uint32_t *at, long mask, long most, long flags)
{
    long woken;
    while (!(woken = syscall(WAKE, at, mask, most, flags)))
        usleep(1000);
    return woken;
}

static long requeue(struct waitv *from_to)
{
    long moved;
    while (!(moved = syscall(REQUEUE, from_to, 0L, 0L, 5L)))
        usleep(1000);
    return moved;
}

int main(void)
{
    setvbuf(stdout, 0, _IONBF, 0);
    pthread_t thread;
    struct timespec t = soon(30);
    struct waitv v[2] = {of(0, 0), of(1, 1)};
    if (syscall(REQUEUE, 0L, 0L, 0L, 0L) && errno == ENOSYS)
        return puts("not here"), 0;
    TRY(syscall(WAITV, v, 2L, 0L, &t, (long)CLOCK_MONOTONIC));
    v[1].value = 0;
    TRY(syscall(WAITV, v, 2L, 0L, &t, (long)CLOCK_MONOTONIC));
    TRY(syscall(WAITV, v, 2L, 0L, &t, 7L));
    TRY(syscall(WAITV, v, 0L, 0L, 0L, 0L));
    TRY(syscall(WAITV, v, 129L, 0L, 0L, 0L));
    TRY(syscall(WAITV, v, 2L, 1L, 0L, 0L));
    TRY(syscall(WAITV, 0L, 2L, 0L, 0L, 0L));
    v[1].flags = 1;
    TRY(syscall(WAITV, v, 2L, 0L, 0L, 0L));
    v[1].flags = U32, v[1].addr = 8;
    TRY(syscall(WAITV, v, 2L, 0L, 0L, 0L));
    v[1].addr = (uintptr_t)&word[1] + 1;
    TRY(syscall(WAITV, v, 2L, 0L, 0L, 0L));
    v[1] = of(1, 0), v[1].reserved = 1;
    TRY(syscall(WAITV, v, 2L, 0L, 0L, 0L));
    MUST(!pthread_create(&thread, 0, sleeper, 0));
    TRY(wake(&word[1], 0xffffffffL, 1L, (long)(U32 | PRIVATE)));
    pthread_join(thread, 0);
    printf("woken by %ld\n", result);
    TRY(syscall(WAKE, &word[1], 0xffffffffL, 1L, (long)(U32 | PRIVATE)));
    TRY(syscall(WAKE, &word[1], 0L, 1L, (long)(U32 | PRIVATE)));
    TRY(syscall(WAKE, &word[1], 1L, 1L, 1L));
    MUST(!pthread_create(&thread, 0, single, 0));
    v[0] = of(0, 0), v[1] = of(2, 0);
    TRY(requeue(v));
    TRY(syscall(WAKE, &word[0], 0xffffffffL, 1L, (long)(U32 | PRIVATE)));
    TRY(syscall(WAKE, &word[2], 0xffffffffL, 1L, (long)(U32 | PRIVATE)));
    pthread_join(thread, 0);
    printf("result %ld\n", result);
    v[0].value = 1;
    TRY(syscall(REQUEUE, v, 0L, 0L, 5L));
    t = soon(20);
    TRY(syscall(WAIT, &word[0], 0L, 1L, (long)(U32 | PRIVATE), &t, (long)CLOCK_MONOTONIC));
    TRY(syscall(WAIT, &word[0], 1L, 1L, (long)(U32 | PRIVATE), &t, (long)CLOCK_MONOTONIC));
    TRY(syscall(WAIT, &word[0], 0L, 0L, (long)(U32 | PRIVATE), 0L, 0L));
    uint32_t *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();
    if (!pid) {
        struct waitv w = {0, (uintptr_t)shared, U32, 0};
        _exit(syscall(WAITV, &w, 1L, 0L, 0L, 0L) == 0 ? 6 : 1);
    }
    TRY(wake(shared, 0xffffffffL, 9L, (long)U32));
    int status;
    waitpid(pid, &status, 0);
    printf("child %d\n", WEXITSTATUS(status));
    return 0;
}
