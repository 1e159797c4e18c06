/* inotify: what is reported of files in memory and of files the host has lent. */
#define _GNU_SOURCE
#include "say.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int fd;

static void events(const char *what)
{
    static char buffer[1 << 16] __attribute__((aligned(8)));
    static unsigned last_cookie, cookies;
    int bytes = -1;

    ioctl(fd, FIONREAD, &bytes);
    long n = read(fd, buffer, sizeof buffer);
    printf("%s: %s\n", what, n < 0 ? outcome(n) : bytes == n ? "" : "another size");
    for (long at = 0; at < n;) {
        struct inotify_event *e = (void *)(buffer + at);
        if (e->cookie && e->cookie != last_cookie) {
            last_cookie = e->cookie;
            cookies++;
        }
        printf("  wd %d mask %x cookie %u length %u %s\n", e->wd, e->mask, e->cookie ? cookies : 0, e->len,
               e->len ? e->name : "");
        at += sizeof *e + e->len;
    }
}

static void put(const char *name, const char *text)
{
    int f = open(name, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (write(f, text, strlen(text)) < 0)
        die("write");
    close(f);
}

static void calls(void)
{
    char small[16];

    SAY(inotify_init1(0x100));
    SAY(inotify_add_watch(fd, "absent", IN_OPEN));
    SAY(inotify_add_watch(fd, ".", 0));
    SAY(inotify_add_watch(fd, ".", 0x00800000));
    SAY(inotify_add_watch(fd, ".", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
    SAY(inotify_add_watch(0, ".", IN_OPEN));
    SAY(inotify_add_watch(99, ".", IN_OPEN));
    SAY(inotify_add_watch(fd, (char *)8, IN_OPEN));
    SAY(inotify_rm_watch(fd, 55));
    SAY(inotify_rm_watch(fd, -1));
    SAY(inotify_rm_watch(0, 1));
    put("plain", "x");
    SAY(inotify_add_watch(fd, "plain", IN_OPEN | IN_ONLYDIR));
    SAY(inotify_add_watch(fd, "plain", IN_CLOSE_WRITE));
    SAY(inotify_add_watch(fd, "plain", IN_OPEN | IN_MASK_CREATE));
    SAY(inotify_add_watch(fd, "plain", IN_OPEN | IN_MASK_ADD));
    put("plain", "y");
    events("added");
    SAY(inotify_add_watch(fd, "plain", IN_MODIFY));
    put("plain", "z");
    SAY(read(fd, small, 15));
    struct pollfd p = {fd, POLLIN | POLLOUT, 0};
    SAY(poll(&p, 1, 0));
    printf("events %x\n", p.revents);
    events("replaced");
    SAY(poll(&p, 1, 0));
    SAY(inotify_rm_watch(fd, 1));
    SAY(inotify_rm_watch(fd, 1));
    events("removed");
    SAY(inotify_add_watch(fd, "plain", IN_OPEN | IN_ONESHOT));
    put("plain", "1");
    put("plain", "2");
    events("once");
    SAY(write(fd, "x", 1));
    unlink("plain");
}

static void directory(void)
{
    char text[100];
    struct stat st;
    int f, wd = inotify_add_watch(fd, "dir", IN_ALL_EVENTS), sub;

    printf("watch %d\n", wd > 0);
    put("dir/a", "text");
    events("made, written");
    f = open("dir/a", O_RDONLY);
    read(f, text, 2);
    read(f, text, 2);
    close(f);
    events("read");
    chmod("dir/a", 0600);
    utimensat(AT_FDCWD, "dir/a", 0, 0);
    truncate("dir/a", 2);
    f = open("dir/a", O_RDWR | O_TRUNC);
    events("attributes, sizes");
    ftruncate(f, 10);
    fchmod(f, 0644);
    lseek(f, 0, SEEK_SET);
    pwrite(f, "x", 1, 3);
    close(f);
    stat("dir/a", &st);
    access("dir/a", R_OK);
    events("by descriptor");
    mkdir("dir/sub", 0755);
    sub = inotify_add_watch(fd, "dir/sub", IN_ALL_EVENTS);
    symlink("a", "dir/link");
    link("dir/a", "dir/hard");
    events("names");
    rename("dir/a", "dir/b");
    rename("dir/b", "dir/sub/c");
    rename("dir/sub/c", "elsewhere");
    rename("elsewhere", "dir/back");
    rename("dir/back", "dir/hard2");
    put("dir/victim", "x");
    events("moved");
    rename("dir/hard2", "dir/victim");
    rename("dir/sub", "dir/sub2");
    events("over another; a directory");
    f = open("dir/sub2", O_RDONLY | O_DIRECTORY);
    syscall(SYS_getdents64, f, text, sizeof text);
    close(f);
    unlink("dir/link");
    unlink("dir/victim");
    unlink("dir/hard");
    rmdir("dir/sub2");
    events("gone");
    SAY(inotify_rm_watch(fd, sub));
    rmdir("dir");
    events("the directory itself");
    SAY(inotify_rm_watch(fd, wd));
}

static void file(void)
{
    int f, wd;

    put("one", "x");
    link("one", "two");
    wd = inotify_add_watch(fd, "one", IN_ALL_EVENTS);
    printf("same file %d\n", inotify_add_watch(fd, "two", IN_ALL_EVENTS) == wd);
    f = open("two", O_RDWR);
    write(f, "y", 1);
    events("by another name");
    unlink("one");
    events("a name gone");
    rename("two", "three");
    events("moved");
    unlink("three");
    events("no name left");
    write(f, "z", 1);
    close(f);
    events("closed");
    put("old", "1");
    put("new", "2");
    inotify_add_watch(fd, "old", IN_ALL_EVENTS & ~(IN_OPEN | IN_CLOSE));
    inotify_add_watch(fd, "new", IN_ALL_EVENTS & ~(IN_OPEN | IN_CLOSE));
    rename("new", "old");
    events("replaced");
    unlink("old");
    events("gone");
    put("repeats", "");
    inotify_add_watch(fd, "repeats", IN_MODIFY);
    f = open("repeats", O_WRONLY);
    for (int i = 0; i < 5; i++)
        write(f, "x", 1);
    events("five in one");
    close(f);
    unlink("repeats");
    events("gone");
    mkdir("excluded", 0755);
    put("excluded/f", "x");
    f = open("excluded/f", O_RDWR);
    inotify_add_watch(fd, "excluded", IN_MODIFY | IN_DELETE | IN_EXCL_UNLINK);
    write(f, "x", 1);
    unlink("excluded/f");
    write(f, "x", 1);
    close(f);
    events("without a name");
    rmdir("excluded");
    events("gone");
}

static void overflow(void)
{
    static char buffer[1 << 20] __attribute__((aligned(8)));
    long count = 0, n;
    struct inotify_event last = {0};

    put("much", "");
    inotify_add_watch(fd, "much", IN_OPEN | IN_CLOSE);
    for (int i = 0; i < 9000; i++)
        close(open("much", O_RDONLY));
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < n; count++) {
            last = *(struct inotify_event *)(buffer + at);
            at += sizeof last + last.len;
        }
    printf("%ld events, the last: wd %d mask %x\n", count, last.wd, last.mask);
    unlink("much");
}

int main(int argc, char **argv)
{
    const char *places[] = {argv[1], "/tmp"};
    char name[] = "/tmp/watchXXXXXX";

    for (int i = 0; i < 2; i++) {
        printf("== %s\n", i ? "memory" : "host");
        if (i ? !mkdtemp(name) || chdir(name) : chdir(places[0]))
            die("chdir");
        fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        printf("flags %x %x\n", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
        mkdir("dir", 0755);
        calls();
        directory();
        file();
        if (i)
            overflow();
        close(fd);
    }
    rmdir(name);
    return argc != 2;
}
