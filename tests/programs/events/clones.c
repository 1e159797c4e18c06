/* Whose child a clone is, what its end says and to whom, its number; timer slack; adjtimex. */
#define _GNU_SOURCE
#include "say.h"
#include <sched.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>

static long clone3(struct clone_args *args, size_t size) { return syscall(SYS_clone3, args, size); }

static void parents(void)
{
    int status, pipes[2], answer[3];
    pipe(pipes);
    fflush(stdout);
    pid_t middle = fork();
    if (!middle) {
        struct clone_args args = {.flags = CLONE_PARENT, .exit_signal = 0};
        pid_t pid = clone3(&args, sizeof(args));
        if (!pid) {
            answer[0] = getppid();
            write(pipes[1], answer, sizeof(answer));
            _exit(4);
        }
        int other = clone3(&(struct clone_args){.flags = CLONE_PARENT, .exit_signal = SIGUSR1}, sizeof(args));
        if (!other)
            _exit(5);
        _exit(pid > 0 ? (waitpid(pid, NULL, 0) < 0 ? 7 : 8) : 9);
    }
    read(pipes[0], answer, sizeof(answer));
    say("parent is ours", answer[0] == getpid());
    say("middle", waitpid(middle, &status, 0) == middle);
    say("its status", WEXITSTATUS(status));
    int n = 0, sum = 0;
    pid_t p;
    while ((p = waitpid(-1, &status, 0)) > 0) {
        n++;
        sum += WEXITSTATUS(status);
    }
    say("others", n);
    say("sum", sum);
}

static void exit_signals(void)
{
    int status;
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int sig = 0; sig <= 40; sig += sig == 0 ? SIGUSR1 : sig == SIGUSR1 ? SIGCHLD - SIGUSR1 : 23) {
        struct clone_args args = {.exit_signal = sig};
        pid_t pid = clone3(&args, sizeof(args));
        if (!pid)
            _exit(1);
        say("pid", pid > 0);
        say("no wall", waitpid(pid, &status, 0) == pid);
        say("clone", waitpid(pid, &status, __WCLONE) == pid);
        siginfo_t info;
        struct timespec none = {0, 100000000};
        long got = sigtimedwait(&set, &info, &none);
        say("signal", got);
        if (got > 0) {
            say("code", info.si_code);
            say("status", info.si_status);
        }
        waitpid(pid, &status, __WALL);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    say("65", clone3(&(struct clone_args){.exit_signal = 65}, sizeof(struct clone_args)));
    say("thread with signal", clone3(&(struct clone_args){.flags = CLONE_THREAD|CLONE_SIGHAND|CLONE_VM, .exit_signal = SIGCHLD}, sizeof(struct clone_args)));
}

static void set_tids(void)
{
    pid_t tids[40] = {fork()};
    if (!tids[0])
        _exit(0);
    waitpid(tids[0], NULL, 0); /* a number that is free again */
    pid_t free_tid = tids[0];
    struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (long)tids, .set_tid_size = 1};
    for (int i = 0; i < 2; i++) {
        pid_t pid = clone3(&args, sizeof(args));
        if (!pid)
            _exit(getpid() != free_tid);
        say("set_tid", pid < 0 ? pid : pid == free_tid);
        int status;
        if (pid > 0) {
            waitpid(pid, &status, 0);
            say("exit", WEXITSTATUS(status));
        }
        pid = -1;
    }
    tids[0] = 1;
    say("1", clone3(&args, sizeof(args)));
    tids[0] = 0;
    say("0", clone3(&args, sizeof(args)));
    tids[0] = -5;
    say("-5", clone3(&args, sizeof(args)));
    tids[0] = getpid();
    say("taken", clone3(&args, sizeof(args)));
    tids[0] = 1 << 30;
    say("large", clone3(&args, sizeof(args)));
    args.set_tid_size = 33;
    say("33", clone3(&args, sizeof(args)));
    args.set_tid_size = 20;
    say("20", clone3(&args, sizeof(args)));
    args.set_tid_size = 1;
    args.set_tid = 0;
    say("null", clone3(&args, sizeof(args)));
    args.set_tid_size = 0;
    args.set_tid = (long)tids;
    say("no size", clone3(&args, sizeof(args)));
    args.set_tid_size = 1;
    args.set_tid = 8;
    say("fault", clone3(&args, sizeof(args)));
    args = (struct clone_args){.exit_signal = SIGCHLD, .cgroup = 3};
    pid_t p = clone3(&args, sizeof(args));
    if (!p)
        _exit(0);
    say("cgroup ignored", p > 0);
    wait(0);
    struct { struct clone_args a; long more; } big = {{.exit_signal = SIGCHLD}, 0};
    p = clone3(&big.a, sizeof(big));
    if (!p)
        _exit(0);
    say("longer", p > 0);
    wait(0);
    big.more = 1;
    say("more", clone3(&big.a, sizeof(big)));
    say("flags", clone3(&(struct clone_args){.flags = 1L << 40}, sizeof(args)));
}

static void misc(void)
{
    say("slack", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    say("set", prctl(PR_SET_TIMERSLACK, 12345, 0, 0, 0));
    say("slack", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    fflush(stdout);
    pid_t p = fork();
    if (!p) {
        say("child", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
        say("set", prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0));
        say("set", prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0));
        say("child", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
        exit(0);
    }
    wait(0);
    say("set 0", prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0));
    say("slack", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
    struct timex x = {0};
    long r = adjtimex(&x);
    say("adjtimex", r >= 0 && x.tick == 10000 && x.precision >= 1);
    say("time", labs(x.time.tv_sec - time(0)) <= 1);
    x.modes = 0;
    say("clock_adjtime", clock_adjtime(CLOCK_REALTIME, &x) >= 0);
    say("monotonic", clock_adjtime(CLOCK_MONOTONIC, &x));
    say("cpu", clock_adjtime(CLOCK_PROCESS_CPUTIME_ID, &x));
    say("thread cpu", clock_adjtime(CLOCK_THREAD_CPUTIME_ID, &x));
    say("boottime", clock_adjtime(CLOCK_BOOTTIME, &x));
    say("tai", clock_adjtime(CLOCK_TAI, &x));
    say("77", clock_adjtime(77, &x));
    say("cpu -6", syscall(SYS_clock_adjtime, -6, &x));
    say("coarse", clock_adjtime(CLOCK_REALTIME_COARSE, &x));
    say("null", syscall(SYS_adjtimex, NULL));
    say("null", syscall(SYS_clock_adjtime, 0, NULL));
    say("null 1", syscall(SYS_clock_adjtime, 1, NULL));
}

int main(int c, char **v)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    parents();
    exit_signals();
    set_tids();
    misc();
}
