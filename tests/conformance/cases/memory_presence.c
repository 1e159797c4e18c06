/* Memory: pages that are there, and locking them. */
#include "faults.h"

CASE(mincore_pages, "mincore")
{
    unsigned char map[4] = {0};
    char *at = anonymous(4 * PAGE, PROT_READ | PROT_WRITE);
    at[0] = at[2 * PAGE] = 1;
    T(mincore(at, 4 * PAGE, map));
    say("%d%d%d%d", map[0] & 1, map[1] & 1, map[2] & 1, map[3] & 1);
    T(mincore(at + 1, PAGE, map));
    T(mincore(at, 0, map));
    T(mincore(at, PAGE, (void *)8));
    T(munmap(at + PAGE, PAGE));
    T(mincore(at, 4 * PAGE, map));
}

static void say_pages(void *at, int pages)
{
    unsigned char map[64];
    char text[80] = "";
    MUST(mincore(at, pages * PAGE, map));
    for (int i = 0; i < pages; i++)
        strcat(text, map[i] & 1 ? "x" : "-");
    say("%s", text);
}

CASE(pages_that_are_there, "mincore mmap mlock madvise")
{
    char *at = anonymous(24 * PAGE, PROT_READ | PROT_WRITE);
    say_pages(at, 24);
    at[7 * PAGE + 5] = at[8 * PAGE + 4095] = at[20 * PAGE] = 1;
    say_pages(at, 24);
    CHILD(say_pages(at, 24); at[9 * PAGE] = 1; say_pages(at, 24));
    say_pages(at, 24);
    MUST(madvise(at + 8 * PAGE, PAGE, MADV_DONTNEED));
    MUST(mprotect(at + 2 * PAGE, 2 * PAGE, PROT_READ));
    say_pages(at, 24);
    MUST(mlock(at + 12 * PAGE, 3 * PAGE));
    say_pages(at, 24);
    MUST(read(MUST(open("/proc/self/stat", O_RDONLY)), at + 16 * PAGE, 10));
    say_pages(at, 24);
    say_pages(MUST(mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)), 8);
    char *shared = MUST(mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    shared[2 * PAGE] = shared[5 * PAGE] = 1;
    say_pages(shared, 8);
}

CASE(locking, "mlock munlock")
{
    char *at = anonymous(3 * PAGE, PROT_READ | PROT_WRITE);
    T(mlock(at, 2 * PAGE));
    T(mlock(at + 5, 10));
    T(munlock(at, PAGE));
    T(munmap(at + PAGE, PAGE));
    T(mlock(at, 3 * PAGE));
    T(munlock(at, 3 * PAGE));
    T(mlock(at, 0));
    T(munlock(at, 0));
}

CASE(locking_everything, "mlockall munlockall mlock2")
{
    char *at = anonymous(2 * PAGE, PROT_READ | PROT_WRITE);
    T(syscall(SYS_mlockall, 0));
    T(syscall(SYS_mlockall, 8));
    T(syscall(SYS_mlockall, MCL_ONFAULT));
    T(syscall(SYS_mlockall, MCL_CURRENT));
    T(syscall(SYS_munlockall));
    T(syscall(SYS_mlock2, at, PAGE, 1 /* MLOCK_ONFAULT */));
    T(syscall(SYS_mlock2, at, PAGE, 0));
    T(syscall(SYS_mlock2, at, PAGE, 2));
    T(syscall(SYS_munlockall));
}
