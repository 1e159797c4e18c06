/* Much of everything at once, and that it still works: load WHAT HOW-MANY. */
#define _GNU_SOURCE
#include "load.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { PAGE = 4096 };

static void descriptors(void)
{
    struct stat st;
    char path[32];
    all_descriptors();
    int first = open("/dev/zero", O_RDONLY), last = first;
    for (int i = 1; i < many; i++)
        MUST((last = i % 2 ? dup(first) : open("/tmp", O_RDONLY)) == first + i);
    snprintf(path, sizeof path, "/proc/self/fd/%d", last - 1);
    printf("the last but one is there: %d\n", !fstat(last - 1, &st) && S_ISDIR(st.st_mode) && !stat(path, &st));
    pid_t pid = fork();
    if (!pid)
        _exit(read(last, path, 5) == 5 ? 7 : 1);
    int status;
    waitpid(pid, &status, 0);
    close(first + many / 2);
    printf("child %d, lowest is free again: %d\n", WEXITSTATUS(status), dup(0) == first + many / 2);
}

static pthread_barrier_t barrier;
static volatile int counted;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *thread(void *argument)
{
    pthread_mutex_lock(&mutex);
    counted++;
    pthread_mutex_unlock(&mutex);
    pthread_barrier_wait(&barrier);
    return (void *)((intptr_t)argument * 2);
}

static void threads(void)
{
    pthread_t *ids = calloc(many, sizeof *ids);
    pthread_attr_t attributes;
    long sum = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    pthread_barrier_init(&barrier, 0, many + 1);
    for (intptr_t i = 0; i < many; i++)
        MUST(!pthread_create(&ids[i], &attributes, thread, (void *)i));
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < many; i++) {
        void *result;
        MUST(!pthread_join(ids[i], &result));
        sum += (intptr_t)result;
    }
    printf("%d threads counted %d, sum %d\n", many, counted, sum == (long)many * (many - 1));
}

