/* Times of files: setting them, and what else changes them. */
#include "case.h"
#include <utime.h>

static void show_times(const char *path)
{
    struct stat info;
    if (lstat(path, &info))
        say("%s: %s", path, error_name(errno));
    else
        say("%s: accessed %lld.%09ld modified %lld.%09ld", path, (long long)info.st_atim.tv_sec, info.st_atim.tv_nsec,
            (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

CASE(utimensat_times, "utimensat")
{
    struct timespec times[2] = {{1000, 123456789}, {2000, 987654321}};
    int fd = file_with("f", "");
    T(utimensat(AT_FDCWD, "f", times, 0));
    show_times("f");
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = 3000;
    T(utimensat(AT_FDCWD, "f", times, 0));
    show_times("f");
    times[0].tv_nsec = 1000000000;
    T(utimensat(AT_FDCWD, "f", times, 0));
    times[0].tv_nsec = times[1].tv_nsec = UTIME_OMIT;
    T(utimensat(AT_FDCWD, "f", times, 0));
    T(utimensat(AT_FDCWD, "missing", times, 0));
    times[0] = times[1] = (struct timespec){5000, 1};
    T(futimens(fd, times));
    show_times("f");
    T(symlink("f", "l"));
    T(utimensat(AT_FDCWD, "l", times, AT_SYMLINK_NOFOLLOW));
    show_times("l");
    T(utimensat(AT_FDCWD, "f", times, 0x40000));
    T(syscall(SYS_utimensat, fd, 0, 0, 0));
    struct stat info;
    T(fstat(fd, &info));
    IS(info.st_mtime > 1600000000);
    T(syscall(SYS_utimensat, 77, 0, times, 0));
}

CASE(utime_family, "utime utimes futimesat")
{
    close(file_with("f", ""));
    T(syscall(SYS_utime, "f", (&(struct utimbuf){111, 222})));
    show_times("f");
    struct timeval times[2] = {{333, 444}, {555, 666}};
    T(syscall(SYS_utimes, "f", times));
    show_times("f");
    times[0].tv_usec = 1000000;
    T(syscall(SYS_utimes, "f", times));
    times[0].tv_usec = 5;
    T(syscall(SYS_futimesat, AT_FDCWD, "f", times));
    show_times("f");
    T(syscall(SYS_utime, "missing", 0));
    T(syscall(SYS_utimes, "f", 0));
}

CASE(times_follow_use, "read write open")
{
    struct timespec old[2] = {{1000, 0}, {1000, 0}};
    struct stat info;
    char text[4];
    int fd = file_with("f", "abc");
    T(futimens(fd, old));
    T(read(fd, text, 3));
    T(fstat(fd, &info));
    N(info.st_mtime);
    IS(info.st_atime > 1000);
    T(futimens(fd, old));
    T(write(fd, "d", 1));
    T(fstat(fd, &info));
    IS(info.st_mtime > 1000);
    N(info.st_atime);
    T(futimens(fd, old));
    T(ftruncate(fd, 1));
    T(fstat(fd, &info));
    IS(info.st_mtime > 1000);
    T(mkdir("d", 0755));
    T(utimensat(AT_FDCWD, "d", old, 0));
    T(mkdir("d/e", 0755));
    T(stat("d", &info));
    IS(info.st_mtime > 1000);
}

/* Reading changes the time of the last access when something has changed since, by whatever way. */
CASE(times_follow_reading, "read mmap getdents64 readlink open")
{
    struct timespec old[2] = {{1000, 0}, {1000, 0}}, newer[2] = {{3000000000, 0}, {1000, 0}};
    struct stat info;
    char text[512];
    int fd = file_with("f", "abc"), quiet = MUST(open("f", O_RDONLY | O_NOATIME)), folder;
    MUST(futimens(fd, old));
    T(read(quiet, text, 3));
    T(fstat(fd, &info));
    N(info.st_atime);
    IS(mmap(0, 3, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
    T(fstat(fd, &info));
    IS(info.st_atime > 1000);
    MUST(futimens(fd, old));
    T(read(fd, text, 0));
    T(fstat(fd, &info));
    IS(info.st_atime > 1000);
    MUST(futimens(fd, old));
    T(pread(fd, text, 3, 100));
    T(fstat(fd, &info));
    IS(info.st_atime > 1000);
    MUST(futimens(fd, newer));
    T(pread(fd, text, 3, 0));
    T(fstat(fd, &info));
    N(info.st_atime);
    MUST(symlink("f", "l"));
    MUST(utimensat(AT_FDCWD, "l", old, AT_SYMLINK_NOFOLLOW));
    T(readlink("l", text, sizeof text));
    T(lstat("l", &info));
    IS(info.st_atime > 1000);
    MUST(mkdir("d", 0755));
    MUST(utimensat(AT_FDCWD, "d", old, 0));
    folder = MUST(open("d", O_RDONLY));
    T(syscall(SYS_getdents64, folder, text, sizeof text));
    T(stat("d", &info));
    IS(info.st_atime > 1000);
}

CASE(times_far_away, "utimensat")
{
    static const long long tried[] = {-1, -(1LL << 31), 1LL << 32, 1LL << 33, 1LL << 35, 1LL << 60};
    struct stat info;
    close(file_with("f", ""));
    for (unsigned i = 0; i < sizeof tried / sizeof *tried; i++) {
        struct timespec times[2] = {{tried[i], 5}, {tried[i], 6}};
        T(utimensat(AT_FDCWD, "f", times, 0));
        MUST(stat("f", &info));
        /* File systems differ in how far their times go; all of them go on. */
        IS(info.st_mtime == tried[i] || (info.st_mtime >= 1LL << 33 && tried[i] > info.st_mtime));
    }
}
