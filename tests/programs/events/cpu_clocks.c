/* Timers and sleeps by clocks of CPU time: of the process, a thread, another process. Argument: how many
   times slower than usual the machine is. */
#define _GNU_SOURCE
#include "say.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define MS (slower * 1000000L)
#define NS_PER_S 1000000000L

static long slower = 1;
static volatile sig_atomic_t fired, code, value, overrun;

static void handler(int sig, siginfo_t *info, void *context)
{
    fired++;
    code = info->si_code;
    value = info->si_value.sival_int;
    overrun += info->si_overrun;
}

static long now(clockid_t id)
{
    struct timespec t = {0};
    clock_gettime(id, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void spin(clockid_t id, long ns)
{
    for (long end = now(id) + ns; now(id) < end;)
        ;
}

static timer_t create(clockid_t id)
{
    timer_t timer = 0;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 5};
    say("timer_create", timer_create(id, &event, &timer));
    return timer;
}

static void set(timer_t timer, int flags, long first, long period)
{
    struct itimerspec spec = {{period / NS_PER_S, period % NS_PER_S}, {first / NS_PER_S, first % NS_PER_S}};
    fired = overrun = 0;
    say("timer_settime", timer_settime(timer, flags, &spec, NULL));
}

static long left(timer_t timer)
{
    struct itimerspec spec;
    timer_gettime(timer, &spec);
    return spec.it_value.tv_sec * NS_PER_S + spec.it_value.tv_nsec;
}

static void on_clock(clockid_t id)
{
    timer_t timer = create(id);
    set(timer, 0, 30 * MS, 0);
    usleep(60000 * slower); /* which is no CPU time */
    say("fired asleep", fired);
    say("left", left(timer) > 10 * MS && left(timer) <= 30 * MS);
    spin(id, 60 * MS);
    say("fired", fired);
    say("code", code);
    say("value", value);
    say("left", left(timer));
    set(timer, TIMER_ABSTIME, now(id) + 20 * MS, 0);
    spin(id, 50 * MS);
    say("fired at", fired);
    set(timer, TIMER_ABSTIME, 1, 0);
    spin(id, 20 * MS);
    say("fired at once", fired);
    set(timer, 0, 10 * MS, 10 * MS);
    spin(id, 105 * MS);
    say("fired again and again", fired + overrun >= 8 && fired + overrun <= 12);
    set(timer, 0, 0, 0);
    fired = 0;
    spin(id, 20 * MS);
    say("disarmed", fired);
    say("timer_delete", timer_delete(timer));
}

static void *worker(void *stop)
{
    while (!*(volatile int *)stop)
        ;
    return NULL;
}

static void sleeps(void)
{
    struct timespec ms40 = {0, 40 * MS}, rest = {9, 9};
    volatile int stop = 0;
    pthread_t thread;
    clockid_t its, other;
    pthread_create(&thread, NULL, worker, (void *)&stop);
    long before = now(CLOCK_PROCESS_CPUTIME_ID);
    say("sleep by process", clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &ms40, NULL));
    say("slept", now(CLOCK_PROCESS_CPUTIME_ID) - before >= 40 * MS);
    say("its clock", pthread_getcpuclockid(thread, &its));
    before = now(its);
    say("sleep by thread", clock_nanosleep(its, 0, &ms40, &rest));
    say("slept", now(its) - before >= 40 * MS);
    say("rest untouched", rest.tv_sec == 9);
    stop = 1;
    pthread_join(thread, NULL);
    struct timespec past = {0, 1};
    say("past", clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &past, NULL));
    say("own thread", syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &ms40, NULL));
    pthread_getcpuclockid(pthread_self(), &other);
    say("own thread by number", syscall(SYS_clock_nanosleep, other, 0, &ms40, NULL));
    say("gone", syscall(SYS_clock_nanosleep, its, 0, &ms40, NULL));
    say("no kind", syscall(SYS_clock_nanosleep, -1, 0, &ms40, NULL));
}

static void another(void)
{
    clockid_t its;
    struct timespec ms40 = {0, 40 * MS};
    pid_t pid = fork();
    if (!pid)
        for (;;)
            ;
    say("its clock", clock_getcpuclockid(pid, &its));
    timer_t timer = create(its);
    set(timer, 0, 30 * MS, 0);
    while (!fired)
        usleep(5000);
    say("fired", fired);
    say("it had", now(its) >= 30 * MS);
    long before = now(its);
    say("sleep", clock_nanosleep(its, 0, &ms40, NULL));
    say("slept", now(its) - before >= 40 * MS);
    set(timer, 0, 900 * MS, 0);
    say("set it", syscall(SYS_clock_settime, its, &ms40));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    say("after its end", left(timer));
    struct itimerspec spec = {{0, 0}, {1, 0}};
    say("set after its end", timer_settime(timer, 0, &spec, NULL));
    say("timer_delete", timer_delete(timer));
    say("clock after its end", clock_getcpuclockid(pid, &its) != 0);
    say("nobody's", clock_getcpuclockid(4194305, &its) != 0);
}

/* clone's threads and fork's children have no timers of their parent. */
static void inherited(void)
{
    timer_t timer = create(CLOCK_PROCESS_CPUTIME_ID);
    set(timer, 0, 10 * MS, 0);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        spin(CLOCK_PROCESS_CPUTIME_ID, 30 * MS);
        _exit(fired);
    }
    int status;
    waitpid(pid, &status, 0);
    say("fired in the child", WEXITSTATUS(status));
    timer_delete(timer);
}

int main(int argc, char **argv)
{
    slower = argc > 1 ? atoi(argv[1]) : 1;
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    on_clock(CLOCK_PROCESS_CPUTIME_ID);
    on_clock(CLOCK_THREAD_CPUTIME_ID);
    sleeps();
    another();
    inherited();
    timer_t timer;
    say("no such clock", timer_create(77, NULL, &timer));
    say("raw", timer_create(CLOCK_MONOTONIC_RAW, NULL, &timer));
    return 0;
}
