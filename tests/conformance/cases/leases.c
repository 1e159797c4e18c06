/* Leases: being told before another opens or cuts a file. */
#include "case.h"

static volatile int signals, last_code, last_fd;
static volatile long last_band;

static void note(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    signals++;
    last_code = info->si_code;
    last_fd = info->si_fd;
    last_band = info->si_band;
}

static int lease(int fd, int type) { return fcntl(fd, F_SETLEASE, type); }
static int kept(int fd) { return fcntl(fd, F_GETLEASE); }

/* A file "f", and the signal of its leases noted. */
static void prepare(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    MUST(sigaction(SIGIO, &action, 0));
    MUST(sigaction(SIGUSR1, &action, 0));
    close(file_with("f", "hello"));
}

CASE(leases_that_are_given, "fcntl")
{
    prepare();
    int reads = MUST(open("f", O_RDONLY));
    N(kept(reads));
    T(lease(reads, F_UNLCK));
    T(lease(reads, 77));
    T(lease(reads, F_RDLCK));
    N(kept(reads));
    int again = MUST(open("f", O_RDONLY));
    N(kept(again));
    T(lease(again, F_RDLCK));
    T(lease(again, F_WRLCK));
    T(lease(reads, F_UNLCK));
    T(lease(again, F_WRLCK));
    close(reads);
    T(lease(again, F_WRLCK));
    N(kept(again));
    int copy = MUST(dup(again));
    N(kept(copy));
    T(lease(copy, F_RDLCK));
    N(kept(again));
    close(again);
    N(kept(copy));
    close(copy);
    int writes = MUST(open("f", O_WRONLY));
    T(lease(writes, F_RDLCK));
    T(lease(writes, F_WRLCK));
    N(kept(writes));
    T(lease(writes, F_UNLCK));
    close(writes);
    int both = MUST(open("f", O_RDWR)), path = MUST(open("f", O_PATH));
    T(lease(both, F_WRLCK));
    T(lease(path, F_RDLCK));
    T(kept(path));
    N(signals);
}

CASE(leases_of_what_is_no_file, "fcntl")
{
    int ends[2], directory = MUST(open(".", O_RDONLY)), null = MUST(open("/dev/null", O_RDONLY));
    MUST(pipe(ends));
    T(lease(ends[0], F_RDLCK));
    T(kept(ends[0]));
    T(lease(null, F_RDLCK));
    T(kept(directory));
    T(lease(directory, F_WRLCK));
    T(lease(-1, F_RDLCK));
    prepare();
    int fd = MUST(open("f", O_RDONLY));
    MUST(chmod("f", 0666));
    CHILD({
        MUST(setresuid(1000, 1000, 1000));
        T(lease(fd, F_RDLCK));
        T(kept(fd));
    });
}

CASE(leases_broken_without_waiting, "fcntl open")
{
    prepare();
    int fd = MUST(open("f", O_RDONLY));
    MUST(lease(fd, F_RDLCK));
    T(open("f", O_RDONLY | O_NONBLOCK));
    N(signals);
    T(open("f", O_WRONLY | O_NONBLOCK));
    N(signals);
    N(kept(fd));
    T(open("f", O_RDWR | O_TRUNC | O_NONBLOCK));
    N(signals);
    struct stat s;
    MUST(stat("f", &s));
    N(s.st_size);
    T(lease(fd, F_UNLCK));
    T(open("f", O_WRONLY | O_NONBLOCK) >= 0);
    N(signals);
    T(lease(fd, F_RDLCK));
}

CASE(leases_broken_for_reading, "fcntl open")
{
    prepare();
    int fd = MUST(open("f", O_RDWR));
    MUST(fcntl(fd, F_SETSIG, SIGUSR1));
    MUST(lease(fd, F_WRLCK));
    T(open("f", O_RDONLY | O_NONBLOCK));
    N(signals);
    N(last_code);
    IS(last_fd == fd);
    N(last_band);
    N(kept(fd));
    T(open("f", O_RDONLY | O_NONBLOCK));
    N(signals);
    T(open("f", O_WRONLY | O_NONBLOCK));
    N(signals);
    N(kept(fd));
    T(lease(fd, F_UNLCK));
    T(open("f", O_RDONLY | O_NONBLOCK) >= 0);
}

/* Another process does something to the file, and what it waits for comes after a while. */
#define OTHER(...)                                                                      \
    do {                                                                                \
        pid_t other_ = MUST(fork());                                                    \
        if (!other_) {                                                                  \
            close(fd);                                                                  \
            __VA_ARGS__;                                                                \
            _exit(0);                                                                   \
        }                                                                               \
        until_asleep(other_);                                                           \
        N(signals);                                                                     \
        N(kept(fd));                                                                    \
        int gone_ = lease(fd, F_UNLCK);                                                 \
        say_status("other", wait_for(other_));                                          \
        N(gone_);                                                                       \
    } while (0)

CASE(leases_that_others_wait_for, "fcntl open truncate execve")
{
    prepare();
    int fd = MUST(open("f", O_RDONLY));
    MUST(lease(fd, F_RDLCK));
    OTHER(T(open("f", O_WRONLY)));
    MUST(lease(fd, F_RDLCK));
    OTHER(T(truncate("f", 2)));
    struct stat s;
    MUST(stat("f", &s));
    N(s.st_size);
    MUST(lease(fd, F_RDLCK));
    OTHER(T(open("f", O_CREAT | O_RDWR | O_TRUNC, 0600) >= 0));
    close(fd);
    fd = MUST(open("f", O_RDWR));
    MUST(lease(fd, F_WRLCK));
    OTHER({
        char byte;
        int own = open("f", O_RDONLY);
        T(read(own, &byte, 1));
    });
    signals = 0;
    T(unlink("f"));
    N(signals);
}

/* Another process that wants to open "f", and waits for it. */
static pid_t opener(int fd, int flags)
{
    pid_t other = MUST(fork());
    if (!other) {
        close(fd);
        T(open("f", flags) >= 0);
        _exit(0);
    }
    until_asleep(other);
    return other;
}

CASE(leases_that_become_less, "fcntl open")
{
    prepare();
    int fd = MUST(open("f", O_RDONLY));
    MUST(lease(fd, F_WRLCK));
    pid_t reader = opener(fd, O_RDONLY);
    N(kept(fd));
    T(lease(fd, F_WRLCK));
    int less = lease(fd, F_RDLCK);
    say_status("reader", wait_for(reader));
    N(less);
    N(kept(fd));
    pid_t writer = opener(fd, O_WRONLY);
    N(kept(fd));
    T(lease(fd, F_RDLCK));
    close(fd);
    say_status("writer", wait_for(writer));
}

CASE(leases_and_signals_for_who_waits, "fcntl open")
{
    prepare();
    int fd = MUST(open("f", O_RDONLY));
    MUST(lease(fd, F_RDLCK));
    pid_t other = MUST(fork());
    if (!other) {
        close(fd);
        MUST(sigaction(SIGALRM, &(struct sigaction){.sa_handler = nothing}, 0));
        alarm(1);
        T(open("f", O_WRONLY));
        _exit(0);
    }
    say_status("other", wait_for(other));
    N(kept(fd));
    T(lease(fd, F_UNLCK));
}
