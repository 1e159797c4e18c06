/* How far memory reaches: into other processes, under locks, up to limits. */
#include "maps.h"
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static void locking(void)
{
    struct rlimit limit = {8 * PAGE, 8 * PAGE};
    MUST(!setrlimit(RLIMIT_MEMLOCK, &limit));
    if (!getuid())
        MUST(!setresuid(65534, 65534, 65534));
    char *area = map(16, RW, MAP_PRIVATE, -1, 0);
    TRY(mlock(area, 4 * PAGE));
    TRY(mlock(area + 100, 4 * PAGE - 100));
    TRY(mlock(area, 9 * PAGE));
    TRY(mlock(area + 4 * PAGE, 4 * PAGE));
    TRY(mlock(area + 8 * PAGE, PAGE));
    TRY(madvise(area, PAGE, MADV_DONTNEED));
    TRY(msync(area, PAGE, MS_INVALIDATE));
    TRY(munlock(area, 2 * PAGE));
    TRY(mlock(area + 8 * PAGE, PAGE));
    munmap(area + 3 * PAGE, PAGE);
    TRY(mlock(area + 2 * PAGE, 2 * PAGE));
    TRY(munlock(area + 2 * PAGE, 2 * PAGE));
    TRY(munlock(area, 16 * PAGE));
    TRY(syscall(SYS_mlock2, area, (long)PAGE, 1L));
    TRY(syscall(SYS_mlock2, area, (long)PAGE, 2L));
    TRY(mlockall(MCL_CURRENT));
    TRY(mlockall(0));
    TRY(mlockall(8));
    TRY(mlockall(4));
    TRY(munlockall());
    TRY(mlockall(MCL_FUTURE));
    MAPS(map(4, RW, MAP_PRIVATE, -1, 0));
    MAPS(map(40, RW, MAP_PRIVATE, -1, 0));
    TRY(munlockall());
    MAPS(map(40, RW, MAP_PRIVATE, -1, 0));
    MAPS(map(40, RW, MAP_PRIVATE | MAP_LOCKED, -1, 0));
    limit.rlim_cur = 0;
    MUST(!setrlimit(RLIMIT_MEMLOCK, &limit));
    TRY(mlock(area, PAGE));
    TRY(mlockall(MCL_CURRENT));
}

static void space_limit(void)
{
    struct rlimit limit = {1UL << 30, RLIM_INFINITY};
    MUST(!setrlimit(RLIMIT_AS, &limit));
    MAPS(mmap(0, 2UL << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    char *area = mmap(0, 512UL << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MAPS(area);
    MAPS(mremap(area, 512UL << 20, 1100UL << 20, MREMAP_MAYMOVE));
    MAPS(mmap(area, 512UL << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0));
    munmap(area, 512UL << 20);
    limit.rlim_cur = RLIM_INFINITY;
    MUST(!setrlimit(RLIMIT_AS, &limit));
    limit.rlim_cur = 64UL << 20;
    MUST(!setrlimit(RLIMIT_DATA, &limit));
    MAPS(mmap(0, 128UL << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MAPS(mmap(0, 128UL << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MAPS(mmap(0, 128UL << 20, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    MAPS(mmap(0, 32UL << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    void *now = sbrk(0);
    TRY(syscall(SYS_brk, (char *)now + (256L << 20)) == (long)now ? 0 : 1);
}

static int deep(int depth)
{
    volatile char frame[PAGE];
    frame[0] = depth;
    return depth ? deep(depth - 1) + frame[0] : 0;
}

static void stack_limit(void)
{
    struct rlimit limit = {1 << 20, RLIM_INFINITY};
    deep(100);
    MUST(!setrlimit(RLIMIT_STACK, &limit));
    static char alternate[65536];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    MUST(!sigaltstack(&stack, 0) && !sigaction(SIGSEGV, &action, 0));
    int number = sigsetjmp(back, 1);
    if (!number)
        deep(200), puts("200 pages fit"), fflush(stdout), deep(400);
    printf("deeper: signal %d\n", number);
    limit.rlim_cur = 16 << 20;
    MUST(!setrlimit(RLIMIT_STACK, &limit));
    number = sigsetjmp(back, 1);
    if (!number)
        deep(3500);
    printf("15 MB: signal %d\n", number);
}

static void remote(void)
{
    char here[64] = "", *there = map(3, RW, MAP_PRIVATE, -1, 0);
    strcpy(there + PAGE - 5, "across the border");
    munmap(there + 2 * PAGE, PAGE);
    int ready[2], go[2];
    MUST(!pipe(ready) && !pipe(go));
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        strcpy(there, "of the child");
        MUST(write(ready[1], "r", 1) == 1 && read(go[0], here, 1) == 1);
        printf("child has %s\n", there);
        fflush(stdout);
        _exit(0);
    }
    MUST(read(ready[0], here, 1) == 1);
    struct iovec local[2] = {{here, 4}, {here + 10, 30}}, far[3] = {{there, 8}, {there + PAGE - 5, 17}, {there + PAGE, 9999}};
    TRY(process_vm_readv(pid, local, 2, far, 2, 0));
    printf("%.4s %.21s\n", here, here + 10);
    TRY(process_vm_readv(pid, local, 1, far, 1, 0));
    local[0] = (struct iovec){malloc(20000), 20000};
    TRY(process_vm_readv(pid, local, 1, far + 2, 1, 0));
    far[2].iov_base = there + 2 * PAGE;
    TRY(process_vm_readv(pid, local, 1, far + 2, 1, 0));
    struct iovec words = {"from the parent", 16};
    TRY(process_vm_writev(pid, &words, 1, far, 1, 0));
    far[0].iov_len = 16;
    TRY(process_vm_writev(pid, &words, 1, far, 1, 0));
    TRY(process_vm_readv(pid, &words, 0, far, 1, 0));
    TRY(process_vm_readv(pid, local, 1, far, 0, 0));
    TRY(process_vm_readv(pid, local, 1, far, 1, 1));
    TRY(process_vm_readv(4194305, local, 1, far, 1, 0));
    TRY(process_vm_readv(pid, (void *)8, 1, far, 1, 0));
    TRY(process_vm_readv(pid, local, 1, (void *)8, 1, 0));
    TRY(process_vm_readv(pid, local, 2000, far, 1, 0));
    TRY(process_vm_readv(getpid(), local, 1, far, 1, 0));
    MUST(write(go[1], "g", 1) == 1);
    wait(0);
}

int main(int argc, char **argv)
{
    enter(argc, argv);
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);
    remote();
    child(locking);
    child(space_limit);
    child(stack_limit);
    return 0;
}
