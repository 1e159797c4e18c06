/* pidfd: processes waited for, signalled and looked into. */
#define _GNU_SOURCE
#include "say.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void processes(void)
{
    int fd, status, value = -1;
    siginfo_t info;
    int wake[2];

    pipe(wake);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        char c;
        dup2(wake[0], 20);
        close(wake[1]);
        _exit(read(20, &c, 1) == 1 ? 5 : 6);
    }
    fd = syscall(SYS_pidfd_open, pid, 0);
    printf("flags %x %x\n", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
    SAY(syscall(SYS_pidfd_open, 0, 0));
    SAY(syscall(SYS_pidfd_open, -1, 0));
    SAY(syscall(SYS_pidfd_open, 1 << 30, 0)); /* above all numbers there are */
    SAY(syscall(SYS_pidfd_open, pid, 1));
    printf("poll %x\n", polled(fd));
    SAY(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0));
    SAY(syscall(SYS_pidfd_send_signal, fd, 99, 0, 0));
    SAY(syscall(SYS_pidfd_send_signal, 0, 0, 0, 0));
    SAY(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0x1000));
    memset(&info, 0, sizeof info);
    info.si_signo = SIGUSR1;
    SAY(syscall(SYS_pidfd_send_signal, fd, SIGUSR2, &info, 0));
    SAY(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, &info, 0));
    SAY(syscall(SYS_pidfd_getfd, fd, 999, 0));
    SAY(syscall(SYS_pidfd_getfd, fd, 1, 1));
    SAY(syscall(SYS_pidfd_getfd, wake[0], 1, 0));
    int copy = syscall(SYS_pidfd_getfd, fd, 1, 0);
    printf("copied %d, close on exec %d\n", copy >= 0, fcntl(copy, F_GETFD));
    SAY(waitid(3, fd, &info, WEXITED | WNOHANG));
    SAY(read(fd, &value, 4));
    write(wake[1], "x", 1);
    struct pollfd p = {fd, POLLIN, 0};
    SAY(poll(&p, 1, 5000));
    printf("events %x\n", p.revents);
    memset(&info, 0, sizeof info);
    SAY(waitid(3, fd, &info, WEXITED | WNOWAIT));
    printf("code %d status %d pid %d\n", info.si_code, info.si_status, info.si_pid == pid);
    SAY(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0));
    SAY(waitid(3, fd, &info, WEXITED));
    SAY(waitid(3, fd, &info, WEXITED));
    SAY(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0));
    SAY(syscall(SYS_pidfd_getfd, fd, 1, 0));
    printf("poll in %d\n", polled(fd) & POLLIN);
    SAY(waitid(3, 999, &info, WEXITED));
    SAY(waitid(3, -1, &info, WEXITED));
    SAY(waitid(3, 0, &info, WEXITED));
    close(fd);
    /* clone with CLONE_PIDFD. */
    fd = -1;
    pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
    if (!pid)
        _exit(9);
    printf("a descriptor %d, close on exec %d\n", fd >= 0, fcntl(fd, F_GETFD));
    memset(&info, 0, sizeof info);
    SAY(waitid(3, fd, &info, WEXITED));
    printf("status %d\n", info.si_status);
    close(fd);
    SAY(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0));
    uint64_t args[8] = {CLONE_PIDFD, (uint64_t)&fd, 0, 0, SIGCHLD, 0, 0, 0};
    pid = syscall(SYS_clone3, args, sizeof args);
    if (!pid)
        _exit(11);
    SAY(waitpid(pid, &status, 0) == pid);
    printf("status %d\n", WEXITSTATUS(status));
    SAY(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0));
    close(fd);
    /* A descriptor that does not block. */
    pid = fork();
    if (!pid) {
        char c;
        _exit(read(wake[0], &c, 1));
    }
    fd = syscall(SYS_pidfd_open, pid, O_NONBLOCK);
    SAY(waitid(3, fd, &info, WEXITED));
    SAY(waitid(3, fd, &info, WEXITED | WNOHANG));
    SAY(syscall(SYS_pidfd_send_signal, fd, SIGKILL, 0, 0));
    p = (struct pollfd){fd, POLLIN, 0};
    SAY(poll(&p, 1, 5000));
    SAY(waitid(3, fd, &info, WEXITED));
    printf("code %d status %d\n", info.si_code, info.si_status);
    close(fd);
    /* One's own process; a number of a thread. */
    fd = syscall(SYS_pidfd_open, getpid(), 0);
    SAY(syscall(SYS_pidfd_getfd, fd, wake[0], 0) >= 0);
    SAY(waitid(3, fd, &info, WEXITED));
    close(fd);
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"processes", processes}};

    return run_parts(argc, argv, parts, sizeof parts / sizeof *parts);
}
