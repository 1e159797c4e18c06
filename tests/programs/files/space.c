/* Holes and space, extended attributes, size limits, memory files and their seals. Directory: argument. */
#define _GNU_SOURCE
#include "../case.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define FALLOC_FL_COLLAPSE_RANGE 8
#define FALLOC_FL_ZERO_RANGE 16
#define FALLOC_FL_INSERT_RANGE 32
#define F_SEAL_EXEC 0x20

enum { PAGE = 4096 };
static char block[32 * PAGE], text[4096];
static int disk; /* the directory is on a disk, which can do more than memory */

static void size(const char *what, int fd)
{
    struct stat st;
    MUST(!fstat(fd, &st));
    printf("%s: size %lld\n", what, (long long)st.st_size);
}

/* Where the data of a file is. */
static void extents(int fd)
{
    off_t at = 0, end = lseek(fd, 0, SEEK_END);
    printf("data:");
    while (at < end && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
        off_t hole = lseek(fd, at, SEEK_HOLE);
        printf(" %lld-%lld", (long long)at, (long long)hole);
        at = hole;
    }
    printf(" of %lld\n", (long long)end);
}

static void holes(void)
{
    int fd = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(block, 'd', sizeof block);
    MUST(write(fd, block, 8 * PAGE) == 8 * PAGE && pwrite(fd, block, 10, 16 * PAGE) == 10);
    extents(fd);
    TRY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE + 100, 3 * PAGE));
    extents(fd);
    MUST(pread(fd, block, 6 * PAGE, 0) == 6 * PAGE);
    printf("%d %d %d %d %d\n", block[PAGE + 99], block[PAGE + 100], block[3 * PAGE], block[4 * PAGE + 99],
           block[4 * PAGE + 100]);
    char *map = mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    map[5 * PAGE] = 'm', map[6 * PAGE] = 'n';
    TRY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5 * PAGE, PAGE));
    printf("mapped %d %d\n", map[5 * PAGE], map[6 * PAGE]);
    if (disk) {
        TRY(fallocate(fd, FALLOC_FL_ZERO_RANGE, 6 * PAGE, 100));
        TRY(fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 30 * PAGE, 100));
        printf("mapped %d %d\n", map[6 * PAGE], map[6 * PAGE + 100]);
        TRY(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE));
        TRY(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, PAGE));
        TRY(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 100));
        TRY(fallocate(fd, FALLOC_FL_INSERT_RANGE, 1 << 30, PAGE));
        printf("mapped %d %d\n", map[0], map[6 * PAGE + 100]);
    }
    size("before", fd);
    TRY(fallocate(fd, FALLOC_FL_KEEP_SIZE, 100 * PAGE, PAGE));
    size("kept", fd);
    TRY(fallocate(fd, 0, 20 * PAGE, PAGE));
    size("grown", fd);
    TRY(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE));
    TRY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE, 0, PAGE));
    TRY(fallocate(fd, 0x400, 0, PAGE));
    TRY(fallocate(fd, 0, -1, PAGE));
    TRY(fallocate(fd, 0, 0, 0));
    TRY(fallocate(fd, 0, 0x7fffffffffffffff, 10));
    TRY(fallocate(open("holes", O_RDONLY), 0, 0, 10));
    TRY(fallocate(open(".", O_RDONLY), 0, 0, 10));
    int p[2];
    MUST(!pipe(p));
    TRY(fallocate(p[1], 0, 0, 10));
    TRY(fallocate(open("/dev/null", O_RDWR), 0, 0, 10));
    TRY(lseek(fd, 1 << 30, SEEK_DATA));
    TRY(lseek(fd, -1, SEEK_HOLE));
    TRY(lseek(fd, 0, 77));
    munmap(map, 8 * PAGE);
    close(fd);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void names(ssize_t n)
{
    char *all[8];
    int count = 0;
    for (char *at = text; at < text + n && count < 8; at += strlen(at) + 1)
        all[count++] = at;
    qsort(all, count, sizeof *all, by_name);
    printf("%zd:", n);
    for (int i = 0; i < count; i++)
        printf(" %s", all[i]);
    puts("");
}

