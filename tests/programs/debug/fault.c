/* Faults, in a way that can be mended from outside, or by a handler (with an argument). */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int place;
sigjmp_buf again;
int *volatile pointer;

static void say(const char *text, int size) {
    if (write(1, text, size) != size)
        _exit(9);
}

static void mend(int sig) {
    say("handler\n", 8);
    pointer = &place;
    siglongjmp(again, 1);
}

static void other(int sig) { say("other\n", 6); }

__attribute__((used)) void elsewhere(void) {
    say("elsewhere\n", 10);
    _exit(3);
}

int main(int argc, char **argv) {
    signal(SIGUSR1, other);
    if (argc > 1)
        signal(SIGSEGV, mend);
    say("before\n", 7);
    sigsetjmp(again, 1);
    *pointer = 5;
    printf("place %d\n", place);
    return 0;
}
