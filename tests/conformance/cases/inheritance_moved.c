/* Waiters that are moved to a lock that lends (FUTEX_CMP_REQUEUE_PI). */
#include "inheritance.h"

static long wait_requeue(struct shared *s, const struct timespec *at)
{
    return futex(&s->condition, FUTEX_WAIT_REQUEUE_PI, 0, at, &s->a, 0);
}

static long move(struct shared *s, int wake, long count)
{
    return futex(&s->condition, FUTEX_CMP_REQUEUE_PI, wake, (void *)count, &s->a, 0);
}

CASE(moving_to_a_lock, "futex")
{
    struct shared *s = shared_memory();
    pid_t children[4];
    T(move(s, 1, 10));
    T(move(s, 0, 10));
    T(move(s, 2, 10));
    T(move(s, 1, -1));
    T(futex(&s->condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->condition, 0));
    T(futex(&s->condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->a, 1));
    T(futex(&s->condition, FUTEX_WAIT_REQUEUE_PI, 0, 0, &s->condition, 0));
    T(futex(&s->condition, FUTEX_WAIT_REQUEUE_PI, 1, 0, &s->a, 0));
    struct timespec at = in_ms(CLOCK_MONOTONIC, 10);
    T(wait_requeue(s, &at));
    at = in_ms(CLOCK_REALTIME, 10);
    T(futex(&s->condition, FUTEX_WAIT_REQUEUE_PI | FUTEX_CLOCK_REALTIME, 0, &at, &s->a, 0));
    N(s->a);
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (!children[i]) {
            long failed = wait_requeue(s, 0);
            note(s, i * 10 + !!(s->a & FUTEX_WAITERS));
            _exit(failed || unlock(&s->a));
        }
        until_asleep(children[i]);
    }
    T(futex(&s->condition, FUTEX_WAKE, 1, 0, 0, 0));
    T(futex(&s->condition, FUTEX_CMP_REQUEUE, 1, (void *)1, &s->b, 0));
    T(futex(&s->condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->b, 0));
    T(futex(&s->condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->a, 9));
    lock(&s->a);
    T(move(s, 1, 0)); /* one of them now waits for the lock */
    say_word("with one", s->a, getpid());
    T(unlock(&s->a));
    say_status("child", wait_for(children[0]));
    T(move(s, 1, 0)); /* the lock is free: one has it */
    say_status("child", wait_for(children[1]));
    lock(&s->a);
    T(move(s, 1, 10));
    T(move(s, 1, 10));
    T(unlock(&s->a));
    say_status("child", wait_for(children[2]));
    say_status("child", wait_for(children[3]));
    say_order(s);
    N(s->a);
}

CASE(waiting_to_be_moved, "futex rt_sigaction")
{
    struct shared *s = shared_memory();
    struct sigaction action = {.sa_handler = on_signal};
    lock(&s->a);
    pid_t child = fork();
    if (!child) {
        sigaction(SIGUSR1, &action, 0);
        T(wait_requeue(s, 0));
        struct timespec at = in_ms(CLOCK_MONOTONIC, 150);
        T(wait_requeue(s, &at));
        _exit(0);
    }
    until_asleep(child);
    kill(child, SIGUSR1); /* it waits on */
    sleep_ms(30);
    until_asleep(child);
    T(move(s, 1, 1));
    kill(child, SIGUSR1); /* now it does not */
    sleep_ms(30);
    until_asleep(child);
    T(move(s, 1, 1));
    say_status("child", wait_for(child));
    T(unlock(&s->a));
    N(s->a);
}

CASE(moved_waiters_lend, "futex sched_setscheduler")
{
    ROOT_ONLY;
    struct shared *s = shared_memory();
    static const int priorities[] = {10, 30, 20};
    one_processor();
    set_policy(0, SCHED_FIFO, 60);
    CHILD_OF(owner, 5, lock(&s->a); pause());
    for (int i = 0; i < 3; i++) {
        CHILD_OF(child, priorities[i], if (wait_requeue(s, 0)) note(s, -1); note(s, priorities[i]); unlock(&s->a));
        (void)child;
    }
    say_priority("owner", owner);
    T(move(s, 1, 10));
    say_priority("owner", owner);
    kill(owner, SIGKILL);
    wait_for_all();
    say_order(s);
}
