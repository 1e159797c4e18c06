/* What the cases about Internet sockets share: connected pairs on loopback, and their options. */
#pragma once
#include "case.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static inline struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline int port_of(int fd)
{
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    MUST(getsockname(fd, (void *)&at, &size));
    return ntohs(at.sin_port);
}

static inline int bound(int type)
{
    int fd = MUST(socket(AF_INET, type, 0));
    struct sockaddr_in at = loopback(0);
    MUST(bind(fd, (void *)&at, sizeof at));
    return fd;
}

static inline int connected_to(int listener, int flags)
{
    struct sockaddr_in at = loopback(port_of(listener));
    int fd = MUST(socket(AF_INET, SOCK_STREAM | flags, 0));
    if (connect(fd, (void *)&at, sizeof at) && errno != EINPROGRESS)
        MUST(-1);
    return fd;
}

static inline void tcp_pair(int pair[2])
{
    int listener = bound(SOCK_STREAM);
    MUST(listen(listener, 5));
    pair[0] = connected_to(listener, 0);
    pair[1] = MUST(accept(listener, 0, 0));
    close(listener);
}

static inline long number(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, name, &value, &size) ? -1 : value;
}

static inline long set_number(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}
