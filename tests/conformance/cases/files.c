/* Regular files: opening, reading, writing, positions and sizes. */
#include "case.h"
#include <linux/falloc.h>
#include <sys/sendfile.h>

CASE(open_modes, "open close")
{
    T(open("new", O_RDONLY));
    T(open("new", O_WRONLY | O_CREAT | O_EXCL, 0600));
    T(open("new", O_WRONLY | O_CREAT | O_EXCL, 0600));
    T(open("new", O_RDONLY | O_DIRECTORY));
    T(open(".", O_WRONLY));
    T(open(".", O_RDWR | O_CREAT, 0600));
    T(open("new/below", O_RDONLY));
    T(open("", O_RDONLY));
    T(open("missing/below", O_RDONLY | O_CREAT, 0600));
    T(open("new/", O_RDONLY));
    T(open("fresh/", O_WRONLY | O_CREAT, 0600));
    T(close(3));
    T(close(3));
}

CASE(open_access, "open read write")
{
    char text[4];
    int reader = file_with("f", "abc");
    close(reader);
    reader = open("f", O_RDONLY);
    int writer = open("f", O_WRONLY);
    T(write(reader, "x", 1));
    T(read(writer, text, 1));
    T(write(writer, "x", 1));
    T(read(reader, text, 4));
    T(open("f", O_ACCMODE));
    T(read(5, text, 1));
    T(write(5, text, 1));
}

CASE(open_truncate, "open")
{
    struct stat info;
    int fd = file_with("f", "content");
    T(open("f", O_RDONLY | O_TRUNC));
    T(fstat(fd, &info));
    N(info.st_size);
}

CASE(open_long_names, "open")
{
    static char name[5000];
    memset(name, 'n', 4999);
    T(open(name, O_RDONLY | O_CREAT, 0600));
    name[256] = 0;
    T(open(name, O_RDONLY | O_CREAT, 0600));
    name[255] = 0;
    T(open(name, O_RDONLY | O_CREAT, 0600));
    T(unlink(name));
    for (int i = 0; i < 2040; i++)
        memcpy(name + 2 * i, "./", 2);
    strcpy(name + 4080, "f");
    T(open(name, O_RDONLY | O_CREAT, 0600));
    memset(name, '/', 4095);
    name[4095] = 0;
    OK(open(name, O_RDONLY));
    memset(name, '/', 4096);
    name[4096] = 0;
    OK(open(name, O_RDONLY));
}

CASE(openat_directory, "openat mkdirat")
{
    T(mkdir("d", 0755));
    int dir = T(open("d", O_RDONLY | O_DIRECTORY));
    T(openat(dir, "f", O_RDWR | O_CREAT, 0600));
    T(openat(dir, "../d/f", O_RDONLY));
    T(openat(4, "f", O_RDONLY));
    T(openat(99, "f", O_RDONLY));
    T(openat(99, "/", O_RDONLY));
    T(openat(AT_FDCWD, "d/f", O_RDONLY));
    T(rmdir("d"));
    T(unlinkat(dir, "f", 0));
    T(rmdir("d"));
    T(openat(dir, "g", O_RDWR | O_CREAT, 0600));
    T(openat(dir, ".", O_RDONLY));
}

CASE(open_path_only, "open")
{
    char text[4];
    struct stat info;
    close(file_with("f", "abc"));
    int fd = T(open("f", O_PATH));
    T(read(fd, text, 1));
    T(write(fd, text, 1));
    T(lseek(fd, 0, SEEK_SET));
    T(ftruncate(fd, 0));
    T(fchmod(fd, 0600));
    T(fstat(fd, &info));
    N(info.st_size);
    T(fcntl(fd, F_GETFL) & O_PATH);
    T(mmap(0, 1, PROT_READ, MAP_PRIVATE, fd, 0));
    T(dup(fd));
    T(open("nothing", O_PATH | O_CREAT, 0600));
    T(open("nothing", O_PATH));
    T(openat(fd, "x", O_RDONLY));
}

CASE(open_nofollow, "open")
{
    struct stat info;
    close(file_with("f", "abc"));
    T(symlink("f", "l"));
    T(open("l", O_RDONLY | O_NOFOLLOW));
    T(open("l", O_RDONLY));
    T(open("l", O_PATH | O_NOFOLLOW));
    T(fstat(4, &info));
    IS(S_ISLNK(info.st_mode));
    T(symlink("nowhere", "dangling"));
    T(open("dangling", O_RDONLY));
    T(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600));
    T(open("dangling", O_WRONLY | O_CREAT, 0600));
    T(access("nowhere", F_OK));
}

