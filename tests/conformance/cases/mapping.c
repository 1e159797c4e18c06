/* Files in memory: private and shared mappings, coherence, the end of the file. */
#include "case.h"
#include <setjmp.h>

static sigjmp_buf back;

static void on_fault(int signal)
{
    siglongjmp(back, signal);
}

#define READ(address)                                                                   \
    do {                                                                                \
        int signal_ = sigsetjmp(back, 1);                                               \
        if (!signal_)                                                                   \
            say("%s: %d", #address, *(volatile char *)(address));                       \
        else                                                                            \
            say("%s: signal %d", #address, signal_);                                    \
    } while (0)

CASE(private_is_private, "mmap")
{
    char text[8] = "";
    int fd = file_with("f", "content");
    char *at = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    say("%s", at);
    memcpy(at, "CON", 3);
    T(pread(fd, text, 7, 0));
    say("%s %s", at, text);
    T(pwrite(fd, "TENT", 4, 3));
    say("%.3s", at);
    T(close(fd));
    say("%.3s", at);
}

CASE(shared_is_shared, "mmap read write msync")
{
    char text[16] = "";
    int fd = file_with("f", "content");
    char *at = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    char *twin = MUST(mmap(0, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    memcpy(at, "CON", 3);
    T(pread(fd, text, 7, 0));
    say("%s %s", text, twin);
    T(pwrite(fd, "TENT", 4, 3));
    say("%s %s", at, twin);
    T(msync(at, PAGE, MS_SYNC));
    T(msync(at, PAGE, MS_ASYNC | MS_INVALIDATE));
    T(msync(at, PAGE, MS_ASYNC | MS_SYNC));
    T(msync(at, PAGE, 8));
    T(msync(at + 1, PAGE, MS_SYNC));
    CHILD(memcpy(at, "kid", 3));
    say("%s", twin);
    T(munmap(twin, PAGE));
    T(msync(twin, PAGE, MS_SYNC));
    T(ftruncate(fd, 3));
    T(pread(fd, text, 15, 0));
}

CASE(modes_and_rights, "mmap mprotect")
{
    close(file_with("f", "x"));
    int reader = open("f", O_RDONLY), writer = open("f", O_WRONLY);
    OK(mmap(0, PAGE, PROT_READ, MAP_SHARED, reader, 0));
    T(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0));
    OK(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, reader, 0));
    T(mmap(0, PAGE, PROT_WRITE, MAP_SHARED, writer, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, writer, 0));
    char *at = MUST(mmap(0, PAGE, PROT_READ, MAP_SHARED, reader, 0));
    T(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
    at = MUST(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, reader, 0));
    T(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
    int ends[2];
    MUST(pipe(ends));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0));
    OK(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, open("/dev/zero", O_RDONLY), 0));
}

CASE(behind_the_end, "mmap ftruncate")
{
    signal(SIGBUS, on_fault);
    signal(SIGSEGV, on_fault);
    int fd = file_with("f", "abc");
    char *at = MUST(mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    READ(at + 2);
    READ(at + 3);
    READ(at + PAGE - 1);
    READ(at + PAGE);
    T(ftruncate(fd, 2 * PAGE));
    READ(at + PAGE);
    T(ftruncate(fd, 1));
    READ(at);
    READ(at + 1);
    READ(at + PAGE);
    T(ftruncate(fd, 10));
    READ(at + 2);
    READ(at + 3 * PAGE - 1);
    at[5] = 'x';
    char byte = 0;
    T(pread(fd, &byte, 1, 5));
    N(byte);
    at[100] = 'y';
    T(ftruncate(fd, 200));
    T(pread(fd, &byte, 1, 100));
    IS(byte == 0 || byte == 'y');
}

CASE(private_pages_and_truncation, "mmap ftruncate")
{
    signal(SIGBUS, on_fault);
    int fd = file_with("f", "");
    MUST(ftruncate(fd, 2 * PAGE));
    char *at = MUST(mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    at[PAGE] = 'p';
    T(ftruncate(fd, 10));
    READ(at + PAGE);
    READ(at);
}

CASE(offsets, "mmap")
{
    int fd = file_with("f", "");
    for (int i = 0; i < 4; i++)
        MUST(pwrite(fd, &"abcd"[i], 1, i * PAGE));
    char *at = MUST(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE));
    N(*at);
    at = MUST(mmap(0, 2 * PAGE, PROT_READ, MAP_SHARED, fd, PAGE));
    say("%c%c", at[0], at[PAGE]);
    T(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 100));
    OK(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, -PAGE));
}

