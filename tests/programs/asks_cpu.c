/* Asks the CPU for all it has to say, as C libraries do when a program starts: how much that is depends
   on the CPU. Signals come meanwhile, and are heard at the next system call at the latest. */
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t heard;

static void hear(int signal) { heard++; }

__attribute__((noinline)) static void ask(void) {
    unsigned last, a, b, c, d;
    __cpuid(0, last, b, c, d);
    for (unsigned leaf = 0; leaf <= last; leaf++)
        __cpuid_count(leaf, 0, a, b, c, d);
}

int main(void) {
    struct itimerval soon = { { 0, 0 }, { 0, 500 } };
    signal(SIGALRM, hear);
    for (int round = 0; round < 12; round++) {
        setitimer(ITIMER_REAL, &soon, NULL);
        for (int i = 0; i < 3; i++)
            ask();
        while (heard <= round)
            getppid();
    }
    printf("heard %d\n", heard);
    return 0;
}
