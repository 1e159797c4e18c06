/* Asks for the time in every way there is, and prints it; exits with 1 where it goes backwards. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int ticks;
static volatile long last_tick;

static long ns(struct timespec t) { return t.tv_sec * 1000000000L + t.tv_nsec; }

static long now(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return ns(t);
}

static long asked(clockid_t id) {
    struct timespec t;
    syscall(SYS_clock_gettime, id, &t);
    return ns(t);
}

static void in_order(long a, long b, const char *what) {
    if (a <= b)
        return;
    printf("%s: %ld, then %ld\n", what, a, b);
    exit(1);
}

static void tick(int signal) {
    ticks++;
    last_tick = now(CLOCK_MONOTONIC);
}

int main(void) {
    long before = now(CLOCK_MONOTONIC), first = before, sum = 0;
    for (int i = 0; i < 2000; i++) {
        long t = i % 500 ? now(CLOCK_MONOTONIC) : asked(CLOCK_MONOTONIC);
        in_order(before, t, "monotonic");
        sum += t - before;
        before = t;
    }
    printf("from %ld to %ld\n", first, before);

    /* What the kernel notes by itself is behind what a program has seen by a tick at most. */
    char name[] = "/tmp/clockXXXXXX";
    struct stat st;
    long seen = now(CLOCK_REALTIME);
    fstat(mkstemp(name), &st);
    in_order(seen - 10000000, ns(st.st_mtim), "a file's date");
    printf("file of %ld\n", ns(st.st_mtim));

    signal(SIGALRM, tick);
    struct itimerval every = { { 0, 2000 }, { 0, 2000 } }, never = { 0 };
    setitimer(ITIMER_REAL, &every, NULL);
    long begin = now(CLOCK_MONOTONIC);
    while (now(CLOCK_MONOTONIC) < begin + 20000000)
        ;
    setitimer(ITIMER_REAL, &never, NULL);
    printf("ticks %d, the last at %ld\n", ticks, last_tick);

    fflush(stdout);
    for (int i = 0; i < 2; i++)
        if (!fork()) {
            printf("child %d at %ld, used %ld\n", i, now(CLOCK_MONOTONIC), asked(CLOCK_PROCESS_CPUTIME_ID));
            fflush(stdout);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    struct timeval tv;
    gettimeofday(&tv, NULL);
    printf("end at %ld, %ld.%06ld\n", now(CLOCK_MONOTONIC), (long)tv.tv_sec, (long)tv.tv_usec);
    return 0;
}
