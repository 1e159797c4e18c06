/* What the cases about descriptors for processes share. */
#pragma once
#include "case.h"

#define PIDFD_THREAD O_EXCL

static inline int open_pid(pid_t pid, unsigned flags)
{
    return syscall(SYS_pidfd_open, pid, flags);
}

/* What poll says of it now: readable, hung up. */
static inline void show_events(int fd)
{
    struct pollfd at = {.fd = fd, .events = POLLIN | POLLOUT};
    int ready = poll(&at, 1, 0);
    say("ready %d:%s%s", ready, at.revents & POLLIN ? " in" : "", at.revents & POLLHUP ? " hung up" : "");
}

static int ends[2];
static volatile pid_t tid;

/* Until the other end of the pipe closes or says something. */
static inline void *wait_for_word(void *unused)
{
    char byte;
    (void)unused;
    tid = syscall(SYS_gettid);
    while (read(ends[0], &byte, 1) < 0)
        ;
    return 0;
}