CASE(open_tmpfile, "open linkat")
{
    char text[8] = "", path[32];
    int fd = T(open(".", O_TMPFILE | O_RDWR, 0600));
    T(write(fd, "hidden", 6));
    T(pread(fd, text, 6, 0));
    say("%s", text);
    struct stat info;
    T(fstat(fd, &info));
    N(info.st_nlink);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    T(linkat(AT_FDCWD, path, AT_FDCWD, "visible", AT_SYMLINK_FOLLOW));
    T(fstat(fd, &info));
    N(info.st_nlink);
    T(open(".", O_TMPFILE | O_RDONLY, 0600));
    T(open("visible", O_TMPFILE | O_RDWR, 0600));
    T(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
    T(linkat(AT_FDCWD, "/proc/self/fd/4", AT_FDCWD, "never", AT_SYMLINK_FOLLOW));
}

CASE(openat2_resolve, "openat2")
{
    struct { uint64_t flags, mode, resolve; } how = {O_RDONLY, 0, 0};
    struct { uint64_t flags, mode, resolve, more; } large = {O_RDONLY, 0, 0, 0};
    close(file_with("f", "abc"));
    T(symlink("f", "l"));
    T(syscall(SYS_openat2, AT_FDCWD, "f", &how, sizeof how));
    T(syscall(SYS_openat2, AT_FDCWD, "f", &how, 8));
    T(syscall(SYS_openat2, AT_FDCWD, "f", &large, sizeof large));
    large.more = 1;
    T(syscall(SYS_openat2, AT_FDCWD, "f", &large, sizeof large));
    how.mode = 0600;
    T(syscall(SYS_openat2, AT_FDCWD, "f", &how, sizeof how));
    how.mode = 0, how.resolve = 4 /* RESOLVE_NO_SYMLINKS */;
    T(syscall(SYS_openat2, AT_FDCWD, "l", &how, sizeof how));
    how.resolve = 8 /* RESOLVE_BENEATH */;
    T(syscall(SYS_openat2, AT_FDCWD, "../x", &how, sizeof how));
    T(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how));
    how.resolve = 1 << 20;
    T(syscall(SYS_openat2, AT_FDCWD, "f", &how, sizeof how));
    how.resolve = 0, how.flags = 1ull << 40;
    T(syscall(SYS_openat2, AT_FDCWD, "f", &how, sizeof how));
}

CASE(creat_existing, "creat")
{
    struct stat info;
    close(file_with("f", "abc"));
    int fd = T(creat("f", 0600));
    T(fstat(fd, &info));
    N(info.st_size);
    N(info.st_mode & 0777);
    T(read(fd, &info, 1));
    T(creat("new", 0640));
    T(fstat(4, &info));
    N(info.st_mode & 0777);
    T(creat(".", 0600));
}

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

CASE(lseek_holes, "lseek")
{
    int fd = T(open("sparse", O_RDWR | O_CREAT, 0600));
    T(pwrite(fd, "a", 1, 0));
    T(pwrite(fd, "b", 1, 1 << 20));
    T(lseek(fd, 0, SEEK_DATA));
    T(lseek(fd, 0, SEEK_HOLE));
    T(lseek(fd, 8192, SEEK_DATA));
    T(lseek(fd, 1 << 20, SEEK_HOLE));
    T(lseek(fd, 1 << 21, SEEK_DATA));
    T(lseek(fd, 1 << 21, SEEK_HOLE));
    T(lseek(fd, -1, SEEK_DATA));
}

CASE(holes_are_zeros, "pwrite64 pread64 truncate")
{
    char text[4] = "xyz";
    struct stat info;
    int fd = T(open("sparse", O_RDWR | O_CREAT, 0600));
    T(pwrite(fd, "end", 3, 1 << 24));
    T(pread(fd, text, 3, 5000));
    IS(!text[0] && !text[1] && !text[2]);
    T(fstat(fd, &info));
    N(info.st_size);
    IS(info.st_blocks < 100);
    T(ftruncate(fd, 1L << 40));
    T(fstat(fd, &info));
    N(info.st_size);
    IS(info.st_blocks < 100);
}

CASE(truncate_sizes, "truncate ftruncate")
{
    char text[16] = "";
    int fd = file_with("f", "0123456789");
    T(truncate("f", 4));
    T(read(fd, text, 15));
    T(ftruncate(fd, 8));
    T(pread(fd, text, 15, 0));
    IS(!memcmp(text, "0123\0\0\0\0", 8));
    T(ftruncate(fd, -1));
    T(truncate("f", -1));
    T(truncate("missing", 0));
    T(truncate(".", 0));
    T(truncate("f/x", 0));
    int reader = open("f", O_RDONLY);
    T(ftruncate(reader, 0));
    T(ftruncate(77, 0));
    int ends[2];
    T(pipe(ends));
    T(ftruncate(ends[1], 0));
}

CASE(truncate_clears_the_tail, "ftruncate")
{
    char text[8];
    int fd = file_with("f", "secret");
    T(ftruncate(fd, 2));
    T(ftruncate(fd, 6));
    T(pread(fd, text, 8, 0));
    IS(!memcmp(text, "se\0\0\0\0", 6));
}

CASE(fallocate_modes, "fallocate")
{
    struct stat info;
    char text[8] = "";
    int ends[2], fd = file_with("f", "0123456789");
    T(fallocate(fd, 0, 0, 100));
    T(fstat(fd, &info));
    N(info.st_size);
    T(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100000));
    T(fstat(fd, &info));
    N(info.st_size);
    T(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 3));
    T(pread(fd, text, 8, 0));
    IS(!memcmp(text, "01\0\0\0" "567", 8));
    T(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 2, 3));
    T(fallocate(fd, 0, -1, 3));
    T(fallocate(fd, 0, 0, 0));
    T(fallocate(fd, 0, 0x7fffffffffffffff, 10));
    T(pipe(ends));
    T(fallocate(ends[1], 0, 0, 10));
    T(fallocate(77, 0, 0, 10));
    T(fallocate(open("f", O_RDONLY), 0, 0, 10));
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

CASE(file_size_limit, "setrlimit write ftruncate")
{
    int fd = file_with("f", "");
    signal(SIGXFSZ, SIG_IGN);
    T(setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, RLIM_INFINITY}));
    T(write(fd, "12345678", 8));
    T(write(fd, "12345678", 8));
    T(write(fd, "12345678", 8));
    T(ftruncate(fd, 100));
    T(ftruncate(fd, 5));
    T(pwrite(fd, "x", 1, 100));
    signal(SIGXFSZ, SIG_DFL);
    CHILD(write(fd, "1", 1), write(fd, "12345678", 8), write(fd, "1", 1));
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
