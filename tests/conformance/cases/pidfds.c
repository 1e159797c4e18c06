/* Descriptors of processes and threads. */
#include "case.h"
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#define PIDFD_THREAD O_EXCL

enum { SIGNAL_THREAD = 1, SIGNAL_THREAD_GROUP = 2, SIGNAL_PROCESS_GROUP = 4 };

static int open_pid(pid_t pid, unsigned flags)
{
    return syscall(SYS_pidfd_open, pid, flags);
}

static long send_by(int fd, int sig, siginfo_t *info, unsigned scope)
{
    return syscall(SYS_pidfd_send_signal, fd, sig, info, scope);
}

/* What poll says of it now: readable, hung up. */
static void show_events(int fd)
{
    struct pollfd at = {.fd = fd, .events = POLLIN | POLLOUT};
    int ready = poll(&at, 1, 0);
    say("ready %d:%s%s", ready, at.revents & POLLIN ? " in" : "", at.revents & POLLHUP ? " hung up" : "");
}

static int ends[2];
static volatile pid_t tid;

/* Until the other end of the pipe closes or says something. */
static void *wait_for_word(void *unused)
{
    char byte;
    (void)unused;
    tid = syscall(SYS_gettid);
    while (read(ends[0], &byte, 1) < 0)
        ;
    return 0;
}

static pthread_t start_waiter(void)
{
    pthread_t thread;
    MUST(pipe(ends));
    pthread_create(&thread, 0, wait_for_word, 0);
    while (!tid)
        sleep_ms(1);
    return thread;
}

CASE(descriptors_of_threads, "pidfd_open poll clone exit")
{
    pthread_t thread = start_waiter();
    T(open_pid(tid, 0));
    int fd = OK(open_pid(tid, PIDFD_THREAD)), own = OK(open_pid(getpid(), PIDFD_THREAD | O_NONBLOCK));
    N(fcntl(fd, F_GETFL));
    N(fcntl(own, F_GETFL));
    N(fcntl(fd, F_GETFD));
    show_events(fd);
    show_events(own);
    struct epoll_event event = {.events = EPOLLIN};
    int set = MUST(epoll_create1(0));
    T(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    MUST(write(ends[1], "x", 1));
    T(epoll_wait(set, &event, 1, 5000));
    say("%s%s", event.events & EPOLLIN ? "in " : "", event.events & EPOLLHUP ? "hung up" : "");
    pthread_join(thread, 0);
    show_events(fd);
    T(send_by(fd, 0, 0, 0));
    T(open_pid(tid, PIDFD_THREAD));
    show_events(own);
}

static volatile int handled_by, code;

static void note(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    handled_by = syscall(SYS_gettid);
    code = info->si_code;
}

static void show_handled(void)
{
    for (int i = 0; i < 2000 && !handled_by; i++)
        sleep_ms(1);
    say("%s, code %d", !handled_by ? "nobody" : handled_by == tid ? "the thread" : "another", code);
    handled_by = code = 0;
}

CASE(signals_by_descriptor, "pidfd_send_signal")
{
    pthread_t thread = start_waiter();
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, 0);
    int fd = OK(open_pid(tid, PIDFD_THREAD)), all = OK(open_pid(getpid(), 0)), lead = OK(open_pid(getpid(), PIDFD_THREAD));
    T(send_by(fd, SIGUSR1, 0, 0));
    show_handled();
    T(send_by(fd, SIGUSR1, 0, SIGNAL_THREAD));
    show_handled();
    T(send_by(fd, SIGUSR1, 0, SIGNAL_THREAD_GROUP));
    for (int i = 0; i < 2000 && !handled_by; i++)
        sleep_ms(1);
    IS(handled_by && code == SI_USER);
    handled_by = code = 0;
    T(send_by(all, SIGUSR1, 0, 0));
    show_handled();
    T(send_by(lead, SIGUSR1, 0, 0));
    show_handled();
    T(send_by(lead, SIGUSR1, 0, SIGNAL_THREAD_GROUP));
    show_handled();
    T(send_by(all, SIGUSR1, 0, SIGNAL_PROCESS_GROUP));
    show_handled();
    T(send_by(fd, SIGUSR1, 0, SIGNAL_THREAD | SIGNAL_THREAD_GROUP));
    T(send_by(fd, SIGUSR1, 0, 8));
    T(send_by(fd, 99, 0, 0));
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    T(send_by(fd, SIGUSR1, &info, 0));
    show_handled();
    T(send_by(fd, SIGUSR2, &info, 0));
    info.si_code = SI_USER;
    T(send_by(fd, SIGUSR1, &info, 0));
    T(send_by(all, SIGUSR1, &info, 0));
    show_handled();
    T(send_by(all, SIGUSR1, &info, SIGNAL_PROCESS_GROUP));
    T(send_by(0, SIGUSR1, 0, 0));
    close(ends[1]);
    pthread_join(thread, 0);
}

