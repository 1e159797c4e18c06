/* Mappings: sharing, placing, moving, advice. */
#include "maps.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>

static char *shared, *private, *anonymous;
static int fd;

/* The byte at an address, or the negative signal that reading it raises. */
static int peek(volatile char *at)
{
    int number = sigsetjmp(back, 1);
    return number ? -number : *at;
}

static int poke(volatile char *at, char value)
{
    int number = sigsetjmp(back, 1);
    return number ? -number : (*at = value);
}

static void from_child(void)
{
    shared[10] = 'c';
    private[10] = 'c';
    anonymous[10] = 'c';
    int own = open("mapped", O_RDWR);
    char *again = map(2, RW, MAP_SHARED, own, 0);
    printf("child sees %c %c\n", again[5], again[10]);
    again[11] = 'd';
    MUST(pwrite(own, "e", 1, 12) == 1);
}

static void sharing(void)
{
    char text[16] = "";
    fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(shared = malloc(3 * PAGE), '.', 3 * PAGE);
    MUST(write(fd, shared, 3 * PAGE) == 3 * PAGE);
    shared = map(3, RW, MAP_SHARED, fd, 0);
    private = map(3, RW, MAP_PRIVATE, fd, 0);
    anonymous = map(1, RW, MAP_SHARED, -1, 0);
    shared[5] = 's';
    printf("private sees %c\n", private[5]);
    private[6] = 'p';
    MUST(pwrite(fd, "w", 1, 7) == 1);
    printf("written %c %c, not %c\n", shared[7], shared[6], private[7]);
    child(from_child);
    printf("after child %c%c%c %c %c\n", shared[10], shared[11], shared[12], private[10], anonymous[10]);
    MUST(pread(fd, text, 13, 0) == 13);
    printf("read %s\n", text);
    TRY(msync(shared, 3 * PAGE, MS_SYNC));
    TRY(msync(shared, 3 * PAGE, MS_ASYNC | MS_INVALIDATE));
    TRY(msync(shared, 3 * PAGE, MS_ASYNC | MS_SYNC));
    TRY(msync(shared + 1, PAGE, MS_SYNC));
    TRY(msync(shared, PAGE, 64));
    TRY(ftruncate(fd, PAGE + 100));
    printf("tail %d %d, behind %d\n", peek(shared + PAGE + 99), peek(shared + PAGE + 100), peek(shared + 2 * PAGE));
    shared[PAGE + 200] = 'x';
    TRY(ftruncate(fd, 3 * PAGE));
    printf("grown %d %d\n", peek(shared + PAGE + 200), peek(shared + 2 * PAGE));
    int only = open("mapped", O_RDONLY), no = open("mapped", O_WRONLY), dir = open(".", O_RDONLY);
    MAPS(map(1, PROT_READ, MAP_SHARED, only, 0));
    MAPS(map(1, RW, MAP_SHARED, only, 0));
    MAPS(map(1, RW, MAP_PRIVATE, only, 0));
    MAPS(map(1, PROT_READ, MAP_PRIVATE, no, 0));
    MAPS(map(1, PROT_READ, MAP_PRIVATE, dir, 0));
    char *reader = map(1, PROT_READ, MAP_SHARED, only, 0);
    TRY(mprotect(reader, PAGE, RW));
    TRY(mincore(shared, 3 * PAGE, (void *)text));
    TRY(mincore(shared + 1, PAGE, (void *)text));
    TRY(mincore((void *)0x10000, PAGE, (void *)text));
    close(only), close(no), close(dir);
}

