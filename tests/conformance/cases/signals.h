/* What the cases about signals share: handlers that note what they were told. */
#pragma once
#include "case.h"

static volatile int count, last_signal, last_code, last_value;
static volatile pid_t last_pid;

static inline void note(int signal)
{
    count++;
    last_signal = signal;
}

static inline void note_info(int signal, siginfo_t *info, void *context)
{
    (void)context;
    count++;
    last_signal = signal;
    last_code = info->si_code;
    last_pid = info->si_pid;
    last_value = info->si_value.sival_int;
}

static inline void handle(int signal, int flags, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    MUST(sigaction(signal, &action, 0));
}

static inline void handle_info(int signal, int flags)
{
    struct sigaction action = {.sa_sigaction = note_info, .sa_flags = flags | SA_SIGINFO};
    MUST(sigaction(signal, &action, 0));
}

static inline sigset_t set_of(int a, int b)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, a);
    if (b)
        sigaddset(&set, b);
    return set;
}
