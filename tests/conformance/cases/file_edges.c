/* Files at their edges: descriptors without access, confined paths, exchanges, room, copies, what is known. */
#include "case.h"
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/eventfd.h>

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

CASE(descriptors_without_access, "open fcntl fstat openat linkat")
{
    char byte;
    file_with("f", "text");
    MUST(mkdir("d", 0755));
    MUST(symlink("f", "l"));
    int fd = MUST(open("f", O_PATH | O_RDWR)), folder = MUST(open("d", O_PATH)), link = MUST(open("l", O_PATH | O_NOFOLLOW));
    struct stat info;
    N(fcntl(fd, F_GETFL) == (O_PATH));
    N(fcntl(fd, F_GETFD));
    T(read(fd, &byte, 1));
    T(write(fd, "x", 1));
    T(lseek(fd, 0, SEEK_SET));
    T(fchmod(fd, 0600));
    T(fchown(fd, getuid(), getgid()));
    T(fsync(fd));
    T(ftruncate(fd, 0));
    T(ioctl(fd, FIONREAD, &byte));
    T(fcntl(fd, F_SETFL, O_APPEND));
    T(fcntl(fd, F_GETOWN));
    T(fcntl(fd, F_SETLK, &(struct flock){.l_type = F_RDLCK}));
    T(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0));
    struct pollfd p = {fd, POLLIN, 0};
    poll(&p, 1, 0);
    N(p.revents);
    T(fstat(fd, &info));
    T(syscall(SYS_fgetxattr, fd, "user.x", &byte, 1));
    T(fallocate(fd, 0, 0, 1));
    T(fchdir(fd));
    T(fchdir(folder));
    MUST(chdir(".."));
    OK(openat(folder, "x", O_CREAT | O_WRONLY, 0600));
    T(openat(fd, "x", O_RDONLY));
    T(syscall(SYS_getdents64, folder, &byte, 1));
    T(linkat(fd, "", AT_FDCWD, "name", AT_EMPTY_PATH));
    char target[16] = "";
    T(readlinkat(link, "", target, sizeof target));
    say("%s", target);
    T(fstat(link, &info));
    IS(S_ISLNK(info.st_mode));
    T(fchmodat(fd, "", 0600, 0));
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    OK(open(path, O_RDONLY));
    snprintf(path, sizeof path, "/proc/self/fd/%d", link);
    T(open(path, O_RDONLY));
    T(chmod(path, 0600));
    OK(dup(fd));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
    T(syscall(SYS_sendfile, 1, fd, 0, 1));
    T(syscall(SYS_epoll_ctl, MUST(syscall(SYS_epoll_create1, 0)), 1, fd, (char[12]){1}));
}

static long open_how(int at, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve, size_t size)
{
    struct { struct open_how how; uint64_t more; } how = {{flags, mode, resolve}, 0};
    long fd = syscall(SYS_openat2, at, path, &how, size);
    if (fd >= 0)
        close((int)fd);
    return fd >= 0 ? 0 : -1;
}

