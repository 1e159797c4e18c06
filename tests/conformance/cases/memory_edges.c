/* Memory calls at their edges: flags, kinds of mappings, and what goes with what. */
#include "case.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

static char *pages(int count)
{
    return MUST(mmap(0, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* What happens to a child that writes, or reads, there. */
static void say_access(const char *what, volatile char *at, int write)
{
    pid_t child = MUST(fork());
    if (!child) {
        if (write)
            *at = 1;
        else
            (void)*at;
        _exit(0);
    }
    say_status(what, wait_for(child));
}

CASE(not_over_another, "mmap")
{
    char *room = pages(4);
    MUST(munmap(room + PAGE, PAGE));
    T(mmap(room, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    T(mmap(room + PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    IS(mmap(room + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == room + PAGE);
    T(mmap(room + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
}

CASE(flags_that_are_not_known, "mmap")
{
    int fd = file_with("f", "text");
    T(mmap(0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x80000 /* MAP_SYNC */, fd, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x800000, fd, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap(0, PAGE, PROT_READ, MAP_SHARED | 0x800000, fd, 0));
    OK(mmap(0, PAGE, PROT_READ, MAP_SHARED_VALIDATE, fd, 0));
    OK(mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK, -1, 0));
    OK(mmap(0, PAGE, 0x40 | PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap(0, PAGE, PROT_READ, MAP_PRIVATE | 0x40 /* MAP_32BIT */ | MAP_ANONYMOUS, -1, 0));
    IS((uintptr_t)mmap(0, PAGE, PROT_READ, MAP_PRIVATE | 0x40 | MAP_ANONYMOUS, -1, 0) < 1ul << 31);
    T(mmap(0, PAGE, PROT_READ, 0x04 | MAP_ANONYMOUS, -1, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_SHARED | MAP_GROWSDOWN | MAP_ANONYMOUS, -1, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, 99, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, MUST(open(".", O_RDONLY)), 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, MUST(open("f", O_PATH)), 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, MUST(open("f", O_WRONLY)), 0));
    T(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, MUST(open("f", O_RDONLY)), 0));
    T(mmap(0, -PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
    T(mmap(0, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, -PAGE));
    int ends[2];
    MUST(pipe(ends));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0));
}

CASE(all_kinds_of_advice, "madvise")
{
    int fd = file_with("f", "text");
    char *own = pages(2), *shared = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    char *file = MUST(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
    static const int kinds[] = {0, 1, 2, 3, 4, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23};
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        say("advice %d", kinds[i]);
        T(madvise(own, PAGE, kinds[i]));
        T(madvise(shared, PAGE, kinds[i]));
        T(madvise(file, PAGE, kinds[i]));
    }
    T(madvise(own, PAGE, 99));
    T(madvise(own, PAGE, -1));
    T(madvise(own + 1, PAGE, MADV_NORMAL));
    T(madvise(own, 0, MADV_DONTNEED));
    T(madvise(own, 0, 99));
    T(madvise(own, -1, MADV_DONTNEED));
    T(madvise((void *)0xffff800000000000, PAGE, MADV_DONTNEED));
}

CASE(wiped_or_absent_in_children, "madvise fork")
{
    char *room = pages(3);
    memset(room, 'x', 3 * PAGE);
    T(madvise(room, PAGE, MADV_WIPEONFORK));
    T(madvise(room + PAGE, PAGE, MADV_DONTFORK));
    CHILD(N(room[0]); N(room[2 * PAGE]); room[0] = 'y'; CHILD(N(room[0])));
    say_access("absent", room + PAGE, 0);
    T(madvise(room, PAGE, MADV_KEEPONFORK));
    T(madvise(room + PAGE, PAGE, MADV_DOFORK));
    CHILD(N(room[0]); N(room[PAGE]));
    int fd = file_with("f", "text");
    char *file = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    T(madvise(file, PAGE, MADV_WIPEONFORK));
}

CASE(populating, "madvise mincore")
{
    unsigned char there[4];
    char *room = pages(4);
    T(madvise(room, PAGE, MADV_POPULATE_WRITE));
    T(madvise(room + PAGE, PAGE, MADV_POPULATE_READ));
    MUST(mincore(room, PAGE, there));
    N(there[0] & 1);
    MUST(mprotect(room + 2 * PAGE, PAGE, PROT_NONE));
    T(madvise(room, 4 * PAGE, MADV_POPULATE_READ));
    MUST(mprotect(room + 2 * PAGE, PAGE, PROT_READ));
    T(madvise(room, 4 * PAGE, MADV_POPULATE_READ));
    T(madvise(room, 4 * PAGE, MADV_POPULATE_WRITE));
    MUST(munmap(room + 2 * PAGE, PAGE));
    T(madvise(room, 4 * PAGE, MADV_POPULATE_READ));
    int fd = file_with("f", "text");
    char *file = MUST(mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    T(madvise(file, PAGE, MADV_POPULATE_WRITE));
    T(madvise(file, 2 * PAGE, MADV_POPULATE_WRITE));
}

CASE(removing_what_is_shared, "madvise")
{
    int fd = MUST(memfd_create("m", 0));
    MUST(ftruncate(fd, 2 * PAGE));
    char *shared = MUST(mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    char *reader = MUST(mmap(0, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    memset(shared, 'x', 2 * PAGE);
    T(madvise(shared, PAGE, MADV_DONTNEED));
    N(shared[0]);
    T(madvise(shared, PAGE, MADV_REMOVE));
    N(shared[0]);
    N(shared[PAGE]);
    char byte = '?';
    T(pread(fd, &byte, 1, 0));
    N(byte);
    OK(madvise(reader, PAGE, MADV_REMOVE));
    char *own = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    T(madvise(own, PAGE, MADV_REMOVE));
    T(madvise(own, PAGE, MADV_FREE));
}

CASE(splitting_rights, "mprotect")
{
    char *room = pages(4);
    T(mprotect(room + 1, PAGE, PROT_READ));
    T(mprotect(room, 0, PROT_READ));
    T(mprotect(room, PAGE, 0x10));
    T(mprotect(room, PAGE, PROT_READ | 0x01000000 /* PROT_GROWSDOWN */));
    T(mprotect(room, PAGE, PROT_READ | 0x03000000));
    T(mprotect((void *)-PAGE, 2 * PAGE, PROT_READ));
    T(mprotect(room, -1, PROT_READ));
    MUST(munmap(room + 2 * PAGE, PAGE));
    T(mprotect(room, 4 * PAGE, PROT_READ));
    say_access("before the hole", room, 1);
    say_access("behind it", room + 3 * PAGE, 1);
    char *grows = MUST(mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0));
    T(mprotect(grows + 2 * PAGE, PAGE, PROT_READ | 0x01000000));
    say_access("its first page", grows, 1);
    say_access("its last page", grows + 3 * PAGE, 1);
}

CASE(synchronising, "msync")
{
    int fd = file_with("f", "text");
    char *file = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    T(msync(file, PAGE, MS_SYNC));
    T(msync(file, PAGE, MS_ASYNC));
    T(msync(file, PAGE, MS_SYNC | MS_ASYNC));
    T(msync(file, PAGE, MS_INVALIDATE));
    T(msync(file, PAGE, 0));
    T(msync(file, PAGE, 8));
    T(msync(file + 1, PAGE, MS_SYNC));
    T(msync(file, 0, MS_SYNC));
    char *room = pages(3);
    MUST(munmap(room + PAGE, PAGE));
    T(msync(room, 3 * PAGE, MS_ASYNC));
    T(msync(room, -1, MS_SYNC));
    MUST(mlock(file, PAGE));
    T(msync(file, PAGE, MS_INVALIDATE));
    T(munlock(file, PAGE));
}

CASE(moving_with_limits, "mremap")
{
    char *room = pages(8);
    strcpy(room, "text");
    T(mremap(room, PAGE, PAGE, 8));
    T(mremap(room, PAGE, PAGE, MREMAP_FIXED, room + PAGE));
    T(mremap(room, PAGE, 0, MREMAP_MAYMOVE));
    T(mremap(room + 1, PAGE, PAGE, MREMAP_MAYMOVE));
    T(mremap(room, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + PAGE));
    T(mremap(room, 0, PAGE, MREMAP_MAYMOVE));
    T(mremap(room, PAGE, 2 * PAGE, 0));
    IS(mremap(room, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + 6 * PAGE) == room + 6 * PAGE);
    say("%s", room + 6 * PAGE);
    say_access("where it was", room, 0);
    char *kept = mremap(room + 6 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */, 0);
    say("%s, and there %d", kept, room[6 * PAGE]);
    IS(mremap(room + 2 * PAGE, 2 * PAGE, PAGE, 0) == (void *)(room + 2 * PAGE));
    say_access("cut off", room + 3 * PAGE, 0);
    char *shared = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    OK(mremap(shared, PAGE, PAGE, MREMAP_MAYMOVE | 4, 0));
    T(syscall(SYS_mremap, shared, PAGE, PAGE, MREMAP_MAYMOVE | 4, 5));
    T(syscall(SYS_mremap, shared, PAGE, PAGE, MREMAP_MAYMOVE | 4, shared));
    OK(mremap(shared, 0, PAGE, MREMAP_MAYMOVE));
    T(mremap((void *)0x7ffffffff000, PAGE, PAGE, MREMAP_MAYMOVE));
    T(mremap((void *)-PAGE, PAGE, PAGE, MREMAP_MAYMOVE));
}

CASE(huge_pages_that_are_not_there, "mmap memfd_create")
{
    T(mmap(0, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0));
    T(mmap(0, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << 26, -1, 0));
    T(mmap(0, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 17 << 26, -1, 0));
    char line[128] = "";
    FILE *file = fopen("/proc/meminfo", "r");
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, "HugePages_Total", 15) || !strncmp(line, "Hugepagesize", 12))
            say("%s", line);
}

CASE(kinds_of_memory_files, "memfd_create fcntl")
{
    T(memfd_create("m", 0x100));
    char name[251];
    memset(name, 'n', 250);
    name[250] = 0;
    T(memfd_create(name, 0));
    name[249] = 0;
    OK(memfd_create(name, 0));
    int fd = MUST(memfd_create("m", 0x8 /* MFD_NOEXEC_SEAL */));
    struct stat info;
    MUST(fstat(fd, &info));
    say("%o", info.st_mode & 07777);
    N(fcntl(fd, F_GET_SEALS));
    T(fchmod(fd, 0777));
    fd = MUST(memfd_create("m", 0x10 /* MFD_EXEC */ | MFD_ALLOW_SEALING));
    MUST(fstat(fd, &info));
    say("%o", info.st_mode & 07777);
    N(fcntl(fd, F_GET_SEALS));
    T(memfd_create("m", 0x18));
    MUST(ftruncate(fd, PAGE));
    char *early = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    T(fcntl(fd, F_ADD_SEALS, 0x10 /* F_SEAL_FUTURE_WRITE */));
    early[0] = 'x';
    T(write(fd, "y", 1));
    T(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    OK(mmap(0, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    char *reader = MUST(mmap(0, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    T(mprotect(reader, PAGE, PROT_READ | PROT_WRITE));
    T(fcntl(fd, F_ADD_SEALS, 0x1000));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    T(fcntl(file_with("f", ""), F_GET_SEALS));
    char link[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    link[MUST(readlink(name, link, sizeof link - 1))] = 0;
    say("%s", link);
}

CASE(reading_others_in_part, "process_vm_readv")
{
    char *room = pages(3), into[3 * PAGE];
    memset(room, 'x', 3 * PAGE);
    MUST(munmap(room + PAGE, PAGE));
    struct iovec here = {into, sizeof into}, there[2] = {{room, 2 * PAGE}, {room + 2 * PAGE, PAGE}};
    T(process_vm_readv(getpid(), &here, 1, there, 2, 0));
    T(process_vm_readv(getpid(), &here, 1, there + 1, 1, 0));
    T(process_vm_readv(getpid(), &here, 1, there, 2, 1));
    T(process_vm_readv(getpid(), &here, 1025, there, 1, 0));
    T(process_vm_readv(getpid(), &here, 0, there, 1, 0));
    here.iov_len = 5;
    T(process_vm_readv(getpid(), &here, 1, there, 2, 0));
    there[0].iov_base = room + PAGE;
    T(process_vm_readv(getpid(), &here, 1, there, 1, 0));
    T(process_vm_readv(0x3fffff, &here, 1, there, 1, 0));
    T(process_vm_writev(getpid(), &here, 1, (struct iovec[]){{"constant", 5}}, 1, 0));
}

CASE(locked_when_touched, "mlock2 mlockall munlockall")
{
    char *room = pages(4);
    T(mlock2(room, PAGE, 2));
    T(mlock2(room, PAGE, 1 /* MLOCK_ONFAULT */));
    T(mlock(room + 1, 1));
    T(mlock(room, -1));
    MUST(munmap(room + 2 * PAGE, PAGE));
    T(mlock(room, 4 * PAGE));
    T(munlock(room, 4 * PAGE));
    T(mlockall(0));
    T(mlockall(8));
    T(mlockall(4 /* MCL_ONFAULT */));
    T(mlockall(MCL_CURRENT | 4));
    T(munlockall());
}

CASE(sizes_of_maps, "mmap mprotect")
{
    /* The same rights side by side are one mapping again. */
    char *room = pages(6), line[256];
    unsigned long from, to;
    for (int turn = 0; turn < 3; turn++) {
        int count = 0;
        FILE *maps = fopen("/proc/self/maps", "r");
        while (fgets(line, sizeof line, maps))
            if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from < (uintptr_t)room + 6 * PAGE && to > (uintptr_t)room)
                count++;
        fclose(maps);
        say(turn == 1 ? "in pieces: %s" : "as one: %s", count > 2 ? "many" : "few");
        MUST(mprotect(room + PAGE, PAGE, turn ? PROT_READ | PROT_WRITE : PROT_READ));
        MUST(mprotect(room + 3 * PAGE, PAGE, turn ? PROT_READ | PROT_WRITE : PROT_NONE));
    }
}
