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

/* Handles of files: what may be asked, and what is opened. */
struct handle {
    unsigned bytes;
    int type;
    unsigned char data[128];
};

static long handle_of(int dir, const char *name, struct handle *handle, int flags)
{
    int mount = -1;
    long result = syscall(SYS_name_to_handle_at, dir, name, handle, &mount, flags);
    int error = errno;
    say("%s: %s, %u bytes of type %d, mount %s", name, result ? error_name(error) : "ok", handle->bytes, handle->type,
        mount > 0 ? "known" : "unknown");
    return result;
}

CASE(handles, "name_to_handle_at")
{
    struct handle handle = {0};
    unsigned long unique = 0;
    int fd = file_with("f", "text");
    MUST(symlink("f", "l"));
    MUST(mkdir("d", 0755));
    handle_of(AT_FDCWD, "f", &handle, 0);
    handle.bytes = 11;
    handle_of(AT_FDCWD, "f", &handle, 0);
    handle.bytes = 128;
    handle_of(AT_FDCWD, "f", &handle, 0);
    handle.bytes = 129;
    handle_of(AT_FDCWD, "f", &handle, 0);
    struct handle link = {128};
    struct handle followed = {128};
    struct handle again = {128};
    struct handle other = {128};
    handle_of(AT_FDCWD, "l", &link, 0);
    handle_of(AT_FDCWD, "l", &followed, AT_SYMLINK_FOLLOW);
    handle_of(fd, "", &again, AT_EMPTY_PATH);
    handle_of(AT_FDCWD, "d", &other, 0);
    IS(!memcmp(followed.data, again.data, 12));
    IS(memcmp(link.data, again.data, 12));
    IS(memcmp(other.data, again.data, 12));
    handle_of(AT_FDCWD, "missing", &again, 0);
    handle_of(fd, "", &again, 0);
    handle_of(AT_FDCWD, "f", &again, 0x8000);
    handle_of(AT_FDCWD, "/proc/self/stat", &again, 0);
    handle_of(-1, "", &again, AT_EMPTY_PATH);
    again.bytes = 128;
    T(syscall(SYS_name_to_handle_at, AT_FDCWD, "f", &again, &unique, 1 /* AT_HANDLE_MNT_ID_UNIQUE */));
    IS(unique > 0);
}

CASE(opening_by_handle, "open_by_handle_at name_to_handle_at")
{
    struct handle handle = {128};
    char text[16] = "";
    struct stat a, b;
    int fd = file_with("f", "text");
    MUST(mkdir("d", 0755));
    MUST(symlink("f", "l"));
    MUST(handle_of(AT_FDCWD, "f", &handle, 0));
    MUST(rename("f", "d/moved"));
    int again = T(syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDWR) > 0 ? 1 : -1);
    again = syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDWR);
    T(read(again, text, sizeof text));
    say("%s", text);
    MUST(fstat(fd, &a));
    MUST(fstat(again, &b));
    IS(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    T(fcntl(again, F_GETFL) & O_ACCMODE);
    IS(syscall(SYS_open_by_handle_at, again, &handle, O_PATH | O_CLOEXEC) > 0);
    T(syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY | O_DIRECTORY));
    T(syscall(SYS_open_by_handle_at, -1, &handle, O_RDONLY));
    T(syscall(SYS_open_by_handle_at, AT_FDCWD, 0, O_RDONLY));
    int proc = MUST(open("/proc/self/stat", O_RDONLY));
    T(syscall(SYS_open_by_handle_at, proc, &handle, O_RDONLY));
    struct handle changed = handle;
    changed.data[0] ^= 1;
    T(syscall(SYS_open_by_handle_at, AT_FDCWD, &changed, O_RDONLY));
    changed = handle;
    changed.bytes = 8;
    T(syscall(SYS_open_by_handle_at, AT_FDCWD, &changed, O_RDONLY));
    changed.bytes = 0;
    T(syscall(SYS_open_by_handle_at, AT_FDCWD, &changed, O_RDONLY));
    changed.bytes = 129;
    T(syscall(SYS_open_by_handle_at, AT_FDCWD, &changed, O_RDONLY));
    changed = handle;
    changed.type = -1;
    T(syscall(SYS_open_by_handle_at, AT_FDCWD, &changed, O_RDONLY));
    struct handle link = {128}, directory = {128};
    MUST(handle_of(AT_FDCWD, "l", &link, 0));
    MUST(handle_of(AT_FDCWD, "d", &directory, 0));
    T(syscall(SYS_open_by_handle_at, AT_FDCWD, &link, O_RDONLY));
    T(syscall(SYS_open_by_handle_at, AT_FDCWD, &directory, O_RDWR));
    int dir = syscall(SYS_open_by_handle_at, AT_FDCWD, &directory, O_RDONLY | O_DIRECTORY);
    T(faccessat(dir, "moved", F_OK, 0));
    close(again);
    close(fd);
    MUST(unlink("d/moved"));
    MUST(chmod("d", 0));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_open_by_handle_at, AT_FDCWD, &directory, O_RDONLY)));
}
