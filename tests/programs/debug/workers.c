/* For debuggers: two named threads that count, each for itself, until both have counted enough. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>

enum { ENOUGH = 200 };
volatile int counts[2];

__attribute__((noinline)) static void tick(int who) { counts[who]++; }

static void *work(void *argument) {
    int who = (int)(long)argument;
    pthread_setname_np(pthread_self(), who ? "right" : "left");
    while (counts[0] < ENOUGH || counts[1] < ENOUGH)
        tick(who);
    return NULL;
}

int main(void) {
    pthread_t threads[2];
    for (long i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d\n", counts[0] >= ENOUGH && counts[1] >= ENOUGH);
    return 0;
}