CASE(paths_that_must_stay, "openat2")
{
    MUST(mkdir("d", 0755));
    MUST(mkdir("d/e", 0755));
    close(file_with("d/f", ""));
    MUST(symlink("f", "d/l"));
    MUST(symlink("/", "d/root"));
    MUST(symlink("../../etc", "d/e/up"));
    MUST(symlink("/proc/self/exe", "d/exe"));
    int d = MUST(open("d", O_PATH));
    size_t size = sizeof(struct open_how);
    static const struct { const char *path; uint64_t resolve; } tries[] = {
        {"f", RESOLVE_BENEATH}, {"l", RESOLVE_BENEATH}, {"../d/f", RESOLVE_BENEATH}, {"e/../f", RESOLVE_BENEATH},
        {"e/../../d", RESOLVE_BENEATH}, {"/", RESOLVE_BENEATH}, {"root", RESOLVE_BENEATH}, {"e/up", RESOLVE_BENEATH},
        {"..", RESOLVE_IN_ROOT}, {"/f", RESOLVE_IN_ROOT}, {"/../../f", RESOLVE_IN_ROOT}, {"root/f", RESOLVE_IN_ROOT},
        {"root/etc", RESOLVE_IN_ROOT}, {"e/up", RESOLVE_IN_ROOT}, {"l", RESOLVE_NO_SYMLINKS}, {"f", RESOLVE_NO_SYMLINKS},
        {"root/", RESOLVE_NO_SYMLINKS}, {"l", RESOLVE_NO_MAGICLINKS}, {"exe", RESOLVE_NO_MAGICLINKS},
        {"/proc/self/exe", RESOLVE_NO_MAGICLINKS}, {"/proc/self/exe", RESOLVE_NO_SYMLINKS}, {"/proc", RESOLVE_NO_XDEV},
        {"f", RESOLVE_NO_XDEV}, {"f", RESOLVE_BENEATH | RESOLVE_IN_ROOT}, {"f", 0x1000},
        {"", RESOLVE_BENEATH}, {"nothing", RESOLVE_BENEATH},
    };
    for (unsigned i = 0; i < sizeof tries / sizeof *tries; i++) {
        long result = open_how(d, tries[i].path, O_RDONLY, 0, tries[i].resolve, size);
        say("%s %#x: %s", tries[i].path, (unsigned)tries[i].resolve, result ? error_name(errno) : "ok");
    }
    T(open_how(d, "f", O_RDONLY, 0644, 0, size));
    T(open_how(d, "new", O_CREAT | O_RDWR, 010000, 0, size));
    T(open_how(d, "new", O_CREAT | O_RDWR, 0600, 0, size));
    T(open_how(d, "f", 1ull << 40, 0, 0, size));
    T(open_how(d, "f", O_PATH | O_RDWR, 0, 0, size));
    T(open_how(d, "f", O_PATH | O_CLOEXEC, 0, 0, size));
    T(open_how(d, "f", O_RDONLY, 0, 0, 23));
    T(open_how(d, "f", O_RDONLY, 0, 0, size + 8));
    T(open_how(d, "f", O_RDONLY, 0, 0, PAGE + 1));
    T(open_how(d, "new2", O_CREAT | O_RDWR, 0600, RESOLVE_CACHED, size));
    T(open_how(d, "f", O_TRUNC, 0, RESOLVE_CACHED, size));
}

CASE(exchanging_names, "renameat2")
{
    file_with("a", "a");
    file_with("b", "b");
    MUST(mkdir("d", 0755));
    MUST(mkdir("d/e", 0755));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "a", 1));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "nothing", 1));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "new", 1));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 2));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "d", 2));
    IS(access("d/", F_OK) == -1 && access("a/e", F_OK) == 0);
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "a/e", 2));
    T(syscall(SYS_renameat2, AT_FDCWD, "a/e", AT_FDCWD, "a", 2));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "nothing", 2));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 3));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 8));
    T(rename("b/", "c"));
    T(rename("c/", "f/"));
    T(rename("b", "f/"));
    T(rename(".", "x"));
    T(rename("c/.", "x"));
    T(rename("b", "c/.."));
}

