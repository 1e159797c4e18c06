/* Urgent data: a connection, and what of it is seen. */
#pragma once
#include "case.h"
#include <sys/ioctl.h>
#include <sys/socket.h>

static int ends[2]; /* of a connection: who sends and who receives */
static char text[32];
static int skipped; /* where Linux goes on counting a byte that was skipped as waiting */

static void show_state(void)
{
    struct pollfd at = {.fd = ends[1], .events = POLLIN | POLLPRI};
    int mark = -1, waiting = -1;
    poll(&at, 1, 0);
    MUST(ioctl(ends[1], SIOCATMARK, &mark));
    MUST(ioctl(ends[1], FIONREAD, &waiting));
    say("%s%s at the mark %d, waiting %d", at.revents & POLLIN ? "in" : "-", at.revents & POLLPRI ? " urgent" : "",
        mark, skipped ? 0 : waiting);
}

/* A read that does not wait, and what it found. */
static void take(int flags)
{
    memset(text, 0, sizeof text);
    T(recv(ends[1], text, sizeof text - 1, flags | MSG_DONTWAIT));
    say("'%s'", text);
}