static void extended(void)
{
    int fd = open("attributes", O_RDWR | O_CREAT, 0600);
    MUST(!symlink("attributes", "xlink"));
    TRY(listxattr("attributes", 0, 0));
    TRY(setxattr("attributes", "user.one", "value", 5, 0));
    TRY(setxattr("attributes", "user.one", "value", 5, XATTR_CREATE));
    TRY(setxattr("attributes", "user.two", "value", 5, XATTR_REPLACE));
    TRY(fsetxattr(fd, "user.empty", "", 0, XATTR_CREATE));
    TRY(setxattr("xlink", "user.one", "second", 6, XATTR_REPLACE));
    TRY(getxattr("attributes", "user.one", 0, 0));
    TRY(getxattr("attributes", "user.one", text, 3));
    TRY(fgetxattr(fd, "user.one", text, sizeof text));
    printf("%.6s\n", text);
    TRY(getxattr("attributes", "user.empty", text, sizeof text));
    TRY(getxattr("attributes", "user.none", text, sizeof text));
    names(listxattr("attributes", text, sizeof text));
    TRY(listxattr("attributes", text, 5));
    TRY(flistxattr(fd, 0, 0));
    TRY(lgetxattr("xlink", "user.one", text, 10));
    TRY(lsetxattr("xlink", "user.one", "x", 1, 0));
    TRY(lremovexattr("xlink", "user.one"));
    TRY(removexattr("attributes", "user.one"));
    TRY(fremovexattr(fd, "user.one"));
    names(flistxattr(fd, text, sizeof text));
    TRY(setxattr(".", "user.dir", "d", 1, 0));
    TRY(getxattr(".", "user.dir", text, 10));
    TRY(removexattr(".", "user.dir"));
    TRY(setxattr("attributes", "user.", "x", 1, 0));
    TRY(setxattr("attributes", "", "x", 1, 0));
    TRY(setxattr("attributes", "nonsense", "x", 1, 0));
    TRY(setxattr("attributes", "other.x", "x", 1, 0));
    TRY(getxattr("attributes", "other.x", text, 1));
    TRY(getxattr("attributes", "trusted.x", text, 1));
    TRY(getxattr("attributes", "system.posix_acl_access", text, 1));
    TRY(setxattr("attributes", "user.x", "x", 1, 7));
    TRY(setxattr("attributes", "user.x", text, 70000, 0));
    TRY(setxattr("attributes", "user.x", (void *)8, 5, 0));
    TRY(getxattr("attributes", "user.empty", (void *)8, 5));
    TRY(getxattr("missing", "user.x", text, 5));
    TRY(fgetxattr(77, "user.x", text, 5));
    memset(text, 'n', 300);
    memcpy(text, "user.", 5);
    text[300] = 0;
    TRY(setxattr("attributes", text, "x", 1, 0));
    memset(block, 'v', 2000);
    TRY(setxattr("attributes", "user.big", block, 2000, 0));
    TRY(getxattr("attributes", "user.big", block + 4000, 4000));
    printf("equal %d\n", !memcmp(block, block + 4000, 2000));
    int from = open("attributes", O_RDONLY), to = open("copied", O_WRONLY | O_CREAT, 0600);
    ssize_t n = fgetxattr(from, "user.big", block, sizeof block);
    TRY(fsetxattr(to, "user.big", block, n, 0));
    close(fd), close(from), close(to);
}

static volatile int signalled;
static void on_signal(int number) { signalled = number; }

