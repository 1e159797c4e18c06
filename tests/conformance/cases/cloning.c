/* clone, vfork and unshare: what two tasks share; descriptors for processes. */
#include "case.h"
#include <linux/sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

CASE(vfork_shares, "vfork")
{
    static volatile int shared = 1;
    int status;
    pid_t child = vfork();
    if (!child) {
        shared = 2;
        _exit(6);
    }
    N(shared);
    IS(waitpid(child, &status, 0) == child);
    say_status("child", status);
}

static int cloned(void *argument)
{
    *(volatile int *)argument += 1;
    return 5;
}

CASE(clone_memory, "clone")
{
    static char stack[65536] __attribute__((aligned(16)));
    int value = 1, status;
    pid_t child = MUST(clone(cloned, stack + sizeof stack, SIGCHLD, &value));
    IS(waitpid(child, &status, 0) == child);
    say_status("child", status);
    N(value);
    child = MUST(clone(cloned, stack + sizeof stack, CLONE_VM | SIGCHLD, &value));
    IS(waitpid(child, &status, 0) == child);
    N(value);
    child = MUST(clone(cloned, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &value));
    N(value);
    IS(waitpid(child, &status, 0) == child);
    child = MUST(clone(cloned, stack + sizeof stack, CLONE_VM, &value));
    T(waitpid(child, &status, 0));
    IS(waitpid(child, &status, __WCLONE) == child);
    T(clone(cloned, stack + sizeof stack, CLONE_THREAD, &value));
    T(clone(cloned, stack + sizeof stack, CLONE_SIGHAND, &value));
    T(clone(cloned, stack + sizeof stack, CLONE_FS | CLONE_NEWNS, &value));
}

CASE(clone_files, "clone close")
{
    int fd = file_with("f", "x");
    pid_t child = MUST((pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
    if (!child) {
        close(fd);
        _exit(0);
    }
    wait_for(child);
    T(fcntl(fd, F_GETFD));
    child = MUST((pid_t)syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0));
    if (!child) {
        umask(077);
        mkdir("d", 0777);
        _exit(chdir("d") ? 1 : 0);
    }
    say_status("child", wait_for(child));
    T(umask(022));
    T(access("../d", F_OK));
}

CASE(clone_ids, "clone set_tid_address")
{
    pid_t in_parent = 0, in_child = 0;
    pid_t child = MUST((pid_t)syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &in_parent,
                                      &in_child, 0));
    if (!child)
        _exit(in_child == getpid() ? 0 : 1);
    IS(in_parent == child);
    N(in_child);
    say_status("child", wait_for(child));
    IS(syscall(SYS_set_tid_address, &in_child) == getpid());
}

CASE(clone3_arguments, "clone3")
{
    struct clone_args args = {.exit_signal = SIGCHLD};
    pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (!child)
        _exit(3);
    say_status("child", wait_for(child));
    T(syscall(SYS_clone3, &args, 8));
    T(syscall(SYS_clone3, (void *)8, sizeof args));
    args.exit_signal = 0x100;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.exit_signal = SIGCHLD, args.flags = 0xff;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.flags = CLONE_THREAD;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.flags = 0, args.stack = 4096, args.stack_size = 0;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.stack = 0, args.stack_size = 4096;
    T(syscall(SYS_clone3, &args, sizeof args));
}

CASE(process_descriptors, "pidfd_open pidfd_send_signal")
{
    pid_t child = fork();
    if (!child)
        for (;;)
            pause();
    int fd = T(syscall(SYS_pidfd_open, child, 0));
    struct pollfd poller = {fd, POLLIN, 0};
    T(poll(&poller, 1, 0));
    T(syscall(SYS_pidfd_send_signal, fd, SIGKILL, 0, 0));
    T(poll(&poller, 1, 2000));
    siginfo_t info;
    T(waitid(3 /* P_PIDFD */, fd, &info, WEXITED));
    N(info.si_status);
    T(syscall(SYS_pidfd_open, child, 0));
    T(syscall(SYS_pidfd_open, getpid(), 77));
    T(syscall(SYS_pidfd_open, -1, 0));
    if (fd < 0)
        kill(child, SIGKILL);
}

/* What two threads share, as an equality: the order of what differs is nobody's business. */
static void say_shared(const char *who, pid_t other)
{
    char text[128] = "";
    for (int type = 1; type < 7; type++) {
        long result = syscall(SYS_kcmp, getpid(), other, type, 0, 0);
        snprintf(text + strlen(text), sizeof text - strlen(text), " %s",
                 result < 0 ? error_name(errno) : result ? "other" : "same");
    }
    say("%s:%s", who, text);
}

static int waits_in_child(void *unused)
{
    (void)unused;
    pause();
    return 0;
}