CASE(overlay_as_a_linker_does, "mmap mprotect")
{
    int fd = file_with("f", "");
    for (int i = 0; i < 4; i++)
        MUST(pwrite(fd, &"abcd"[i], 1, i * PAGE));
    char *at = MUST(mmap(0, 6 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
    MUST(mmap(at + PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, PAGE));
    MUST(mmap(at + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 3 * PAGE));
    MUST(mmap(at + 3 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0));
    at[2 * PAGE] += 1;
    T(mprotect(at + 2 * PAGE, PAGE, PROT_READ));
    say("%c%c%c %d", at[0], at[PAGE], at[2 * PAGE], at[5 * PAGE]);
    char byte;
    T(pread(fd, &byte, 1, 3 * PAGE));
    say("%c", byte);
}

CASE(shared_over_fork_and_unlink, "mmap fork unlink")
{
    int fd = file_with("f", "0");
    char *at = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    T(unlink("f"));
    T(close(fd));
    CHILD(at[0] = '1'; CHILD(at[0]++));
    say("%c", at[0]);
}

CASE(memfd_shared, "memfd_create mmap")
{
    char text[8] = "";
    int fd = T(memfd_create("x", 0));
    T(ftruncate(fd, PAGE));
    char *at = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    strcpy(at, "memory");
    T(pread(fd, text, 6, 0));
    say("%s", text);
    T(pwrite(fd, "MEM", 3, 0));
    say("%s", at);
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = T(open(path, O_RDONLY));
    T(read(again, text, 6));
    say("%s", text);
}

CASE(advice_on_shared, "madvise")
{
    int fd = file_with("f", "abc");
    char *at = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    char *own = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    at[0] = 'A';
    own[1] = 'B';
    T(madvise(at, PAGE, MADV_DONTNEED));
    T(madvise(own, PAGE, MADV_DONTNEED));
    say("%s %s", at, own);
    T(madvise(at, PAGE, MADV_REMOVE));
    N(at[0]);
}

CASE(reading_into_a_mapping_of_itself, "read write mmap")
{
    int fd = file_with("f", "0123456789");
    char *at = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    T(pread(fd, at + 5, 3, 0));
    say("%s", at);
    T(pwrite(fd, at + 5, 3, 8));
    say("%s", at);
}

CASE(growing_by_writes, "mmap write")
{
    int fd = file_with("f", "a");
    char *at = MUST(mmap(0, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
    N(at[0]);
    T(pwrite(fd, "b", 1, 3 * PAGE));
    N(at[3 * PAGE]);
    N(at[2 * PAGE]);
}

CASE(sealing, "mseal munmap mprotect mremap madvise mmap")
{
    enum { MSEAL = 462 };
    char *at = MUST(mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    memset(at, 7, 8 * PAGE);
    T(syscall(MSEAL, at + 1, PAGE, 0));
    T(syscall(MSEAL, at, PAGE, 1));
    T(syscall(MSEAL, at, -PAGE, 0));
    T(syscall(MSEAL, at, 0, 0));
    T(syscall(MSEAL, 8 * PAGE, PAGE, 0));
    MUST(mprotect(at + 3 * PAGE, PAGE, PROT_READ));
    T(syscall(MSEAL, at + 2 * PAGE, 2 * PAGE - 5, 0));
    T(syscall(MSEAL, at + 2 * PAGE, 2 * PAGE, 0));
    T(munmap(at + 2 * PAGE, PAGE));
    T(munmap(at, 8 * PAGE));
    T(mprotect(at + 2 * PAGE, PAGE, PROT_READ));
    T(mprotect(at, 8 * PAGE, PROT_READ));
    T(mprotect(at, 2 * PAGE, PROT_READ));
    OK(mremap(at + 2 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
    OK(mremap(at + 4 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 2 * PAGE));
    OK(mmap(at + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    T(madvise(at + 2 * PAGE, PAGE, MADV_DONTNEED));
    T(madvise(at + 3 * PAGE, PAGE, MADV_DONTNEED));
    T(madvise(at + 3 * PAGE, PAGE, MADV_FREE));
    T(madvise(at + 3 * PAGE, PAGE, MADV_WILLNEED));
    T(madvise(at + 3 * PAGE, PAGE, MADV_DONTFORK));
    say("%d %d", at[2 * PAGE], at[3 * PAGE]);
    CHILD(T(munmap(at + 2 * PAGE, PAGE)));
    T(munmap(at + 4 * PAGE, PAGE));
    T(syscall(MSEAL, at + 3 * PAGE, 2 * PAGE, 0));
}
