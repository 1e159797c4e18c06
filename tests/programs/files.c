/* The file system through system calls, in the directory it is started in or its argument. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define TRY(call) printf("%s: %s\n", #call, (call) < 0 ? strerror(errno) : "ok")

static void show(const char *path)
{
    struct stat info;
    if (lstat(path, &info))
        printf("%s: %s\n", path, strerror(errno));
    else
        printf("%s: mode %o links %lu size %lld\n", path, info.st_mode,
               S_ISDIR(info.st_mode) ? 0 : (unsigned long)info.st_nlink,
               S_ISDIR(info.st_mode) ? 0 : (long long)info.st_size);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
    char *names[64];
    int count = 0;
    DIR *directory = opendir(path);
    struct dirent *entry;
    if (!directory) {
        printf("%s: %s\n", path, strerror(errno));
        return;
    }
    while ((entry = readdir(directory)) && count < 64)
        names[count++] = strdup(entry->d_name);
    closedir(directory);
    qsort(names, count, sizeof *names, by_name);
    printf("%s:", path);
    for (int i = 0; i < count; i++)
        printf(" %s", names[i]);
    putchar('\n');
}

static void opening(void)
{
    int fd = open("one", O_WRONLY | O_CREAT | O_EXCL, 0640);
    printf("first free descriptor: %d\n", fd);
    TRY(open("one", O_WRONLY | O_CREAT | O_EXCL, 0640));
    TRY(open("missing", O_RDONLY));
    TRY(open("one/below", O_RDONLY));
    TRY(open("one", O_RDONLY | O_DIRECTORY));
    TRY(open(".", O_WRONLY));
    TRY(open("", O_RDONLY));
    TRY(write(fd, "hello world", 11));
    TRY(read(fd, (char[4]){0}, 4));
    TRY(lseek(fd, -100, SEEK_SET));
    TRY(lseek(fd, 6, SEEK_SET));
    TRY(write(fd, "W", 1));
    TRY(ftruncate(fd, 9));
    close(fd);
    TRY(write(fd, "x", 1));
    fd = open("one", O_RDWR | O_APPEND);
    TRY(pwrite(fd, "appended", 8, 0));
    struct iovec parts[2] = {{"ab", 2}, {"cd", 2}};
    TRY(writev(fd, parts, 2));
    char text[64] = "";
    printf("pread %zd: %s\n", pread(fd, text, 63, 0), text);
    int copy = dup2(fd, 100), low = fcntl(fd, F_DUPFD_CLOEXEC, 50);
    printf("dup2 %d dupfd %d flags %d %d\n", copy, low, fcntl(copy, F_GETFD), fcntl(low, F_GETFD));
    lseek(copy, 2, SEEK_SET);
    printf("shared offset %lld, access %o\n", (long long)lseek(fd, 0, SEEK_CUR),
           fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
    close(copy);
    close(low);
    close(fd);
}

static void names(void)
{
    TRY(mkdir("dir", 0755));
    TRY(mkdir("dir", 0755));
    TRY(mkdir("dir/sub", 0700));
    TRY(rmdir("dir"));
    TRY(link("one", "dir/two"));
    TRY(symlink("../one", "dir/sub/three"));
    TRY(symlink("loop", "loop"));
    TRY(open("loop", O_RDONLY));
    TRY(open("dir/sub/three", O_RDONLY | O_NOFOLLOW));
    TRY(open("dir/sub/three", O_RDONLY));
    char target[16] = "";
    printf("readlink %zd %s\n", readlink("dir/sub/three", target, 15), target);
    show("one");
    show("dir/two");
    show("dir/sub/three");
    show("dir/sub");
    TRY(rename("dir/two", "dir/sub/two"));
    TRY(rename("dir", "dir/sub/inside"));
    TRY(rename("dir/sub", "elsewhere"));
    TRY(rename("elsewhere", "one"));
    TRY(unlink("elsewhere"));
    TRY(unlink("missing"));
    TRY(chmod("one", 0600));
    TRY(access("one", R_OK | W_OK));
    TRY(access("missing", F_OK));
    list(".");
    list("elsewhere");
    list("dir");
    TRY(chdir("elsewhere"));
    TRY(open("../one", O_RDONLY));
    TRY(chdir(".."));
    TRY(chdir("one"));
    char *name = malloc(5000);
    memset(name, 'n', 4999);
    name[4999] = 0;
    TRY(open(name, O_RDONLY));
    name[300] = 0;
    TRY(open(name, O_RDONLY));
    free(name);
}

static void unlinked(void)
{
    char text[8] = "";
    int fd = open("gone", O_RDWR | O_CREAT, 0600);
    TRY(write(fd, "still", 5));
    TRY(unlink("gone"));
    show("gone");
    printf("pread %zd %s\n", pread(fd, text, 7, 0), text);
    struct stat info;
    fstat(fd, &info);
    printf("links %lu size %lld\n", (unsigned long)info.st_nlink, (long long)info.st_size);
    close(fd);
    fd = open("sparse", O_RDWR | O_CREAT, 0600);
    TRY(pwrite(fd, "end", 3, 100000));
    memset(text, 'x', sizeof text);
    printf("hole %zd %d%d\n", pread(fd, text, 4, 50000), text[0], text[3]);
    printf("end %lld\n", (long long)lseek(fd, 0, SEEK_END));
    TRY(ftruncate(fd, 50));
    TRY(ftruncate(fd, 60));
    show("sparse");
    close(fd);
}

static void odd_things(void)
{
    int ends[2];
    TRY(pipe2(ends, O_NONBLOCK));
    TRY(lseek(ends[0], 0, SEEK_SET));
    TRY(read(ends[0], (char[1]){0}, 1));
    close(ends[1]);
    printf("end of pipe %zd\n", read(ends[0], (char[1]){0}, 1));
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
    char four[4] = "abc";
    printf("null %zd zero %zd %d\n", read(null, four, 4), read(zero, four, 4), four[0]);
    int full = open("/dev/full", O_WRONLY);
    TRY(write(full, "x", 1));
    int random = open("/dev/urandom", O_RDONLY);
    printf("urandom %zd\n", read(random, four, 4));
    TRY(fcntl(77, F_GETFD));
    TRY(close(77));
    TRY(fchdir(null));
    TRY(syscall(9999));
}

int main(int argc, char **argv)
{
    setvbuf(stdout, 0, _IONBF, 0);
    umask(022);
    if (argc > 1 && chdir(argv[1])) {
        perror(argv[1]);
        return 1;
    }
    opening();
    names();
    unlinked();
    odd_things();
    return 0;
}
