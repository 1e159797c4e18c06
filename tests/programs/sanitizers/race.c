/* Two threads count, with or without a lock. */
#include <pthread.h>
#include <stdio.h>

static int count, locked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *counts(void *unused)
{
    for (int i = 0; i < 500; i++) {
        if (locked)
            pthread_mutex_lock(&lock);
        count++;
        if (locked)
            pthread_mutex_unlock(&lock);
    }
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    locked = argc > 1;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], 0, counts, 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], 0);
    if (locked)
        printf("%d\n", count);
    return 0;
}
