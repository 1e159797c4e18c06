/* Content that goes from file to file or into memory at a stroke. */
#include "case.h"
#include <sys/sendfile.h>

CASE(sendfile_copies, "sendfile")
{
    char text[16] = "";
    off_t offset = 2;
    int ends[2], in = file_with("in", "0123456789"), out = file_with("out", "");
    T(sendfile(out, in, 0, 4));
    T(lseek(in, 0, SEEK_CUR));
    T(sendfile(out, in, &offset, 100));
    N(offset);
    T(lseek(in, 0, SEEK_CUR));
    T(pread(out, text, 15, 0));
    say("%s", text);
    T(pipe(ends));
    T(sendfile(ends[1], in, 0, 3));
    T(read(ends[0], text, 15));
    T(sendfile(out, ends[0], 0, 3));
    T(sendfile(out, 77, 0, 3));
    T(sendfile(77, in, 0, 3));
    offset = -1;
    T(sendfile(out, in, &offset, 3));
    T(sendfile(open("out", O_WRONLY | O_APPEND), in, 0, 3));
    T(sendfile(open("out", O_RDONLY), in, 0, 3));
    T(sendfile(out, in, 0, 0));
}

CASE(copy_range, "copy_file_range")
{
    char text[16] = "";
    off_t from = 3, to = 1;
    int in = file_with("in", "0123456789"), out = file_with("out", "");
    T(copy_file_range(in, 0, out, 0, 4, 0));
    T(copy_file_range(in, &from, out, &to, 3, 0));
    N(from);
    N(to);
    T(pread(out, text, 15, 0));
    say("%s", text);
    T(copy_file_range(in, 0, out, 0, 4, 1));
    T(copy_file_range(in, 0, out, 0, 100, 0));
    T(copy_file_range(in, 0, out, 0, 100, 0));
    from = 0, to = 2;
    T(copy_file_range(in, &from, in, &to, 5, 0));
    T(copy_file_range(77, 0, out, 0, 4, 0));
    T(copy_file_range(in, 0, open("in", O_RDONLY), 0, 4, 0));
    T(copy_file_range(in, 0, open("out", O_WRONLY | O_APPEND), 0, 4, 0));
    T(copy_file_range(open(".", O_RDONLY), 0, out, 0, 4, 0));
    int ends[2];
    T(pipe(ends));
    T(copy_file_range(in, 0, ends[1], 0, 4, 0));
}

CASE(memfd_seals, "memfd_create fcntl")
{
    int fd = T(memfd_create("name", MFD_ALLOW_SEALING | MFD_CLOEXEC));
    T(write(fd, "content", 7));
    T(fcntl(fd, F_GET_SEALS));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    T(ftruncate(fd, 3));
    T(ftruncate(fd, 30));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    T(ftruncate(fd, 40));
    T(pwrite(fd, "x", 1, 35));
    T(pwrite(fd, "x", 1, 3));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    T(pwrite(fd, "x", 1, 3));
    OK(mmap(0, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    OK(mmap(0, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    T(fcntl(fd, F_GET_SEALS));
    int plain = T(memfd_create("", 0));
    T(fcntl(plain, F_GET_SEALS));
    T(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE));
    T(memfd_create("x", 0x4000));
    T(fcntl(0, F_GET_SEALS));
}

CASE(pages_in_memory, "cachestat")
{
    enum { CACHESTAT = 451 };
    struct { uint64_t cached, dirty, writeback, evicted, recently; } found;
    int fd = file_with("f", "");
    static const uint64_t ranges[][2] = {{0, 0}, {0, 1}, {0, PAGE + 1}, {5 * PAGE, 0}, {20 * PAGE, 1}, {1, PAGE}, {-1, 1}, {3, -1}};
    MUST(pwrite(fd, "x", 1, 0));
    MUST(pwrite(fd, "x", 1, PAGE));
    MUST(pwrite(fd, "x", 1, 9 * PAGE + 5));
    for (unsigned i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        T(syscall(CACHESTAT, fd, ranges[i], &found, 0));
        say("%d %d %d", (int)found.cached, (int)found.dirty, (int)found.writeback);
    }
    T(syscall(CACHESTAT, fd, ranges, &found, 1));
    T(syscall(CACHESTAT, -1, ranges, &found, 0));
    T(syscall(CACHESTAT, MUST(open("f", O_PATH)), ranges, &found, 0));
    int ends[2];
    MUST(pipe(ends));
    T(syscall(CACHESTAT, ends[0], ranges, &found, 0));
    N(found.cached);
}
