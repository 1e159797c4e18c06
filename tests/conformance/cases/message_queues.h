/* What the cases about message queues share: queues of their own, and what comes out of them. */
#pragma once
#include "case.h"
#include <mqueue.h>

#define NAME (queue_name())

/* Queues are the whole machine's: each case has a name of its own. */
static const char *queue_name(void)
{
    static char name[32];
    if (!name[0])
        snprintf(name, sizeof name, "/case-%d", getpid());
    return name;
}

static inline mqd_t made(int flags, long capacity, long size)
{
    struct mq_attr attributes = {.mq_maxmsg = capacity, .mq_msgsize = size};
    mqd_t queue = MUST(mq_open(NAME, O_CREAT | O_EXCL | flags, 0600, &attributes));
    MUST(mq_unlink(NAME));
    return queue;
}

/* Receive one and say what it was. */
static inline void take(mqd_t queue)
{
    char text[64] = "";
    unsigned priority = 99;
    ssize_t size = mq_receive(queue, text, sizeof text, &priority);
    if (size < 0)
        say("nothing: %s", error_name(errno));
    else
        say("%zd bytes of priority %u: %.*s", size, priority, (int)size, text);
}

static volatile int caught;
static siginfo_t caught_info;

static inline void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    caught = number;
    caught_info = *info;
}

static inline void handle(int number, int flags)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags};
    MUST(sigaction(number, &action, 0));
}
