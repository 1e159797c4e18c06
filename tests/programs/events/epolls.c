/* epoll beside the plain use: nested, in a circle, exclusive, one-shot, and with signal masks. */
#define _GNU_SOURCE
#include "say.h"
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>

static long ctl(int epoll, int op, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = 7};
    return epoll_ctl(epoll, op, fd, &event);
}

static void ready(const char *what, int epoll)
{
    struct epoll_event event = {0};
    long got = epoll_wait(epoll, &event, 1, 0);
    say(what, got);
    if (got > 0)
        say("events", event.events);
}

static void nested(void)
{
    int chain[7], event = eventfd(0, 0);
    for (int i = 0; i < 7; i++)
        chain[i] = epoll_create1(0);
    say("itself", ctl(chain[0], EPOLL_CTL_ADD, chain[0], EPOLLIN));
    say("event", ctl(chain[0], EPOLL_CTL_ADD, event, EPOLLIN));
    for (int i = 1; i < 7; i++)
        say("into the next", ctl(chain[i], EPOLL_CTL_ADD, chain[i - 1], EPOLLIN));
    say("circle", ctl(chain[0], EPOLL_CTL_ADD, chain[3], EPOLLIN));
    ready("quiet", chain[2]);
    eventfd_write(event, 1);
    ready("inner", chain[0]);
    ready("outer", chain[2]);
    struct pollfd p = {chain[3], POLLIN, 0};
    say("poll", poll(&p, 1, 0));
    eventfd_t value;
    eventfd_read(event, &value);
    ready("outer", chain[2]);
    close(event);
    ready("closed", chain[1]);
}

static void exclusive(void)
{
    int epoll = epoll_create1(0), other = epoll_create1(0), event = eventfd(0, EFD_NONBLOCK);
    say("oneshot", ctl(epoll, EPOLL_CTL_ADD, event, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
    say("priority", ctl(epoll, EPOLL_CTL_ADD, event, EPOLLPRI | EPOLLEXCLUSIVE));
    say("epoll", ctl(epoll, EPOLL_CTL_ADD, other, EPOLLIN | EPOLLEXCLUSIVE));
    say("add", ctl(epoll, EPOLL_CTL_ADD, event, EPOLLIN | EPOLLET | EPOLLEXCLUSIVE));
    say("modify", ctl(epoll, EPOLL_CTL_MOD, event, EPOLLIN));
    say("add", ctl(other, EPOLL_CTL_ADD, event, EPOLLIN));
    say("modify to", ctl(other, EPOLL_CTL_MOD, event, EPOLLIN | EPOLLEXCLUSIVE));
    eventfd_write(event, 1);
    ready("exclusive", epoll);
    ready("other", other);
    say("delete", ctl(epoll, EPOLL_CTL_DEL, event, 0));
}

static void oneshot(void)
{
    int epoll = epoll_create1(0), event = eventfd(0, EFD_NONBLOCK);
    say("add", ctl(epoll, EPOLL_CTL_ADD, event, EPOLLIN | EPOLLONESHOT));
    say("again", ctl(epoll, EPOLL_CTL_ADD, event, EPOLLIN));
    eventfd_write(event, 1);
    ready("first", epoll);
    ready("second", epoll);
    eventfd_write(event, 1);
    ready("written", epoll);
    say("rearm", ctl(epoll, EPOLL_CTL_MOD, event, EPOLLIN | EPOLLOUT | EPOLLONESHOT));
    ready("rearmed", epoll);
    ready("once", epoll);
    say("edge", ctl(epoll, EPOLL_CTL_MOD, event, EPOLLIN | EPOLLET));
    ready("edge", epoll);
    ready("no edge", epoll);
    eventfd_write(event, 1);
    ready("edge", epoll);
}

static volatile sig_atomic_t handled;
static void handler(int sig) { handled++; }

/* A pending signal that only the mask of the call lets in. */
static void masks(void)
{
    sigset_t all, none, now;
    struct timespec brief = {0, 10000000};
    struct epoll_event event;
    struct pollfd p = {-1, 0, 0};
    int epoll = epoll_create1(0);
    sigfillset(&all);
    sigemptyset(&none);
    signal(SIGUSR1, handler);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int i = 0; i < 2; i++) {
        const sigset_t *mask = i ? &none : &all;
        struct timespec left = brief;
        handled = 0;
        raise(SIGUSR1);
        say("ppoll", ppoll(&p, 1, &left, mask));
        say("handled", handled);
        raise(SIGUSR1);
        say("pselect", pselect(0, NULL, NULL, NULL, &brief, mask));
        say("handled", handled);
        raise(SIGUSR1);
        say("epoll_pwait", epoll_pwait(epoll, &event, 1, 10, mask));
        say("handled", handled);
        raise(SIGUSR1);
        say("epoll_pwait2", syscall(SYS_epoll_pwait2, epoll, &event, 1, &brief, mask, 8));
        say("handled", handled);
        sigprocmask(SIG_BLOCK, NULL, &now);
        say("mask is back", sigismember(&now, SIGUSR1));
    }
    say("size", syscall(SYS_epoll_pwait, epoll, &event, 1, 0, &none, 4));
    say("size", syscall(SYS_ppoll, &p, 1, &brief, &none, 4));
    say("fault", syscall(SYS_ppoll, &p, 1, &brief, 8, 8));
    say("nsec", syscall(SYS_epoll_pwait2, epoll, &event, 1, &(struct timespec){0, -1}, NULL, 8));
    say("none", epoll_wait(epoll, &event, 0, 0));
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("== nested");
    nested();
    puts("== exclusive");
    exclusive();
    puts("== oneshot");
    oneshot();
    puts("== masks");
    masks();
    return 0;
}
