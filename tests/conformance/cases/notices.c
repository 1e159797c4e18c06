/* inotify at its edges: notices of all kinds, ways to watch, more of them than room. */
#include "case.h"
#include <sys/inotify.h>
#include <sys/ioctl.h>

static void say_names(int fd)
{
    char buffer[4096] __attribute__((aligned(8)));
    long size = read(fd, buffer, sizeof buffer);
    uint32_t cookie = 0;
    if (size < 0) {
        say("%s", error_name(errno));
        return;
    }
    for (char *at = buffer; at < buffer + size;) {
        struct inotify_event *event = (struct inotify_event *)at;
        say("%d: %x %s%s", event->wd, event->mask, event->len ? event->name : "-",
            event->cookie ? event->cookie == cookie ? " the same" : " moved" : "");
        cookie = event->cookie;
        at += sizeof *event + event->len;
    }
}

CASE(notices_of_all_kinds, "inotify_init1 inotify_add_watch inotify_rm_watch")
{
    int fd = MUST(inotify_init1(IN_NONBLOCK));
    int file = file_with("f", "text");
    MUST(mkdir("d", 0755));
    N(inotify_add_watch(fd, ".", IN_ALL_EVENTS));
    N(inotify_add_watch(fd, "f", IN_ALL_EVENTS));
    N(inotify_add_watch(fd, "d", IN_DELETE_SELF | IN_MOVE_SELF | IN_CREATE));
    say_names(fd);
    MUST(write(file, "x", 1));
    MUST(write(file, "x", 1));
    say_names(fd);
    MUST(ftruncate(file, 0));
    MUST(fchmod(file, 0600));
    say_names(fd);
    MUST(rename("f", "d/g"));
    say_names(fd);
    MUST(rename("d/g", "f"));
    MUST(rename("f", "h"));
    say_names(fd);
    MUST(link("h", "i"));
    MUST(unlink("h"));
    say_names(fd);
    MUST(close(file));
    say_names(fd);
    MUST(unlink("i"));
    say_names(fd);
    MUST(symlink("x", "s"));
    MUST(mkdir("e", 0755));
    MUST(rmdir("e"));
    MUST(rename("d", "c"));
    MUST(rmdir("c"));
    say_names(fd);
    T(inotify_rm_watch(fd, 2));
    T(inotify_rm_watch(fd, 1));
    say_names(fd);
    close(MUST(open("new", O_CREAT, 0600)));
    say_names(fd);
}

CASE(ways_to_watch, "inotify_add_watch read ioctl")
{
    int fd = MUST(inotify_init1(IN_NONBLOCK)), waiting = -1;
    char small[16];
    file_with("f", "");
    MUST(symlink("f", "l"));
    T(inotify_add_watch(fd, "f", 0));
    T(inotify_add_watch(fd, "f", IN_MASK_ADD | IN_MASK_CREATE | IN_OPEN));
    T(inotify_add_watch(fd, "nothing", IN_OPEN));
    T(inotify_add_watch(fd, "f", IN_ONLYDIR | IN_OPEN));
    T(inotify_add_watch(fd, "l", IN_DONT_FOLLOW | IN_OPEN));
    T(inotify_add_watch(fd, "l", IN_OPEN));
    T(inotify_add_watch(fd, "f", IN_MASK_CREATE | IN_OPEN));
    T(inotify_add_watch(fd, "f", IN_MASK_ADD | IN_ACCESS));
    T(inotify_add_watch(file_with("g", ""), "f", IN_OPEN));
    T(inotify_add_watch(99, "f", IN_OPEN));
    close(MUST(open("f", O_RDONLY)));
    T(ioctl(fd, FIONREAD, &waiting));
    N(waiting);
    T(read(fd, small, sizeof small - 1));
    N(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0));
    say_names(fd);
    T(inotify_add_watch(fd, "f", IN_ONESHOT | IN_OPEN));
    close(MUST(open("f", O_RDONLY)));
    close(MUST(open("f", O_RDONLY)));
    say_names(fd);
    T(inotify_rm_watch(fd, 2));
    T(inotify_add_watch(fd, ".", IN_CREATE | IN_EXCL_UNLINK | IN_MODIFY));
    int open_file = file_with("u", "");
    MUST(unlink("u"));
    MUST(write(open_file, "x", 1));
    say_names(fd);
    T(write(fd, "x", 1));
    T(lseek(fd, 0, SEEK_CUR));
    T(inotify_init1(1));
}

CASE(more_notices_than_room, "inotify_add_watch read")
{
    int fd = MUST(inotify_init1(IN_NONBLOCK)), count = 0, over = 0;
    MUST(inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE));
    for (int i = 0; i < 8400; i++) {
        close(MUST(open("f", O_CREAT | O_WRONLY, 0600)));
        MUST(unlink("f"));
    }
    static char buffer[1 << 20] __attribute__((aligned(8)));
    for (long size; (size = read(fd, buffer, sizeof buffer)) > 0;)
        for (char *at = buffer; at < buffer + size; count++) {
            struct inotify_event *event = (struct inotify_event *)at;
            over += event->mask == IN_Q_OVERFLOW && event->wd == -1;
            at += sizeof *event + event->len;
        }
    say("%d, of which over: %d", count, over);
}