/* A thread without a C library's help: clone(2) with these flags and a descriptor at `to`. */
static long bare_thread(unsigned long flags, int *to, void (*body)(void))
{
    static char stack[65536] __attribute__((aligned(16)));
    void (**top)(void) = (void *)(stack + sizeof stack);
    register long child_tid __asm__("r10") = 0;
    register long tls __asm__("r8") = 0;
    long result;
    *--top = body;
    __asm__ volatile(
        "syscall\n"
        "test %%eax, %%eax\n"
        "jnz 1f\n"
        "xor %%ebp, %%ebp\n"
        "pop %%rax\n"
        "call *%%rax\n"
        "xor %%edi, %%edi\n"
        "mov $60, %%eax\n"
        "syscall\n"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone), "D"(flags), "S"(top), "d"(to), "r"(child_tid), "r"(tls)
        : "rcx", "r11", "memory");
    return result < 0 ? (errno = -result, -1) : result;
}

static void wait_bare(void)
{
    char byte;
    while (syscall(SYS_read, ends[0], &byte, 1) < 0)
        ;
}

CASE(signals_by_directory, "pidfd_send_signal pidfd_getfd pidfd_open waitid")
{
    char path[64];
    pid_t child = MUST(fork());
    if (!child)
        for (;;)
            pause();
    snprintf(path, sizeof path, "/proc/%d", child);
    int fd = MUST(open(path, O_DIRECTORY)), named = MUST(open(path, O_PATH)), none = MUST(open("/proc", O_DIRECTORY));
    strcat(path, "/task");
    int tasks = MUST(open(path, O_DIRECTORY));
    T(send_by(fd, 0, 0, 0));
    T(send_by(named, 0, 0, 0));
    T(send_by(none, 0, 0, 0));
    T(send_by(tasks, 0, 0, 0));
    T(syscall(SYS_pidfd_getfd, fd, 0, 0));
    T(waitid(P_PIDFD, fd, 0, WEXITED));
    T(send_by(fd, SIGKILL, 0, 0));
    int status = 0;
    MUST(waitpid(child, &status, 0));
    N(WTERMSIG(status));
    T(send_by(fd, 0, 0, 0));
    T(openat(fd, "status", O_RDONLY));
    T(openat(fd, "nothing", O_RDONLY));
}

CASE(thread_with_a_descriptor, "clone poll pidfd_open pidfd_send_signal")
{
    const unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_PIDFD;
    int fd = -1;
    siginfo_t info;
    MUST(pipe(ends));
    T(bare_thread(flags | CLONE_DETACHED, &fd, wait_bare));
    T(bare_thread(flags | CLONE_PARENT_SETTID, &fd, wait_bare));
    T(bare_thread(flags, (void *)8, wait_bare));
    OK(bare_thread(flags, &fd, wait_bare));
    N(fcntl(fd, F_GETFL));
    N(fcntl(fd, F_GETFD));
    show_events(fd);
    T(send_by(fd, 0, 0, 0));
    T(send_by(fd, 0, 0, SIGNAL_THREAD_GROUP));
    T(waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG));
    MUST(write(ends[1], "x", 1));
    struct pollfd at = {.fd = fd, .events = POLLIN};
    T(poll(&at, 1, 5000));
    show_events(fd);
}

static void *run_another(void *fd)
{
    char number[16];
    snprintf(number, sizeof number, "%d", *(int *)fd);
    setenv("CASE_AGAIN", number, 1);
    execl("/proc/self/exe", "again", "--body", "descriptors_and_programs", (char *)0);
    return 0;
}

/* The thread that starts a program gets the number of the leader, and loses its own. */
CASE(descriptors_and_programs, "pidfd_open execve clone poll")
{
    int to_exec, to_lead;
    if (getenv("CASE_AGAIN")) {
        sleep_ms(300);
        return;
    }
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        pthread_t thread;
        pthread_create(&thread, 0, wait_for_word, 0);
        while (!tid)
            sleep_ms(1);
        to_exec = MUST(open_pid(tid, PIDFD_THREAD));
        to_lead = MUST(open_pid(getpid(), 0));
        fcntl(to_exec, F_SETFD, 0);
        fcntl(to_lead, F_SETFD, 0);
        show_events(to_exec);
        pthread_t other;
        pthread_create(&other, 0, run_another, &to_lead);
        pthread_join(other, 0);
        _exit(1);
    }
    to_lead = MUST(open_pid(child, PIDFD_THREAD));
    struct pollfd at = {.fd = to_lead, .events = POLLIN};
    T(poll(&at, 1, 100));
    T(poll(&at, 1, 5000));
    show_events(to_lead);
    say_status("child", wait_for(child));
    show_events(to_lead);
}