static void placing(void)
{
    char *area = map(8, RW, MAP_PRIVATE, -1, 0);
    munmap(area + 2 * PAGE, 2 * PAGE);
    MAPS(mmap(area + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    printf("free place: %d\n", mmap(area + 2 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
                                   area + 2 * PAGE);
    printf("hint taken: %d\n", mmap(area + 3 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == area + 3 * PAGE);
    printf("hint in use: %d\n", mmap(area, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == area);
    printf("low: %d\n", (uintptr_t)mmap(0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | 0x40, -1, 0) < 1UL << 31);
    MAPS(mmap(0, 0, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MAPS(mmap(0, PAGE, RW, MAP_ANONYMOUS, -1, 0));
    MAPS(mmap(0, PAGE, RW, MAP_PRIVATE, 77, 0));
    MAPS(mmap(0, PAGE, RW, MAP_PRIVATE, fd, 100));
    MAPS(mmap((void *)1, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    MAPS(mmap(0, ~0UL, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MAPS(mmap(0, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0));
    MAPS(mmap(0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0));
    MAPS(mmap(0, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0));
    MAPS(mmap(0, PAGE, RW, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0));
    MAPS(mmap(0, 2 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0));
    MAPS(map(4, RW, MAP_PRIVATE | MAP_POPULATE, -1, 0));
    TRY(munmap(area, 0));
    TRY(munmap(area + 1, PAGE));
    TRY(munmap((void *)0x10000, PAGE));
    char *stack = mmap(0, 1024 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 0;
    munmap(stack, 1024 * PAGE);
    stack = mmap(stack + 1000 * PAGE, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    printf("grows: %d %d %d\n", poke(stack - 10, 'g'), poke(stack - 20 * PAGE, 'h'), peek(stack - 20 * PAGE));
    TRY(mprotect(area, 6 * PAGE, PROT_READ));
    munmap(area + 4 * PAGE, PAGE);
    TRY(mprotect(area, 8 * PAGE, RW));
    printf("before the hole %d, behind %d\n", poke(area + 3 * PAGE, 1), poke(area + 5 * PAGE, 1));
    TRY(mprotect(area, PAGE, 64));
    TRY(mprotect(area + 1, PAGE, PROT_READ));
    TRY(mprotect(area, 0, PROT_READ));
    TRY(mprotect(area, PAGE, PROT_NONE));
    printf("none %d\n", peek(area));
    TRY(mprotect(area, PAGE, PROT_WRITE));
    printf("write only %d %d\n", poke(area, 'w'), peek(area));
    TRY(syscall(SYS_pkey_mprotect, area, (long)PAGE, (long)PROT_READ, -1L));
    TRY(syscall(SYS_pkey_mprotect, area, (long)PAGE, (long)PROT_READ, 15L));
    TRY(syscall(SYS_pkey_free, 77L));
    TRY(syscall(SYS_pkey_alloc, 5L, 0L));
}

static void moving(void)
{
    char *area = map(4, RW, MAP_PRIVATE, -1, 0), *other = map(8, RW, MAP_PRIVATE, -1, 0), *to;
    memset(area, 'a', 4 * PAGE);
    to = mremap(area, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, other);
    printf("fixed %d %c, left %d\n", to == other, to[3 * PAGE], peek(area));
    MAPS(mremap(other, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, other + 2 * PAGE));
    MAPS(mremap(other, 4 * PAGE, 4 * PAGE, MREMAP_FIXED, area));
    to = mremap(other, 4 * PAGE, 2 * PAGE, 0);
    printf("shrunk %d, cut %d, kept %d\n", to == other, peek(other + 2 * PAGE), peek(other + 4 * PAGE));
    to = mremap(other, 2 * PAGE, 3 * PAGE, 0);
    printf("grown in place %d, new %d\n", to == other, peek(other + 2 * PAGE));
    TRY(mremap(other, 3 * PAGE, 9 * PAGE, 0) == MAP_FAILED ? -1 : 0);
    to = mremap(other, 3 * PAGE, 9 * PAGE, MREMAP_MAYMOVE);
    printf("moved %d %c %d\n", to != other, to[0], to[8 * PAGE]);
    char *left = to;
    to = mremap(left, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
    printf("not unmapped %d %c, was %d\n", to != left, to[PAGE], peek(left + PAGE));
    MAPS(mremap(left, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
    MAPS(mremap(left, 0, PAGE, MREMAP_MAYMOVE));
    MAPS(mremap(left + 1, PAGE, PAGE, 0));
    MAPS(mremap(left, PAGE, 0, 0));
    MAPS(mremap(left, PAGE, PAGE, 64));
    MAPS(mremap((void *)0x10000, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
    char *twin = mremap(anonymous, 0, PAGE, MREMAP_MAYMOVE);
    anonymous[20] = 't';
    printf("twin %d %c\n", twin != anonymous, twin[20]);
    to = mremap(shared, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, map(3, RW, MAP_PRIVATE, -1, 0));
    to[30] = 'r';
    char byte;
    MUST(pread(fd, &byte, 1, 30) == 1);
    printf("shared moved: file %c\n", byte);
    shared = to;
}

static char *forked, *wiped;

static void in_fork(void)
{
    printf("child: forked %d, wiped %d\n", peek(forked), peek(wiped));
}

static void advice(void)
{
    char *area = map(8, RW, MAP_PRIVATE, -1, 0);
    memset(area, 'v', 8 * PAGE);
    TRY(madvise(area, 2 * PAGE, MADV_DONTNEED));
    printf("%d %d\n", area[PAGE], area[2 * PAGE]);
    TRY(madvise(shared, PAGE, MADV_DONTNEED));
    printf("shared keeps %c\n", shared[30]);
    private[0] = 'p';
    TRY(madvise(private, PAGE, MADV_DONTNEED));
    printf("private is the file again: %c\n", private[0]);
    TRY(madvise(area, PAGE, MADV_WILLNEED));
    TRY(madvise(area, PAGE, MADV_SEQUENTIAL));
    TRY(madvise(area, PAGE, MADV_FREE));
    TRY(madvise(shared, PAGE, MADV_FREE));
    TRY(madvise(shared, PAGE, MADV_REMOVE));
    printf("removed %d\n", shared[30]);
    TRY(madvise(area, PAGE, MADV_REMOVE));
    TRY(madvise(private, PAGE, MADV_REMOVE));
    TRY(madvise(area, PAGE, 5));
    TRY(madvise(area, PAGE, 77));
    TRY(madvise(area + 1, PAGE, MADV_DONTNEED));
    TRY(madvise(area, 0, MADV_DONTNEED));
    TRY(madvise(area, 0, 77));
    munmap(area + 4 * PAGE, PAGE);
    TRY(madvise(area, 8 * PAGE, MADV_DONTNEED));
    printf("behind the hole %d\n", area[6 * PAGE]);
    TRY(madvise(area, 8 * PAGE, 22));
    TRY(madvise(area, 4 * PAGE, 22));
    TRY(madvise(area, 4 * PAGE, 23));
    mprotect(area, PAGE, PROT_READ);
    TRY(madvise(area, PAGE, 23));
    mprotect(area, PAGE, PROT_NONE);
    TRY(madvise(area, PAGE, 22));
    MUST(!ftruncate(fd, PAGE));
    TRY(madvise(shared, 2 * PAGE, 22));
    forked = map(2, RW, MAP_PRIVATE, -1, 0), wiped = map(2, RW, MAP_PRIVATE, -1, 0);
    *forked = 'f', *wiped = 'w';
    TRY(madvise(forked, PAGE, MADV_DONTFORK));
    TRY(madvise(wiped, PAGE, MADV_WIPEONFORK));
    TRY(madvise(shared, PAGE, MADV_WIPEONFORK));
    child(in_fork);
    printf("parent: %c %c\n", *forked, *wiped);
    TRY(madvise(forked, PAGE, MADV_DOFORK));
    TRY(madvise(wiped, PAGE, MADV_KEEPONFORK));
    child(in_fork);
}

int main(int argc, char **argv)
{
    enter(argc, argv);
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);
    sharing();
    placing();
    moving();
    advice();
    return 0;
}
