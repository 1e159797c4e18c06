/* Directories: making, listing, moving, and the working directory. */
#include "case.h"
#include <dirent.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted, with their types. */
static void list(const char *path)
{
    char *names[128], line[1000] = "";
    int count = 0;
    DIR *directory = opendir(path);
    struct dirent *entry;
    if (!directory) {
        say("%s: %s", path, error_name(errno));
        return;
    }
    while ((entry = readdir(directory)) && count < 128) {
        char text[300];
        snprintf(text, sizeof text, "%s(%d)", entry->d_name, entry->d_type);
        names[count++] = strdup(text);
    }
    closedir(directory);
    qsort(names, count, sizeof *names, by_name);
    for (int i = 0; i < count && strlen(line) < 900; i++)
        strcat(strcat(line, " "), names[i]);
    say("%s:%s", path, line);
}

CASE(mkdir_errors, "mkdir")
{
    struct stat info;
    T(mkdir("d", 0777));
    T(stat("d", &info));
    N(info.st_mode & 07777);
    T(mkdir("d", 0777));
    T(mkdir("d/", 0777));
    T(mkdir("e/", 0700));
    T(mkdir("missing/x", 0777));
    T(mkdir("", 0777));
    T(mkdir(".", 0777));
    T(mkdir("/", 0777));
    close(file_with("f", ""));
    T(mkdir("f", 0777));
    T(mkdir("f/x", 0777));
    T(symlink("nowhere", "l"));
    T(mkdir("l", 0777));
    T(mkdir("d/..", 0777));
}

CASE(rmdir_errors, "rmdir")
{
    T(mkdir("d", 0755));
    T(mkdir("d/e", 0755));
    T(rmdir("d"));
    T(rmdir("d/e/."));
    T(rmdir("d/e/.."));
    T(rmdir("d/e/"));
    T(rmdir("d"));
    T(rmdir("d"));
    T(rmdir(""));
    close(file_with("f", ""));
    T(rmdir("f"));
    T(rmdir("f/"));
    T(mkdir("g", 0755));
    T(symlink("g", "l"));
    T(rmdir("l"));
    T(rmdir("/"));
    T(unlinkat(AT_FDCWD, "g", AT_REMOVEDIR));
    T(unlinkat(AT_FDCWD, "g", 0x4000));
}

CASE(mkdirat_descriptor, "mkdirat unlinkat")
{
    int dir = T(open(".", O_RDONLY | O_DIRECTORY));
    T(mkdirat(dir, "a", 0711));
    T(mkdirat(dir, "a/b", 0711));
    T(mkdirat(77, "c", 0711));
    T(mkdirat(-1, "c", 0711));
    T(unlinkat(dir, "a", 0));
    T(unlinkat(dir, "a", AT_REMOVEDIR));
    T(unlinkat(dir, "a/b", AT_REMOVEDIR));
    T(unlinkat(dir, "a", AT_REMOVEDIR));
    T(unlinkat(dir, "a", AT_REMOVEDIR));
    T(unlinkat(dir, ".", AT_REMOVEDIR));
}

CASE(listing, "getdents64")
{
    close(file_with("f", ""));
    T(mkdir("d", 0755));
    T(symlink("f", "l"));
    T(mkfifo("p", 0600));
    list(".");
    list("d");
    list("f");
    list("nothing");
    T(unlink("f"));
    list(".");
}

CASE(chdir_and_getcwd, "chdir fchdir getcwd")
{
    char text[256], *end;
    T(mkdir("d", 0755));
    T(chdir("d"));
    IS(getcwd(text, sizeof text) && (end = strrchr(text, '/')) && !strcmp(end, "/d"));
    int dir = T(open("..", O_RDONLY));
    T(fchdir(dir));
    IS(getcwd(text, sizeof text) && strcmp(strrchr(text, '/'), "/d"));
    T(chdir("missing"));
    close(file_with("f", ""));
    T(chdir("f"));
    T(fchdir(open("f", O_RDONLY)));
    T(fchdir(77));
    T(chdir(""));
    T(chdir("/"));
    T(syscall(SYS_getcwd, text, sizeof text));
    T(syscall(SYS_getcwd, text, 1));
    T(syscall(SYS_getcwd, text, 2));
    T(syscall(SYS_getcwd, text, 0));
    T(syscall(SYS_getcwd, (void *)8, 100));
    T(open("..", O_RDONLY));
}

CASE(removed_working_directory, "getcwd chdir rmdir")
{
    char text[256];
    T(mkdir("d", 0755));
    T(chdir("d"));
    T(rmdir("../d"));
    T(syscall(SYS_getcwd, text, sizeof text));
    T(open("f", O_CREAT | O_RDWR, 0600));
    T(open(".", O_RDONLY));
    T(mkdir("e", 0755));
    T(chdir("."));
    T(chdir(".."));
    T(chdir("d"));
}

CASE(working_directory_of_children, "chdir fork")
{
    T(mkdir("d", 0755));
    CHILD(T(chdir("d")), T(mkdir("inside", 0755)));
    T(access("d/inside", F_OK));
    T(access("inside", F_OK));
}

