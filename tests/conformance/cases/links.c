/* Hard links, symbolic links, unlinking. */
#include "case.h"

static void show(const char *path)
{
    struct stat info;
    if (lstat(path, &info))
        say("%s: %s", path, error_name(errno));
    else
        say("%s: type %o links %lu size %lld", path, info.st_mode & S_IFMT, (unsigned long)info.st_nlink,
            S_ISDIR(info.st_mode) ? 0 : (long long)info.st_size);
}

CASE(hard_links, "link unlink")
{
    char text[8] = "";
    int fd = file_with("a", "one");
    T(link("a", "b"));
    show("a");
    T(write(fd, "two", 3));
    T(read(open("b", O_RDONLY), text, 3));
    say("%s", text);
    T(unlink("a"));
    show("a");
    show("b");
    T(link("b", "b"));
    T(link("missing", "c"));
    T(link("b", "missing/c"));
    T(mkdir("d", 0755));
    T(link("d", "e"));
    T(link("b", "d"));
    T(link("b", "d/b"));
    T(link("b", "f/"));
    T(unlink("b"));
    show("d/b");
}

CASE(linkat_flags, "linkat")
{
    close(file_with("f", "x"));
    T(symlink("f", "l"));
    T(linkat(AT_FDCWD, "l", AT_FDCWD, "hard", 0));
    show("hard");
    T(linkat(AT_FDCWD, "l", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
    show("followed");
    T(linkat(AT_FDCWD, "l", AT_FDCWD, "x", 0x20));
    int dir = T(open(".", O_RDONLY | O_DIRECTORY));
    T(linkat(dir, "f", dir, "y", 0));
    T(linkat(77, "f", dir, "z", 0));
    if (!geteuid()) {
        int fd = T(open("f", O_RDONLY));
        T(linkat(fd, "", AT_FDCWD, "by descriptor", AT_EMPTY_PATH));
        show("by descriptor");
    }
}

CASE(symlinks, "symlink readlink")
{
    char text[32];
    T(symlink("some/where", "l"));
    memset(text, '.', sizeof text);
    T(readlink("l", text, sizeof text));
    IS(!memcmp(text, "some/where.", 11));
    memset(text, '.', sizeof text);
    T(readlink("l", text, 4));
    IS(!memcmp(text, "some.", 5));
    T(readlink("l", text, 0));
    T(syscall(SYS_readlink, "l", text, 0));
    T(syscall(SYS_readlink, "l", text, -1));
    show("l");
    T(symlink("x", "l"));
    T(symlink("", "m"));
    T(symlink("x", ""));
    T(symlink("x", "missing/l"));
    close(file_with("f", ""));
    T(readlink("f", text, sizeof text));
    T(readlink("missing", text, sizeof text));
    T(readlink(".", text, sizeof text));
    T(readlink("l/x", text, sizeof text));
}

CASE(symlinks_at, "symlinkat readlinkat")
{
    char text[8] = "";
    T(mkdir("d", 0755));
    int dir = T(open("d", O_RDONLY | O_DIRECTORY));
    T(symlinkat("../f", dir, "l"));
    T(readlinkat(dir, "l", text, 7));
    say("%s", text);
    T(symlinkat("x", 77, "l"));
    T(readlinkat(77, "l", text, 7));
    int link = T(open("d/l", O_PATH | O_NOFOLLOW));
    memset(text, 0, 8);
    T(readlinkat(link, "", text, 7));
    say("%s", text);
    T(readlinkat(dir, "", text, 7));
}

CASE(symlink_loops, "open stat")
{
    struct stat info;
    T(symlink("a", "b"));
    T(symlink("b", "a"));
    T(open("a", O_RDONLY));
    T(stat("a", &info));
    T(lstat("a", &info));
    T(open("a", O_RDONLY | O_CREAT, 0600));
    T(symlink("self", "self"));
    T(stat("self/x", &info));
    T(unlink("self"));
}

CASE(long_chains, "open symlink")
{
    char from[16], to[16];
    close(file_with("s0", "end"));
    for (int i = 1; i <= 41; i++) {
        snprintf(to, sizeof to, "s%d", i - 1);
        snprintf(from, sizeof from, "s%d", i);
        MUST(symlink(to, from));
    }
    T(open("s39", O_RDONLY));
    T(open("s40", O_RDONLY));
    T(open("s41", O_RDONLY));
}

CASE(links_in_the_middle, "open mkdir")
{
    T(mkdir("d", 0755));
    T(mkdir("d/e", 0755));
    T(symlink("d/e", "l"));
    close(file_with("l/f", "x"));
    T(access("d/e/f", F_OK));
    T(open("l/..", O_RDONLY));
    T(access("l/../e/f", F_OK));
    T(symlink("f", "d/e/g"));
    T(access("l/g", F_OK));
    T(symlink("/", "root"));
    T(access("root/proc", F_OK));
    T(open("l", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    T(open("l/", O_RDONLY | O_NOFOLLOW));
    T(mkdir("l/", 0755));
    T(rmdir("l/"));
    T(unlink("l/"));
    T(unlink("l"));
    T(access("d/e", F_OK));
}

CASE(unlink_errors, "unlink unlinkat")
{
    T(mkdir("d", 0755));
    T(unlink("d"));
    T(unlink("missing"));
    T(unlink(""));
    T(unlink("d/."));
    T(unlink("d/.."));
    T(unlink("/"));
    close(file_with("f", ""));
    T(unlink("f/"));
    T(unlink("f/x"));
    T(unlink("f"));
    T(unlink("f"));
}

CASE(long_targets, "symlink readlink")
{
    static char target[4200], back[4200];
    memset(target, 't', 4095);
    T(symlink(target, "l"));
    T(readlink("l", back, sizeof back));
    IS(!memcmp(target, back, 4095));
    target[4095] = 't';
    T(symlink(target, "m"));
    T(open("l", O_RDONLY));
}

CASE(links_made_and_lost, "link unlink rename")
{
    close(file_with("f", "x"));
    for (char name[] = "a"; *name < 'f'; name[0]++)
        MUST(link("f", name));
    show("f");
    T(unlink("f"));
    T(rename("a", "b"));
    T(rename("b", "z"));
    T(rename("c", "d"));
    show("z");
    show("d");
    show("a");
}

CASE(change_time_of_links, "link unlink")
{
    struct stat before, after;
    int fd = file_with("f", "x");
    fstat(fd, &before);
    sleep_ms(20);
    T(link("f", "g"));
    fstat(fd, &after);
    IS(after.st_ctim.tv_sec * 1000000000L + after.st_ctim.tv_nsec >
       before.st_ctim.tv_sec * 1000000000L + before.st_ctim.tv_nsec);
    IS(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
    before = after;
    sleep_ms(20);
    T(unlink("g"));
    fstat(fd, &after);
    IS(after.st_ctim.tv_nsec != before.st_ctim.tv_nsec);
}
