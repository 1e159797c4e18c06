/* Takes all it can get of one thing, in a child, and reports how that ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

/* Touches ever more memory; a refused mapping is an end, too. */
static int memory(void)
{
    for (;;) {
        char *block = mmap(0, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED)
            kill(getpid(), SIGKILL);
        for (int at = 0; at < BLOCK; at += 4096)
            block[at] = 1;
    }
}

/* Every child forks as well, until the kernel says no. */
static int processes(void)
{
    int refused = 0;
    while (!refused) {
        pid_t child = fork();
        if (child < 0)
            refused = errno;
    }
    int ok = refused == EAGAIN || refused == ENOMEM;
    signal(SIGTERM, SIG_IGN);
    return ok ? 0 : 1;
}

static void *wait_forever(void *argument)
{
    (void)argument;
    for (;;)
        pause();
}

static int threads(void)
{
    int count = 0, refused = 0;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    while (!refused) {
        pthread_t thread;
        refused = pthread_create(&thread, &attributes, wait_forever, 0);
        count += !refused;
    }
    return count > 10 && refused == EAGAIN ? 0 : 1;
}

static int descriptors(void)
{
    int count = 0;
    while (open("/dev/null", O_RDONLY) >= 0)
        count++;
    return count > 100 && errno == EMFILE ? 0 : 1;
}

static int pipes(void)
{
    int ends[2], count = 0;
    while (pipe2(ends, O_NONBLOCK) == 0) {
        static char block[65536];
        while (write(ends[1], block, sizeof block) > 0)
            ;
        count++;
    }
    return count > 10 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM) ? 0 : 1;
}

/* Fills the file system in memory. */
static int files(void)
{
    static char block[65536];
    int fd = open("/tmp/big", O_WRONLY | O_CREAT, 0600);
    ssize_t put;
    while ((put = write(fd, block, sizeof block)) > 0)
        ;
    int full = errno;
    char name[64];
    int count = 0;
    for (;; count++) {
        snprintf(name, sizeof name, "/tmp/file number %d", count);
        int small = open(name, O_WRONLY | O_CREAT, 0600);
        if (small < 0 || write(small, "x", 1) != 1)
            break;
        close(small);
        if (count > 200000)
            return 2;
    }
    unlink("/tmp/big");
    return full == ENOSPC || full == ENOMEM ? 0 : 1;
}

static int mappings(void)
{
    int count = 0;
    for (;; count++) {
        void *page = mmap(0, 4096, count & 1 ? PROT_READ : PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED)
            return errno == ENOMEM ? 0 : 1;
        if (count > 300000)
            return 2;
    }
}

static int stack(int depth)
{
    volatile char frame[65536];
    frame[0] = (char)depth;
    return depth < 0 ? 0 : stack(depth + 1) + frame[0];
}

int main(int argc, char **argv)
{
    static const struct { const char *name; int (*run)(void); } ways[] = {
        {"memory", memory}, {"processes", processes}, {"threads", threads},
        {"descriptors", descriptors}, {"pipes", pipes}, {"files", files}, {"mappings", mappings},
    };
    int status;

    setvbuf(stdout, 0, _IONBF, 0);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
            if (argc > 1 && !strcmp(argv[1], ways[i].name))
                _exit(ways[i].run());
        _exit(stack(0));
    }
    waitpid(child, &status, 0);
    kill(-child, SIGKILL);
    while (wait(0) > 0)
        ;
    if (WIFSIGNALED(status))
        printf("child ended by signal %d\n", WTERMSIG(status));
    else
        printf("child ended with code %d\n", WEXITSTATUS(status));

    /* What was taken is there again. */
    int ends[2];
    char byte = 0;
    child = pipe(ends) ? -1 : fork();
    if (child == 0)
        _exit(write(ends[1], "x", 1) != 1);
    if (child > 0 && read(ends[0], &byte, 1) == 1)
        waitpid(child, &status, 0);
    char *block = malloc(8 << 20);
    if (block)
        memset(block, 1, 8 << 20);
    printf("afterwards: fork %d pipe %d memory %d\n", child > 0, byte == 'x', block != 0);
    return 0;
}
