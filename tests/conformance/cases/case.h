/*
 * The frame around the cases of one family: CASE(name, "calls") { body }.
 *
 * Each case runs in a process, process group and empty directory of its own and says line by line what it
 * saw: values and names of errors, never addresses, times or process numbers. What it says natively is
 * what it has to say in a guest.
 */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, CASE_LIMIT_S = 60 };

struct test {
    const char *name;
    void (*body)(void);
    struct test *next;
};

static struct test *first_case, **last_case = &first_case;

/* The second argument names the system calls the case is about; the test suite reads it. */
#define CASE(title, calls)                                                              \
    static void title##_body(void);                                                     \
    __attribute__((constructor)) static void title##_add(void)                          \
    {                                                                                   \
        static struct test self = {#title, title##_body, 0};                            \
        *last_case = &self;                                                             \
        last_case = &self.next;                                                         \
    }                                                                                   \
    static void title##_body(void)

static const char *error_name(int number)
{
#define E(name) [name] = #name
    static const char *const names[] = {
        E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD),
        E(EAGAIN), E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV),
        E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC),
        E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE), E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK),
        E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(ENODATA), E(EOVERFLOW), E(ENOTSOCK), E(EDESTADDRREQ), E(EMSGSIZE),
        E(EPROTOTYPE), E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EOPNOTSUPP), E(EPFNOSUPPORT),
        E(EAFNOSUPPORT), E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETDOWN), E(ENETUNREACH), E(ECONNABORTED),
        E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN), E(ETIMEDOUT), E(ECONNREFUSED), E(EHOSTUNREACH),
        E(EALREADY), E(EINPROGRESS), E(ESTALE), E(EOWNERDEAD), E(ENOTRECOVERABLE), E(EBADFD),
    };
#undef E
    static char other[24];
    if (number >= 0 && number < (int)(sizeof names / sizeof *names) && names[number])
        return names[number];
    snprintf(other, sizeof other, "errno %d", number);
    return other;
}

