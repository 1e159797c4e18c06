/* Sizes of files: holes, truncation, reserved room, limits. */
#include "case.h"
#include <linux/falloc.h>

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
