/* What the programs here share: every call prints its result, with the name of an error. */
#pragma once
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *outcome(long result)
{
    static char text[8][32];
    static int turn;
    char *at = text[turn++ % 8];

    if (result >= 0) {
        snprintf(at, 32, "%ld", result);
        return at;
    }
    switch (errno) {
#define NAME(e) case e: return #e;
    NAME(EPERM) NAME(ENOENT) NAME(ESRCH) NAME(EINTR) NAME(EIO) NAME(ENXIO) NAME(EBADF) NAME(ECHILD)
    NAME(EAGAIN) NAME(ENOMEM) NAME(EACCES) NAME(EFAULT) NAME(EBUSY) NAME(EEXIST) NAME(ENOTDIR)
    NAME(EISDIR) NAME(EINVAL) NAME(EMFILE) NAME(ENOTTY) NAME(ENOSPC) NAME(ESPIPE) NAME(EPIPE)
    NAME(ELOOP) NAME(ENOSYS) NAME(EOPNOTSUPP) NAME(ETIMEDOUT) NAME(ECANCELED) NAME(EOVERFLOW)
    NAME(E2BIG)
#undef NAME
    }
    snprintf(at, 32, "errno %d", errno);
    return at;
}

/* Print a label and what a call gave. */
#define SAY(call) say(#call, (errno = 0, (long)(call)))
static inline long say(const char *what, long result)
{
    printf("%s = %s\n", what, outcome(result));
    return result;
}

/* Bytes as text, control characters escaped. */
static inline void show(const char *label, const void *bytes, long n)
{
    const unsigned char *b = bytes;

    if (n < 0) {
        printf("%s: %s\n", label, outcome(n));
        return;
    }
    printf("%s: %ld \"", label, n);
    for (long i = 0; i < n; i++)
        printf(b[i] >= 32 && b[i] < 127 && b[i] != '\\' ? "%c" : "\\%02x", b[i]);
    printf("\"\n");
}

static inline void die(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    exit(99);
}

static inline short polled(int fd)
{
    struct pollfd p = {fd, POLLIN | POLLOUT | POLLPRI, 0};
    poll(&p, 1, 0);
    return p.revents;
}

struct part {
    const char *name;
    void (*run)(void);
};

/* All parts in order, each under its heading, or the one that is named. */
static inline int run_parts(int argc, char **argv, const struct part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && strcmp(argv[1], parts[i].name))
            continue;
        printf("== %s\n", parts[i].name);
        parts[i].run();
        fflush(stdout);
    }
    return 0;
}
