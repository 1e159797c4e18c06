/* Processes: fork trees, wait, exec, pipes, sessions, orphans, posix_spawn, exit orders. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int tree(int depth)
{
    int sum = 1;
    if (depth == 0)
        return sum;
    for (int i = 0; i < 2; i++) {
        int ends[2], part = 0;
        if (pipe(ends))
            exit(1);
        pid_t child = fork();
        if (child == 0) {
            part = tree(depth - 1);
            _exit(write(ends[1], &part, sizeof part) != sizeof part);
        }
        close(ends[1]);
        if (read(ends[0], &part, sizeof part) != sizeof part)
            exit(2);
        close(ends[0]);
        waitpid(child, 0, 0);
        sum += part;
    }
    return sum;
}

static void waits(void)
{
    int status, leave[5][2];
    char byte = 0;
    pid_t children[5];
    for (int i = 0; i < 5; i++) {
        if (pipe(leave[i]))
            exit(1);
        children[i] = fork();
        if (children[i] == 0)
            _exit(read(leave[i][0], &byte, 1) == 1 ? i : 99);
    }
    printf("nobody yet: %d\n", waitpid(-1, &status, WNOHANG));
    for (int i = 4; i >= 0; i--) {
        if (write(leave[i][1], &byte, 1) != 1)
            exit(1);
        pid_t done = wait(&status);
        close(leave[i][0]);
        close(leave[i][1]);
        for (int k = 0; k < 5; k++)
            if (children[k] == done)
                printf("child %d exit %d\n", k, WEXITSTATUS(status));
    }
    printf("nobody left: %d %s\n", wait(&status), strerror(errno));
}

static void executed(char *self)
{
    int status;
    pid_t child = fork();
    int fd = open("/dev/null", O_RDONLY);
    int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (child == 0) {
        char open_fd[16], closed_fd[16];
        snprintf(open_fd, sizeof open_fd, "%d", fd);
        snprintf(closed_fd, sizeof closed_fd, "%d", kept);
        execl(self, "renamed", "child", open_fd, closed_fd, (char *)0);
        _exit(100);
    }
    waitpid(child, &status, 0);
    printf("exec: %d\n", WEXITSTATUS(status));
    child = fork();
    if (child == 0) {
        execl("/nowhere/to/be/found", "x", (char *)0);
        _exit(errno == ENOENT ? 101 : 102);
    }
    waitpid(child, &status, 0);
    printf("exec of nothing: %d\n", WEXITSTATUS(status));
    char *arguments[] = {"spawned", "child", "0", "-1", 0};
    printf("spawn: %d\n", posix_spawn(&child, self, 0, 0, arguments, environ));
    waitpid(child, &status, 0);
    printf("spawned: %d\n", WEXITSTATUS(status));
    child = vfork();
    if (child == 0)
        _exit(44);
    waitpid(child, &status, 0);
    printf("vfork: %d\n", WEXITSTATUS(status));
    close(fd);
    close(kept);
}

static void groups(void)
{
    int status, ends[2], ready[2];
    char byte = 0;
    if (pipe(ends) || pipe(ready))
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        int own = setsid() == getpid() && getpgrp() == getpid() && getsid(0) == getpid();
        pid_t grandchild = fork();
        if (grandchild == 0) {
            char ok = getpgrp() == getppid();
            pid_t parent = getppid();
            ok = write(ends[1], &ok, 1) == 1 && write(ready[1], &byte, 1) == 1;
            while (getppid() == parent)
                usleep(1000);
            char adopted = getppid() != parent;
            _exit(write(ends[1], &adopted, 1) != 1);
        }
        _exit(own && read(ready[0], &byte, 1) == 1);
    }
    waitpid(child, &status, 0);
    close(ready[0]);
    close(ready[1]);
    char bytes[2] = {0, 0};
    close(ends[1]);
    int got = 0;
    while (got < 2 && read(ends[0], bytes + got, 1) == 1)
        got++;
    printf("session %d group %d adopted %d\n", WEXITSTATUS(status), bytes[0], bytes[1]);
    close(ends[0]);
}

static void big_pipe(void)
{
    int ends[2];
    static char block[100000];
    if (pipe(ends))
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        memset(block, 'z', sizeof block);
        for (int i = 0; i < 20; i++)
            if (write(ends[1], block, sizeof block) != sizeof block)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    size_t total = 0, wrong = 0;
    ssize_t got;
    while ((got = read(ends[0], block, 7777)) > 0) {
        total += got;
        for (ssize_t i = 0; i < got; i++)
            wrong += block[i] != 'z';
    }
    int status;
    waitpid(child, &status, 0);
    printf("through the pipe: %zu bytes, %zu wrong, writer %d\n", total, wrong, WEXITSTATUS(status));
    close(ends[0]);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "child")) {
        int open_fd = fcntl(atoi(argv[2]), F_GETFD), closed_fd = fcntl(atoi(argv[3]), F_GETFD);
        _exit(70 + (open_fd >= 0) + 2 * (closed_fd >= 0));
    }
    setvbuf(stdout, 0, _IONBF, 0);
    printf("tree of %d\n", tree(4));
    waits();
    executed(argv[0]);
    groups();
    big_pipe();
    return 0;
}
