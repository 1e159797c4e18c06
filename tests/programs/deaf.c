/* Waits for a signal without a system call, first by the clock, then by nothing at all. */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t heard;

static void hear(int signal) { heard++; }

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

int main(void) {
    signal(SIGALRM, hear);
    struct itimerval soon = { { 0, 0 }, { 0, 3000 } };
    long begin = now();
    setitimer(ITIMER_REAL, &soon, NULL);
    while (!heard)
        now();
    printf("heard after %ld\n", now() - begin);
    setitimer(ITIMER_REAL, &soon, NULL);
    while (heard < 2)
        ;
    printf("heard again after %ld\n", now() - begin);
    return now() - begin < 6000000;
}
