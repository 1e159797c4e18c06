/* Many terminals, timers, signals, processes and watches at once, and that each of them works:
   load_events WHAT HOW-MANY. */
#define _GNU_SOURCE
#include "load.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>

enum { PIECE = 4000 };

/* A pair whose slave passes everything on as it is. */
static void open_pair(int *master, int *slave)
{
    struct termios raw;
    char name[64];
    MUST((*master = posix_openpt(O_RDWR | O_NOCTTY)) >= 0 && !grantpt(*master) && !unlockpt(*master));
    MUST(!ptsname_r(*master, name, sizeof name));
    MUST((*slave = open(name, O_RDWR | O_NOCTTY)) >= 0 && !tcgetattr(*slave, &raw));
    cfmakeraw(&raw);
    MUST(!tcsetattr(*slave, TCSANOW, &raw));
}

static void terminals(void)
{
    int *ends = calloc(2 * many, sizeof *ends), right = 0;
    char line[32];
    all_descriptors();
    for (int i = 0; i < many; i++)
        open_pair(&ends[2 * i], &ends[2 * i + 1]);
    for (int i = 0; i < 2 * many; i++)
        MUST(write(ends[i], &i, sizeof i) == sizeof i);
    for (int i = 0; i < 2 * many; i++) {
        int got = -1;
        MUST(read(ends[i ^ 1], &got, sizeof got) == sizeof got);
        right += got == i;
    }
    printf("%d terminals, %d answers\n", many, right);
    for (int i = 0; i < many; i++)
        close(ends[2 * i]);
    int hung_up = 0;
    for (int i = 0; i < many; i++)
        hung_up += read(ends[2 * i + 1], line, sizeof line) == 0;
    printf("%d hung up\n", hung_up);
}

/* `many` kilobytes through one pair, each way a different byte at each place. */
static void terminal_flood(void)
{
    static unsigned char out[PIECE], in[PIECE];
    int master, slave;
    long total = (long)many * 1000, done = 0, wrong = 0;
    open_pair(&master, &slave);
    pid_t child = fork();
    if (!child) {
        for (long at = 0; at < total; at += PIECE) {
            for (int i = 0; i < PIECE; i++)
                out[i] = (at + i) * 7 >> 3;
            for (int put = 0; put < PIECE;) {
                ssize_t n = write(slave, out + put, PIECE - put);
                MUST(n > 0);
                put += n;
            }
        }
        _exit(0);
    }
    while (done < total) {
        ssize_t n = read(master, in, sizeof in);
        MUST(n > 0);
        for (ssize_t i = 0; i < n; i++)
            wrong += in[i] != (unsigned char)((done + i) * 7 >> 3);
        done += n;
    }
    MUST(waitpid(child, 0, 0) == child);
    printf("%ld bytes, %ld wrong\n", done, wrong);
}

static void timers(void)
{
    int poll = epoll_create1(0), n;
    long fired = 0, expirations = 0;
    uint64_t count;
    struct epoll_event events[64];
    all_descriptors();
    int *fds = calloc(many, sizeof *fds);
    for (int i = 0; i < many; i++) {
        struct itimerspec when = {{0, 0}, {0, 1000000 + i % 50 * 1000000L}};
        struct epoll_event event = {EPOLLIN, {.fd = fds[i] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)}};
        MUST(fds[i] >= 0 && !timerfd_settime(fds[i], 0, &when, 0) && !epoll_ctl(poll, EPOLL_CTL_ADD, fds[i], &event));
    }
    while (fired < many && (n = epoll_wait(poll, events, 64, 10000)) > 0)
        for (int i = 0; i < n; i++) {
            MUST(read(events[i].data.fd, &count, sizeof count) == sizeof count);
            fired++;
            expirations += count;
        }
    printf("%ld timers fired %ld times, nothing is left: %d\n", fired, expirations, epoll_wait(poll, events, 64, 60) == 0);
}

