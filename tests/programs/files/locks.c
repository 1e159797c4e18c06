/* Advisory locks: of processes, of open files, flock; conflicts, deadlock, release. Directory: argument. */
#define _GNU_SOURCE
#include "../shared/asleep.h"
#include "../case.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#define F_GETLEASE 1025

static const char *const types[] = {"read", "write", "none"};

static int lock(int fd, int command, int type, off_t start, off_t size)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = size};
    return fcntl(fd, command, &l);
}

static void ask(const char *what, int fd, int command, int type, off_t start, off_t size, pid_t expected)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = size};
    if (fcntl(fd, command, &l))
        printf("%s: %s\n", what, strerror(errno));
    else if (l.l_type == F_UNLCK)
        printf("%s: free\n", what);
    else
        printf("%s: %s %lld+%lld by %s\n", what, types[l.l_type], (long long)l.l_start, (long long)l.l_len,
               l.l_pid == expected ? "it" : l.l_pid == -1 ? "a file" : "whom?");
}

/* Run in a child and wait for it. */
static void child(void (*run)(void))
{
    fflush(stdout);
    if (!fork()) {
        run();
        _exit(0);
    }
    wait(0);
}

static int fd;
static pid_t parent;

static void others(void)
{
    int own = open("locked", O_RDWR), only = open("locked", O_RDONLY);
    ask("whole", own, F_GETLK, F_WRLCK, 0, 0, parent);
    ask("read beside read", own, F_GETLK, F_RDLCK, 20, 5, parent);
    ask("write on read", own, F_GETLK, F_WRLCK, 22, 1, parent);
    ask("behind", own, F_GETLK, F_WRLCK, 100, 0, parent);
    TRY(lock(own, F_SETLK, F_WRLCK, 5, 1));
    TRY(lock(own, F_SETLK, F_RDLCK, 22, 3));
    TRY(lock(own, F_SETLK, F_WRLCK, 200, 10));
    TRY(lock(only, F_SETLK, F_WRLCK, 300, 1));
    TRY(lock(only, F_SETLK, F_RDLCK, 300, 1));
    TRY(lock(fd, F_SETLK, F_UNLCK, 0, 0));
    ask("still there", own, F_GETLK, F_WRLCK, 0, 10, parent);
}

static void inherited(void)
{
    ask("by inherited descriptor", fd, F_GETLK, F_WRLCK, 0, 0, parent);
    TRY(lock(fd, F_SETLK, F_WRLCK, 0, 10));
    close(fd);
    fd = open("locked", O_RDWR);
    ask("closing a copy", fd, F_GETLK, F_WRLCK, 0, 0, parent);
}

static void released(void)
{
    int own = open("locked", O_RDWR);
    ask("closed elsewhere", own, F_GETLK, F_WRLCK, 0, 0, parent);
}

static void processes(void)
{
    struct flock l;
    parent = getpid();
    TRY(lock(fd, F_SETLK, F_WRLCK, 0, 10));
    TRY(lock(fd, F_SETLK, F_RDLCK, 20, 10));
    TRY(lock(fd, F_SETLK, F_RDLCK, 30, 5));
    ask("own", fd, F_GETLK, F_WRLCK, 0, 0, parent);
    child(others);
    child(inherited);
    TRY(lock(fd, F_SETLK, F_WRLCK, 4, 2));
    TRY(lock(fd, F_SETLK, F_UNLCK, 3, 4));
    child(released);
    TRY(lock(fd, F_SETLK, F_RDLCK, 0, 3));
    child(released);
    int again = open("locked", O_RDONLY);
    close(again);
    child(released);
    TRY(lock(fd, F_SETLK, 7, 0, 1));
    TRY(lock(fd, F_SETLK, F_WRLCK, -5, 1));
    TRY(lock(fd, F_SETLK, F_WRLCK, 10, -5));
    ask("unlock asked", fd, F_GETLK, F_UNLCK, 0, 0, 0);
    l = (struct flock){.l_type = F_WRLCK, .l_whence = 9};
    TRY(fcntl(fd, F_SETLK, &l));
    l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -2, .l_len = 2};
    TRY(fcntl(fd, F_SETLK, &l));
    TRY(fcntl(fd, F_SETLK, (struct flock *)8));
    TRY(lock(77, F_SETLK, F_WRLCK, 0, 1));
    int p[2];
    MUST(!pipe(p));
    TRY(lock(p[1], F_SETLK, F_WRLCK, 0, 1));
    TRY(fcntl(fd, F_GETLEASE));
}

