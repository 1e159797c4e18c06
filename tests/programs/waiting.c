/* Waiting for several things at a time, and clocks. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void polls(void)
{
    int a[2], b[2];
    if (pipe(a) || pipe(b))
        exit(1);
    struct pollfd fds[3] = {{a[0], POLLIN, 0}, {b[1], POLLOUT, 0}, {999, POLLIN, 0}};
    printf("poll %d: %x %x %x\n", poll(fds, 3, 1000), fds[0].revents, fds[1].revents, fds[2].revents);
    double start = now(CLOCK_MONOTONIC);
    printf("nothing: %d\n", poll(fds, 1, 60));
    double slept = now(CLOCK_MONOTONIC) - start;
    printf("waited about 60 ms: %d\n", slept >= 0.058 && slept < 5);
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        _exit(write(a[1], "x", 1) != 1);
    }
    printf("woken: %d %x\n", poll(fds, 1, 20000), fds[0].revents);
    waitpid(child, 0, 0);
    close(a[1]);
    char byte;
    printf("read %zd\n", read(a[0], &byte, 1));
    printf("hung up: %d %x\n", poll(fds, 1, 20000), fds[0].revents);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(a[0], &set);
    struct timeval limit = {1, 0};
    printf("select %d %d\n", select(a[0] + 1, &set, 0, 0, &limit), FD_ISSET(a[0], &set) != 0);
    close(b[0]);
    fds[1].events = POLLOUT;
    printf("no reader: %d %x\n", poll(fds + 1, 1, 0), fds[1].revents);
    fcntl(b[1], F_SETFL, O_NONBLOCK);
    close(a[0]);
    close(b[1]);
}

static void filling(void)
{
    int ends[2];
    static char block[4096];
    size_t total = 0;
    if (pipe2(ends, O_NONBLOCK))
        exit(1);
    ssize_t put;
    while ((put = write(ends[1], block, sizeof block)) > 0)
        total += put;
    printf("a pipe holds %zu: %s\n", total, strerror(errno));
    struct pollfd fd = {ends[1], POLLOUT, 0};
    printf("writable: %d\n", poll(&fd, 1, 0));
    if (read(ends[0], block, sizeof block) != sizeof block)
        exit(2);
    printf("writable: %d\n", poll(&fd, 1, 0));
    close(ends[0]);
    close(ends[1]);
}

static void clocks(void)
{
    double last = now(CLOCK_MONOTONIC);
    int backwards = 0;
    for (int i = 0; i < 20000; i++) {
        double next = now(CLOCK_MONOTONIC);
        backwards += next < last;
        last = next;
    }
    printf("went backwards %d times\n", backwards);
    printf("after 2023: %d\n", now(CLOCK_REALTIME) > 1.7e9);
    struct timespec brief = {0, 40000000}, rest;
    double start = now(CLOCK_MONOTONIC);
    printf("nanosleep %d\n", nanosleep(&brief, &rest));
    printf("slept 40 ms: %d\n", now(CLOCK_MONOTONIC) - start >= 0.0399);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1;
    until.tv_nsec = 0;
    printf("until: %d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0));
    struct timespec wrong = {0, 1000000000};
    printf("wrong: %d %s\n", nanosleep(&wrong, 0), strerror(errno));
    volatile long work = 0;
    double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    for (long i = 0; i < 3000000; i++)
        work += i;
    printf("used the processor: %d\n", now(CLOCK_PROCESS_CPUTIME_ID) > cpu);
}

int main(void)
{
    setvbuf(stdout, 0, _IONBF, 0);
    polls();
    filling();
    clocks();
    return 0;
}
