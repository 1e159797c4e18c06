/* Scheduling in real time: who runs before whom, on one processor. */
#include "real_time.h"
#include <linux/futex.h>
#include <stdatomic.h>

/* What processes that share it have seen, in its order. */
struct order {
    atomic_int next, seen[64], flag;
    unsigned word;
};

static struct order *shared_order(void)
{
    return MUST(mmap(0, sizeof(struct order), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static void note(struct order *order, int what)
{
    int at = order->next++;
    if (at < 64)
        order->seen[at] = what;
}

static void say_order(struct order *order)
{
    char text[256] = "";
    for (int i = 0; i < order->next && i < 64; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %d", order->seen[i]);
    say("order:%s", text);
}

/* Without sleeping, but not for ever. */
static void until_two(struct order *order)
{
    long long limit = now_ms() + 400;
    while (order->next < 2 && now_ms() < limit)
        ;
}

/* A child that runs when its priority lets it. */
#define LATER(child, policy, priority, ...)                                             \
    pid_t child = MUST(fork());                                                         \
    if (!child) {                                                                       \
        __VA_ARGS__;                                                                    \
        _exit(0);                                                                       \
    }                                                                                   \
    MUST(set_policy(child, policy, priority))

static void wait_for_all(void)
{
    while (wait(0) > 0)
        ;
}

CASE(who_is_more_important, "sched_setscheduler")
{
    ROOT_ONLY;
    struct order *order = shared_order();
    one_processor();
    MUST(set_policy(0, SCHED_FIFO, 50));
    static const int priorities[] = {10, 30, 20, 30, 5, 40, 20};
    for (int i = 0; i < 7; i++) {
        LATER(child, i % 2 ? SCHED_FIFO : SCHED_RR, priorities[i], note(order, priorities[i] * 10 + i));
        (void)child;
    }
    LATER(last, SCHED_OTHER, 0, note(order, 0));
    (void)last;
    note(order, 1000);
    wait_for_all();
    say_order(order);
}

CASE(who_is_raised_or_lowered, "sched_setscheduler")
{
    ROOT_ONLY;
    struct order *order = shared_order();
    one_processor();
    MUST(set_policy(0, SCHED_FIFO, 50));
    LATER(a, SCHED_FIFO, 10, note(order, 1));
    LATER(b, SCHED_FIFO, 20, note(order, 2));
    LATER(c, SCHED_FIFO, 30, note(order, 3));
    MUST(set_policy(a, SCHED_FIFO, 25)); /* behind nobody of 25 */
    MUST(set_policy(c, SCHED_FIFO, 20)); /* before those of 20, as it was more */
    (void)b;
    wait_for_all();
    say_order(order);
    order->next = 0;
    LATER(d, SCHED_FIFO, 20, note(order, 4));
    LATER(e, SCHED_FIFO, 10, note(order, 5));
    MUST(set_policy(e, SCHED_FIFO, 20)); /* behind those of 20 */
    MUST(set_policy(0, SCHED_FIFO, 15)); /* they run at once */
    note(order, 6);
    (void)d;
    wait_for_all();
    say_order(order);
}

CASE(who_wakes_up, "sched_setscheduler pipe")
{
    ROOT_ONLY;
    struct order *order = shared_order();
    static const int priorities[] = {20, 10, 5};
    one_processor();
    MUST(set_policy(0, SCHED_FIFO, 10));
    for (int i = 0; i < 3; i++) {
        int ends[2];
        char byte;
        MUST(pipe(ends));
        pid_t child = MUST(fork());
        if (!child) {
            MUST(set_policy(0, SCHED_FIFO, 30));
            if (read(ends[0], &byte, 1) == 1)
                note(order, priorities[i]);
            _exit(0);
        }
        until_asleep(child);
        MUST(set_policy(child, SCHED_FIFO, priorities[i]));
        MUST(write(ends[1], "x", 1));
        note(order, 0);
        wait_for_all();
        close(ends[0]);
        close(ends[1]);
    }
    say_order(order);
}

CASE(giving_way, "sched_yield sched_setscheduler")
{
    ROOT_ONLY;
    struct order *order = shared_order();
    one_processor();
    MUST(set_policy(0, SCHED_FIFO, 20));
    LATER(equal, SCHED_FIFO, 20, note(order, 1); sched_yield(); note(order, 2));
    LATER(less, SCHED_FIFO, 10, note(order, 3));
    (void)equal, (void)less;
    note(order, 4);
    sched_yield();
    note(order, 5);
    sched_yield();
    note(order, 6);
    sched_yield();
    note(order, 7);
    wait_for_all();
    say_order(order);
}

/* Under SCHED_FIFO one ends before the next of its priority begins; under SCHED_RR they take turns. */
CASE(turns, "sched_setscheduler")
{
    ROOT_ONLY;
    one_processor();
    for (int policy = SCHED_FIFO; policy <= SCHED_RR; policy++) {
        struct order *order = shared_order();
        MUST(set_policy(0, SCHED_FIFO, 30));
        for (int i = 1; i <= 2; i++) {
            LATER(child, policy, 20, note(order, i); until_two(order); note(order, i));
            (void)child;
        }
        wait_for_all();
        say_order(order);
        MUST(set_policy(0, SCHED_OTHER, 0));
    }
}

/* A thread that never sleeps leaves the others something. */
CASE(others_live, "sched_setscheduler")
{
    ROOT_ONLY;
    struct order *order = shared_order();
    one_processor();
    MUST(set_policy(0, SCHED_FIFO, 30));
    LATER(other, SCHED_OTHER, 0, order->flag = 1);
    long long limit = now_ms() + 10000;
    while (!order->flag && now_ms() < limit)
        ;
    N(order->flag);
    say_status("other", wait_for(other));
}

static struct order *alarms;

static void on_alarm(int signal)
{
    struct timespec start, now;
    (void)signal;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 40000);
    if (alarms->flag)
        _exit(0);
}

static void live_by_alarms(void)
{
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 100}, {0, 100}}, 0);
    for (;;)
        pause();
}

/* Nor do threads that sleep, and are woken so often that one of them can always run, keep it all. */
CASE(others_live_beside_sleepers, "sched_setscheduler setitimer pause")
{
    ROOT_ONLY;
    alarms = shared_order();
    one_processor();
    MUST(set_policy(0, SCHED_FIFO, 30));
    LATER(other, SCHED_OTHER, 0, alarms->flag = 1);
    LATER(first, SCHED_RR, 20, live_by_alarms());
    LATER(second, SCHED_RR, 20, live_by_alarms());
    say_status("other", wait_for(other));
    say_status("first", wait_for(first));
    say_status("second", wait_for(second));
}

CASE(who_is_woken_first, "futex sched_setscheduler")
{
    ROOT_ONLY;
    struct order *order = shared_order();
    static const int priorities[] = {10, 30, 20, 0};
    one_processor();
    for (int i = 0; i < 4; i++) {
        pid_t child = MUST(fork());
        if (!child) {
            MUST(set_policy(0, priorities[i] ? SCHED_FIFO : SCHED_OTHER, priorities[i]));
            syscall(SYS_futex, &order->word, FUTEX_WAIT, 0, 0, 0, 0);
            note(order, priorities[i]);
            _exit(0);
        }
        until_asleep(child);
    }
    MUST(set_policy(0, SCHED_FIFO, 50));
    for (int i = 0; i < 4; i++) {
        T(syscall(SYS_futex, &order->word, FUTEX_WAKE, 1, 0, 0, 0));
        sleep_ms(20);
    }
    wait_for_all();
    say_order(order);
}
