/* The futex call itself. */
#include "case.h"
#include <linux/futex.h>

static long futex(uint32_t *word, int op, uint32_t value, void *timeout, uint32_t *other, uint32_t last)
{
    return syscall(SYS_futex, word, op, value, timeout, other, last);
}

static uint32_t *shared_words(void)
{
    return MUST((uint32_t *)mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

CASE(wait_value, "futex")
{
    uint32_t word = 5;
    struct timespec short_time = {0, 10000000}, none = {0, 0}, wrong = {0, 1000000000}, negative = {-1, 0};
    T(futex(&word, FUTEX_WAIT, 4, 0, 0, 0));
    T(futex(&word, FUTEX_WAIT, 5, &none, 0, 0));
    T(futex(&word, FUTEX_WAIT, 5, &short_time, 0, 0));
    T(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 5, &short_time, 0, 0));
    T(futex(&word, FUTEX_WAIT, 5, &wrong, 0, 0));
    T(futex(&word, FUTEX_WAIT, 5, &negative, 0, 0));
    T(futex((void *)((char *)&word + 1), FUTEX_WAIT, 5, &none, 0, 0));
    T(futex((void *)8, FUTEX_WAIT, 5, &none, 0, 0));
    T(futex((void *)0xffff800000000000, FUTEX_WAIT, 5, &none, 0, 0));
    T(futex(&word, FUTEX_WAIT, 5, (void *)8, 0, 0));
    T(futex(&word, 99, 5, &none, 0, 0));
}

CASE(wake_nobody, "futex")
{
    uint32_t word = 0;
    T(futex(&word, FUTEX_WAKE, 1, 0, 0, 0));
    T(futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1000, 0, 0, 0));
    T(futex((void *)8, FUTEX_WAKE, 1, 0, 0, 0));
    T(futex((void *)0xffff800000000000, FUTEX_WAKE, 1, 0, 0, 0));
    T(futex((void *)((char *)&word + 2), FUTEX_WAKE, 1, 0, 0, 0));
    T(futex(&word, FUTEX_WAKE_BITSET, 1, 0, 0, 0));
}

CASE(wake_processes, "futex")
{
    uint32_t *word = shared_words();
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (!children[i])
            _exit(futex(word, FUTEX_WAIT, 0, 0, 0, 0) ? 1 : 0);
    }
    for (int i = 0; i < 3; i++)
        until_asleep(children[i]);
    T(futex(word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 10, 0, 0, 0));
    T(futex(word, FUTEX_WAKE, 1, 0, 0, 0));
    T(futex(word, FUTEX_WAKE, 10, 0, 0, 0));
    for (int i = 0; i < 3; i++)
        say_status("child", wait_for(children[i]));
}

CASE(wake_through_a_file, "futex mmap")
{
    int fd = file_with("f", "\0\0\0\0");
    MUST(ftruncate(fd, PAGE));
    uint32_t *word = MUST((uint32_t *)mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    uint32_t *twin = MUST((uint32_t *)mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    pid_t child = fork();
    if (!child)
        _exit(futex(word, FUTEX_WAIT, 0, 0, 0, 0) ? 1 : 0);
    until_asleep(child);
    T(futex(twin, FUTEX_WAKE, 1, 0, 0, 0));
    say_status("child", wait_for(child));
}

CASE(bitsets, "futex")
{
    uint32_t *word = shared_words();
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (!children[i])
            _exit(futex(word, FUTEX_WAIT_BITSET, 0, 0, 0, 1 << i) ? 1 : 0);
        until_asleep(children[i]);
    }
    T(futex(word, FUTEX_WAKE_BITSET, 10, 0, 0, 4));
    T(futex(word, FUTEX_WAKE_BITSET, 10, 0, 0, 2));
    say_status("second", wait_for(children[1]));
    T(futex(word, FUTEX_WAKE_BITSET, 10, 0, 0, 1));
    say_status("first", wait_for(children[0]));
    T(futex(word, FUTEX_WAIT_BITSET, 0, 0, 0, 0));
}

CASE(absolute_times, "futex")
{
    uint32_t word = 0;
    struct timespec at = in_ms(CLOCK_MONOTONIC, 15);
    T(futex(&word, FUTEX_WAIT_BITSET, 0, &at, 0, ~0u));
    T(futex(&word, FUTEX_WAIT_BITSET, 0, &at, 0, ~0u));
    at = in_ms(CLOCK_REALTIME, 15);
    T(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &at, 0, ~0u));
    long long start = now_ms();
    at = in_ms(CLOCK_MONOTONIC, 30);
    T(futex(&word, FUTEX_WAIT_BITSET, 0, &at, 0, ~0u));
    IS(now_ms() - start >= 29);
    T(futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, 0, 0, 0));
}

/* Waits of no length, one after the other: whoever computes comes to its end all the same. */
CASE(short_waits_beside_work, "futex")
{
    volatile uint32_t *word = shared_words();
    struct timespec shortest = {0, 1000};
    pid_t child = MUST(fork());
    if (!child) {
        while (!*word)
            syscall(SYS_futex, word, FUTEX_WAIT, 0, &shortest, 0, 0);
        _exit(0);
    }
    for (volatile int work = 0; work < 1000000; work++)
        ;
    *word = 1;
    wait_for(child);
    say("it came");
}

