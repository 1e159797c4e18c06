/* Unnamed files, O_PATH, confined opens, exchanged names, attributes. Directory: argument. */
#define _GNU_SOURCE
#include "../case.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#define renameat2(...) syscall(SYS_renameat2, __VA_ARGS__)

static char text[256];

static void show(const char *path)
{
    struct stat st;
    if (lstat(path, &st))
        printf("%s: %s\n", path, strerror(errno));
    else
        printf("%s: mode %o links %d size %d\n", path, st.st_mode, S_ISDIR(st.st_mode) ? 0 : (int)st.st_nlink,
               S_ISDIR(st.st_mode) ? 0 : (int)st.st_size);
}

static void put(const char *path, const char *what)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    MUST(fd >= 0 && write(fd, what, strlen(what)) == (ssize_t)strlen(what));
    close(fd);
}

static void get(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    printf("%s: %s\n", path, n < 0 ? strerror(errno) : text);
    close(fd);
}

static void unnamed(void)
{
    char path[64];
    int fd = open(".", O_TMPFILE | O_RDWR, 0640), only = open(".", O_TMPFILE | O_WRONLY | O_EXCL, 0600);
    struct stat st;
    MUST(fd >= 0 && only >= 0);
    TRY(write(fd, "unnamed", 7));
    MUST(!fstat(fd, &st));
    printf("mode %o links %d size %d\n", st.st_mode, (int)st.st_nlink, (int)st.st_size);
    TRY(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
    get("named");
    show("named");
    TRY(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
    TRY(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH));
    show("named");
    TRY(unlink("named"));
    TRY(unlink("again"));
    TRY(linkat(fd, "", AT_FDCWD, "late", AT_EMPTY_PATH));
    snprintf(path, sizeof path, "/proc/self/fd/%d", only);
    TRY(linkat(AT_FDCWD, path, AT_FDCWD, "never", AT_SYMLINK_FOLLOW));
    int other = open(".", O_TMPFILE | O_RDWR, 0600);
    snprintf(path, sizeof path, "/proc/self/fd/%d", other);
    MUST(write(other, "by proc", 7) == 7);
    TRY(linkat(AT_FDCWD, path, AT_FDCWD, "byproc", AT_SYMLINK_FOLLOW));
    get("byproc");
    TRY(linkat(AT_FDCWD, path, AT_FDCWD, "bylink", 0));
    TRY(open(".", O_TMPFILE | O_RDONLY, 0600));
    TRY(open("byproc", O_TMPFILE | O_RDWR, 0600));
    TRY(open("missing", O_TMPFILE | O_RDWR, 0600));
    TRY(linkat(77, "", AT_FDCWD, "x", AT_EMPTY_PATH));
    TRY(linkat(fd, "", AT_FDCWD, "x", 0));
    TRY(linkat(fd, "", AT_FDCWD, "x", 8));
    close(fd), close(only), close(other);
}

static void paths(void)
{
    put("file", "content");
    MUST(!mkdir("dir", 0755) && !symlink("file", "link"));
    int fd = open("file", O_PATH), dir = open("dir", O_PATH | O_DIRECTORY), link = open("link", O_PATH | O_NOFOLLOW);
    struct stat st;
    MUST(fd >= 0 && dir >= 0 && link >= 0);
    TRY(read(fd, text, 4));
    TRY(write(fd, text, 4));
    TRY(fchmod(fd, 0600));
    TRY(fchown(fd, -1, -1));
    TRY(ftruncate(fd, 1));
    TRY(lseek(fd, 0, SEEK_SET));
    TRY(fstat(fd, &st));
    TRY(fcntl(fd, F_GETFL) & O_PATH);
    TRY(fcntl(fd, F_SETFL, O_APPEND));
    TRY(fcntl(fd, F_GETFD));
    WORKS(dup(fd));
    TRY(fchdir(dir));
    TRY(chdir(".."));
    WORKS(openat(dir, "new", O_CREAT | O_WRONLY, 0600));
    TRY(readlinkat(link, "", text, sizeof text));
    MUST(!fstat(link, &st));
    printf("link %o\n", st.st_mode & S_IFMT);
    snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
    get(strcpy(text + 100, text));
    TRY(openat(fd, "", O_RDONLY));
    TRY(open("file", O_PATH | O_DIRECTORY));
    TRY(faccessat(dir, "new", R_OK, 0));
    TRY(syscall(SYS_faccessat2, fd, "", R_OK, AT_EMPTY_PATH));
    TRY(fsync(fd));
    TRY(syscall(SYS_getdents64, dir, text, sizeof text));
    close(fd), close(dir), close(link);
}

static long how(int dir, const char *path, unsigned long flags, unsigned long mode, unsigned long resolve)
{
    unsigned long h[3] = {flags, mode, resolve};
    long fd = syscall(SYS_openat2, dir, path, h, sizeof h);
    if (fd >= 0)
        close(fd), fd = 0;
    return fd;
}

enum { NO_XDEV = 1, NO_MAGIC = 2, NO_LINKS = 4, BENEATH = 8, IN_ROOT = 16, CACHED = 32 };

static void confined(void)
{
    unsigned long big[5] = {O_RDONLY, 0, 0, 0, 0};
    int dir = open("dir", O_RDONLY | O_DIRECTORY);
    MUST(!mkdir("dir/sub", 0755));
    put("dir/inside", "inside");
    MUST(!symlink("inside", "dir/near") && !symlink("../file", "dir/out") && !symlink("/inside", "dir/abs") &&
         !symlink("sub/../near", "dir/twice"));
    TRY(how(dir, "inside", O_RDONLY, 0, BENEATH));
    TRY(how(dir, "sub/../inside", O_RDONLY, 0, BENEATH));
    TRY(how(dir, "near", O_RDONLY, 0, BENEATH));
    TRY(how(dir, "twice", O_RDONLY, 0, BENEATH));
    TRY(how(dir, "out", O_RDONLY, 0, BENEATH));
    TRY(how(dir, "abs", O_RDONLY, 0, BENEATH));
    TRY(how(dir, "..", O_RDONLY, 0, BENEATH));
    TRY(how(dir, "../file", O_RDONLY, 0, BENEATH));
    TRY(how(dir, "/etc", O_RDONLY, 0, BENEATH));
    TRY(how(dir, "/inside", O_RDONLY, 0, IN_ROOT));
    TRY(how(dir, "abs", O_RDONLY, 0, IN_ROOT));
    TRY(how(dir, "out", O_RDONLY, 0, IN_ROOT));
    TRY(how(dir, "../../../inside", O_RDONLY, 0, IN_ROOT));
    TRY(how(dir, "near", O_RDONLY, 0, NO_LINKS));
    TRY(how(dir, "near", O_PATH | O_NOFOLLOW, 0, NO_LINKS));
    TRY(how(dir, "inside", O_RDONLY, 0, NO_LINKS));
    TRY(how(AT_FDCWD, "/proc/self/fd/1", O_PATH, 0, NO_MAGIC));
    TRY(how(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0, NO_MAGIC));
    TRY(how(AT_FDCWD, "/proc/self", O_RDONLY, 0, NO_MAGIC));
    TRY(how(AT_FDCWD, "/proc/self", O_RDONLY, 0, NO_XDEV));
    TRY(how(dir, "inside", O_RDONLY, 0, NO_XDEV));
    TRY(how(dir, "made", O_CREAT | O_WRONLY, 0600, BENEATH));
    TRY(how(dir, "../made", O_CREAT | O_WRONLY, 0600, BENEATH));
    TRY(how(dir, "inside", O_RDONLY, 0600, 0));
    TRY(how(dir, "inside", O_CREAT | O_WRONLY, 010000, 0));
    TRY(how(dir, "inside", 1UL << 40, 0, 0));
    TRY(how(dir, "inside", O_PATH | O_RDWR, 0, 0));
    TRY(how(dir, "inside", O_RDONLY, 0, 64));
    TRY(how(dir, "inside", O_RDONLY, 0, BENEATH | IN_ROOT));
    TRY(how(dir, "inside", O_CREAT | O_RDWR, 0600, CACHED));
    TRY(syscall(SYS_openat2, dir, "inside", big, 8L));
    WORKS(syscall(SYS_openat2, dir, "inside", big, sizeof big));
    big[4] = 1;
    TRY(syscall(SYS_openat2, dir, "inside", big, sizeof big));
    TRY(syscall(SYS_openat2, dir, "inside", (void *)8, 24L));
    close(dir);
}

static void renames(void)
{
    put("a", "first");
    put("b", "second");
    MUST(!mkdir("d1", 0755) && !mkdir("d1/x", 0755) && !mkdir("d2", 0755));
    TRY(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE));
    TRY(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
    get("a");
    get("b");
    TRY(renameat2(AT_FDCWD, "a", AT_FDCWD, "missing", RENAME_EXCHANGE));
    TRY(renameat2(AT_FDCWD, "a", AT_FDCWD, "d1/x", RENAME_EXCHANGE));
    show("a");
    get("d1/x");
    TRY(renameat2(AT_FDCWD, "d1", AT_FDCWD, "d2", RENAME_EXCHANGE));
    get("d2/x");
    TRY(renameat2(AT_FDCWD, "d2", AT_FDCWD, "d2/x", RENAME_EXCHANGE));
    TRY(renameat2(AT_FDCWD, "d2/x", AT_FDCWD, "d2", RENAME_EXCHANGE));
    TRY(renameat2(AT_FDCWD, "b", AT_FDCWD, "fresh", RENAME_NOREPLACE));
    TRY(renameat2(AT_FDCWD, "fresh", AT_FDCWD, "b", RENAME_NOREPLACE | RENAME_EXCHANGE));
    TRY(renameat2(AT_FDCWD, "fresh", AT_FDCWD, "b", 64));
    int fd = open("fresh", O_RDWR);
    TRY(rename("fresh", "d1/moved"));
    TRY(write(fd, "still", 5));
    get("d1/moved");
    put("fresh", "new");
    TRY(rename("fresh", "d1/moved"));
    TRY(pread(fd, text, 5, 0));
    struct stat st;
    fstat(fd, &st);
    printf("links %d\n", (int)st.st_nlink);
    close(fd);
    TRY(link("d1/moved", "second"));
    TRY(rename("second", "d1/moved"));
    show("second");
    TRY(rename("d1", "d1/below"));
    TRY(rename("d1", "a"));
    TRY(rename("second", "d1"));
}

static void attributes(void)
{
    struct stat st;
    struct statx sx;
    put("attr", "0123456789");
    struct timespec times[2] = {{1000, 5}, {2000, 999999999}};
    TRY(utimensat(AT_FDCWD, "attr", times, 0));
    MUST(!stat("attr", &st));
    printf("%ld.%09ld %ld.%09ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    times[0].tv_nsec = UTIME_OMIT, times[1].tv_sec = 3000;
    TRY(utimensat(AT_FDCWD, "attr", times, 0));
    times[0].tv_nsec = times[1].tv_nsec = UTIME_OMIT;
    TRY(utimensat(AT_FDCWD, "attr", times, 0));
    TRY(utimensat(AT_FDCWD, "missing", times, 0));
    MUST(!stat("attr", &st));
    printf("%ld %ld\n", st.st_atim.tv_sec, st.st_mtim.tv_sec);
    times[0].tv_nsec = 1000000000;
    TRY(utimensat(AT_FDCWD, "attr", times, 0));
    int fd = open("attr", O_RDONLY);
    times[0] = (struct timespec){7, 7}, times[1] = (struct timespec){8, 8};
    TRY(futimens(fd, times));
    TRY(syscall(SYS_utimensat, fd, "", times, AT_EMPTY_PATH));
    TRY(syscall(SYS_utimensat, fd, (char *)0, times, 0));
    TRY(syscall(SYS_utimensat, AT_FDCWD, (char *)0, times, 0));
    TRY(utimensat(AT_FDCWD, "attr", times, 1));
    MUST(!symlink("attr", "alink"));
    TRY(utimensat(AT_FDCWD, "alink", times, AT_SYMLINK_NOFOLLOW));
    MUST(!lstat("alink", &st));
    printf("link times %ld %ld\n", st.st_atim.tv_sec, st.st_mtim.tv_sec);
    TRY(syscall(SYS_utimensat, AT_FDCWD, "attr", (void *)8, 0));
    MUST(!syscall(SYS_statx, AT_FDCWD, "attr", 0, 0x7ff, &sx));
    printf("statx %o %u %llu %lld %lld\n", sx.stx_mode, sx.stx_nlink, (unsigned long long)sx.stx_size,
           (long long)sx.stx_atime.tv_sec, (long long)sx.stx_mtime.tv_sec);
    printf("basic %x\n", sx.stx_mask & 0x7ff);
    printf("mount id told %d, root of a mount known %d: %d\n", !!(sx.stx_mask & 0x1000), !!(sx.stx_attributes_mask & 0x2000),
           !!(sx.stx_attributes & 0x2000));
    MUST(!syscall(SYS_statx, AT_FDCWD, "/proc", 0, 0x7ff, &sx));
    printf("/proc: %d\n", !!(sx.stx_attributes & 0x2000));
    TRY(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x7ff, &sx));
    TRY(syscall(SYS_statx, fd, "", 0, 0x7ff, &sx));
    TRY(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x80000000u, &sx));
    TRY(syscall(SYS_statx, AT_FDCWD, "attr", 0x6000, 0x7ff, &sx));
    TRY(syscall(SYS_statx, AT_FDCWD, "attr", 0x2000, 0x7ff, &sx));
    TRY(syscall(SYS_newfstatat, fd, (char *)0, &st, AT_EMPTY_PATH));
    TRY(fchownat(AT_FDCWD, "attr", -1, -1, 0));
    TRY(fchownat(fd, "", -1, -1, AT_EMPTY_PATH));
    TRY(fchownat(AT_FDCWD, "alink", -1, -1, AT_SYMLINK_NOFOLLOW));
    TRY(fchownat(AT_FDCWD, "attr", -1, -1, 1));
    TRY(syscall(SYS_fchmodat2, AT_FDCWD, "attr", 0604, 0));
    TRY(syscall(SYS_fchmodat2, fd, "", 0640, AT_EMPTY_PATH));
    TRY(syscall(SYS_fchmodat2, AT_FDCWD, "alink", 0600, AT_SYMLINK_NOFOLLOW));
    TRY(syscall(SYS_fchmodat2, AT_FDCWD, "attr", 0600, 1));
    show("attr");
    close(fd);
}

int main(int argc, char **argv)
{
    enter(argc, argv);
    unnamed();
    paths();
    confined();
    renames();
    attributes();
    return 0;
}