/* One line of what the case saw. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[1024];
    int saved = errno;
    va_list list;
    va_start(list, format);
    int size = vsnprintf(line, sizeof line - 1, format, list);
    va_end(list);
    if (size > (int)sizeof line - 2)
        size = sizeof line - 2;
    line[size++] = '\n';
    (void)!write(1, line, size);
    errno = saved;
}

static inline long said(const char *what, long value, int error)
{
    if (value == -1)
        say("%s: %s", what, error_name(error));
    else
        say("%s: %ld", what, value);
    return value;
}

static inline int went(const char *what, int failed, int error)
{
    say("%s: %s", what, failed ? error_name(error) : "ok");
    return !failed;
}

/* The value of a call, or the name of its error. */
#define T(call) ({ errno = 0; long value_ = (long)(call); said(#call, value_, errno); })
/* Whether a call whose value is nobody's business succeeds. */
#define OK(call) ({ errno = 0; long value_ = (long)(call); went(#call, value_ == -1, errno); value_; })
/* Whether something is true. */
#define IS(fact) say("%s: %s", #fact, (fact) ? "yes" : "no")
/* A number. */
#define N(expression) say("%s: %lld", #expression, (long long)(expression))
/* A call that prepares a case: the case makes no sense without it. */
#define MUST(call)                                                                      \
    ({                                                                                  \
        errno = 0;                                                                      \
        __typeof__(call) value_ = (call);                                               \
        if ((long)value_ == -1) {                                                       \
            say("%s: %s, the case cannot go on", #call, error_name(errno));             \
            _exit(99);                                                                  \
        }                                                                               \
        value_;                                                                         \
    })

/* How a child ended, in words. */
static inline void say_status(const char *who, int status)
{
    if (WIFEXITED(status))
        say("%s: exit %d", who, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        say("%s: killed by %d", who, WTERMSIG(status));
    else if (WIFSTOPPED(status))
        say("%s: stopped by %d", who, WSTOPSIG(status));
    else
        say("%s: %s", who, WIFCONTINUED(status) ? "continued" : "unknown");
}

static inline int wait_for(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* Runs the statements in a child and says how it ended. */
#define CHILD(...)                                                                      \
    do {                                                                                \
        pid_t child_ = MUST(fork());                                                    \
        if (!child_) {                                                                  \
            __VA_ARGS__;                                                                \
            _exit(0);                                                                   \
        }                                                                               \
        say_status("child", wait_for(child_));                                          \
    } while (0)

static inline long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* So long from now, by this clock. */
static inline struct timespec in_ms(clockid_t clock, int ms)
{
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_nsec += ms * 1000000L;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

static inline void sleep_ms(int duration)
{
    struct timespec wanted = {duration / 1000, duration % 1000 * 1000000L};
    while (nanosleep(&wanted, &wanted) && errno == EINTR)
        ;
}

/* A handler whose signal only interrupts. */
static inline void nothing(int signal) { (void)signal; }

/* A signal that comes as soon as it is let through. */
static inline void hold_back(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigaction(signal, &(struct sigaction){.sa_handler = nothing}, 0);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(signal);
}

/* A file with this text; the descriptor is open for reading and writing at its start. */
static inline int file_with(const char *name, const char *text)
{
    int fd = MUST(open(name, O_RDWR | O_CREAT | O_TRUNC, 0644));
    MUST(write(fd, text, strlen(text)));
    MUST(lseek(fd, 0, SEEK_SET));
    return fd;
}

/* The state letter of a process, so that a case can wait until another sleeps. */
static inline char state_of(pid_t process)
{
    char path[32], text[256];
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    char *end = strrchr(text, ')');
    return end && end[1] ? end[2] : '?';
}

/* Until it sleeps, or is a zombie. */
static inline void until_asleep(pid_t process)
{
    for (int i = 0; i < 5000 && !strchr("SZ", state_of(process)); i++)
        sleep_ms(1);
}

/* A child that sends its parent this signal once that sleeps; zero in the child when it has. */
static inline pid_t poking(int number)
{
    pid_t parent = getpid(), child = MUST(fork());
    if (!child) {
        until_asleep(parent);
        kill(parent, number);
    }
    return child;
}

/* What a call says that a signal finds waiting. */
#define POKED(number, call)                                                             \
    do {                                                                                \
        pid_t poker_ = poking(number);                                                  \
        if (!poker_)                                                                    \
            _exit(0);                                                                   \
        T(call);                                                                        \
        wait_for(poker_);                                                               \
    } while (0)

static void run_case(struct test *test)
{
    sigset_t child_ends;
    siginfo_t info;
    struct timespec limit = {CASE_LIMIT_S, 0};
    sigemptyset(&child_ends);
    sigaddset(&child_ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ends, 0);
    say("# %s", test->name);
    pid_t child = fork();
    if (!child) {
        sigprocmask(SIG_UNBLOCK, &child_ends, 0);
        setpgid(0, 0);
        if (mkdir(test->name, 0755) || chdir(test->name))
            _exit(98);
        test->body();
        _exit(0);
    }
    int status = 0, ended = 0;
    while (!ended && sigtimedwait(&child_ends, &info, &limit) > 0)
        ended = waitpid(child, &status, WNOHANG) == child;
    kill(-child, SIGKILL);
    if (!ended) {
        waitpid(child, &status, 0);
        say("# took longer than %d s", CASE_LIMIT_S);
    } else if (WIFSIGNALED(status)) {
        say("# killed by %d", WTERMSIG(status));
    } else {
        say("# exit %d", WEXITSTATUS(status));
    }
}

/* All cases in order, or those named; "--body NAME" is for cases that start this program again. */
int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--body")) {
        for (struct test *test = first_case; test; test = test->next)
            if (!strcmp(argv[2], test->name))
                test->body();
        return 0;
    }
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    umask(022);
    for (struct test *test = first_case; test; test = test->next) {
        int wanted = argc < 2;
        for (int i = 1; i < argc; i++)
            wanted |= !strcmp(argv[i], test->name);
        if (wanted)
            run_case(test);
    }
    return 0;
}
