/* What the programs about jobs on a terminal share: sessions of their own, and pipes to wait for each other. */
#pragma once
#define _GNU_SOURCE
#include "say.h"
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static int master, up[2], down[2]; /* pipes: from the child, to the child */
static volatile sig_atomic_t count[65];

static inline void counting(int sig, siginfo_t *info, void *context)
{
    (void)context;
    count[sig]++;
    printf("signal %d code %d pid %d\n", sig, info->si_code, info->si_pid != 0);
}

static inline void handle(int sig, int flags)
{
    struct sigaction action = {.sa_sigaction = counting, .sa_flags = SA_SIGINFO | flags};
    sigaction(sig, &action, 0);
}

static inline void tell(int fd) { if (write(fd, "x", 1) != 1) _exit(98); }
static inline void hear(int fd) { char c; while (read(fd, &c, 1) < 0 && errno == EINTR) ; }

static inline void pipes(void)
{
    if (pipe(up) || pipe(down))
        die("pipe");
    fflush(stdout);
}

/* A child that leads a session with the pair's slave as its terminal and standard input. */
static inline pid_t leader(void (*body)(void))
{
    struct winsize size = {24, 80, 0, 0};
    int slave;

    pipes();
    if (openpty(&master, &slave, 0, 0, &size))
        die("openpty");
    pid_t pid = fork();
    if (!pid) {
        close(master);
        setvbuf(stdout, 0, _IONBF, 0);
        setsid();
        if (ioctl(slave, TIOCSCTTY, 0))
            die("TIOCSCTTY");
        dup2(slave, 0);
        close(slave);
        body();
        exit(0);
    }
    close(slave);
    return pid;
}

static inline void ended(pid_t pid)
{
    int status = -1;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    printf("ended: %s %d\n", WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    close(up[0]), close(up[1]), close(down[0]), close(down[1]);
}

static inline void waited(pid_t pid, int flags)
{
    int status = -1;
    pid_t got = waitpid(pid, &status, flags);
    if (got <= 0)
        printf("wait: %s\n", outcome(got));
    else if (WIFSTOPPED(status))
        printf("wait: stopped by %d\n", WSTOPSIG(status));
    else if (WIFCONTINUED(status))
        printf("wait: continued\n");
    else
        printf("wait: %s %d\n", WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* Every kind of wait, and what SIGCHLD says. */
static inline void told(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    count[0]++;
    printf("child: code %d status %d\n", info->si_code, info->si_status);
}
