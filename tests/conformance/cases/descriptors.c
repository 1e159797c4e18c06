/* Descriptors: duplicates, flags, closing, locks. */
#include "case.h"
#include <sys/file.h>
#include <sys/ioctl.h>

CASE(dup_lowest, "dup close")
{
    int fd = file_with("f", "");
    T(dup(fd));
    T(dup(fd));
    T(close(4));
    T(dup(fd));
    T(dup(77));
    T(dup(-1));
}

CASE(dup2_targets, "dup2 dup3")
{
    int fd = file_with("f", "");
    T(dup2(fd, 10));
    T(dup2(fd, fd));
    T(dup2(77, 77));
    T(dup2(77, 10));
    T(fcntl(10, F_GETFD));
    T(dup2(fd, -1));
    T(dup2(fd, 1 << 30));
    T(syscall(SYS_dup3, fd, fd, 0));
    T(syscall(SYS_dup3, fd, 11, O_CLOEXEC));
    T(fcntl(11, F_GETFD));
    T(syscall(SYS_dup3, fd, 12, 1));
    T(syscall(SYS_dup3, 77, 12, 0));
}

CASE(fcntl_dupfd, "fcntl")
{
    int fd = file_with("f", "");
    T(fcntl(fd, F_DUPFD, 20));
    T(fcntl(fd, F_DUPFD, 20));
    T(fcntl(fd, F_DUPFD_CLOEXEC, 5));
    T(fcntl(5, F_GETFD));
    T(fcntl(20, F_GETFD));
    T(fcntl(fd, F_DUPFD, -1));
    T(fcntl(fd, F_DUPFD, 1 << 30));
    T(fcntl(77, F_DUPFD, 0));
}

