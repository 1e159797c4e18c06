/* What may be promised: sizes are shares of the machine's memory, so every machine says the same. */
#include "maps.h"
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/sysinfo.h>

#ifndef SHM_NORESERVE
#define SHM_NORESERVE 010000
#endif

static size_t all; /* pages there are */

static void mapping(void)
{
    MAPS(map(2 * all, RW, MAP_PRIVATE, -1, 0));
    MAPS(map(2 * all, PROT_READ, MAP_PRIVATE, -1, 0));
    MAPS(map(2 * all, RW, MAP_PRIVATE | MAP_NORESERVE, -1, 0));
    MAPS(map(2 * all, RW, MAP_SHARED, -1, 0));
    MAPS(map(2 * all, PROT_READ, MAP_SHARED, -1, 0));
    MAPS(map(2 * all, RW, MAP_SHARED | MAP_NORESERVE, -1, 0));
    for (int i = 0; i < 3; i++) /* together more than there is */
        MAPS(map(all / 2, RW, MAP_PRIVATE, -1, 0));
}

static void changing(void)
{
    char *none = map(2 * all, PROT_NONE, MAP_PRIVATE, -1, 0);
    char *free = map(2 * all, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE, -1, 0);
    TRY(mprotect(none, 2 * all * PAGE, RW));
    TRY(mprotect(none, 2 * all * PAGE, PROT_READ));
    TRY(mprotect(none, all / 2 * PAGE, RW));
    none[0] = 1;
    TRY(mprotect(free, 2 * all * PAGE, RW));
    free[all * PAGE] = 1;
    char *small = map(2, RW, MAP_PRIVATE, -1, 0);
    MAPS(mremap(small, 2 * PAGE, 2 * all * PAGE, MREMAP_MAYMOVE));
    MAPS(mremap(small, 2 * PAGE, all / 2 * PAGE, MREMAP_MAYMOVE));
}

static void allocating(void)
{
    /* What nobody looks at is not allocated by a compiler that knows. */
    void *volatile got[] = {malloc(2 * all * PAGE), malloc(all / 2 * PAGE), calloc(2 * all, PAGE)};
    printf("malloc %d %d, calloc %d, brk %d\n", got[0] != 0, got[1] != 0, got[2] != 0,
           sbrk(2 * all * PAGE) != (void *)-1);
}

static void segments(void)
{
    say("segment", shmget(IPC_PRIVATE, 2 * all * PAGE, 0600) < 0 ? -1 : 0);
    int id = shmget(IPC_PRIVATE, 2 * all * PAGE, 0600 | SHM_NORESERVE);
    say("segment without reserve", id < 0 ? -1 : 0);
    shmctl(id, IPC_RMID, 0);
}

/* Bits that mean something only together with MAP_HUGETLB. */
static void bits_of_sizes(void)
{
    char *at = mmap(0, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | 0x7e000000, -1, 0);
    memset(at, 'b', 4 * PAGE);
    fflush(stdout);
    if (!fork()) {
        printf("child sees %c\n", *at);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    TRY(munmap(at, 4 * PAGE));
}

int main(void)
{
    struct sysinfo info;
    MUST(!sysinfo(&info));
    all = info.totalram / PAGE * info.mem_unit;
    child(mapping);
    child(changing);
    child(allocating);
    child(segments);
    bits_of_sizes();
    return 0;
}
