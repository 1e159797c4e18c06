/* Threads: how they end, and what that means for the process. */
#include "case.h"
#include <pthread.h>

static void *leave_all(void *unused)
{
    (void)unused;
    _exit(12);
}

static void *leave_alone(void *unused)
{
    (void)unused;
    pthread_exit((void *)3);
}

CASE(exit_of_one_and_all, "exit exit_group")
{
    CHILD(
        pthread_t thread;
        pthread_create(&thread, 0, leave_all, 0);
        for (;;) pause());
    CHILD(
        pthread_t thread;
        pthread_create(&thread, 0, leave_alone, 0);
        pthread_join(thread, 0);
        say("joined");
        _exit(4));
}

/* What is left of a process whose leader has gone before its threads. */
static void *outlive(void *way)
{
    char text[2048] = "", path[64];
    pid_t self = getpid();
    while (state_of(self) != 'Z')
        sleep_ms(1);
    say("the leader is gone");
    T(syscall(SYS_tgkill, self, self, SIGTERM));
    T(syscall(SYS_tkill, self, 0));
    T(kill(self, 0));
    IS(syscall(SYS_gettid) != self && getpid() == self);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", self);
    T(access(path, F_OK));
    int fd = MUST(open("/proc/self/status", O_RDONLY));
    MUST(read(fd, text, sizeof text - 1));
    IS(strstr(text, "State:\tZ (zombie)") && strstr(text, "Threads:\t2\n"));
    IS(!strstr(text, "VmSize:"));
    close(fd);
    fd = MUST(open("/proc/self/comm", O_RDONLY));
    memset(text, 0, sizeof text);
    MUST(read(fd, text, 64));
    say("%s", text);
    if (*(const char *)way == 'a')
        _exit(8);
    if (*(const char *)way == 'e')
        execl("/proc/self/exe", "again", "no such case", (char *)0);
    return 0;
}

static void leave(const char *way)
{
    pthread_t thread;
    pthread_create(&thread, 0, outlive, (void *)way);
    syscall(SYS_exit, 5);
}

CASE(leader_leaves_first, "exit wait4 tgkill tkill")
{
    CHILD(leave("all"));
    CHILD(leave("one"));
    CHILD(leave("exec"));
    siginfo_t info;
    pid_t child = MUST(fork());
    if (!child)
        leave("one");
    MUST(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    say("%d %d", info.si_code == CLD_EXITED, info.si_status);
    N(state_of(child));
    T(syscall(SYS_tgkill, child, child, 0));
    T(syscall(SYS_tkill, child, SIGTERM));
    say_status("child", wait_for(child));
    T(syscall(SYS_tkill, child, 0));
}

static void *fault(void *unused)
{
    (void)unused;
    *(volatile int *)8 = 1;
    return 0;
}

CASE(fault_of_one_ends_all, "rt_sigaction exit_group")
{
    CHILD(
        pthread_t thread;
        pthread_create(&thread, 0, fault, 0);
        for (;;) pause());
}

static void *fork_here(void *unused)
{
    (void)unused;
    CHILD(IS(getpid() == syscall(SYS_gettid)); _exit(2));
    return 0;
}

CASE(fork_from_a_thread, "fork wait4")
{
    pthread_t thread;
    pthread_create(&thread, 0, fork_here, 0);
    pthread_join(thread, 0);
}

static void *wait_here(void *child)
{
    int status;
    IS(waitpid(*(pid_t *)child, &status, 0) == *(pid_t *)child);
    say_status("child", status);
    return 0;
}

CASE(wait_from_another_thread, "wait4")
{
    pthread_t thread;
    pid_t child = fork();
    if (!child)
        _exit(7);
    pthread_create(&thread, 0, wait_here, &child);
    pthread_join(thread, 0);
}

static void *sleep_long(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

CASE(cancelling, "tgkill tkill rt_sigaction")
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, 0, sleep_long, 0);
    N(pthread_cancel(thread));
    N(pthread_join(thread, &result));
    IS(result == PTHREAD_CANCELED);
}

static void *die(void *unused)
{
    (void)unused;
    return 0;
}

CASE(very_many_in_turn, "clone exit")
{
    pthread_t thread;
    int failed = 0;
    for (int i = 0; i < 100; i++)
        failed += pthread_create(&thread, 0, die, 0) || pthread_join(thread, 0);
    N(failed);
}
