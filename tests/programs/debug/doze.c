/* For debuggers: a program that sleeps until a signal wakes it. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

volatile int over;

__attribute__((noinline)) void awake(int n) { (void)n; }

static void handler(int signal) { awake(signal); }

int main(void) {
    signal(SIGALRM, handler);
    printf("dozing\n");
    fflush(stdout);
    while (!over)
        pause();
    return 3;
}