CASE(files_of_others, "pidfd_getfd pidfd_open")
{
    char text[8] = "";
    int there[2], word[2];
    MUST(pipe(there));
    MUST(pipe(word));
    pid_t child = MUST(fork());
    if (!child) {
        char byte;
        int fd = MUST(dup2(file_with("f", "content"), 40));
        MUST(lseek(fd, 3, SEEK_SET));
        MUST(write(there[1], "x", 1));
        (void)!read(word[0], &byte, 1);
        N(lseek(40, 0, SEEK_CUR));
        (void)!read(word[0], &byte, 1);
        _exit(0);
    }
    MUST(read(there[0], text, 1));
    int pidfd = OK(open_pid(child, 0)), file = OK(syscall(SYS_pidfd_getfd, pidfd, 40, 0));
    N(fcntl(file, F_GETFD));
    T(read(file, text, 2));
    say("%.2s", text);
    T(syscall(SYS_pidfd_getfd, pidfd, 41, 0));
    T(syscall(SYS_pidfd_getfd, pidfd, -1, 0));
    T(syscall(SYS_pidfd_getfd, pidfd, 40, 1));
    T(syscall(SYS_pidfd_getfd, file, 40, 0));
    int thread = OK(open_pid(child, PIDFD_THREAD));
    OK(syscall(SYS_pidfd_getfd, thread, 40, 0));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_pidfd_getfd, pidfd, 40, 0)));
    MUST(write(word[1], "x", 1));
    MUST(write(word[1], "x", 1));
    until_asleep(child);
    while (state_of(child) != 'Z')
        sleep_ms(1);
    T(syscall(SYS_pidfd_getfd, pidfd, 77, 0) < 0);
    say_status("child", wait_for(child));
    T(syscall(SYS_pidfd_getfd, pidfd, 40, 0));
}

CASE(waiting_by_descriptor, "waitid pidfd_open")
{
    siginfo_t info;
    MUST(pipe(ends));
    pid_t child = MUST(fork());
    if (!child) {
        char byte;
        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        _exit(7);
    }
    int fd = OK(open_pid(child, O_NONBLOCK)), thread = OK(open_pid(child, PIDFD_THREAD));
    T(waitid(P_PIDFD, fd, &info, WEXITED));
    T(waitid(P_PIDFD, 0, &info, WEXITED));
    T(waitid(P_PIDFD, -1, &info, WEXITED));
    close(ends[1]);
    struct pollfd at = {.fd = fd, .events = POLLIN};
    T(poll(&at, 1, 5000));
    show_events(fd);
    show_events(thread);
    T(waitid(P_PIDFD, thread, &info, WEXITED));
    N(info.si_status);
    show_events(fd);
    T(waitid(P_PIDFD, fd, &info, WEXITED));
}

CASE(advice_to_others, "process_madvise pidfd_open")
{
    char *at = MUST(mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    static const int advice[] = {0, 3, 4, 8, 9, 20, 21, 77};
    struct iovec parts[2] = {{at, PAGE}, {at + 2 * PAGE, 2 * PAGE}};
    pid_t child = MUST(fork());
    if (!child)
        pause();
    int self = MUST(syscall(SYS_pidfd_open, getpid(), 0)), other = MUST(syscall(SYS_pidfd_open, child, 0));
    at[0] = at[PAGE] = at[2 * PAGE] = 7;
    for (unsigned i = 0; i < sizeof advice / sizeof *advice; i++) {
        N(advice[i]);
        T(syscall(SYS_process_madvise, self, parts, 2, advice[i], 0));
        T(syscall(SYS_process_madvise, other, parts, 2, advice[i], 0));
        say("%d %d %d", at[0], at[PAGE], at[2 * PAGE]);
    }
    T(syscall(SYS_process_madvise, self, parts, 2, 20, 1));
    T(syscall(SYS_process_madvise, self, parts, 0, 20, 0));
    T(syscall(SYS_process_madvise, self, parts, -1, 20, 0));
    T(syscall(SYS_process_madvise, 1, parts, 1, 20, 0));
    parts[1].iov_base = at + 1;
    T(syscall(SYS_process_madvise, self, parts, 2, 20, 0));
    parts[0].iov_base = at + 1;
    T(syscall(SYS_process_madvise, self, parts, 2, 20, 0));
    parts[0].iov_base = parts[1].iov_base = at;
    MUST(munmap(at + PAGE, PAGE));
    parts[1].iov_len = 3 * PAGE;
    T(syscall(SYS_process_madvise, self, parts, 2, 20, 0));
    T(syscall(448 /* process_mrelease */, other, 0));
    T(syscall(448, other, 1));
    T(syscall(448, 1, 0));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_process_madvise, other, parts, 1, 20, 0)));
    kill(child, SIGKILL);
    wait_for(child);
    T(syscall(SYS_process_madvise, other, parts, 1, 20, 0));
    T(syscall(448, other, 0));
}
