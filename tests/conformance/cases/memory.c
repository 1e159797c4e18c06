/* Memory without files: mapping, rights, faults. */
#include "faults.h"

CASE(mmap_errors, "mmap")
{
    int fd = file_with("f", "x");
    T(mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, 77, 0));
    T(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 1));
    T(mmap((void *)1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    T(mmap((void *)0xffff800000000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    T(mmap((void *)0x7ffffffff000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    T(mmap(0, (size_t)-1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    T(mmap(0, 1ul << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap((void *)0xffff800000000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 77, 0));
}

CASE(mmap_zeros, "mmap munmap")
{
    char *at = anonymous(4 * PAGE, PROT_READ | PROT_WRITE);
    int set = 0;
    for (int i = 0; i < 4 * PAGE; i++)
        set += at[i] != 0;
    N(set);
    memset(at, 7, 4 * PAGE);
    T(munmap(at + PAGE, PAGE));
    catch_faults();
    READ(at);
    READ(at + PAGE);
    READ(at + 2 * PAGE);
    T(munmap(at, 4 * PAGE));
    READ(at);
    T(munmap(at, 4 * PAGE));
    T(munmap(at, 0));
    T(munmap(at + 1, PAGE));
    T(munmap((void *)0xffff800000000000, PAGE));
}

CASE(mmap_hint, "mmap")
{
    char *at = anonymous(4 * PAGE, PROT_READ);
    MUST(munmap(at, 4 * PAGE));
    IS(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at);
    IS(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != at);
    IS(mmap(at + PAGE + 5, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at + PAGE);
}

CASE(mmap_fixed, "mmap")
{
    char *at = anonymous(4 * PAGE, PROT_READ | PROT_WRITE);
    memset(at, 7, 4 * PAGE);
    IS(mmap(at + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at + PAGE);
    N(at[0]);
    N(at[PAGE]);
    N(at[2 * PAGE]);
    T(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    MUST(munmap(at, PAGE));
    IS(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at);
}

CASE(mmap_reserve, "mmap mprotect")
{
    char *at = MUST(mmap(0, 1ul << 36, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    catch_faults();
    READ(at + (1ul << 35));
    T(mprotect(at + (1ul << 35), PAGE, PROT_READ | PROT_WRITE));
    WRITE(at + (1ul << 35));
    READ(at + (1ul << 35) + PAGE);
    T(munmap(at, 1ul << 36));
}

CASE(mprotect_rights, "mprotect")
{
    char *at = anonymous(3 * PAGE, PROT_READ | PROT_WRITE);
    catch_faults();
    WRITE(at);
    T(mprotect(at, PAGE, PROT_READ));
    WRITE(at);
    READ(at);
    T(mprotect(at, PAGE, PROT_NONE));
    READ(at);
    T(mprotect(at, PAGE, PROT_WRITE));
    READ(at);
    N(*at);
    WRITE(at);
    T(mprotect(at + 1, PAGE, PROT_READ));
    T(mprotect(at, 0, PROT_READ));
    T(mprotect(at, PAGE, 0x100));
    T(mprotect(at, (size_t)-1, PROT_READ));
    T(munmap(at + PAGE, PAGE));
    T(mprotect(at, 3 * PAGE, PROT_READ));
    WRITE(at);
    WRITE(at + 2 * PAGE);
    T(mprotect((void *)0xffff800000000000, PAGE, PROT_READ));
}

CASE(execute_rights, "mprotect mmap")
{
    static const unsigned char give_42[] = {0xb8, 42, 0, 0, 0, 0xc3};
    char *at = anonymous(PAGE, PROT_READ | PROT_WRITE);
    memcpy(at, give_42, sizeof give_42);
    catch_faults();
    int (*call)(void) = (int (*)(void))at;
    TOUCH(at, call());
    T(mprotect(at, PAGE, PROT_READ | PROT_EXEC));
    N(call());
    T(mprotect(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
    at[1] = 43;
    N(call());
    T(mprotect(at, PAGE, PROT_READ));
    TOUCH(at, call());
}

CASE(fault_codes, "rt_sigaction mmap")
{
    catch_faults();
    READ((char *)16);
    WRITE((char *)16);
    READ((char *)0x7fff00000000);
    int (*call)(void) = (int (*)(void))0x10000;
    TOUCH(0x10000, call());
    /* The processor does not say which non-canonical address it was. */
    TOUCH(0, (void)*(volatile char *)0x8000000000000000);
    READ((char *)0xffffffff80000000);
}

CASE(faults_without_handler, "mmap")
{
    CHILD(*(volatile char *)8 = 1);
    CHILD(signal(SIGSEGV, SIG_IGN); *(volatile char *)8 = 1);
    CHILD(sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, 0); *(volatile char *)8 = 1);
}

CASE(small_pieces, "mmap munmap mprotect")
{
    enum { COUNT = 200 };
    char *at = anonymous(COUNT * PAGE, PROT_READ | PROT_WRITE);
    int wrong = 0;
    memset(at, 1, COUNT * PAGE);
    for (int i = 0; i < COUNT; i += 2)
        MUST(mprotect(at + i * PAGE, PAGE, PROT_READ));
    for (int i = 1; i < COUNT; i += 4)
        MUST(munmap(at + i * PAGE, PAGE));
    for (int i = 0; i < COUNT; i += 2)
        MUST(mprotect(at + i * PAGE, PAGE, PROT_READ | PROT_WRITE));
    for (int i = 0; i < COUNT; i++)
        if (i % 4 != 1)
            wrong += at[i * PAGE + 5] != 1;
    N(wrong);
}

CASE(protection_keys, "pkey_alloc pkey_free pkey_mprotect")
{
    char *at = anonymous(PAGE, PROT_READ | PROT_WRITE);
    T(syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ, -1));
    T(syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ | PROT_WRITE, 99));
    T(syscall(SYS_pkey_free, 99));
    T(syscall(SYS_pkey_alloc, 1, 0));
}

/* What is called [heap] or [stack] is a place: what is moved away from there is memory like any other. */
CASE(moved_out_of_the_heap, "mremap brk")
{
    char *end = (char *)((syscall(SYS_brk, 0) + PAGE - 1) & -PAGE); /* not every C library has brk() */
    IS((char *)syscall(SYS_brk, end + 4 * PAGE) == end + 4 * PAGE);
    memset(end, 'x', 4 * PAGE);
    char *room = MUST(mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MUST(munmap(room + PAGE, PAGE));
    IS(mremap(end + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + PAGE) == room + PAGE);
    N(room[PAGE]);
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    for (unsigned long from, to; fgets(line, sizeof line, maps) && sscanf(line, "%lx-%lx", &from, &to) == 2;) {
        if (from <= (uintptr_t)room + PAGE && to > (uintptr_t)room + PAGE)
            say("moved: %s", strstr(line, "[heap]") ? "heap" : "no heap");
        if (from <= (uintptr_t)end && to > (uintptr_t)end)
            say("left: %s", strstr(line, "[heap]") ? "heap" : "no heap");
    }
    fclose(maps);
}