static void processes(void)
{
    int go[2], done[2], status, sum = 0;
    char byte;
    MUST(!pipe(go) && !pipe(done));
    for (int i = 0; i < many; i++) {
        pid_t pid = fork();
        MUST(pid >= 0);
        if (!pid) {
            close(go[1]);
            MUST(write(done[1], "s", 1) == 1);
            read(go[0], &byte, 1); /* until the parent has closed the other end */
            _exit(i % 100);
        }
    }
    for (int i = 0; i < many; i++)
        MUST(read(done[0], &byte, 1) == 1);
    close(go[1]);
    for (int i = 0; i < many; i++) {
        MUST(wait(&status) > 0 && WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    printf("%d processes, sum %d\n", many, sum);
}

static void sockets(void)
{
    int poll = epoll_create1(0), pair[2], ready = 0, n;
    char byte;
    all_descriptors();
    for (int i = 0; i < many / 2; i++) {
        MUST(!socketpair(AF_UNIX, i % 2 ? SOCK_STREAM : SOCK_DGRAM, 0, pair));
        struct epoll_event event = {EPOLLIN, {.fd = pair[0]}};
        MUST(!epoll_ctl(poll, EPOLL_CTL_ADD, pair[0], &event) && write(pair[1], "x", 1) == 1);
    }
    struct epoll_event events[64];
    while ((n = epoll_wait(poll, events, 64, 0)) > 0)
        for (int i = 0; i < n; i++)
            ready += read(events[i].data.fd, &byte, 1) == 1;
    printf("%d sockets, %d were ready\n", many, ready);
}

/* A hog, and somebody small who must outlive it. */
static void memory(void)
{
    int wake[2];
    char byte, *mine = mmap(0, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(!pipe(wake));
    memset(mine, 'm', 2 << 20);
    pid_t bystander = fork(), hog;
    if (!bystander) {
        close(wake[1]);
        memset(mine, 'b', 2 << 20);
        read(wake[0], &byte, 1);
        for (int i = 0; i < 2 << 20; i++)
            if (mine[i] != 'b')
                _exit(1);
        _exit(5);
    }
    hog = fork();
    if (!hog)
        for (;;) {
            char *more = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            MUST(more != MAP_FAILED);
            memset(more, 'h', 1 << 20);
        }
    int status;
    waitpid(hog, &status, 0);
    printf("hog ended by %d\n", WTERMSIG(status));
    close(wake[1]);
    waitpid(bystander, &status, 0);
    printf("bystander %d\n", WEXITSTATUS(status));
    for (int i = 0; i < 2 << 20; i++)
        MUST(mine[i] == 'm');
    char *again = mmap(0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(again, 'a', 8 << 20);
    puts("memory is there again");
}

/* Until a disk is full, and after making room. */
static void disk(void)
{
    static char block[65536];
    int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0600);
    long total = 0;
    ssize_t put;
    while ((put = write(fd, block, sizeof block)) > 0)
        total += put;
    printf("full: %s, size agrees: %d\n", strerror(errno), lseek(fd, 0, SEEK_END) == total && total > 0);
    TRY(open("more", O_WRONLY | O_CREAT, 0600) >= 0 && write(open("more", O_WRONLY), block, sizeof block) < 0 ? -1 : 0);
    TRY(fallocate(fd, 0, 0, total + (64 << 20)));
    TRY(ftruncate(fd, total / 2));
    TRY(pwrite(fd, block, 100, 0));
    TRY(fsync(fd));
    TRY(unlink("big"));
    close(fd);
    TRY(fallocate(open("more", O_RDWR), 0, 0, 65536));
}

/* Calls each of which the host has to answer: a file that may change is asked for its extent. */
static void calls(void)
{
    int fd = open("asked", O_RDWR | O_CREAT, 0600);
    MUST(fd >= 0 && write(fd, "x", 1) == 1);
    for (int i = 0; i < many; i++) {
        MUST(lseek(fd, 0, SEEK_HOLE) == 1);
        if (i == many / 10 || i == many - 1)
            MUST(write(1, ".\n", 2) == 2 && read(0, (char[2]){0}, 2) == 2);
    }
}

static void on_bus(int number)
{
    MUST(write(1, number == SIGBUS ? "bus\n" : "other\n", number == SIGBUS ? 4 : 6) > 0);
    _exit(0);
}

/* A file the host cuts: a page that was there, or one that was never touched. */
static void shrinking(void)
{
    int fd = open("cut", O_RDONLY);
    volatile char *map = mmap(0, 8 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    char line[2];
    signal(SIGBUS, on_bus);
    printf("%c%c\n", map[0], many ? map[6 * PAGE] : 'u');
    MUST(read(0, line, 2) == 2);
    struct stat st;
    while (!fstat(fd, &st) && st.st_size > PAGE)
        usleep(50000);
    printf("%c\n", map[0]);
    (void)map[6 * PAGE];
    puts("no fault");
}

static void *wait_for_ever(void *argument)
{
    pause();
    return argument;
}

/* Everything a guest can have, for those who kill it. */
static void busy(void)
{
    pthread_t id;
    int pair[2];
    char name[32], *map;
    for (int i = 0; i < 4; i++)
        if (!fork())
            break;
    for (int round = 0;; round++) {
        snprintf(name, sizeof name, "busy%d", getpid());
        int fd = open(name, O_RDWR | O_CREAT, 0600);
        MUST(fd >= 0 && !ftruncate(fd, 16 * PAGE));
        map = mmap(0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        map[round % (16 * PAGE)] = 1;
        MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
        if (round < 3)
            pthread_create(&id, 0, wait_for_ever, 0);
        munmap(map, 16 * PAGE);
        close(fd), close(pair[0]), close(pair[1]), unlink(name);
    }
}

int main(int argc, char **argv)
{
    static const struct way ways[] = {
        {"descriptors", descriptors}, {"threads", threads}, {"processes", processes}, {"sockets", sockets},
        {"memory", memory}, {"disk", disk}, {"calls", calls}, {"shrinking", shrinking}, {"busy", busy},
    };
    return run_way(argc, argv, ways, sizeof ways / sizeof *ways);
}
