/* O_ASYNC: readiness that arrives as a signal, and whom it is sent to. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int fds[2];

/* The next of these signals, or nothing within 30 ms. */
static void expect(const char *what, int first, int second)
{
    struct timespec limit = {0, 30000000};
    siginfo_t info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, first);
    sigaddset(&set, second);
    memset(&info, 0, sizeof info);
    int got = sigtimedwait(&set, &info, &limit);
    if (got < 0)
        printf("%s: nothing\n", what);
    else if (info.si_code == SI_KERNEL)
        printf("%s: signal %d from the kernel\n", what, got);
    else
        printf("%s: signal %d code %d band %lx fd %d\n", what, got, info.si_code, info.si_band, info.si_fd - fds[0]);
}

static void say(const char *what, long result)
{
    printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
}

static void owners(void)
{
    struct f_owner_ex owner = {F_OWNER_PID, 1 << 30};
    say("owner at first", fcntl(fds[0], F_GETOWN));
    say("myself", fcntl(fds[0], F_SETOWN, getpid()));
    say("is it", fcntl(fds[0], F_GETOWN) == getpid());
    say("my group", fcntl(fds[0], F_SETOWN, -getpgrp()));
    say("is it", fcntl(fds[0], F_GETOWN) == -getpgrp());
    say("nobody", fcntl(fds[0], F_SETOWN, 0));
    say("no such process", fcntl(fds[0], F_SETOWN, 1 << 30));
    say("nor this way", fcntl(fds[0], F_SETOWN_EX, &owner));
    owner = (struct f_owner_ex){7, getpid()};
    say("no such type", fcntl(fds[0], F_SETOWN_EX, &owner));
    owner = (struct f_owner_ex){F_OWNER_TID, (int)syscall(SYS_gettid)};
    say("this thread", fcntl(fds[0], F_SETOWN_EX, &owner));
    owner.type = owner.pid = -1;
    say("is it", fcntl(fds[0], F_GETOWN_EX, &owner));
    printf("type %d, right %d\n", owner.type, owner.pid == syscall(SYS_gettid));
    say("bad pointer", fcntl(fds[0], F_GETOWN_EX, 8));
    say("bad signal", fcntl(fds[0], F_SETSIG, 65));
    say("signal at first", fcntl(fds[0], F_GETSIG));
}

static void signals(const char *kind)
{
    char byte;
    int on = 1;
    printf("== %s\n", kind);
    fcntl(fds[0], F_SETOWN, getpid());
    if (write(fds[1], "a", 1) != 1)
        exit(1);
    expect("before O_ASYNC", SIGIO, SIGRTMIN + 3);
    say("FIOASYNC", ioctl(fds[0], FIOASYNC, &on));
    say("the flag is set", (fcntl(fds[0], F_GETFL) & O_ASYNC) != 0);
    if (read(fds[0], &byte, 1) != 1 || write(fds[1], "b", 1) != 1)
        exit(1);
    expect("written", SIGIO, SIGRTMIN + 3);
    say("F_SETSIG", fcntl(fds[0], F_SETSIG, SIGRTMIN + 3));
    if (read(fds[0], &byte, 1) != 1 || write(fds[1], "c", 1) != 1)
        exit(1);
    expect("with a signal of its own", SIGRTMIN + 3, SIGRTMIN + 3);
    if (read(fds[0], &byte, 1) != 1)
        exit(1);
    pid_t child = fork();
    if (child == 0)
        _exit(write(fds[1], "d", 1) != 1);
    waitpid(child, 0, 0);
    expect("by a child", SIGRTMIN + 3, SIGRTMIN + 3);
    fcntl(fds[0], F_SETOWN, 0);
    if (read(fds[0], &byte, 1) != 1 || write(fds[1], "e", 1) != 1)
        exit(1);
    expect("to nobody", SIGIO, SIGRTMIN + 3);
    fcntl(fds[0], F_SETOWN, -getpgrp());
    fcntl(fds[0], F_SETSIG, 0);
    if (read(fds[0], &byte, 1) != 1 || write(fds[1], "f", 1) != 1)
        exit(1);
    expect("to the group", SIGIO, SIGIO);
    fcntl(fds[0], F_SETFL, 0);
    if (read(fds[0], &byte, 1) != 1 || write(fds[1], "g", 1) != 1)
        exit(1);
    expect("no longer", SIGIO, SIGRTMIN + 3);
    fcntl(fds[0], F_SETFL, O_ASYNC | O_NONBLOCK);
    close(fds[1]);
    expect("closed", SIGIO, SIGIO);
    close(fds[0]);
}

int main(void)
{
    int on = 1;
    sigset_t set;
    setvbuf(stdout, 0, _IONBF, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGIO);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, 0);
    setpgid(0, 0);
    if (pipe(fds))
        return 1;
    owners();
    close(fds[0]);
    close(fds[1]);
    if (pipe(fds))
        return 1;
    signals("pipe");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
        return 1;
    signals("stream");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds))
        return 1;
    signals("packets");
    int file = open("/proc/self/exe", O_RDONLY);
    say("a regular file", ioctl(file, FIOASYNC, &on));
    say("by F_SETFL", fcntl(file, F_SETFL, O_ASYNC));
    say("its flag", (fcntl(file, F_GETFL) & O_ASYNC) != 0);
    return 0;
}
