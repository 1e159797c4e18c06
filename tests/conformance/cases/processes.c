/* Processes: how they end, and how their ends are waited for. */
#include "case.h"
#include <sys/prctl.h>

static int code_of(const siginfo_t *info)
{
    return info->si_code;
}

CASE(exit_codes, "exit exit_group wait4")
{
    CHILD(_exit(0));
    CHILD(_exit(7));
    CHILD(_exit(256 + 3));
    CHILD(_exit(-1));
    CHILD(syscall(SYS_exit, 5));
    CHILD(raise(SIGKILL));
    CHILD(raise(SIGTERM));
    CHILD(abort());
}

CASE(wait_errors, "wait4")
{
    int status;
    T(wait4(-1, &status, 0, 0));
    T(wait4(getpid(), &status, 0, 0));
    T(wait4(1, &status, WNOHANG, 0));
    T(wait4(-1, &status, 0x100, 0));
    T(wait4(-0x7fffffff - 1, &status, 0, 0));
    pid_t child = fork();
    if (!child)
        _exit(3);
    until_asleep(child);
    T(wait4(-1, (void *)8, 0, 0));
    T(wait4(-1, &status, 0, 0));
}

CASE(wait_by_group, "wait4 setpgid")
{
    int status, ends[2];
    MUST(pipe(ends));
    pid_t first = fork();
    if (!first)
        _exit(1);
    pid_t second = fork();
    if (!second) {
        setpgid(0, 0);
        (void)!write(ends[1], "x", 1);
        _exit(2);
    }
    char byte;
    MUST(read(ends[0], &byte, 1));
    IS(waitpid(-second, &status, 0) == second);
    say_status("second", status);
    IS(waitpid(0, &status, 0) == first);
    say_status("first", status);
    T(waitpid(0, &status, 0));
}

CASE(wait_without_hanging, "wait4")
{
    int status, ends[2];
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        char byte;
        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        _exit(4);
    }
    T(waitpid(child, &status, WNOHANG));
    close(ends[1]);
    IS(waitpid(child, &status, 0) == child);
    say_status("child", status);
    T(waitpid(child, &status, WNOHANG));
}

CASE(waitid_details, "waitid")
{
    siginfo_t info;
    pid_t child = fork();
    if (!child)
        _exit(9);
    T(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    IS(info.si_pid == child);
    say("signal %d code %d status %d", info.si_signo, code_of(&info), info.si_status);
    T(waitid(P_ALL, 0, &info, WEXITED));
    say("signal %d code %d status %d", info.si_signo, code_of(&info), info.si_status);
    T(waitid(P_ALL, 0, &info, WEXITED));
    T(waitid(P_ALL, 0, &info, 0));
    T(waitid(77, 0, &info, WEXITED));
    T(waitid(P_PID, 0, &info, WEXITED));
    child = fork();
    if (!child)
        raise(SIGKILL);
    T(waitid(P_PID, child, &info, WEXITED));
    say("signal %d code %d status %d", info.si_signo, code_of(&info), info.si_status);
    child = fork();
    if (!child)
        pause();
    memset(&info, 1, sizeof info);
    T(waitid(P_PID, child, &info, WEXITED | WNOHANG));
    N(info.si_pid);
    kill(child, SIGKILL);
    T(waitid(P_PGID, getpgrp(), &info, WEXITED));
}

CASE(stop_and_continue, "wait4 waitid kill")
{
    int status;
    siginfo_t info;
    pid_t child = fork();
    if (!child)
        for (;;)
            pause();
    T(kill(child, SIGSTOP));
    IS(waitpid(child, &status, WUNTRACED) == child);
    say_status("child", status);
    T(waitpid(child, &status, WUNTRACED | WNOHANG));
    N(state_of(child));
    T(kill(child, SIGCONT));
    IS(waitpid(child, &status, WCONTINUED) == child);
    say_status("child", status);
    T(kill(child, SIGTSTP));
    T(waitid(P_PID, child, &info, WSTOPPED));
    say("code %d status %d", code_of(&info), info.si_status);
    T(kill(child, SIGCONT));
    T(waitid(P_PID, child, &info, WCONTINUED));
    say("code %d status %d", code_of(&info), info.si_status);
    T(kill(child, SIGSTOP));
    T(waitid(P_PID, child, &info, WSTOPPED | WNOWAIT));
    T(waitid(P_PID, child, &info, WSTOPPED));
    T(kill(child, SIGKILL));
    say_status("child", wait_for(child));
}

CASE(usage_of_children, "wait4 getrusage times")
{
    struct rusage usage;
    int status;
    pid_t child = fork();
    if (!child) {
        for (volatile int i = 0; i < 20000000; i++)
            ;
        _exit(0);
    }
    IS(wait4(child, &status, 0, &usage) == child);
    long spent = usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec;
    IS(spent > 0);
    T(getrusage(RUSAGE_CHILDREN, &usage));
    IS(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec >= spent);
    T(getrusage(RUSAGE_SELF, &usage));
    T(getrusage(77, &usage));
}

CASE(orphans, "getppid exit")
{
    int ends[2];
    char byte;
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        pid_t middle = getpid();
        if (!fork()) {
            close(ends[0]);
            while (getppid() == middle)
                sleep_ms(1);
            (void)!write(ends[1], "o", 1);
            _exit(0);
        }
        _exit(0);
    }
    say_status("middle", wait_for(child));
    close(ends[1]);
    T(read(ends[0], &byte, 1));
    T(read(ends[0], &byte, 1));
    T(wait4(-1, 0, 0, 0));
}

