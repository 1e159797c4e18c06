/* A little of everything a debugger walks over: calls, a signal handler, a fork, a pipe, time. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct node {
    int value;
    char name[12];
    struct node *next;
};

struct node table[3];
volatile int counter;
volatile int caught;

__attribute__((noinline)) int add(int a, int b) {
    counter++;
    return a + b;
}

__attribute__((noinline)) void fill(struct node *node, int index) {
    node->value = index * 10;
    strcpy(node->name, "node");
    node->name[4] = '0' + index;
    node->next = &table[(index + 1) % 3];
}

static void handler(int signal) { caught = signal; }

int main(void) {
    for (int i = 0; i < 3; i++)
        fill(&table[i], i);
    int sum = 0;
    for (int i = 0; i < 5; i++)
        sum = add(sum, i);
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    int ends[2];
    char byte = 0;
    if (pipe(ends))
        return 1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        counter = 100;
        byte = 'x';
        _exit(write(ends[1], &byte, 1) == 1 ? 3 : 4);
    }
    int status = 0;
    if (read(ends[0], &byte, 1) != 1 || waitpid(child, &status, 0) != child)
        return 1;
    struct timespec pause = { 0, 2000000 };
    nanosleep(&pause, NULL);
    printf("sum %d, %s, signal %d, child %d %c\n", sum, table[1].name, caught, WEXITSTATUS(status), byte);
    return sum;
}
