/* Threads: mutexes, conditions, thread-local storage, preemption, cancellation, vector state. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 2000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter;
static int turn;
static __thread int own;
static volatile int flag;

static void *count(void *argument)
{
    own = (int)(long)argument;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&lock);
        counter++;
        pthread_mutex_unlock(&lock);
    }
    return (void *)(long)(own * own);
}

static void *take_turns(void *argument)
{
    int me = (int)(long)argument;
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&lock);
        while (turn != me)
            pthread_cond_wait(&turned, &lock);
        turn = !me;
        pthread_cond_broadcast(&turned);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

/* Only a timer interrupt can take the processor away from this one. */
static void *spin(void *argument)
{
    (void)argument;
    while (!flag)
        ;
    return 0;
}

/* Two of these interrupt each other; neither may see the other's vector registers. */
static void *vectors(void *argument)
{
    double step = (double)(long)argument, sum = 0;
    for (long i = 0; i < 3000000; i++)
        sum += step;
    return (void *)(long)(sum == step * 3000000);
}

static void *cancelled(void *argument)
{
    (void)argument;
    for (;;)
        sleep(100);
    return 0;
}

static void preemption(void)
{
    pthread_t spinner, first, second;
    void *one, *two;
    pthread_create(&spinner, 0, spin, 0);
    usleep(20000);
    flag = 1;
    pthread_join(spinner, 0);
    puts("the spinning thread ended");
    pthread_create(&first, 0, vectors, (void *)3);
    pthread_create(&second, 0, vectors, (void *)5);
    pthread_join(first, &one);
    pthread_join(second, &two);
    printf("vector registers kept: %d %d\n", one != 0, two != 0);
}

static void timeouts(void)
{
    struct timespec soon;
    sem_t never;
    sem_init(&never, 0, 0);
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 30000000;
    if (soon.tv_nsec >= 1000000000) {
        soon.tv_sec++;
        soon.tv_nsec -= 1000000000;
    }
    int result = sem_timedwait(&never, &soon);
    printf("semaphore: %d %s\n", result, strerror(errno));
    pthread_mutex_lock(&lock);
    printf("condition: %s\n", strerror(pthread_cond_timedwait(&turned, &lock, &soon)));
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    pthread_t threads[THREADS], other;
    void *result;
    long squares = 0;

    setvbuf(stdout, 0, _IONBF, 0);
    pthread_barrier_init(&barrier, 0, THREADS);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], 0, count, (void *)i);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &result);
        squares += (long)result;
    }
    printf("counter %ld squares %ld own %d\n", counter, squares, own);
    pthread_create(&threads[0], 0, take_turns, (void *)0);
    pthread_create(&threads[1], 0, take_turns, (void *)1);
    pthread_join(threads[0], 0);
    pthread_join(threads[1], 0);
    printf("turn %d\n", turn);
    preemption();
    timeouts();
    pthread_create(&other, 0, cancelled, 0);
    usleep(10000);
    pthread_cancel(other);
    pthread_join(other, &result);
    printf("cancelled: %d\n", result == PTHREAD_CANCELED);
    pthread_create(&other, 0, cancelled, 0);
    pthread_detach(other);
    puts("exit with a thread still there");
    return 6;
}
