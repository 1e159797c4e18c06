/* Calls within calls, and a thread that waits in some of its own. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int ends[2];
static volatile int waiting;

__attribute__((noinline)) static char await(int token) {
    char byte = 0;
    waiting = token;
    if (read(ends[0], &byte, 1) != 1)
        _exit(1);
    return byte;
}

static void *waiter(void *argument) {
    int token = *(int *)argument;
    return (void *)(long)await(token + 1);
}

__attribute__((noinline)) static int inner(int depth) { return depth * 2; }

__attribute__((noinline)) static int middle(int depth) {
    int factor = depth + 10;
    return inner(depth - 1) + factor;
}

int main(void) {
    pthread_t thread;
    int token = 41;
    if (pipe(ends) || pthread_create(&thread, NULL, waiter, &token))
        return 1;
    while (!waiting)
        usleep(1000);
    int sum = middle(5);
    if (write(ends[1], "x", 1) != 1 || pthread_join(thread, NULL))
        return 1;
    printf("sum %d\n", sum);
    return 0;
}
