/* A program to be looked at while it runs: it counts, and prints how far it got when it is told to
 * stop. With an argument it also makes system calls. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

volatile unsigned long counter;
volatile unsigned long limit = ~0ul;
static volatile sig_atomic_t over;

static void stop(int signal) {
    (void)signal;
    over = 1;
}

int main(int argc, char **argv) {
    (void)argv;
    signal(SIGINT, stop);
    printf("spinning\n");
    fflush(stdout);
    while (!over && counter < limit) {
        counter++;
        if (argc > 1 && counter % 1000 == 0)
            getppid();
    }
    printf("counted to %s\n", counter >= limit ? "the limit" : "here");
    return 7;
}