CASE(requeue, "futex")
{
    uint32_t *words = shared_words();
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (!children[i])
            _exit(futex(words, FUTEX_WAIT, 0, 0, 0, 0) ? 1 : 0);
        until_asleep(children[i]);
    }
    T(futex(words, FUTEX_CMP_REQUEUE, 1, (void *)1, words + 1, 7));
    T(futex(words, FUTEX_CMP_REQUEUE, 1, (void *)1, words + 1, 0));
    T(futex(words, FUTEX_WAKE, 10, 0, 0, 0));
    T(futex(words + 1, FUTEX_WAKE, 10, 0, 0, 0));
    for (int i = 0; i < 3; i++)
        say_status("child", wait_for(children[i]));
    T(futex(words, FUTEX_REQUEUE, 1, (void *)1, words + 1, 0));
    T(futex(words, FUTEX_REQUEUE, -1, (void *)1, words + 1, 0));
}

CASE(wake_op, "futex")
{
    uint32_t *words = shared_words();
    words[1] = 5;
    pid_t child = fork();
    if (!child)
        _exit(futex(words, FUTEX_WAIT, 0, 0, 0, 0) ? 1 : 0);
    until_asleep(child);
    /* Add 3 to the other word; wake there as well if it was greater than 4. */
    T(futex(words, FUTEX_WAKE_OP, 1, (void *)1, words + 1,
            FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_GT, 4)));
    N(words[1]);
    say_status("child", wait_for(child));
    T(futex(words, FUTEX_WAKE_OP, 1, (void *)1, words + 1, FUTEX_OP(FUTEX_OP_XOR, 1, FUTEX_OP_CMP_EQ, 8)));
    N(words[1]);
    T(futex(words, FUTEX_WAKE_OP, 1, (void *)1, words + 1,
            FUTEX_OP(FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 4, FUTEX_OP_CMP_LT, 8)));
    N(words[1]);
    T(futex(words, FUTEX_WAKE_OP, 1, (void *)1, (void *)8, FUTEX_OP(FUTEX_OP_SET, 4, FUTEX_OP_CMP_LT, 8)));
}

CASE(priority_inheritance, "futex")
{
    uint32_t *word = shared_words();
    T(futex(word, FUTEX_LOCK_PI, 0, 0, 0, 0));
    IS(*word == (uint32_t)getpid());
    T(futex(word, FUTEX_LOCK_PI, 0, 0, 0, 0));
    T(futex(word, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
    CHILD(T(futex(word, FUTEX_TRYLOCK_PI, 0, 0, 0, 0)); T(futex(word, FUTEX_UNLOCK_PI, 0, 0, 0, 0)));
    pid_t child = fork();
    if (!child) {
        int failed = futex(word, FUTEX_LOCK_PI, 0, 0, 0, 0) != 0;
        _exit(failed || (*word & FUTEX_TID_MASK) != (uint32_t)getpid());
    }
    until_asleep(child);
    IS(*word == ((uint32_t)getpid() | FUTEX_WAITERS));
    T(futex(word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
    say_status("child", wait_for(child));
    T(futex(word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
    *word = 0x3ffffff;
    T(futex(word, FUTEX_LOCK_PI, 0, 0, 0, 0));
    struct timespec at = in_ms(CLOCK_REALTIME, 20);
    *word = (uint32_t)getppid();
    T(futex(word, FUTEX_LOCK_PI, 0, &at, 0, 0));
}

CASE(interrupted, "futex rt_sigaction")
{
    uint32_t word = 0;
    struct timespec long_time = {10, 0};
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGALRM, &action, 0);
    POKED(SIGALRM, futex(&word, FUTEX_WAIT, 0, &long_time, 0, 0));
    POKED(SIGALRM, futex(&word, FUTEX_WAIT, 0, 0, 0, 0));
}

CASE(private_copies_are_separate, "futex fork")
{
    uint32_t word = 0;
    pid_t child = fork();
    if (!child) {
        struct timespec short_time = {0, 50000000};
        _exit(futex(&word, FUTEX_WAIT, 0, &short_time, 0, 0) && errno == ETIMEDOUT ? 0 : 1);
    }
    until_asleep(child);
    T(futex(&word, FUTEX_WAKE, 1, 0, 0, 0));
    say_status("child", wait_for(child));
}

CASE(waiting_for_several, "futex_waitv")
{
    struct { uint64_t value, address; uint32_t flags, reserved; } waiters[2] = {{0}};
    uint32_t *words = shared_words();
    struct timespec at = in_ms(CLOCK_MONOTONIC, 15);
    for (int i = 0; i < 2; i++)
        waiters[i].address = (uintptr_t)(words + i), waiters[i].flags = 2 /* FUTEX2_SIZE_U32 */;
    T(syscall(SYS_futex_waitv, waiters, 2, 0, &at, CLOCK_MONOTONIC));
    waiters[1].value = 5;
    T(syscall(SYS_futex_waitv, waiters, 2, 0, &at, CLOCK_MONOTONIC));
    waiters[1].value = 0;
    pid_t child = fork();
    if (!child) {
        at = in_ms(CLOCK_MONOTONIC, 10000);
        _exit(syscall(SYS_futex_waitv, waiters, 2, 0, &at, CLOCK_MONOTONIC) == 1 ? 0 : 1);
    }
    until_asleep(child);
    T(futex(words + 1, FUTEX_WAKE, 1, 0, 0, 0));
    say_status("child", wait_for(child));
    T(syscall(SYS_futex_waitv, waiters, 0, 0, &at, CLOCK_MONOTONIC));
    T(syscall(SYS_futex_waitv, waiters, 129, 0, &at, CLOCK_MONOTONIC));
    T(syscall(SYS_futex_waitv, waiters, 2, 1, &at, CLOCK_MONOTONIC));
}
