/* Programs that threads start, and signals to threads that have ended. */
#include "case.h"
#include <pthread.h>
#include <sys/ptrace.h>

static void *run_program(void *at)
{
    char *const argv[] = {"cases", "--body", "program_of_a_thread_begins", 0};
    (void)at;
    execv("/proc/self/exe", argv);
    return 0;
}

CASE(program_of_a_thread_begins, "execve gettid")
{
    say("%s, %s", getpid() == syscall(SYS_gettid) ? "alone" : "one of many", getenv("BY_THREAD") ? "by a thread" : "first");
}

CASE(program_of_a_thread, "execve exit")
{
    pthread_t thread;
    setenv("BY_THREAD", "1", 1);
    pid_t child = MUST(fork());
    if (!child) {
        pthread_create(&thread, 0, run_program, 0);
        for (;;)
            pause();
    }
    say_status("child", wait_for(child));
}

static void *leave(void *tid)
{
    *(pid_t *)tid = (pid_t)syscall(SYS_gettid);
    return 0;
}

CASE(signals_to_threads_that_ended, "tgkill tkill sched_getscheduler")
{
    pthread_t thread;
    pid_t tid = 0;
    pthread_create(&thread, 0, leave, &tid);
    pthread_join(thread, 0);
    sleep_ms(5);
    T(syscall(SYS_tgkill, getpid(), tid, 0));
    T(syscall(SYS_tkill, tid, SIGUSR1));
    T(syscall(SYS_tgkill, getppid(), getpid(), 0));
    T(syscall(SYS_tgkill, getpid(), getpid(), 65));
    T(syscall(SYS_tgkill, -1, getpid(), 0));
    T(syscall(SYS_tgkill, getpid(), 0, 0));
    T(syscall(SYS_sched_getscheduler, tid));
    T(getsid(0x3ffffe));
    T(getpgid(0x3ffffe));
    T(kill(0x3ffffe, 0));
    T(kill(-0x3ffffe, 0));
    pid_t child = MUST(fork());
    if (!child)
        _exit(0);
    siginfo_t info;
    MUST(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    T(kill(child, SIGKILL));
    T(setpgid(child, child));
    T(syscall(SYS_sched_getscheduler, child));
    T(getpriority(PRIO_PROCESS, (id_t)child));
    T(ptrace(PTRACE_SEIZE, child, 0, 0));
    say_status("child", wait_for(child));
}
