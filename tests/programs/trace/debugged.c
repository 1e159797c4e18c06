/* A program for a debugger: functions to stop in, variables to look at, a list, a thread, a crash. */
#include <pthread.h>
#include <stdio.h>

struct node {
    const char *name;
    int weight;
    struct node *next;
};

static struct node last = {"last", 3, 0}, first = {"first", 1, &last};
int total;

int weigh(const struct node *node)
{
    int sum = 0;
    while (node) {
        sum += node->weight;
        node = node->next;
    }
    total = sum;
    return sum;
}

static void *count(void *to)
{
    *(int *)to += 1;
    return to;
}

static void crash(int *at)
{
    *at = total;
}

int main(void)
{
    double half = 0.5;
    pthread_t thread;
    int sum = weigh(&first);
    pthread_create(&thread, 0, count, &sum);
    pthread_join(thread, 0);
    printf("%d %g\n", sum, half * sum);
    fflush(stdout);
    crash((int *)8);
    return 0;
}
