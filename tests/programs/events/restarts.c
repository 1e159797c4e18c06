/* Which calls a handler ends with EINTR and which begin anew, with SA_RESTART and without. */
#define _GNU_SOURCE
#include "../shared/asleep.h"
#include "say.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static volatile sig_atomic_t count;
static int empty[2], full[2], pair[2], told[2], listener, epoll, event, sem, queue;
static unsigned word;
static pid_t child;

/* The first signal finds the call waiting. If that goes on, the second ends the test of it. */
static void handler(int sig)
{
    if (++count == 2 || write(told[1], "", 1) != 1)
        _exit(1);
}

static long do_read(void) { char c; return read(empty[0], &c, 1); }
static long do_write(void) { static char b[4096]; return write(full[1], b, sizeof(b)); }
static long do_recv(void) { char c; return recv(pair[0], &c, 1, 0); }
static long do_accept(void) { return accept(listener, NULL, NULL); }
static long do_eventfd(void) { long v; return read(event, &v, 8); }
static long do_futex(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0); }
static long do_futex_timed(void)
{
    struct timespec t = {5, 0};
    return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, NULL, 0);
}
static long do_nanosleep(void) { struct timespec t = {5, 0}; return nanosleep(&t, NULL); }
static long do_sleep_until(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += 5;
    return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}
static long do_poll(void) { struct pollfd p = {empty[0], POLLIN, 0}; return poll(&p, 1, 5000); }
static long do_ppoll(void) { struct pollfd p = {empty[0], POLLIN, 0}; return ppoll(&p, 1, NULL, NULL); }
static long do_select(void) { struct timeval t = {5, 0}; return select(0, NULL, NULL, NULL, &t); }
static long do_epoll(void) { struct epoll_event e; return epoll_wait(epoll, &e, 1, 5000); }
static long do_semop(void) { struct sembuf b = {0, -1, 0}; return semop(sem, &b, 1); }
static long do_semtimedop(void)
{
    struct sembuf b = {0, -1, 0};
    struct timespec t = {5, 0};
    return semtimedop(sem, &b, 1, &t);
}
static long do_msgrcv(void) { long m[9]; return msgrcv(queue, m, 8, 0, 0); }
static long do_sigtimedwait(void)
{
    struct timespec t = {5, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, &t);
}
static long do_pause(void) { return pause(); }
static long do_sigsuspend(void) { sigset_t set; sigemptyset(&set); return sigsuspend(&set); }
static long do_wait4(void) { return wait4(child, NULL, 0, NULL); }
static long do_waitid(void) { return waitid(P_PID, child, NULL, WEXITED); }
static long do_flock(void) { return flock(open("lock", O_RDWR), LOCK_EX); }
static long do_setlkw(void)
{
    struct flock lock = {.l_type = F_WRLCK};
    return fcntl(open("lock", O_RDWR), F_SETLKW, &lock);
}

static const struct {
    const char *name;
    long (*call)(void);
} calls[] = {
    {"read", do_read}, {"write", do_write}, {"recv", do_recv}, {"accept", do_accept}, {"eventfd", do_eventfd},
    {"futex", do_futex}, {"futex timed", do_futex_timed}, {"nanosleep", do_nanosleep},
    {"clock_nanosleep", do_sleep_until}, {"poll", do_poll}, {"ppoll", do_ppoll}, {"select", do_select},
    {"epoll_wait", do_epoll}, {"semop", do_semop}, {"semtimedop", do_semtimedop}, {"msgrcv", do_msgrcv},
    {"sigtimedwait", do_sigtimedwait}, {"pause", do_pause}, {"sigsuspend", do_sigsuspend},
    {"wait4", do_wait4}, {"waitid", do_waitid}, {"flock", do_flock}, {"F_SETLKW", do_setlkw},
};

static void try(int i, int flags)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
        pid_t own = getpid();
        child = fork();
        if (!child) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            while (getppid() == own) /* else it has ended before it could take us along */
                pause();
            _exit(0);
        }
        sigaction(SIGALRM, &action, NULL);
        long result = calls[i].call();
        printf("%s: %s\n", calls[i].name, outcome(result));
        fflush(stdout);
        kill(child, SIGKILL);
        _exit(0);
    }
    char byte;
    until_asleep(pid);
    kill(pid, SIGALRM);
    if (read(told[0], &byte, 1) != 1)
        die("told");
    until_asleep(pid);
    kill(pid, SIGALRM);
    waitpid(pid, &status, 0);
    if (status)
        printf("%s: goes on\n", calls[i].name);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    pipe(empty);
    pipe(told);
    pipe2(full, O_NONBLOCK);
    static char page[4096];
    while (write(full[1], page, sizeof(page)) > 0)
        ;
    fcntl(full[1], F_SETFL, 0);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    bind(listener, (void *)&name, sizeof(name.sun_family));
    listen(listener, 4);
    epoll = epoll_create1(0);
    event = eventfd(0, 0);
    sem = semget(IPC_PRIVATE, 1, 0600);
    queue = msgget(IPC_PRIVATE, 0600);
    int lock = open("lock", O_RDWR | O_CREAT, 0600);
    struct flock whole = {.l_type = F_WRLCK};
    flock(lock, LOCK_EX);
    fcntl(lock, F_SETLK, &whole);
    for (int restart = 0; restart < 2; restart++) {
        printf("== %s\n", restart ? "SA_RESTART" : "plain");
        for (unsigned i = 0; i < sizeof(calls) / sizeof(*calls); i++)
            try(i, restart ? SA_RESTART : 0);
    }
    semctl(sem, 0, IPC_RMID);
    msgctl(queue, IPC_RMID, NULL);
    unlink("lock");
    return 0;
}