/* Two processes, each of which wants what the other has. */
static void circle(void)
{
    int ready[2], go[2];
    char byte = 0;
    MUST(!pipe(ready) && !pipe(go) && !lock(fd, F_SETLK, F_WRLCK, 1000, 1));
    fflush(stdout);
    pid_t other = fork();
    if (!other) {
        int own = open("locked", O_RDWR);
        MUST(!lock(own, F_SETLK, F_WRLCK, 1001, 1) && write(ready[1], "r", 1) == 1);
        _exit(lock(own, F_SETLKW, F_WRLCK, 1000, 1) ? 1 : 7);
    }
    MUST(read(ready[0], &byte, 1) == 1);
    until_asleep(other);
    TRY(lock(fd, F_SETLKW, F_WRLCK, 1001, 1));
    TRY(lock(fd, F_SETLK, F_UNLCK, 1000, 1));
    int status;
    waitpid(other, &status, 0);
    printf("the other one: %d\n", WEXITSTATUS(status));
    TRY(lock(fd, F_SETLKW, F_WRLCK, 1001, 1));
}

static volatile int alarms;
static void on_alarm(int number) { alarms += number == SIGALRM; }

static void interrupted(void)
{
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, 0);
    int own = open("locked", O_RDWR);
    alarm(1);
    TRY(lock(own, F_SETLKW, F_WRLCK, 1001, 1));
    printf("alarms %d\n", alarms);
    TRY(flock(own, LOCK_EX | LOCK_NB));
}

static void files(void)
{
    int a = open("ofd", O_RDWR | O_CREAT, 0600), b = open("ofd", O_RDWR);
    struct flock l = {.l_type = F_WRLCK, .l_pid = 5};
    TRY(lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
    ask("other file", b, F_OFD_GETLK, F_WRLCK, 0, 0, 0);
    ask("same file", a, F_OFD_GETLK, F_WRLCK, 0, 0, 0);
    ask("the process", a, F_GETLK, F_WRLCK, 0, 0, 0);
    TRY(lock(b, F_OFD_SETLK, F_RDLCK, 5, 1));
    TRY(lock(b, F_SETLK, F_RDLCK, 5, 1));
    TRY(fcntl(a, F_OFD_SETLK, &l));
    int copy = dup(a);
    close(a);
    TRY(lock(b, F_OFD_SETLK, F_RDLCK, 5, 1));
    TRY(lock(copy, F_OFD_SETLK, F_UNLCK, 5, 1));
    TRY(lock(b, F_OFD_SETLK, F_WRLCK, 5, 1));
    ask("cut", b, F_OFD_GETLK, F_WRLCK, 0, 0, 0);
    close(copy);
    TRY(lock(b, F_OFD_SETLK, F_WRLCK, 0, 0));
    close(b);
}

static void whole(void)
{
    int a = open("flock", O_RDWR | O_CREAT, 0600), b = open("flock", O_RDONLY);
    TRY(flock(a, LOCK_SH));
    TRY(flock(b, LOCK_SH));
    TRY(flock(a, LOCK_EX | LOCK_NB));
    TRY(flock(b, LOCK_UN));
    TRY(flock(a, LOCK_EX | LOCK_NB));
    TRY(flock(b, LOCK_SH | LOCK_NB));
    TRY(lock(a, F_SETLK, F_WRLCK, 0, 0));
    int copy = dup(a);
    close(a);
    TRY(flock(b, LOCK_SH | LOCK_NB));
    TRY(flock(copy, LOCK_UN));
    TRY(flock(b, LOCK_SH | LOCK_NB));
    TRY(flock(b, 0));
    TRY(flock(b, LOCK_SH | LOCK_EX));
    TRY(flock(77, LOCK_SH));
    fflush(stdout);
    pid_t waiter = fork();
    if (!waiter) {
        int own = open("flock", O_RDONLY);
        _exit(flock(own, LOCK_EX) ? 1 : 5);
    }
    until_asleep(waiter);
    close(b); /* the child's copy keeps the lock alive, until it exits: it must be the last */
    int status;
    kill(waiter, SIGKILL);
    waitpid(waiter, &status, 0);
    printf("waiter: %d\n", WTERMSIG(status));
}

static void *contend(void *argument)
{
    int own = open("counter", O_RDWR), value;
    for (int i = 0; i < 50; i++) {
        MUST(!flock(own, LOCK_EX));
        MUST(pread(own, &value, sizeof value, 0) == sizeof value);
        value++;
        MUST(pwrite(own, &value, sizeof value, 0) == sizeof value && !flock(own, LOCK_UN));
    }
    return argument;
}

static void crowd(void)
{
    int own = open("counter", O_RDWR | O_CREAT, 0600), value = 0;
    pthread_t threads[4];
    MUST(pwrite(own, &value, sizeof value, 0) == sizeof value);
    for (int i = 0; i < 4; i++)
        MUST(!pthread_create(&threads[i], 0, contend, 0));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], 0);
    MUST(pread(own, &value, sizeof value, 0) == sizeof value);
    printf("counted %d\n", value);
}

int main(int argc, char **argv)
{
    enter(argc, argv);
    fd = open("locked", O_RDWR | O_CREAT, 0600);
    MUST(fd >= 0 && write(fd, "0123456789", 10) == 10);
    processes();
    circle();
    child(interrupted);
    files();
    whole();
    crowd();
    return 0;
}
