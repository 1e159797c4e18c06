/* What the programs about TCP over loopback share: addresses of both families, and pairs. */
#pragma once
#include "net.h"
#include <arpa/inet.h>

static char bytes[1 << 20];
static int family;

union any {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static inline union any address(const char *text, int port)
{
    union any a = {0};
    a.any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
    if (a.any.sa_family == AF_INET) {
        inet_pton(AF_INET, text, &a.v4.sin_addr);
        a.v4.sin_port = htons(port);
    } else {
        inet_pton(AF_INET6, text, &a.v6.sin6_addr);
        a.v6.sin6_port = htons(port);
    }
    return a;
}

static inline socklen_t size_of(const union any *a)
{
    return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

static inline int bind_to(int fd, const char *text, int port)
{
    union any a = address(text, port);
    return bind(fd, &a.any, size_of(&a));
}

static inline int connect_to(int fd, const char *text, int port)
{
    union any a = address(text, port);
    return connect(fd, &a.any, size_of(&a));
}

static inline int port_of(int fd)
{
    union any a;
    socklen_t size = sizeof(a);
    if (getsockname(fd, &a.any, &size))
        return -1;
    return ntohs(a.v4.sin_port);
}

static inline void tell(const char *what, int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
    union any a;
    char text[64];
    socklen_t size = sizeof(a);
    if (get(fd, &a.any, &size)) {
        printf("%s: %s\n", what, strerror(errno));
        return;
    }
    inet_ntop(a.any.sa_family, a.any.sa_family == AF_INET ? (void *)&a.v4.sin_addr : &a.v6.sin6_addr, text, sizeof(text));
    printf("%s: %s, port %s, %d bytes\n", what, text, a.v4.sin_port ? "set" : "0", (int)size);
}

static inline int so_error(int fd)
{
    int error = -1;
    socklen_t size = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    printf("  SO_ERROR %s\n", strerror(error));
    return error;
}

static inline int listening(const char *text, int backlog)
{
    int fd = socket(family, SOCK_STREAM, 0);
    if (bind_to(fd, text, 0) || listen(fd, backlog))
        printf("listening: %s\n", strerror(errno));
    return fd;
}

static inline const char *loopback(void) { return family == AF_INET ? "127.0.0.1" : "::1"; }
static inline const char *any(void) { return family == AF_INET ? "0.0.0.0" : "::"; }

/* A connected pair. */
static inline void pair(int *ends)
{
    int l = listening(loopback(), 1);
    ends[0] = socket(family, SOCK_STREAM, 0);
    if (connect_to(ends[0], loopback(), port_of(l)))
        printf("pair: %s\n", strerror(errno));
    ends[1] = accept(l, 0, 0);
    close(l);
}

/* Runs the parts over IPv4, and again over IPv6. */
static inline void over_both(void (*const *parts)(void), int count)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGPIPE, on_pipe);
    for (int i = 0; i < 2; i++) {
        family = i ? AF_INET6 : AF_INET;
        printf("== %s\n", i ? "IPv6" : "IPv4");
        for (int part = 0; part < count; part++)
            parts[part]();
    }
}