CASE(rename_files, "rename")
{
    char text[8] = "";
    close(file_with("a", "A"));
    int fd = file_with("b", "B");
    T(rename("a", "c"));
    T(access("a", F_OK));
    T(rename("c", "b"));
    T(read(fd, text, 1));
    say("%s", text);
    T(read(open("b", O_RDONLY), text, 1));
    say("%s", text);
    T(rename("b", "b"));
    T(rename("missing", "x"));
    T(rename("b", "missing/x"));
    T(rename("b", ""));
    T(mkdir("d", 0755));
    T(rename("b", "d"));
    T(rename("d", "b"));
    T(rename("b", "d/b"));
    T(rename("d/b/", "d/c"));
    T(rename("d/b", "e/"));
    list(".");
}

CASE(rename_directories, "rename")
{
    T(mkdir("a", 0755));
    T(mkdir("a/b", 0755));
    T(mkdir("c", 0755));
    T(rename("a", "a/b/x"));
    T(rename("a", "a/x"));
    T(rename("c", "a"));
    T(rename("a", "c"));
    list("c");
    T(rename("c/b", "c"));
    T(rename("c/.", "x"));
    T(rename("c/..", "x"));
    T(rename(".", "x"));
    T(rename("c", "."));
    T(rename("c/", "y/"));
    list(".");
    int dir = T(open("y/b", O_RDONLY));
    T(rename("y", "z"));
    T(openat(dir, "..", O_RDONLY));
    T(mkdirat(dir, "deep", 0755));
    list("z/b");
}

CASE(rename_links, "rename symlink")
{
    close(file_with("f", "x"));
    T(link("f", "g"));
    T(rename("f", "g"));
    list(".");
    T(symlink("f", "l"));
    T(rename("l", "m"));
    T(rename("m", "f"));
    list(".");
}

CASE(renameat2_flags, "renameat2 renameat")
{
    close(file_with("a", "A"));
    close(file_with("b", "B"));
    T(mkdir("d", 0755));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1 /* RENAME_NOREPLACE */));
    T(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "c", 1));
    T(syscall(SYS_renameat2, AT_FDCWD, "c", AT_FDCWD, "d", 2 /* RENAME_EXCHANGE */));
    list(".");
    T(syscall(SYS_renameat2, AT_FDCWD, "c", AT_FDCWD, "missing", 2));
    T(syscall(SYS_renameat2, AT_FDCWD, "c", AT_FDCWD, "d", 3));
    T(syscall(SYS_renameat2, AT_FDCWD, "c", AT_FDCWD, "d", 8));
    int dir = T(open("c", O_RDONLY | O_DIRECTORY));
    T(renameat(AT_FDCWD, "d", dir, "inside"));
    list("c");
    T(renameat(77, "d", dir, "inside"));
    T(renameat(dir, "inside", AT_FDCWD, "back"));
    list(".");
}

CASE(deep_paths, "mkdir chdir getcwd")
{
    char text[8192];
    int depth = 0;
    /* More than PATH_MAX below the root: relative names still work. */
    for (; depth < 30; depth++) {
        memset(text, 'd', 200);
        text[200] = 0;
        if (mkdir(text, 0755) || chdir(text))
            break;
    }
    N(depth);
    IS(syscall(SYS_getcwd, text, sizeof text) == -1 && errno == ENAMETOOLONG);
    T(open("f", O_CREAT | O_RDWR, 0600));
    T(open("../f", O_RDONLY));
}

CASE(dot_and_slash, "open stat")
{
    struct stat a, b;
    T(mkdir("d", 0755));
    T(stat("d", &a));
    T(stat("./d/../d//.", &b));
    IS(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    T(stat("d/..", &a));
    T(stat(".", &b));
    IS(a.st_ino == b.st_ino);
    T(stat("/..", &a));
    T(stat("/", &b));
    IS(a.st_ino == b.st_ino);
    T(stat("d/missing/..", &a));
}

CASE(link_counts_of_directories, "stat mkdir rmdir rename")
{
    struct stat info;
    T(mkdir("d", 0755));
    T(stat("d", &info));
    N(info.st_nlink);
    T(mkdir("d/e", 0755));
    T(stat("d", &info));
    N(info.st_nlink);
    T(mkdir("x", 0755));
    T(rename("d/e", "x/e"));
    T(stat("d", &info));
    N(info.st_nlink);
    T(stat("x", &info));
    N(info.st_nlink);
    T(rmdir("x/e"));
    T(stat("x", &info));
    N(info.st_nlink);
}

CASE(chroot_inside, "chroot")
{
    T(mkdir("root", 0755));
    T(mkdir("root/in", 0755));
    T(chroot("missing"));
    close(file_with("f", ""));
    T(chroot("f"));
    if (!geteuid()) {
        T(chroot("root"));
        T(access("/in", F_OK));
        T(access("/root", F_OK));
        T(chdir("/"));
        T(access("../in", F_OK));
    }
}
