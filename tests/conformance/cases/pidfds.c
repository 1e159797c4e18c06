/* Descriptors for processes and threads: opening, waiting, signals. */
#include "pidfds.h"
#include <pthread.h>
#include <sys/epoll.h>

enum { SIGNAL_THREAD = 1, SIGNAL_THREAD_GROUP = 2, SIGNAL_PROCESS_GROUP = 4 };

static long send_by(int fd, int sig, siginfo_t *info, unsigned scope)
{
    return syscall(SYS_pidfd_send_signal, fd, sig, info, scope);
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