CASE(what_statx_is_asked, "statx")
{
    struct statx info;
    file_with("f", "text");
    T(statx(AT_FDCWD, "f", 0, 0x80000000, &info));
    T(statx(AT_FDCWD, "f", 0x6000, STATX_BASIC_STATS, &info));
    T(statx(AT_FDCWD, "f", 0x8000000, STATX_BASIC_STATS, &info));
    T(statx(AT_FDCWD, "f", 0x2000, STATX_SIZE, &info));
    N(info.stx_size);
    T(statx(AT_FDCWD, "f", 0, 0, &info));
    N((info.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
    T(statx(AT_FDCWD, "f", 0, STATX_BTIME, &info));
    N(!!(info.stx_mask & STATX_BTIME));
    T(statx(AT_FDCWD, "", AT_EMPTY_PATH, STATX_TYPE, &info));
    N(S_ISDIR(info.stx_mode));
    T(statx(AT_FDCWD, "", 0, STATX_TYPE, &info));
    T(statx(MUST(open("f", O_RDONLY)), "", AT_EMPTY_PATH, STATX_TYPE, &info));
    T(statx(MUST(open("f", O_RDONLY)), 0, AT_EMPTY_PATH, STATX_TYPE, &info));
    T(statx(AT_FDCWD, "f", 0, 0x1000 /* STATX_MNT_ID */, &info));
    N(!!(info.stx_mask & 0x1000));
    T(statx(AT_FDCWD, "/proc", 0, STATX_TYPE, &info));
    N(!!(info.stx_attributes & 0x2000 /* MOUNT_ROOT */));
    N(!!(info.stx_attributes_mask & 0x2000));
}

CASE(room_in_advance, "fallocate")
{
    int fd = file_with("f", "0123456789");
    struct stat info;
    char text[16] = "";
    T(fallocate(fd, 1, 0, 100));
    T(fallocate(fd, 2, 0, 5));
    T(fallocate(fd, 3, 2, 3));
    MUST(pread(fd, text, 10, 0));
    say("%d%d%d%d", text[1], text[2], text[4], text[5]);
    T(fallocate(fd, 8, 0, PAGE));
    T(fallocate(fd, 0x10, 0, 5));
    T(fallocate(fd, 0x20, 0, PAGE));
    T(fallocate(fd, 0x40, 0, 5));
    T(fallocate(fd, 0x100, 0, 5));
    T(fallocate(fd, 0, 0, 0));
    T(fallocate(fd, 0, -1, 5));
    T(fallocate(fd, 0, 0, 0x7fffffffffffffff));
    T(fallocate(fd, 0, 0, 20));
    MUST(fstat(fd, &info));
    N(info.st_size);
    T(fallocate(MUST(open("f", O_RDONLY)), 0, 0, 5));
    T(fallocate(MUST(open(".", O_RDONLY)), 0, 0, 5));
    int ends[2];
    MUST(pipe(ends));
    T(fallocate(ends[1], 0, 0, 5));
    T(fallocate(MUST(open("/dev/null", O_WRONLY)), 0, 0, 5));
}

CASE(copying_in_the_kernel, "copy_file_range sendfile splice")
{
    int from = file_with("a", "0123456789"), to = file_with("b", ""), ends[2];
    char text[32] = "";
    off_t at = 2, there = 5;
    MUST(pipe(ends));
    T(copy_file_range(from, 0, to, 0, 4, 0));
    T(copy_file_range(from, &at, to, &there, 3, 0));
    N(at);
    N(there);
    T(copy_file_range(from, 0, to, 0, 4, 1));
    T(copy_file_range(from, &(off_t){0}, from, &(off_t){2}, 5, 0));
    T(copy_file_range(from, &(off_t){0}, from, &(off_t){5}, 5, 0));
    T(copy_file_range(from, &(off_t){100}, to, 0, 5, 0));
    T(copy_file_range(from, 0, ends[1], 0, 4, 0));
    T(copy_file_range(ends[0], 0, to, 0, 4, 0));
    T(copy_file_range(from, 0, MUST(open("b", O_WRONLY | O_APPEND)), 0, 4, 0));
    T(copy_file_range(MUST(open(".", O_RDONLY)), 0, to, 0, 4, 0));
    T(sendfile(ends[1], from, &(off_t){3}, 4));
    T(read(ends[0], text, sizeof text));
    T(sendfile(to, ends[0], 0, 4));
    T(sendfile(MUST(open("b", O_WRONLY | O_APPEND)), from, 0, 4));
    T(sendfile(to, from, &(off_t){-1}, 4));
    T(sendfile(to, to, &(off_t){0}, 2));
    T(splice(from, 0, to, 0, 4, 0));
    T(splice(from, &(loff_t){1}, ends[1], 0, 4, 0));
    T(splice(from, &(loff_t){1}, ends[1], &(loff_t){1}, 4, 0));
    T(splice(ends[0], 0, to, &(loff_t){7}, 4, 0));
    T(splice(ends[0], 0, to, 0, 4, SPLICE_F_NONBLOCK));
    T(splice(ends[0], 0, ends[1], 0, 4, 0));
    T(splice(from, 0, ends[1], 0, 4, 0x100));
    T(tee(ends[0], from, 4, 0));
    T(tee(ends[0], ends[1], 4, 0));
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    MUST(write(ends[1], "through", 7));
    T(splice(ends[0], 0, pair[0], 0, 7, 0));
    T(splice(pair[1], 0, ends[1], 0, 100, 0));
    T(read(ends[0], text, sizeof text));
    T(sendfile(pair[0], from, &(off_t){0}, 10));
    T(read(pair[1], text, sizeof text));
    T(sendfile(to, pair[1], 0, 1));
}

CASE(writing_with_flags, "pwritev2 preadv2")
{
    int fd = file_with("f", "0123456789");
    char text[16] = "";
    struct iovec out = {"ab", 2}, in = {text, 4};
    T(pwritev2(fd, &out, 1, 0, RWF_APPEND));
    T(pwritev2(fd, &out, 1, -1, 0));
    N(lseek(fd, 0, SEEK_CUR));
    T(pwritev2(fd, &out, 1, 3, RWF_DSYNC | RWF_SYNC));
    T(preadv2(fd, &in, 1, 0, 0x1000));
    T(preadv2(fd, &in, 1, 0, RWF_APPEND));
    T(preadv2(fd, &in, 1, -2, 0));
    T(preadv2(fd, &in, 1, 10, RWF_HIPRI));
    T(preadv2(fd, &in, 1025, 0, 0));
    int ends[2];
    MUST(pipe(ends));
    T(preadv2(ends[0], &in, 1, -1, RWF_NOWAIT));
    T(preadv2(ends[0], &in, 1, 0, 0));
    struct stat info;
    MUST(fstat(fd, &info));
    N(info.st_size);
}

CASE(packets_in_pipes, "pipe2 read write fcntl")
{
    int ends[2];
    char text[16];
    MUST(pipe2(ends, O_DIRECT));
    T(write(ends[1], "one", 3));
    T(write(ends[1], "two", 3));
    T(read(ends[0], text, 2));
    T(read(ends[0], text, 16));
    N(fcntl(ends[1], F_GETFL) == (O_WRONLY | O_DIRECT));
    T(write(ends[1], "", 0));
    T(fcntl(ends[0], F_SETFL, O_NONBLOCK));
    T(read(ends[0], text, 16));
    T(fcntl(ends[0], F_SETPIPE_SZ, 1 << 30));
    T(fcntl(ends[0], F_SETPIPE_SZ, -1));
    T(fcntl(ends[0], F_SETPIPE_SZ, 1));
    T(fcntl(ends[0], F_SETPIPE_SZ, 5 * PAGE));
    T(pipe2(ends, 1));
}

static void say_file(const char *path, const char *unlike)
{
    char line[256];
    FILE *file = fopen(path, "r");
    if (!file) {
        say("%s", error_name(errno));
        return;
    }
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (!strstr(unlike, strtok(strdup(line), ":\t ")))
            say("%s", line);
    }
    fclose(file);
}

CASE(what_is_known_of_descriptors, "open")
{
    char path[64];
    int fds[8] = {file_with("f", "text"), MUST(eventfd(5, 0)), MUST(syscall(SYS_epoll_create1, 0)), MUST(inotify_init1(0)),
                  MUST(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0)), MUST(open("f", O_PATH | O_CLOEXEC)),
                  MUST(open("f", O_WRONLY | O_APPEND)), MUST(syscall(SYS_pidfd_open, getpid(), 0))};
    MUST(lseek(fds[0], 3, SEEK_SET));
    struct { uint32_t events; uint64_t data; } __attribute__((packed)) event = {1, 7};
    MUST(syscall(SYS_epoll_ctl, fds[2], 1, fds[1], &event));
    MUST(inotify_add_watch(fds[3], "f", IN_OPEN));
    for (int i = 0; i < 8; i++) {
        say("-- %d", i);
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fds[i]);
        say_file(path, "mnt_id ino inotify eventfd-id it_value tfd Pid NSpid");
    }
}