static void limits(void)
{
    fflush(stdout);
    if (fork()) {
        wait(0);
        return;
    }
    struct rlimit limit = {10000, RLIM_INFINITY};
    int fd = open("limited", O_RDWR | O_CREAT | O_TRUNC, 0600), p[2];
    signal(SIGXFSZ, on_signal);
    MUST(!setrlimit(RLIMIT_FSIZE, &limit) && !pipe(p));
    TRY(write(fd, block, 8000));
    TRY(write(fd, block, 8000));
    printf("signal %d\n", signalled);
    TRY(write(fd, block, 1));
    printf("signal %d\n", signalled), signalled = 0;
    TRY(pwrite(fd, block, 10, 9995));
    TRY(pwrite(fd, block, 10, 20000));
    printf("signal %d\n", signalled), signalled = 0;
    TRY(ftruncate(fd, 10001));
    printf("signal %d\n", signalled), signalled = 0;
    TRY(ftruncate(fd, 10000));
    TRY(ftruncate(fd, 5000));
    TRY(fallocate(fd, 0, 5000, 6000));
    printf("signal %d\n", signalled), signalled = 0;
    TRY(fallocate(fd, 0, 5000, 5000));
    int append = open("limited", O_WRONLY | O_APPEND);
    TRY(write(append, block, 1));
    printf("signal %d\n", signalled);
    TRY(write(p[1], block, 20000));
    TRY(write(fd, block, 0));
    size("limited", fd);
    signal(SIGXFSZ, SIG_IGN);
    TRY(pwrite(fd, block, 10, 20000));
    signal(SIGXFSZ, SIG_DFL);
    fflush(stdout);
    if (!fork()) {
        pwrite(fd, block, 10, 20000);
        _exit(0);
    }
    int status;
    wait(&status);
    printf("ended by %d\n", WTERMSIG(status));
    exit(0);
}

static void seals(void)
{
    int fd = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC), plain = memfd_create("plain", 0);
    MUST(fd >= 0 && plain >= 0 && write(fd, block, 3 * PAGE) == 3 * PAGE);
    TRY(fcntl(plain, F_GET_SEALS));
    TRY(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE));
    TRY(fcntl(fd, F_GET_SEALS));
    TRY(fcntl(fd, F_ADD_SEALS, 1024));
    TRY(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    TRY(ftruncate(fd, PAGE));
    TRY(ftruncate(fd, 4 * PAGE));
    TRY(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    TRY(ftruncate(fd, 5 * PAGE));
    TRY(pwrite(fd, "x", 1, 4 * PAGE));
    TRY(pwrite(fd, "xy", 2, 4 * PAGE - 1));
    TRY(fallocate(fd, 0, 0, 5 * PAGE));
    char *map = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRY(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    TRY(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    map[0] = 'w';
    TRY(pwrite(fd, "x", 1, 0));
    munmap(map, PAGE);
    TRY(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
    TRY(fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
    TRY(fcntl(fd, F_GET_SEALS));
    TRY(pwrite(fd, "x", 1, 0));
    TRY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
    TRY(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    TRY(mmap(0, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    TRY(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
    int file = open("holes", O_RDWR);
    if (disk) {
        TRY(fcntl(file, F_GET_SEALS));
        TRY(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
    }
    TRY(memfd_create("bad", 0x1000));
    snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
    memset(text + 100, 0, 100);
    TRY(readlink(text, text + 100, 99));
    puts(text + 100);
    WORKS(open(text, O_RDONLY));
    int self = open("/proc/self/exe", O_RDONLY), program = memfd_create("program", MFD_CLOEXEC);
    off_t left = lseek(self, 0, SEEK_END), at = 0;
    while (at < left)
        MUST(sendfile(program, self, &at, left) > 0);
    fflush(stdout);
    if (!fork()) {
        char *argv[] = {"again", "exit", 0};
        fexecve(program, argv, environ);
        _exit(3);
    }
    int status;
    wait(&status);
    printf("run from memory: %x\n", status);
    int dead = syscall(SYS_memfd_create, "dead", 8 /* MFD_NOEXEC_SEAL */);
    struct stat st;
    MUST(!fstat(dead, &st));
    printf("no exec: %o, seals %x\n", st.st_mode, fcntl(dead, F_GET_SEALS));
    TRY(fchmod(dead, 0755));
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "exit"))
        return 42;
    disk = argc > 1 && !strcmp(argv[1], ".");
    enter(argc, argv);
    holes();
    extended();
    limits();
    seals();
    return 0;
}
