/* Processes at their edges: what prctl says, what is left of a process, files about it. */
#include "case.h"
#include <linux/close_range.h>
#include <sys/prctl.h>

static void say_file(const char *path)
{
    char text[2048];
    int fd = open(path, O_RDONLY);
    long size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (size < 0) {
        say("%s: %s", path, error_name(errno));
    } else {
        for (long i = 0; i < size; i++)
            if (!text[i])
                text[i] = '|';
        text[size] = 0;
        say("%s: %s", path, text);
    }
    if (fd >= 0)
        close(fd);
}

CASE(what_prctl_answers, "prctl")
{
    int value = -1;
    T(prctl(PR_GET_TSC, &value));
    N(value);
    T(prctl(PR_SET_TSC, PR_TSC_ENABLE));
    T(prctl(PR_SET_TSC, 9));
    T(prctl(PR_GET_UNALIGN, &value));
    T(prctl(PR_GET_FPEMU, &value));
    T(prctl(PR_GET_ENDIAN, &value));
    T(prctl(PR_SET_PDEATHSIG, 65));
    T(prctl(PR_SET_PDEATHSIG, SIGUSR1));
    T(prctl(PR_GET_PDEATHSIG, &value));
    N(value == SIGUSR1);
    T(prctl(PR_SET_DUMPABLE, 2));
    T(prctl(PR_SET_DUMPABLE, 9));
    T(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
    T(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
    T(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    T(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    T(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
    T(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
    T(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
    T(prctl(PR_TASK_PERF_EVENTS_DISABLE));
    T(prctl(PR_SET_TIMERSLACK, 1234));
    T(prctl(PR_GET_TIMERSLACK));
    T(prctl(PR_SET_TIMERSLACK, 0));
    T(prctl(PR_GET_TIMERSLACK));
    T(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
    T(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    T(prctl(PR_CAPBSET_READ, 0));
    T(prctl(PR_CAPBSET_READ, 99));
    T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0, 0));
    T(prctl(PR_CAP_AMBIENT, 9, 0, 0, 0));
    T(prctl(PR_SET_CHILD_SUBREAPER, 5));
    T(prctl(PR_GET_CHILD_SUBREAPER, &value));
    N(value);
    T(prctl(PR_GET_SPECULATION_CTRL, 99, 0, 0, 0));
    T(prctl(65 /* PR_SET_MDWE */, 0, 0, 0, 0));
    T(prctl(66 /* PR_GET_MDWE */, 0, 0, 0, 0));
    T(prctl(65, 1, 0, 0, 0));
    T(prctl(66, 0, 0, 0, 0));
    OK(mmap(0, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    T(mprotect(MUST(mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)), PAGE, PROT_READ | PROT_EXEC));
    T(prctl(9999));
    unsigned long vector[80];
    IS(prctl(0x41555856 /* PR_GET_AUXV */, vector, sizeof vector, 0, 0) > 200);
    T(prctl(PR_SET_NAME, "a name that is too long"));
    char name[16];
    T(prctl(PR_GET_NAME, name));
    say("%s", name);
}

CASE(words_of_the_process, "prctl open")
{
    extern char **environ;
    say_file("/proc/self/comm");
    char *start = environ[0];
    IS(start != 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/children", getpid());
    T(open(path, O_RDONLY));
    pid_t child = MUST(fork());
    if (!child) {
        pause();
        _exit(0);
    }
    until_asleep(child);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", getpid(), getpid());
    char text[64] = "";
    int fd = open(path, O_RDONLY);
    T(fd >= 0 ? read(fd, text, 63) > 0 : -1);
    IS(atoi(text) == child);
    snprintf(path, sizeof path, "/proc/%d/syscall", child);
    fd = open(path, O_RDONLY);
    T(fd >= 0 ? read(fd, text, 63) > 0 : -1);
    N(atoi(text));
    snprintf(path, sizeof path, "/proc/%d/environ", child);
    OK(open(path, O_RDONLY));
    snprintf(path, sizeof path, "/proc/%d/wchan", child);
    OK(open(path, O_RDONLY));
    kill(child, SIGKILL);
    until_asleep(child);
    snprintf(path, sizeof path, "/proc/%d/cmdline", child);
    fd = open(path, O_RDONLY);
    T(read(fd, text, 63));
    snprintf(path, sizeof path, "/proc/%d/exe", child);
    T(readlink(path, text, 63));
    snprintf(path, sizeof path, "/proc/%d/fd", child);
    OK(open(path, O_RDONLY));
    wait_for(child);
    T(open(path, O_RDONLY));
}

CASE(files_about_oneself, "open read write")
{
    static const char *const names[] = {
        "auxv", "cgroup", "cmdline", "comm", "coredump_filter", "cpuset", "cwd", "environ", "exe", "fd", "fdinfo", "gid_map",
        "io", "limits", "loginuid", "maps", "mem", "mountinfo", "mounts", "ns",
        "oom_score", "oom_score_adj", "personality", "projid_map", "root", "schedstat", "sessionid",
        "setgroups", "smaps", "smaps_rollup", "stat", "statm", "status", "syscall", "task", "timerslack_ns",
        "uid_map", "wchan", "net",
    };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        struct stat info;
        snprintf(path, sizeof path, "/proc/self/%s", names[i]);
        say("%s: %s", names[i], lstat(path, &info) ? error_name(errno) : S_ISDIR(info.st_mode) ? "directory" : S_ISLNK(info.st_mode) ? "link" : "file");
    }
    say_file("/proc/self/oom_score_adj");
    int fd = MUST(open("/proc/self/oom_score_adj", O_RDWR));
    T(write(fd, "1001", 4));
    T(write(fd, "500", 3));
    say_file("/proc/self/oom_score_adj");
    T(write(fd, "text", 4));
    CHILD(say_file("/proc/self/oom_score_adj"));
    fd = MUST(open("/proc/self/coredump_filter", O_RDWR));
    T(write(fd, "0x7f", 4));
    say_file("/proc/self/coredump_filter");
    T(write(MUST(open("/proc/self/comm", O_WRONLY)), "renamed\n", 8));
    say_file("/proc/self/comm");
    fd = open("/proc/self/timerslack_ns", O_RDWR);
    T(write(fd, "777", 3));
    N(prctl(PR_GET_TIMERSLACK));
}

CASE(links_of_name_spaces, "readlink open")
{
    static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "user", "uts"};
    char path[64], text[64];
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        int fd = open(path, O_RDONLY);
        struct stat info;
        long size = readlink(path, text, sizeof text - 1);
        say("%s, %s", fd < 0 || fstat(fd, &info) || !S_ISREG(info.st_mode) ? "not to be opened" : "open",
            read(fd, text + 60, 1) < 0 ? error_name(errno) : "read");
        text[size > 0 ? strcspn(text, "[") : 0] = 0;
        say("%s: %s", names[i], size > 0 ? text : error_name(errno));
    }
}

CASE(all_descriptors_at_once, "close_range dup2 fork")
{
    MUST(dup2(1, 20));
    MUST(dup2(1, 30));
    T(syscall(SYS_close_range, 25, 15, 0));
    T(syscall(SYS_close_range, 20, 40, 8));
    T(syscall(SYS_close_range, 20, 20, CLOSE_RANGE_CLOEXEC));
    N(fcntl(20, F_GETFD));
    T(syscall(SYS_close_range, 100, ~0u, 0));
    T(syscall(SYS_close_range, 30, ~0u, CLOSE_RANGE_UNSHARE));
    T(fcntl(30, F_GETFD));
    T(fcntl(20, F_GETFD));
    T(syscall(SYS_close_range, 20, 30, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC));
}

CASE(flags_of_new_processes, "clone clone3 unshare")
{
    struct { uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup; } args = {0};
    static char stack[PAGE];
    T(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0));
    T(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0));
    T(syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0));
    T(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, 0));
    T(syscall(SYS_clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, 0, 0, 0));
    T(syscall(SYS_clone3, &args, 8));
    args.exit_signal = 65;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.exit_signal = SIGCHLD;
    args.stack_size = PAGE;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.stack = (uintptr_t)stack;
    args.stack_size = 0;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.stack = 0;
    args.flags = 0xff;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.flags = CLONE_DETACHED;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.flags = 0x100000000 /* CLONE_CLEAR_SIGHAND */ | CLONE_SIGHAND | CLONE_VM;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.flags = 0;
    args.set_tid_size = 1;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.set_tid = (uintptr_t)&(pid_t){1};
    T(syscall(SYS_clone3, &args, sizeof args));
    args.set_tid_size = 40;
    T(syscall(SYS_clone3, &args, sizeof args));
    args.set_tid = args.set_tid_size = 0;
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, nothing);
    args.flags = 0x100000000;
    pid_t child = (pid_t)MUST(syscall(SYS_clone3, &args, sizeof args));
    if (!child) {
        struct sigaction one, two;
        sigaction(SIGUSR1, 0, &one);
        sigaction(SIGUSR2, 0, &two);
        say("%s, %s", one.sa_handler == SIG_IGN ? "ignored" : "not ignored", two.sa_handler == SIG_DFL ? "default" : "handled");
        _exit(0);
    }
    say_status("child", wait_for(child));
    T(unshare(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM));
    T(unshare(CLONE_THREAD));
    T(unshare(0x1));
    T(unshare(0));
}

CASE(waiting_with_options, "waitid wait4")
{
    siginfo_t info = {0};
    T(waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
    T(waitid(P_PID, 0, &info, WEXITED));
    T(waitid(9, 0, &info, WEXITED));
    T(waitid(P_ALL, 0, &info, 0));
    T(waitid(P_ALL, 0, &info, WEXITED | 0x100));
    T(wait4(-1, 0, 0x100, 0));
    T(wait4(INT32_MIN, 0, 0, 0));
    pid_t child = MUST(fork());
    if (!child)
        _exit(5);
    T(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    say("%d %d %d", info.si_signo == SIGCHLD, info.si_code, info.si_status);
    T(waitid(P_PGID, 0, &info, WEXITED | WNOWAIT));
    T(waitid(P_PIDFD, 0, &info, WEXITED));
    struct rusage usage;
    T(syscall(SYS_waitid, P_PID, child, 0, WEXITED, &usage));
    T(waitid(P_PID, (id_t)child, &info, WEXITED));
    child = (pid_t)MUST(syscall(SYS_clone, 0, 0, 0, 0, 0)); /* no signal at its end */
    if (!child)
        _exit(6);
    T(wait4(child, 0, 0, 0));
    int status;
    T(wait4(child, &status, __WCLONE, 0) == child);
    say_status("clone", status);
    child = (pid_t)MUST(syscall(SYS_clone, 0, 0, 0, 0, 0));
    if (!child)
        _exit(6);
    T(wait4(-1, &status, __WALL, 0) == child);
    IS(getrusage(RUSAGE_CHILDREN, &usage) == 0 && usage.ru_minflt > 0);
    T(getrusage(RUSAGE_THREAD, &usage));
    T(getrusage(9, &usage));
}

CASE(groups_and_programs, "setpgid setsid execve")
{
    int ends[2];
    char byte;
    MUST(pipe2(ends, O_CLOEXEC));
    pid_t child = MUST(fork());
    if (!child) {
        execl("/proc/self/exe", "cases", "--body", "none", (char *)0);
        _exit(1);
    }
    close(ends[1]);
    MUST(read(ends[0], &byte, 1)); /* the program has begun */
    siginfo_t info;
    T(setpgid(child, child));
    MUST(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    say_status("child", wait_for(child));
    T(setpgid(0, -1));
    T(setpgid(0, 0x3ffffe));
    T(setpgid(1, 0));
    T(setsid());
    CHILD(OK(setsid()); T(setsid()); T(setpgid(0, 0)); IS(getsid(0) == getpid()));
}

CASE(stacks_for_signals, "sigaltstack")
{
    static char stack[16384];
    stack_t one = {.ss_sp = stack, .ss_size = sizeof stack}, old;
    T(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = 100}, 0));
    T(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack, .ss_flags = 8}, 0));
    T(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack, .ss_flags = SS_ONSTACK}, 0));
    T(sigaltstack(&one, &old));
    N(old.ss_flags);
    T(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE, .ss_size = 1}, &old));
    N(old.ss_flags);
    IS(old.ss_sp == stack);
    T(syscall(SYS_sigaltstack, 8, 0));
    T(syscall(SYS_sigaltstack, 0, 8));
}