CASE(groups_of_new_files, "mkdir open chmod")
{
    struct stat info;
    if (geteuid())
        return;
    MUST(mkdir("d", 0755));
    MUST(chown("d", 0, 77));
    MUST(chmod("d", 02775));
    MUST(mkdir("d/e", 0755));
    MUST(stat("d/e", &info));
    say("%o %d", info.st_mode, info.st_gid);
    close(MUST(open("d/f", O_CREAT | O_RDWR, 02755)));
    MUST(stat("d/f", &info));
    say("%o %d", info.st_mode, info.st_gid);
    CHILD(
        MUST(chmod("d", 02777)); MUST(syscall(SYS_setresuid, 5, 5, 5));
        close(MUST(open("d/g", O_CREAT | O_RDWR, 02755)));
        MUST(stat("d/g", &info)); say("%o %d", info.st_mode, info.st_gid);
        T(chmod("d/g", 02755)); MUST(stat("d/g", &info)); say("%o", info.st_mode));
}

CASE(access_by_other_ids, "faccessat2 access")
{
    if (geteuid())
        return;
    close(file_with("f", ""));
    MUST(chmod("f", 0600));
    MUST(chmod(".", 0755));
    CHILD(
        MUST(syscall(SYS_setresuid, 5, 0, 0));
        T(access("f", R_OK)); T(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS));
        T(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, 0x800000)); T(syscall(SYS_faccessat2, AT_FDCWD, "f", 8, 0)));
    T(access("f", X_OK));
    T(syscall(SYS_faccessat2, MUST(open("f", O_PATH)), "", F_OK, AT_EMPTY_PATH));
    T(syscall(SYS_faccessat2, AT_FDCWD, "", F_OK, 0));
}
