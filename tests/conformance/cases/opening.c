/* Opening files: modes, names, directories, unnamed files, confined ways. */
#include "case.h"

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