/* More signals than fit into the queue, and what was queued arrives in order. */
static void signals(void)
{
    struct signalfd_siginfo info[32];
    struct rlimit limit;
    sigset_t set;
    int queued = 0, refused = 0, in_order = 1, next = 0;
    ssize_t n;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, 0);
    MUST(!getrlimit(RLIMIT_SIGPENDING, &limit));
    limit.rlim_cur = many;
    MUST(!setrlimit(RLIMIT_SIGPENDING, &limit));
    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    for (int i = 0; i < many + 100; i++) {
        int failed = sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = i});
        MUST(!failed || errno == EAGAIN);
        queued += !failed;
        refused += failed != 0;
        kill(getpid(), SIGUSR1); /* all of them are one */
    }
    int plain = 0;
    while ((n = read(fd, info, sizeof info)) > 0)
        for (size_t i = 0; i < n / sizeof *info; i++) {
            if (info[i].ssi_signo == SIGUSR1)
                plain++;
            else
                in_order &= info[i].ssi_int == next++;
        }
    printf("some refused: %d, all that were queued came: %d, in order: %d, plain %d\n", refused > 0, next == queued,
           in_order, plain);
    /* A second flood, from several processes at once. */
    for (int child = 0; child < 8; child++)
        if (!fork()) {
            for (int i = 0; i < many / 16; i++)
                sigqueue(getppid(), SIGRTMIN + child, (union sigval){.sival_int = i});
            _exit(0);
        }
    while (wait(0) > 0)
        ;
    int after[8] = {0}, ordered = 1;
    while ((n = read(fd, info, sizeof info)) > 0)
        for (size_t i = 0; i < n / sizeof *info; i++)
            if (info[i].ssi_signo >= (unsigned)SIGRTMIN)
                ordered &= info[i].ssi_int == after[info[i].ssi_signo - SIGRTMIN]++;
    for (int i = 0; i < 8; i++)
        ordered &= after[i] == many / 16;
    printf("eight senders: %d\n", ordered);
}

static void pidfds(void)
{
    int *fds = calloc(many, sizeof *fds), go[2], poll = epoll_create1(0), ended = 0, codes = 0, n;
    char byte;
    struct epoll_event events[64];
    all_descriptors();
    MUST(!pipe(go));
    for (int i = 0; i < many; i++) {
        pid_t pid = fork();
        MUST(pid >= 0);
        if (!pid) {
            close(go[1]);
            read(go[0], &byte, 1);
            _exit(i % 100);
        }
        fds[i] = syscall(SYS_pidfd_open, pid, 0);
        struct epoll_event event = {EPOLLIN, {.u32 = i}};
        MUST(fds[i] >= 0 && !epoll_ctl(poll, EPOLL_CTL_ADD, fds[i], &event));
    }
    printf("nobody has ended: %d\n", epoll_wait(poll, events, 64, 0) == 0);
    MUST(!syscall(SYS_pidfd_send_signal, fds[many / 2], SIGKILL, 0, 0));
    siginfo_t info;
    MUST(!waitid(P_PIDFD, fds[many / 2], &info, WEXITED));
    printf("one was killed by %d\n", info.si_status);
    close(go[1]);
    while (ended < many && (n = epoll_wait(poll, events, 64, 20000)) > 0)
        for (int i = 0; i < n; i++) {
            int at = events[i].data.u32;
            ended++;
            if (at != many / 2 && !waitid(P_PIDFD, fds[at], &info, WEXITED))
                codes += info.si_status == at % 100;
            MUST(!epoll_ctl(poll, EPOLL_CTL_DEL, fds[at], 0));
        }
    printf("%d ended, %d with their codes, last one is gone: %d\n", ended, codes,
           syscall(SYS_pidfd_send_signal, fds[0], 0, 0, 0) == -1 && errno == ESRCH);
}

static void watches(void)
{
    static char buffer[65536];
    char name[32];
    int notify = inotify_init1(IN_NONBLOCK), different = 1, last = 0;
    MUST(notify >= 0 && (mkdir("watched", 0700) == 0 || errno == EEXIST) && !chdir("watched"));
    for (int i = 0; i < many; i++) {
        snprintf(name, sizeof name, "f%d", i);
        int fd = open(name, O_WRONLY | O_CREAT, 0600), watch = inotify_add_watch(notify, name, IN_MODIFY | IN_DELETE_SELF);
        MUST(fd >= 0 && watch > 0);
        different &= watch > last;
        last = watch;
        close(fd);
    }
    for (int i = many - 1; i >= 0; i--) {
        snprintf(name, sizeof name, "f%d", i);
        int fd = open(name, O_WRONLY);
        MUST(fd >= 0 && write(fd, "x", 1) == 1 && !close(fd) && !unlink(name));
    }
    int modified = 0, deleted = 0, ignored = 0;
    ssize_t n;
    while ((n = read(notify, buffer, sizeof buffer)) > 0)
        for (char *at = buffer; at < buffer + n;) {
            struct inotify_event *event = (struct inotify_event *)at;
            modified += !!(event->mask & IN_MODIFY);
            deleted += !!(event->mask & IN_DELETE_SELF);
            ignored += !!(event->mask & IN_IGNORED);
            at += sizeof *event + event->len;
        }
    printf("all different %d: %d modified, %d deleted, %d ignored\n", different, modified, deleted, ignored);
    MUST(!chdir("..") && !rmdir("watched"));
}

int main(int argc, char **argv)
{
    static const struct way ways[] = {
        {"terminals", terminals}, {"terminal_flood", terminal_flood}, {"timers", timers},
        {"signals", signals}, {"pidfds", pidfds}, {"watches", watches},
    };
    return run_way(argc, argv, ways, sizeof ways / sizeof *ways);
}
