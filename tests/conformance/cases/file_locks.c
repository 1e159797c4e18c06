/* Locks of files: of both kinds, split and joined, from shared to exclusive. */
#include "case.h"
#include <sys/file.h>

static struct flock lock_of(int type, long start, long size)
{
    return (struct flock){.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = size};
}

static long lock(int fd, int command, int type, long start, long size)
{
    struct flock l = lock_of(type, start, size);
    return fcntl(fd, command, &l);
}

static void say_holder(int fd, int command, int type, long start, long size)
{
    struct flock l = lock_of(type, start, size);
    if (fcntl(fd, command, &l))
        say("%s", error_name(errno));
    else if (l.l_type == F_UNLCK)
        say("free");
    else
        say("%s lock, %ld and %ld, %s", l.l_type == F_RDLCK ? "read" : "write", (long)l.l_start, (long)l.l_len,
            l.l_pid == -1 ? "of a description" : l.l_pid == getpid() ? "own" : "of a process");
}

CASE(locks_of_both_kinds, "fcntl")
{
    int one = file_with("f", "0123456789"), two = MUST(open("f", O_RDWR)), twin = dup(one);
    T(lock(one, F_OFD_SETLK, F_WRLCK, 0, 5));
    T(lock(twin, F_OFD_SETLK, F_RDLCK, 0, 2));
    T(lock(two, F_OFD_SETLK, F_WRLCK, 4, 1));
    T(lock(two, F_SETLK, F_RDLCK, 0, 1));
    T(lock(two, F_SETLK, F_WRLCK, 0, 1));
    say_holder(two, F_OFD_GETLK, F_WRLCK, 0, 10);
    say_holder(two, F_GETLK, F_WRLCK, 3, 10);
    T(lock(two, F_SETLK, F_WRLCK, 6, 0));
    say_holder(one, F_OFD_GETLK, F_WRLCK, 5, 10);
    T(lock(one, F_OFD_SETLK, F_WRLCK, 8, 1));
    CHILD(T(lock(one, F_OFD_SETLK, F_UNLCK, 0, 5)); T(lock(two, F_SETLK, F_WRLCK, 6, 0)));
    say_holder(two, F_OFD_GETLK, F_WRLCK, 0, 5);
    struct flock l = lock_of(F_WRLCK, 0, 1);
    l.l_pid = 1;
    T(fcntl(one, F_OFD_SETLK, &l));
    T(fcntl(one, F_OFD_GETLK, &l));
    MUST(close(twin)); /* of the process: all its locks go */
    T(lock(one, F_OFD_SETLK, F_WRLCK, 8, 1));
    T(lock(one, F_SETLK, F_WRLCK, -1, 1));
    T(lock(one, F_SETLK, F_WRLCK, 5, -5));
    T(lock(one, F_SETLK, F_WRLCK, 4, -5));
    T(lock(one, F_SETLK, F_WRLCK, 0x7fffffffffffffff, 2));
    T(lock(one, F_SETLK, 9, 0, 1));
    T(lock(MUST(open("f", O_RDONLY)), F_SETLK, F_WRLCK, 0, 1));
    T(lock(MUST(open("f", O_WRONLY)), F_SETLK, F_RDLCK, 0, 1));
    T(lock(MUST(open("f", O_PATH)), F_SETLK, F_RDLCK, 0, 1));
}

CASE(locks_split_and_join, "fcntl")
{
    int fd = file_with("f", "0123456789");
    T(lock(fd, F_SETLK, F_WRLCK, 0, 10));
    T(lock(fd, F_SETLK, F_RDLCK, 3, 2));
    T(lock(fd, F_SETLK, F_UNLCK, 7, 1));
    CHILD(
        say_holder(fd, F_GETLK, F_WRLCK, 0, 0); say_holder(fd, F_GETLK, F_WRLCK, 3, 0); say_holder(fd, F_GETLK, F_WRLCK, 5, 0);
        say_holder(fd, F_GETLK, F_WRLCK, 7, 1); say_holder(fd, F_GETLK, F_WRLCK, 7, 0); say_holder(fd, F_GETLK, F_RDLCK, 3, 2));
    T(lock(fd, F_SETLK, F_WRLCK, 3, 5));
    CHILD(say_holder(fd, F_GETLK, F_WRLCK, 0, 0));
    MUST(lseek(fd, 4, SEEK_SET));
    struct flock l = {.l_type = F_UNLCK, .l_whence = SEEK_CUR, .l_start = -2, .l_len = 1};
    T(fcntl(fd, F_SETLK, &l));
    l = (struct flock){.l_type = F_UNLCK, .l_whence = SEEK_END, .l_start = -1, .l_len = 0};
    T(fcntl(fd, F_SETLK, &l));
    CHILD(say_holder(fd, F_GETLK, F_WRLCK, 0, 0); say_holder(fd, F_GETLK, F_WRLCK, 2, 0); say_holder(fd, F_GETLK, F_WRLCK, 9, 0));
    l.l_whence = 7;
    T(fcntl(fd, F_SETLK, &l));
}

CASE(from_shared_to_exclusive, "flock")
{
    int one = file_with("f", ""), two = MUST(open("f", O_RDONLY));
    T(flock(one, LOCK_SH));
    T(flock(two, LOCK_SH));
    T(flock(one, LOCK_EX | LOCK_NB));
    T(flock(two, LOCK_EX | LOCK_NB)); /* the attempt has lost the first what it had */
    T(flock(one, LOCK_SH | LOCK_NB));
    T(flock(two, LOCK_UN));
    T(flock(one, LOCK_EX));
    T(flock(one, LOCK_SH));
    T(flock(two, LOCK_SH | LOCK_NB));
    T(flock(one, LOCK_SH | LOCK_EX));
    T(flock(one, 0));
    T(flock(one, LOCK_NB));
    T(flock(MUST(open("f", O_PATH)), LOCK_SH));
    T(lock(one, F_SETLK, F_WRLCK, 0, 0)); /* another kind of lock altogether */
}
