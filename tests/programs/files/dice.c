/* A long random program of file calls, none of which waits: the same dice for the same second argument,
   so what it prints must be the same everywhere. Directory: first argument. */
#define _GNU_SOURCE
#include "../case.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>

enum { SLOTS = 10, STEPS = 2500, PAGE = 4096, MAPPED = 3 * PAGE };

static const char *const names[] = {"a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "l"};
static const int flags[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_APPEND, O_RDWR | O_TRUNC, O_PATH};
static int fd[SLOTS], pipes[2];
static char *map[SLOTS], bytes[70000];
static int mapped_from[SLOTS]; /* which slot's file a mapping is of, + 1 */
static uint64_t state;
static int step;

static unsigned dice(unsigned sides)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 20) % sides;
}

static const char *name(void) { return names[dice(sizeof names / sizeof *names)]; }

static void told(const char *what, const char *of, int slot, long result)
{
    if (result == -1)
        printf("%d %s %s %d: %s\n", step, what, of, slot, strerror(errno));
    else
        printf("%d %s %s %d = %ld\n", step, what, of, slot, result);
}

static unsigned sum(const char *from, long n)
{
    unsigned s = 0;
    for (long i = 0; i < n; i++)
        s = s * 31 + (unsigned char)from[i];
    return s;
}

static long position(void) { return dice(3) ? dice(9000) : dice(60000); }
static long size(void) { return dice(3) ? dice(300) : dice(3) ? dice(9000) : dice(sizeof bytes); }

static void fill(long n)
{
    for (long i = 0; i < n; i++)
        bytes[i] = (char)(state + i * 7);
}

/* Every file's content as read now: what mappings and descriptors did must show. */
static void contents(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat st;
        if (lstat(names[i], &st)) {
            told("stat", names[i], 0, -1);
            continue;
        }
        int file = S_ISREG(st.st_mode) ? open(names[i], O_RDONLY) : -1;
        long n = file < 0 ? 0 : read(file, bytes, sizeof bytes);
        printf("%d %s: %o links %d size %ld sum %u\n", step, names[i], st.st_mode, S_ISDIR(st.st_mode) ? 0 : (int)st.st_nlink,
               S_ISDIR(st.st_mode) ? 0 : (long)st.st_size, sum(bytes, n));
        close(file);
    }
    static const char *const folders[] = {".", "d", "d/e"};
    for (int i = 0; i < 3; i++) {
        DIR *folder = opendir(folders[i]);
        unsigned mix = 0, count = 0;
        for (struct dirent *e; folder && (e = readdir(folder)); count++)
            mix += sum(e->d_name, strlen(e->d_name)) * 31 + e->d_type; /* in whatever order */
        printf("%d %s lists %u, %u\n", step, folders[i], count, mix);
        if (folder)
            closedir(folder);
    }
}

static void drop(int slot)
{
    if (map[slot])
        munmap(map[slot], MAPPED);
    map[slot] = 0;
}

static void names_step(int what)
{
    const char *one = name(), *two = name();
    switch (what) {
    case 0: told("mkdir", one, 0, mkdir(one, 0755)); break;
    case 1: told("unlink", one, 0, unlink(one)); break;
    case 2: told("rename", one, 0, rename(one, two)); break;
    case 3: told("link", one, 0, link(one, two)); break;
    case 4: told("symlink", one, 0, symlink(dice(2) ? "a" : "d/b", one)); break;
    case 5: told("exchange", one, 0, syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, two, 2)); break;
    case 6: told("keep", one, 0, syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, two, 1)); break;
    case 7: told("rmdir", one, 0, dice(3) ? -2 : rmdir(one)); break;
    case 8: told("truncate", one, 0, truncate(one, position())); break;
    case 9: told("chmod", one, 0, chmod(one, dice(2) ? 0644 : 0755)); break;
    }
}