CASE(what_is_shared, "kcmp clone")
{
    static char stack[16384];
    say_shared("itself", getpid());
    pid_t child = MUST(fork());
    if (!child)
        pause();
    say_shared("child", child);
    pid_t near = MUST(clone(waits_in_child, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, 0));
    say_shared("near child", near);
    T(syscall(SYS_kcmp, getpid(), getpid(), 0, 1, 1));
    int copy = MUST(dup(1)), other = MUST(open("/dev/null", O_RDWR));
    T(syscall(SYS_kcmp, getpid(), getpid(), 0, 1, copy));
    T(syscall(SYS_kcmp, getpid(), child, 0, 1, 1));
    IS(syscall(SYS_kcmp, getpid(), getpid(), 0, 1, other) > 0);
    IS(syscall(SYS_kcmp, getpid(), getpid(), 0, 1, other) + syscall(SYS_kcmp, getpid(), getpid(), 0, other, 1) == 3);
    T(syscall(SYS_kcmp, getpid(), getpid(), 0, 1, 999));
    T(syscall(SYS_kcmp, getpid(), getpid(), 0, -1, 1));
    T(syscall(SYS_kcmp, getpid(), getpid(), 0, 1L << 32 | 1, 1));
    T(syscall(SYS_kcmp, getpid(), 0x7ffffff, 1, 0, 0));
    T(syscall(SYS_kcmp, 0, getpid(), 1, 0, 0));
    T(syscall(SYS_kcmp, getpid(), getpid(), 8, 0, 0));
    T(syscall(SYS_kcmp, getpid(), getpid(), -1, 0, 0));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_kcmp, getpid(), getppid(), 1, 0, 0)));
    kill(child, SIGKILL);
    kill(near, SIGKILL);
    while (wait(0) > 0)
        ;
}

CASE(what_an_epoll_watches, "kcmp epoll_ctl")
{
    struct {
        unsigned epoll, fd, place;
    } slot = {MUST(epoll_create1(0)), MUST(eventfd(0, 0)), 0};
    struct epoll_event event = {.events = EPOLLIN};
    int first = MUST(dup(slot.fd)), second = MUST(eventfd(0, 0));
    MUST(epoll_ctl(slot.epoll, EPOLL_CTL_ADD, slot.fd, &event));
    T(syscall(SYS_kcmp, getpid(), getpid(), 7, slot.fd, &slot));
    IS(syscall(SYS_kcmp, getpid(), getpid(), 7, slot.epoll, &slot) > 0);
    MUST(dup2(second, slot.fd)); /* the same number for another file; both are watched */
    MUST(epoll_ctl(slot.epoll, EPOLL_CTL_ADD, slot.fd, &event));
    IS(syscall(SYS_kcmp, getpid(), getpid(), 7, second, &slot) != syscall(SYS_kcmp, getpid(), getpid(), 7, first, &slot));
    slot.place = 1;
    IS(syscall(SYS_kcmp, getpid(), getpid(), 7, second, &slot) != syscall(SYS_kcmp, getpid(), getpid(), 7, first, &slot));
    slot.place = 2;
    T(syscall(SYS_kcmp, getpid(), getpid(), 7, first, &slot));
    slot.place = 0;
    T(syscall(SYS_kcmp, getpid(), getpid(), 7, 999, &slot));
    T(syscall(SYS_kcmp, getpid(), getpid(), 7, first, 0));
    slot.fd = first;
    T(syscall(SYS_kcmp, getpid(), getpid(), 7, first, &slot));
    slot.epoll = first;
    T(syscall(SYS_kcmp, getpid(), getpid(), 7, first, &slot));
    slot.epoll = 999;
    T(syscall(SYS_kcmp, getpid(), getpid(), 7, first, &slot));
}

static int unshares(void *flags)
{
    T(syscall(SYS_unshare, (long)flags));
    T(chdir("/"));
    MUST(dup2(1, 77));
    return 0;
}

CASE(unsharing, "unshare kcmp clone")
{
    static char stack[16384];
    static const long flags[] = {0, CLONE_FS, CLONE_FILES, CLONE_FS | CLONE_FILES, CLONE_SYSVSEM};
    char path[4096], start[4096];
    int here = MUST(open(".", O_RDONLY | O_DIRECTORY));
    MUST(getcwd(start, sizeof start) ? 0 : -1);
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++) {
        pid_t child = MUST(clone(unshares, stack + sizeof stack, CLONE_FS | CLONE_FILES | SIGCHLD, (void *)flags[i]));
        say_status("child", wait_for(child));
        say("%s", !getcwd(path, sizeof path) ? "?" : strcmp(path, start) ? "elsewhere" : "here");
        T(fcntl(77, F_GETFD));
        close(77);
        MUST(fchdir(here));
    }
    T(syscall(SYS_unshare, 1));
    T(syscall(SYS_unshare, CLONE_PARENT));
    T(syscall(SYS_unshare, 1L << 40));
    T(syscall(SYS_unshare, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD));
}
