/* Regular files: reading, writing, positions, and what becomes of the content. */
#include "case.h"

CASE(read_ends, "read")
{
    char text[16];
    int fd = file_with("f", "hello");
    T(read(fd, text, 3));
    T(read(fd, text, 16));
    T(read(fd, text, 16));
    T(read(fd, text, 0));
    T(read(99, text, 1));
    int dir = open(".", O_RDONLY);
    T(read(dir, text, 1));
    T(write(dir, text, 1));
    T(read(fd, (void *)8, 16));
    T(lseek(fd, 0, SEEK_SET));
    T(read(fd, (void *)8, 16));
    T(read(fd, (void *)8, 0));
    T(lseek(fd, 0, SEEK_CUR));
}

CASE(write_append, "write pwrite64 lseek")
{
    char text[32] = "";
    int fd = file_with("f", "start");
    int more = T(open("f", O_WRONLY | O_APPEND));
    T(write(more, "-one", 4));
    T(lseek(more, 0, SEEK_CUR));
    T(lseek(more, 0, SEEK_SET));
    T(write(more, "-two", 4));
    T(pwrite(more, "-three", 6, 0));
    T(lseek(more, 0, SEEK_CUR));
    T(read(fd, text, 31));
    say("%s", text);
    T(fcntl(more, F_SETFL, 0));
    T(pwrite(more, "S", 1, 0));
    T(pread(fd, text, 5, 0));
    say("%.5s", text);
}

CASE(pread_positions, "pread64 pwrite64")
{
    char text[8] = "";
    int ends[2], fd = file_with("f", "0123456789");
    T(pread(fd, text, 3, 4));
    say("%s", text);
    T(lseek(fd, 0, SEEK_CUR));
    T(pread(fd, text, 3, 10));
    T(pread(fd, text, 3, -1));
    T(pwrite(fd, text, 3, -1));
    T(pwrite(fd, "XY", 2, 15));
    T(lseek(fd, 0, SEEK_END));
    T(pread(fd, text, 7, 9));
    IS(text[0] == '9' && text[1] == 0 && text[6] == 'X');
    T(pipe(ends));
    T(pread(ends[0], text, 1, 0));
    T(pwrite(ends[1], text, 1, 0));
}

CASE(readv_parts, "readv writev")
{
    char a[4] = "", b[4] = "", c[4] = "";
    int fd = file_with("f", "abcdefgh");
    struct iovec parts[3] = {{a, 3}, {b, 0}, {c, 3}};
    T(readv(fd, parts, 3));
    say("%s|%s|%s", a, b, c);
    T(readv(fd, parts, 3));
    T(readv(fd, parts, 3));
    T(readv(fd, parts, 0));
    T(syscall(SYS_readv, fd, parts, -1));
    T(syscall(SYS_readv, fd, parts, 1025));
    parts[0].iov_len = (size_t)-1;
    T(readv(fd, parts, 1));
    parts[0].iov_len = 3;
    T(writev(fd, parts, 3));
    T(lseek(fd, 0, SEEK_END));
    parts[2].iov_base = (void *)8;
    T(writev(fd, parts, 3));
    T(lseek(fd, 0, SEEK_END));
}

CASE(preadv_positions, "preadv pwritev")
{
    char a[3] = "", b[3] = "";
    int fd = file_with("f", "abcdefgh");
    struct iovec parts[2] = {{a, 2}, {b, 2}};
    T(preadv(fd, parts, 2, 3));
    say("%s|%s", a, b);
    T(lseek(fd, 0, SEEK_CUR));
    T(pwritev(fd, parts, 2, 0));
    T(pread(fd, a, 2, 2));
    say("%s", a);
    T(preadv(fd, parts, 2, -1));
    T(pwritev(fd, parts, 2, -5));
    T(preadv(fd, parts, 2, 100));
}

CASE(lseek_whence, "lseek")
{
    int ends[2], fd = file_with("f", "0123456789");
    T(lseek(fd, 4, SEEK_SET));
    T(lseek(fd, -2, SEEK_CUR));
    T(lseek(fd, -3, SEEK_CUR));
    T(lseek(fd, -3, SEEK_END));
    T(lseek(fd, 100, SEEK_END));
    T(lseek(fd, -1, SEEK_SET));
    T(lseek(fd, 0, 9));
    T(lseek(fd, 0x7fffffffffffffff, SEEK_CUR));
    T(lseek(fd, 1L << 62, SEEK_SET));
    T(pipe(ends));
    T(lseek(ends[0], 0, SEEK_CUR));
    T(lseek(77, 0, SEEK_CUR));
    int dir = open(".", O_RDONLY);
    T(lseek(dir, 0, SEEK_SET));
}

CASE(unlinked_but_open, "unlink read write fstat")
{
    char text[8] = "";
    struct stat info;
    int fd = file_with("f", "still");
    T(unlink("f"));
    T(open("f", O_RDONLY));
    T(read(fd, text, 7));
    T(write(fd, " here", 5));
    T(fstat(fd, &info));
    N(info.st_nlink);
    N(info.st_size);
    T(open("f", O_RDWR | O_CREAT | O_EXCL, 0600));
    T(read(4, text, 7));
}

CASE(sync_calls, "fsync fdatasync sync syncfs")
{
    int ends[2], fd = file_with("f", "x");
    T(fsync(fd));
    T(fdatasync(fd));
    T(syncfs(fd));
    T(fsync(77));
    T(fdatasync(77));
    T(syncfs(77));
    T(pipe(ends));
    T(fsync(ends[0]));
    T(fdatasync(ends[1]));
    sync();
    T(syscall(SYS_sync));
}

CASE(advice, "fadvise64 readahead")
{
    int ends[2], fd = file_with("f", "0123456789");
    T(syscall(SYS_fadvise64, fd, 0, 0, POSIX_FADV_SEQUENTIAL));
    T(syscall(SYS_fadvise64, fd, 0, 0, POSIX_FADV_DONTNEED));
    T(syscall(SYS_fadvise64, fd, 0, 0, 77));
    T(syscall(SYS_fadvise64, fd, 0, -1, 0));
    T(syscall(SYS_fadvise64, 77, 0, 0, 0));
    T(pipe(ends));
    T(syscall(SYS_fadvise64, ends[0], 0, 0, 0));
    T(readahead(fd, 0, 100));
    T(readahead(77, 0, 100));
    T(readahead(ends[0], 0, 100));
    T(readahead(open("f", O_WRONLY), 0, 100));
}

CASE(shared_position, "dup lseek fork read")
{
    char text[4] = "";
    int fd = file_with("f", "0123456789"), copy = dup(fd), own = open("f", O_RDONLY);
    T(read(fd, text, 3));
    T(lseek(copy, 0, SEEK_CUR));
    T(lseek(own, 0, SEEK_CUR));
    CHILD(read(fd, text, 2));
    T(lseek(fd, 0, SEEK_CUR));
}

CASE(large_transfers, "read write")
{
    enum { SIZE = 1 << 20 };
    char *data = MUST(mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (int i = 0; i < SIZE; i++)
        data[i] = i * 7 + (i >> 8);
    int fd = T(open("f", O_RDWR | O_CREAT, 0600));
    T(write(fd, data, SIZE));
    T(lseek(fd, 3, SEEK_SET));
    char *back = MUST(mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    T(read(fd, back, SIZE));
    IS(!memcmp(back, data + 3, SIZE - 3));
    T(munmap(back + SIZE / 2, PAGE));
    T(pread(fd, back, SIZE, 0));
    T(pwrite(fd, back, SIZE, 0));
    T(lseek(fd, 0, SEEK_END));
}