CASE(fcntl_flags, "fcntl")
{
    int fd = T(open("f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600));
    T(fcntl(fd, F_GETFD));
    T(fcntl(fd, F_SETFD, 0));
    T(fcntl(fd, F_GETFD));
    T(fcntl(fd, F_SETFD, 0xff));
    T(fcntl(fd, F_GETFD));
    say("%lo", (long)fcntl(fd, F_GETFL));
    T(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_WRONLY | O_CREAT));
    say("%lo", (long)fcntl(fd, F_GETFL));
    T(fcntl(fd, F_SETFL, 0));
    say("%lo", (long)fcntl(fd, F_GETFL));
    T(fcntl(fd, 9999, 0));
    T(fcntl(77, F_GETFL));
}

CASE(flags_are_shared, "fcntl dup")
{
    int fd = file_with("f", ""), copy = dup(fd);
    T(fcntl(fd, F_SETFL, O_APPEND));
    IS(fcntl(copy, F_GETFL) & O_APPEND);
    T(fcntl(fd, F_SETFD, FD_CLOEXEC));
    T(fcntl(copy, F_GETFD));
}

CASE(close_range_flags, "close_range")
{
    int fd = file_with("f", "");
    for (int i = 10; i < 20; i++)
        MUST(dup2(fd, i));
    T(syscall(SYS_close_range, 12, 14, 0));
    T(fcntl(11, F_GETFD));
    T(fcntl(12, F_GETFD));
    T(fcntl(14, F_GETFD));
    T(fcntl(15, F_GETFD));
    T(syscall(SYS_close_range, 15, 16, 4 /* CLOSE_RANGE_CLOEXEC */));
    T(fcntl(15, F_GETFD));
    T(fcntl(17, F_GETFD));
    T(syscall(SYS_close_range, 5, 4, 0));
    T(syscall(SYS_close_range, 3, ~0u, 0));
    T(fcntl(fd, F_GETFD));
    T(fcntl(19, F_GETFD));
    T(syscall(SYS_close_range, 3, 4, 8));
    T(syscall(SYS_close_range, 3, ~0u, 2 /* CLOSE_RANGE_UNSHARE */));
}

CASE(many_descriptors, "open close dup2")
{
    struct rlimit limit;
    int fd = file_with("f", "x"), failed = 0;
    T(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = 200;
    T(setrlimit(RLIMIT_NOFILE, &limit));
    for (int i = 4; i < 200; i++)
        failed += dup(fd) != i;
    N(failed);
    T(dup(fd));
    T(open("f", O_RDONLY));
    T(pipe((int[2]){0, 0}));
    T(close(150));
    T(dup(fd));
    T(pipe((int[2]){0, 0}));
    limit.rlim_cur = 10;
    T(setrlimit(RLIMIT_NOFILE, &limit));
    T(fcntl(199, F_GETFD));
    T(dup2(fd, 10));
    T(dup2(fd, 9));
    T(close(199));
    T(fcntl(fd, F_DUPFD, 10));
}

CASE(descriptors_of_children, "fork close")
{
    int fd = file_with("f", "abc");
    CHILD(T(close(fd)));
    T(fcntl(fd, F_GETFD));
}

CASE(record_locks, "fcntl")
{
    int fd = file_with("f", "0123456789");
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 4};
    T(fcntl(fd, F_SETLK, &lock));
    CHILD(
        struct flock mine = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 3};
        T(fcntl(fd, F_SETLK, &mine));
        T(fcntl(fd, F_GETLK, &mine));
        say("%d %lld %lld %d", mine.l_type, (long long)mine.l_start, (long long)mine.l_len, mine.l_pid == getppid());
        mine = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 2};
        T(fcntl(fd, F_SETLK, &mine));
        mine = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -4, .l_len = 0};
        T(fcntl(fd, F_SETLK, &mine));
        mine.l_whence = 7;
        T(fcntl(fd, F_SETLK, &mine));
        mine = (struct flock){.l_type = 9, .l_whence = SEEK_SET};
        T(fcntl(fd, F_SETLK, &mine));
        mine = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = -1};
        T(fcntl(fd, F_SETLK, &mine)));
    lock.l_type = F_UNLCK, lock.l_start = 3, lock.l_len = 1;
    T(fcntl(fd, F_SETLK, &lock));
    CHILD(
        struct flock mine = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 1};
        T(fcntl(fd, F_SETLK, &mine));
        mine.l_start = 4;
        T(fcntl(fd, F_GETLK, &mine));
        say("%lld %lld", (long long)mine.l_start, (long long)mine.l_len));
    int other = open("f", O_RDONLY);
    close(other);
    CHILD(
        struct flock mine = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        T(fcntl(fd, F_SETLK, &mine)));
    struct flock wrong = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    T(fcntl(open("f", O_RDONLY), F_SETLK, &wrong));
}

CASE(record_locks_wait, "fcntl")
{
    int fd = file_with("f", "x"), ends[2];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    MUST(pipe(ends));
    T(fcntl(fd, F_SETLK, &lock));
    pid_t child = fork();
    if (!child) {
        struct flock mine = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        T(fcntl(fd, F_SETLKW, &mine));
        (void)!write(ends[1], "x", 1);
        _exit(0);
    }
    until_asleep(child);
    say("the child waits");
    lock.l_type = F_UNLCK;
    MUST(fcntl(fd, F_SETLK, &lock));
    T(read(ends[0], &lock, 1));
    say_status("child", wait_for(child));
}

CASE(record_locks_deadlock, "fcntl")
{
    int fd = file_with("f", "01");
    struct flock first = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    struct flock second = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
    int ends[2];
    MUST(pipe(ends));
    T(fcntl(fd, F_SETLK, &first));
    pid_t child = fork();
    if (!child) {
        fcntl(fd, F_SETLK, &second);
        (void)!write(ends[1], "x", 1);
        _exit(fcntl(fd, F_SETLKW, &first) ? 1 : 0);
    }
    char byte;
    MUST(read(ends[0], &byte, 1));
    until_asleep(child);
    T(fcntl(fd, F_SETLKW, &second));
    first.l_type = F_UNLCK;
    T(fcntl(fd, F_SETLK, &first));
    say_status("child", wait_for(child));
}

