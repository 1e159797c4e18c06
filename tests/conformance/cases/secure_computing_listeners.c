/* Secure computing: listeners that answer for the kernel. */
#include "secure_computing.h"
#include <sys/ioctl.h>

/* Another process decides. */
static long listen_to(long call, long flags)
{
    struct sock_filter filter[] = {
        NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), SAYS(SECCOMP_RET_USER_NOTIF), LAST,
    };
    return install(SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, filter, L(filter));
}

/* A child whose calls are asked about; the listener comes by the table of descriptors they share. */
static pid_t asks(int *listener, long call, void (*body)(void))
{
    int ends[2];
    no_new_privileges();
    MUST(pipe(ends));
    pid_t child = MUST(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
    if (!child) {
        int fd = listen_to(call, 0);
        (void)!write(ends[1], &fd, sizeof fd);
        body();
        _exit(0);
    }
    MUST(read(ends[0], listener, sizeof *listener));
    close(ends[0]);
    close(ends[1]);
    return child;
}

static long answer(int listener, uint64_t id, long value, int error, unsigned flags)
{
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &(struct seccomp_notif_resp){id, value, error, flags});
}

static void asks_three_times(void)
{
    T(syscall(SYS_getsid, 11, 22, 33, 44, 55, 66));
    T(syscall(SYS_getsid, 0));
    IS(syscall(SYS_getsid, 0) > 0);
}

CASE(others_decide, "seccomp ioctl poll")
{
    struct seccomp_notif notice = {0};
    int listener;
    pid_t child = asks(&listener, SYS_getsid, asks_three_times);
    struct pollfd wait = {listener, POLLIN | POLLOUT, 0};
    T(poll(&wait, 1, 5000));
    N(wait.revents);
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    IS(notice.pid == (unsigned)child && notice.flags == 0 && notice.id);
    say("%d %x: %d %d %d %d %d %d", notice.data.nr, notice.data.arch, (int)notice.data.args[0], (int)notice.data.args[1],
        (int)notice.data.args[2], (int)notice.data.args[3], (int)notice.data.args[4], (int)notice.data.args[5]);
    T(poll(&wait, 1, 0));
    N(wait.revents);
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notice.id));
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &(uint64_t){notice.id + 1}));
    T(answer(listener, notice.id + 1, 0, 0, 0));
    T(answer(listener, notice.id, 5, 0, 1));
    T(answer(listener, notice.id, 0, 0, 2));
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    MUST(answer(listener, notice.id, 4711, 0, 0)); /* from here on until it asks again the child speaks */
    memset(&notice, 0, sizeof notice);
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    MUST(answer(listener, notice.id, 1, -EBUSY, 0));
    long late = answer(listener, notice.id, 1, -EBUSY, 0);
    memset(&notice, 0, sizeof notice);
    T(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    IS(late == -1);
    MUST(answer(listener, notice.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
    say_status("child", wait_for(child));
    wait.events = POLLIN;
    T(poll(&wait, 1, 5000));
    N(wait.revents);
    T(ioctl(listener, 0x2177, 0));
}

static void asks_for_a_file(void)
{
    char text[8] = "";
    int fd = T(syscall(SYS_getsid, 1) == 70 ? 70 : -1);
    T(read(fd, text, 4));
    say("%s", text);
    fd = syscall(SYS_getsid, 2);
    T(pread(fd, text, 4, 0));
    IS(fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

CASE(others_give_descriptors, "seccomp ioctl")
{
    enum { ADDFD = 0x40182103 };
    struct { uint64_t id; uint32_t flags, from, to, options; } add = {0};
    struct seccomp_notif notice = {0};
    int listener;
    pid_t child = asks(&listener, SYS_getsid, asks_for_a_file);
    add.from = file_with("f", "text");
    MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    add.id = notice.id;
    add.to = 70;
    T(ioctl(listener, ADDFD, &add));
    add.flags = 4;
    T(ioctl(listener, ADDFD, &add));
    add.flags = 1; /* SETFD */
    add.options = 1;
    T(ioctl(listener, ADDFD, &add));
    add.options = 0;
    add.id++;
    T(ioctl(listener, ADDFD, &add));
    add.id--;
    T(ioctl(listener, ADDFD, &add));
    MUST(answer(listener, notice.id, 70, 0, 0));
    memset(&notice, 0, sizeof notice);
    MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    add.id = notice.id;
    add.flags = 2; /* SEND */
    add.to = 0;
    add.options = O_CLOEXEC;
    int given = ioctl(listener, ADDFD, &add);
    say_status("child", wait_for(child));
    IS(given > 2);
}

static void asks_and_is_signalled(void)
{
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = nothing}, 0);
    T(syscall(SYS_getsid, 1));
    T(syscall(SYS_getsid, 2));
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = nothing, .sa_flags = SA_RESTART}, 0);
    T(syscall(SYS_getsid, 3));
    T(syscall(SYS_getsid, 4));
}

CASE(others_do_not_answer, "seccomp ioctl")
{
    struct seccomp_notif notice = {0};
    int listener;
    pid_t child = asks(&listener, SYS_getsid, asks_and_is_signalled);
    for (int i = 1; i < 3; i++) {
        memset(&notice, 0, sizeof notice);
        MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
        uint64_t before = notice.id;
        N(notice.data.args[0]);
        MUST(kill(child, SIGUSR1));
        while (!ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &before))
            sleep_ms(1);
        errno = 0;
        int late = answer(listener, before, 1, 0, 0) ? errno : 0;
        memset(&notice, 0, sizeof notice);
        MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
        N(notice.data.args[0]);
        say("late: %s", error_name(late));
        IS(notice.id != before);
        MUST(answer(listener, notice.id, 8, 0, 0));
    }
    memset(&notice, 0, sizeof notice);
    MUST(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice));
    N(notice.data.args[0]);
    MUST(close(listener));
    say_status("child", wait_for(child));
}

CASE(listeners, "seccomp")
{
    no_new_privileges();
    MUST(INSTALL(ABOUT(getppid, SECCOMP_RET_USER_NOTIF)));
    T(syscall(SYS_getppid));
    int listener = listen_to(SYS_getsid, 0);
    IS(listener > 2 && fcntl(listener, F_GETFD) == FD_CLOEXEC);
    T(listen_to(SYS_getsid, 0));
    MUST(close(listener));
    T(syscall(SYS_getsid, 0));
    IS(listen_to(SYS_getsid, 0x20 | SECCOMP_FILTER_FLAG_TSYNC | 0x10) > 2);
    pid_t child = MUST(fork());
    if (!child)
        syscall(SYS_getsid, 1);
    until_asleep(child);
    MUST(kill(child, SIGKILL));
    say_status("child", wait_for(child));
}
