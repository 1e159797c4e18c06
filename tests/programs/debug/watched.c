/* Memory that is written in many ways: by stores, strings of bytes, the kernel, threads, a child. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static char pages[2 * PAGE] __attribute__((aligned(PAGE)));
static volatile int counter, beside[100];
static char *volatile border = pages + PAGE - 4;
static volatile int *fresh;

__attribute__((noinline)) static void neighbours(void) {
    for (int i = 0; i < 100; i++)
        beside[i] = i;
}

__attribute__((noinline)) static void store(void) { counter = 7; }

__attribute__((noinline)) static void the_same(void) { counter = 7; }

__attribute__((noinline)) static void across(void) { *(volatile long *)border = 0x1122334455667788; }

__attribute__((noinline)) static void string(void) {
    void *at = border;
    long n = 8;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(9) : "memory");
}

__attribute__((noinline)) static void by_kernel(void) {
    int ends[2];
    if (pipe(ends) || write(ends[1], "abcdefgh", 8) != 8 || read(ends[0], border, 8) != 8)
        _exit(1);
    close(ends[0]);
    close(ends[1]);
}

static void *worker(void *unused) {
    for (int i = 0; i < 3; i++)
        counter += 10;
    return unused;
}

__attribute__((noinline)) static void by_child(void) {
    pid_t child = fork();
    if (!child) {
        counter = 99;
        _exit(counter == 99 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    if (status)
        _exit(2);
}

__attribute__((noinline)) static void first_touch(void) {
    fresh[3] = 1;
    if (mprotect((void *)fresh, PAGE, PROT_READ) || mprotect((void *)fresh, PAGE, PROT_READ | PROT_WRITE))
        _exit(3);
    fresh[3] = 2;
}

static void *racer(void *unused) {
    for (int i = 0; i < 150; i++) {
        __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
        for (volatile int wait = 0; wait < 5000; wait++)
            ;
    }
    return unused;
}

/* Threads that are interrupted anywhere. */
static int race(void) {
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        if (pthread_create(&threads[i], 0, racer, 0))
            return 5;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], 0);
    printf("%d\n", counter);
    return 0;
}

int main(int argc, char **argv) {
    pthread_t thread;
    if (argc > 1)
        return neighbours(), race();
    fresh = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    neighbours();
    store();
    the_same();
    across();
    string();
    by_kernel();
    if (pthread_create(&thread, 0, worker, 0) || pthread_join(thread, 0))
        return 4;
    by_child();
    first_touch();
    printf("%d %d %.8s %d\n", counter, beside[99], border, fresh[3]);
    return 0;
}