CASE(open_file_locks, "fcntl")
{
    int fd = file_with("f", "x"), other = open("f", O_RDWR), copy = dup(fd);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    T(fcntl(fd, F_OFD_SETLK, &lock));
    T(fcntl(other, F_OFD_SETLK, &lock));
    T(fcntl(copy, F_OFD_SETLK, &lock));
    T(fcntl(other, F_SETLK, &lock));
    close(fd);
    T(fcntl(other, F_OFD_SETLK, &lock));
    close(copy);
    T(fcntl(other, F_OFD_SETLK, &lock));
    lock.l_pid = 7;
    T(fcntl(other, F_OFD_SETLK, &lock));
}

CASE(flock_rules, "flock")
{
    int fd = file_with("f", "x"), other = open("f", O_RDONLY), copy = dup(fd);
    T(flock(fd, LOCK_SH));
    T(flock(other, LOCK_SH | LOCK_NB));
    T(flock(other, LOCK_EX | LOCK_NB));
    T(flock(fd, LOCK_UN));
    T(flock(other, LOCK_EX | LOCK_NB));
    T(flock(copy, LOCK_SH | LOCK_NB));
    T(flock(other, LOCK_UN));
    T(flock(copy, LOCK_EX | LOCK_NB));
    T(flock(fd, LOCK_EX | LOCK_NB));
    CHILD(T(flock(fd, LOCK_SH | LOCK_NB)); T(flock(other, LOCK_EX | LOCK_NB)));
    close(fd);
    T(flock(other, LOCK_EX | LOCK_NB));
    close(copy);
    T(flock(other, LOCK_EX | LOCK_NB));
    T(flock(other, 77));
    T(flock(77, LOCK_SH));
}

CASE(flock_waits, "flock")
{
    int fd = file_with("f", "x");
    T(flock(fd, LOCK_EX));
    pid_t child = fork();
    if (!child) {
        int own = open("f", O_RDONLY);
        T(flock(own, LOCK_EX));
        _exit(0);
    }
    until_asleep(child);
    say("the child waits");
    MUST(flock(fd, LOCK_UN));
    say_status("child", wait_for(child));
}

CASE(ioctl_general, "ioctl")
{
    int value = 1, ends[2], fd = file_with("f", "hello");
    T(ioctl(fd, FIONBIO, &value));
    IS(fcntl(fd, F_GETFL) & O_NONBLOCK);
    value = 0;
    T(ioctl(fd, FIONBIO, &value));
    T(ioctl(fd, FIOCLEX));
    T(fcntl(fd, F_GETFD));
    T(ioctl(fd, FIONCLEX));
    T(fcntl(fd, F_GETFD));
    T(ioctl(fd, FIONREAD, &value));
    N(value);
    T(pipe(ends));
    T(write(ends[1], "abc", 3));
    T(ioctl(ends[0], FIONREAD, &value));
    N(value);
    T(ioctl(fd, TCGETS, &value));
    T(ioctl(fd, 0x12345678, &value));
    T(ioctl(77, FIONREAD, &value));
}

CASE(close_while_others_hold, "close read")
{
    char text[4];
    int ends[2];
    MUST(pipe(ends));
    int copy = dup(ends[1]);
    T(close(ends[1]));
    T(write(copy, "x", 1));
    T(read(ends[0], text, 4));
    T(close(copy));
    T(read(ends[0], text, 4));
}

CASE(pipe_owner_signals, "fcntl")
{
    int ends[2];
    MUST(pipe(ends));
    T(fcntl(ends[0], F_GETOWN));
    T(fcntl(ends[0], F_GETSIG));
    T(fcntl(ends[0], F_SETSIG, 10));
    T(fcntl(ends[0], F_GETSIG));
    T(fcntl(ends[0], F_SETSIG, 1000));
}
