/* What the programs about sockets share: calls and readiness as lines, and names of AF_UNIX. */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SAY(call) say(#call, call)

static inline long say(const char *what, long result)
{
    if (result < 0)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s = %ld\n", what, result);
    return result;
}

/* How many SIGPIPEs have come. */
static volatile int pipes;
static inline void on_pipe(int sig) { pipes++; }

static inline int events(int fd, int wanted)
{
    struct pollfd p = {fd, wanted, 0};
    int ready = poll(&p, 1, 0);
    printf("  poll %d: %#x\n", ready, p.revents);
    return p.revents;
}

static inline struct sockaddr_un named(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    return address;
}

static inline long connect_named(int fd, const char *path)
{
    struct sockaddr_un address = named(path);
    return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static inline long bind_named(int fd, const char *path)
{
    struct sockaddr_un address = named(path);
    return bind(fd, (struct sockaddr *)&address, sizeof(address));
}