CASE(subreapers, "prctl wait4")
{
    int status;
    T(prctl(PR_SET_CHILD_SUBREAPER, 1));
    pid_t child = fork();
    if (!child) {
        if (!fork()) {
            sleep_ms(20);
            _exit(11);
        }
        _exit(10);
    }
    IS(waitpid(child, &status, 0) == child);
    say_status("child", status);
    IS(waitpid(-1, &status, 0) > 0);
    say_status("grandchild", status);
}

CASE(ignored_children, "rt_sigaction wait4")
{
    int status;
    signal(SIGCHLD, SIG_IGN);
    if (!fork())
        _exit(1);
    T(waitpid(-1, &status, 0));
    signal(SIGCHLD, SIG_DFL);
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &action, 0);
    if (!fork())
        _exit(1);
    T(waitpid(-1, &status, 0));
}

CASE(many_children, "fork wait4")
{
    enum { COUNT = 40 };
    int sum = 0, status, failed = 0;
    for (int i = 0; i < COUNT; i++) {
        pid_t child = fork();
        if (!child)
            _exit(i);
        failed += child < 0;
    }
    for (int i = 0; i < COUNT; i++) {
        failed += wait(&status) < 0;
        sum += WEXITSTATUS(status);
    }
    N(sum);
    N(failed);
    T(wait(&status));
}

CASE(deep_family, "fork exit")
{
    CHILD(
        for (int depth = 0; depth < 15; depth++) {
            pid_t child = MUST(fork());
            if (child)
                _exit(WEXITSTATUS(wait_for(child)) + 1);
        });
}

CASE(parent_death_signal, "prctl")
{
    int ends[2], value = -1;
    char byte = 0;
    MUST(pipe(ends));
    T(prctl(PR_SET_PDEATHSIG, SIGTERM));
    T(prctl(PR_GET_PDEATHSIG, &value));
    N(value);
    T(prctl(PR_SET_PDEATHSIG, 100));
    CHILD(T(prctl(PR_GET_PDEATHSIG, &value)); N(value));
    pid_t child = fork();
    if (!child) {
        pid_t grandchild = fork();
        if (!grandchild) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)!write(ends[1], "r", 1);
            for (;;)
                pause();
        }
        (void)!read(ends[0], &byte, 1);
        _exit(0);
    }
    close(ends[1]);
    say_status("child", wait_for(child));
    /* The end of the file comes when the grandchild is gone as well. */
    T(read(ends[0], &byte, 1));
}

CASE(names_of_processes, "prctl")
{
    char name[17] = "";
    T(prctl(PR_SET_NAME, "a long name that is cut off"));
    T(prctl(PR_GET_NAME, name));
    say("%s", name);
    int fd = open("/proc/self/comm", O_RDONLY);
    memset(name, 0, sizeof name);
    T(read(fd, name, 16));
    say("%s", name);
    T(prctl(PR_SET_NAME, (void *)8));
    CHILD(T(prctl(PR_GET_NAME, name)); say("%s", name));
}

CASE(dumpable_and_friends, "prctl")
{
    T(prctl(PR_GET_DUMPABLE));
    T(prctl(PR_SET_DUMPABLE, 0));
    T(prctl(PR_GET_DUMPABLE));
    T(prctl(PR_SET_DUMPABLE, 7));
    T(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    T(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    T(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    T(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    T(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
    T(prctl(PR_GET_TIMERSLACK) > 0);
    T(prctl(PR_SET_TIMERSLACK, 12345));
    T(prctl(PR_GET_TIMERSLACK));
    T(prctl(99999));
}