static void file_step(int what, int slot)
{
    long at = position(), n = size(), done;
    int other = dice(SLOTS);
    off_t from = position();
    loff_t in = position(), out = position();
    struct flock lock = {.l_type = dice(3), .l_start = dice(100), .l_len = dice(50)};
    switch (what) {
    case 0:
        fill(n);
        told("write", "", slot, write(fd[slot], bytes, n));
        break;
    case 1:
        done = read(fd[slot], bytes, n);
        told("read", "", slot, done);
        printf("%d sum %u\n", step, sum(bytes, done));
        break;
    case 2:
        fill(n);
        told("pwrite", "", slot, pwrite(fd[slot], bytes, n, at));
        break;
    case 3:
        done = pread(fd[slot], bytes, n, at);
        told("pread", "", slot, done);
        printf("%d sum %u\n", step, sum(bytes, done));
        break;
    case 4: told("seek", "", slot, lseek(fd[slot], at, dice(3))); break;
    case 5: told("truncate", "", slot, ftruncate(fd[slot], at)); break;
    case 6: told("punch", "", slot, fallocate(fd[slot], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, n + 1)); break;
    case 7: told("allocate", "", slot, fallocate(fd[slot], dice(2), at, n + 1)); break;
    case 8: told("sendfile", "", slot, sendfile(fd[slot], fd[other], dice(2) ? &from : 0, n)); break;
    case 9: told("copy", "", slot, syscall(SYS_copy_file_range, fd[slot], &in, fd[other], &out, n, 0)); break;
    case 10:
    case 11:
        /* Emptied at once: on Linux what waits in a pipe may be the file's own pages, which change. */
        told("to pipe", "", slot, splice(fd[slot], dice(2) ? &in : 0, pipes[1], 0, n, SPLICE_F_NONBLOCK));
        told("from pipe", "", other, splice(pipes[0], 0, fd[other], dice(2) ? &out : 0, n, SPLICE_F_NONBLOCK));
        done = read(pipes[0], bytes, sizeof bytes);
        told("rest", "", slot, done);
        printf("%d sum %u\n", step, sum(bytes, done));
        break;
    case 12: told("lock", "", slot, fcntl(fd[slot], F_SETLK, &lock)); break;
    case 13: told("flock", "", slot, flock(fd[slot], (dice(2) ? LOCK_SH : dice(2) ? LOCK_EX : LOCK_UN) | LOCK_NB)); break;
    case 14: told("setxattr", "", slot, fsetxattr(fd[slot], dice(2) ? "user.x" : "user.y", bytes, dice(40), dice(3))); break;
    case 15:
        done = fgetxattr(fd[slot], dice(2) ? "user.x" : "user.y", bytes, dice(60));
        told("getxattr", "", slot, done);
        break;
    case 16: told("sync", "", slot, dice(2) ? fsync(fd[slot]) : fdatasync(fd[slot])); break;
    }
}

static void map_step(int what, int slot)
{
    struct stat st;
    int other = dice(SLOTS);
    if (what == 0 && !map[slot]) {
        char *at = mmap(0, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, fd[other], PAGE * dice(2));
        told("map", "", slot, at == MAP_FAILED ? -1 : 0);
        map[slot] = at == MAP_FAILED ? 0 : at;
        mapped_from[slot] = dup(fd[other]);
    } else if (map[slot] && !fstat(mapped_from[slot], &st) && st.st_size >= PAGE + MAPPED) {
        long at = dice(MAPPED - 200);
        if (what == 1)
            memset(map[slot] + at, step, dice(200));
        else
            printf("%d mapped %d sum %u\n", step, slot, sum(map[slot], MAPPED));
    } else if (map[slot] && what == 2) {
        drop(slot);
        close(mapped_from[slot]);
    }
}

int main(int argc, char **argv)
{
    enter(argc, argv);
    state = 88172645463325252u + (argc > 2 ? strtoul(argv[2], 0, 10) * 7919 : 0);
    setvbuf(stdout, 0, _IOFBF, 1 << 16);
    syscall(SYS_close_range, 3L, ~0UL >> 32, 0L);
    for (int i = 0; i < SLOTS; i++)
        fd[i] = -1;
    MUST(!pipe2(pipes, O_NONBLOCK));
    for (step = 0; step < STEPS; step++) {
        int slot = dice(SLOTS), what = dice(10);
        if (what < 2) {
            const char *one = name();
            close(fd[slot]);
            fd[slot] = open(one, flags[dice(6)] | (dice(2) ? O_CREAT : 0) | (dice(8) ? 0 : O_EXCL) | (dice(8) ? 0 : O_NOFOLLOW), 0644);
            told("open", one, slot, fd[slot]);
        } else if (what == 2) {
            names_step(dice(10));
        } else if (what == 3) {
            map_step(dice(3), slot);
        } else {
            file_step(dice(17), slot);
        }
        if (step % 250 == 249)
            contents();
    }
    return 0;
}
