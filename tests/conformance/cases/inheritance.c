/* Locks that lend their owner the priority of who waits for them (FUTEX_LOCK_PI). */
#include "inheritance.h"

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

static void wait_for_byte(int ends[2])
{
    char byte;
    MUST(read(ends[0], &byte, 1));
}

static void send_byte(int ends[2])
{
    MUST(write(ends[1], "x", 1));
}

CASE(words_of_locks, "futex")
{
    struct shared *s = shared_memory();
    pid_t self = getpid();
    s->a = FUTEX_WAITERS;
    T(lock(&s->a));
    say_word("free, waited for", s->a, self);
    T(unlock(&s->a));
    s->a = FUTEX_OWNER_DIED;
    T(lock(&s->a));
    say_word("owner died", s->a, self);
    T(unlock(&s->a));
    N(s->a);
    T(futex(&s->a, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
    say_word("tried", s->a, self);
    CHILD(T(futex(&s->a, FUTEX_TRYLOCK_PI, 0, 0, 0, 0)); say_word("tried in vain", s->a, self); T(unlock(&s->a)));
    pid_t child = fork();
    if (!child)
        _exit(lock(&s->a) != 0);
    until_asleep(child);
    T(unlock(&s->a));
    say_status("child", wait_for(child));
    say_word("handed over to a child that has ended", s->a, child);
    T(futex(&s->a, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
    T(lock(&s->a));
    say_word("nobody's", s->a, child);
    s->b = (uint32_t)self | FUTEX_WAITERS;
    T(unlock(&s->b));
    N(s->b);
}

CASE(locks_with_timeouts, "futex")
{
    struct shared *s = shared_memory();
    struct timespec past = {0, 0}, wrong = {0, 1000000000};
    s->a = (uint32_t)getppid();
    T(futex(&s->a, FUTEX_LOCK_PI, 0, &past, 0, 0));
    say_word("not had", s->a, getppid());
    T(futex(&s->a, FUTEX_LOCK_PI, 0, &wrong, 0, 0));
    struct timespec at = in_ms(CLOCK_MONOTONIC, 10);
    T(futex(&s->a, FUTEX_LOCK_PI2, 0, &at, 0, 0));
    at = in_ms(CLOCK_REALTIME, 10);
    T(futex(&s->a, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, &at, 0, 0));
    T(futex(&s->a, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, &at, 0, 0));
    T(futex(&s->a, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, s->a, &at, 0, 0));
    T(futex((uint32_t *)((char *)&s->a + 1), FUTEX_LOCK_PI, 0, 0, 0, 0));
    T(lock((uint32_t *)8));
    T(unlock((uint32_t *)8));
    T(unlock(&s->b));
}

CASE(signals_do_not_end_the_wait, "futex rt_sigaction")
{
    struct shared *s = shared_memory();
    struct sigaction action = {.sa_handler = on_signal};
    T(lock(&s->a));
    pid_t child = fork();
    if (!child) {
        sigaction(SIGUSR1, &action, 0);
        _exit(lock(&s->a) != 0);
    }
    until_asleep(child);
    kill(child, SIGUSR1);
    sleep_ms(30);
    until_asleep(child);
    T(unlock(&s->a));
    say_status("child", wait_for(child));
}

CASE(plain_and_lending_do_not_mix, "futex")
{
    struct shared *s = shared_memory();
    T(lock(&s->a));
    pid_t child = fork();
    if (!child)
        _exit(lock(&s->a) != 0);
    until_asleep(child);
    T(futex(&s->a, FUTEX_WAKE, 1, 0, 0, 0));
    T(futex(&s->a, FUTEX_CMP_REQUEUE, 1, (void *)1, &s->b, s->a));
    s->a = (uint32_t)getppid() | FUTEX_WAITERS;
    T(lock(&s->a));
    s->a = (uint32_t)getpid() | FUTEX_WAITERS;
    T(unlock(&s->a));
    say_status("child", wait_for(child));
    child = fork();
    if (!child)
        _exit(futex(&s->b, FUTEX_WAIT, 0, 0, 0, 0) != 0);
    until_asleep(child);
    T(lock(&s->b));
    s->b = (uint32_t)getpid();
    T(unlock(&s->b));
    T(futex(&s->b, FUTEX_WAKE, 0, 0, 0, 0)); /* wakes one all the same */
    say_status("child", wait_for(child));
}

CASE(circles_of_waiting, "futex")
{
    struct shared *s = shared_memory();
    T(lock(&s->a));
    pid_t first = fork();
    if (!first) {
        lock(&s->b);
        _exit(lock(&s->a) != 0);
    }
    until_asleep(first);
    pid_t second = fork();
    if (!second) {
        lock(&s->c);
        _exit(lock(&s->b) != 0);
    }
    until_asleep(second);
    T(lock(&s->b));
    T(lock(&s->c));
    T(futex(&s->c, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
    T(unlock(&s->a));
    say_status("first", wait_for(first));
    say_status("second", wait_for(second));
    say_word("of the first", s->a, first);
    say_word("of the second", s->c, second);
}

CASE(owners_that_end, "futex set_robust_list")
{
    struct shared *s = shared_memory();
    for (int robust = 0; robust < 2; robust++) {
        pid_t owner = fork();
        if (!owner) {
            static struct { uintptr_t next; long offset; uintptr_t pending; } head;
            static struct { uintptr_t next; uint32_t *word; } entry;
            head.next = (uintptr_t)&entry | 1;
            entry.next = (uintptr_t)&head;
            head.offset = (long)((uintptr_t)&s->a - (uintptr_t)&entry);
            if (robust)
                MUST(syscall(SYS_set_robust_list, &head, sizeof head));
            lock(&s->a);
            pause();
        }
        until_asleep(owner);
        pid_t waiter = fork();
        if (!waiter) {
            T(lock(&s->a));
            say_word("inherited", s->a, getpid());
            T(unlock(&s->a));
            N(s->a);
            _exit(0);
        }
        until_asleep(waiter);
        kill(owner, SIGKILL);
        wait_for(owner);
        say_status("waiter", wait_for(waiter));
    }
}

/* Without lending, who is of middling importance would keep the most important one waiting. */
CASE(owner_runs_first, "futex sched_setscheduler")
{
    ROOT_ONLY;
    struct shared *s = shared_memory();
    int go[2];
    MUST(pipe(go));
    one_processor();
    set_policy(0, SCHED_FIFO, 60);
    for (int own = 0; own <= 10; own += 10) {
        s->next = 0;
        CHILD_OF(low, own, lock(&s->a); wait_for_byte(go); note(s, 1); unlock(&s->a); note(s, 2));
        say_priority("before", low);
        CHILD_OF(high, 30, lock(&s->a); note(s, 3); unlock(&s->a); note(s, 4));
        say_priority("meanwhile", low);
        N(syscall(SYS_sched_getscheduler, low));
        pid_t middle = MUST(fork());
        if (!middle) {
            note(s, 5);
            _exit(0);
        }
        set_policy(middle, SCHED_FIFO, 20);
        send_byte(go);
        (void)high;
        wait_for_all();
        say_order(s);
    }
}

CASE(priority_is_given_back, "futex sched_setscheduler")
{
    ROOT_ONLY;
    struct shared *s = shared_memory();
    int go[2];
    MUST(pipe(go));
    one_processor();
    set_policy(0, SCHED_FIFO, 60);
    CHILD_OF(low, 10, lock(&s->a); lock(&s->b); wait_for_byte(go); unlock(&s->a); wait_for_byte(go); unlock(&s->b);
             wait_for_byte(go));
    CHILD_OF(one, 30, lock(&s->a); unlock(&s->a); pause());
    CHILD_OF(two, 20, lock(&s->b); unlock(&s->b); pause());
    say_priority("both wait", low);
    send_byte(go);
    sleep_ms(20);
    until_asleep(low);
    say_priority("one waits", low);
    send_byte(go);
    sleep_ms(20);
    until_asleep(low);
    say_priority("none waits", low);
    struct timespec at = in_ms(CLOCK_REALTIME, 60);
    s->a = (uint32_t)low;
    pid_t brief = MUST(fork());
    if (!brief) {
        set_policy(0, SCHED_FIFO, 40);
        _exit(futex(&s->a, FUTEX_LOCK_PI, 0, &at, 0, 0) == -1 && errno == ETIMEDOUT ? 0 : 1);
    }
    until_asleep(brief);
    say_priority("for a while", low);
    say_status("brief", wait_for(brief));
    say_priority("and no longer", low);
    pid_t killed = MUST(fork());
    if (!killed) {
        set_policy(0, SCHED_FIFO, 40);
        lock(&s->a);
        _exit(0);
    }
    until_asleep(killed);
    say_priority("of one", low);
    kill(killed, SIGKILL);
    say_status("killed", wait_for(killed));
    say_priority("that was killed", low);
    kill(one, SIGKILL);
    kill(two, SIGKILL);
    kill(low, SIGKILL);
    wait_for_all();
}

CASE(chains_of_owners, "futex sched_setscheduler")
{
    ROOT_ONLY;
    struct shared *s = shared_memory();
    int go[2];
    MUST(pipe(go));
    one_processor();
    set_policy(0, SCHED_FIFO, 60);
    CHILD_OF(first, 0, lock(&s->a); wait_for_byte(go); note(s, 1); unlock(&s->a); note(s, 11));
    CHILD_OF(second, 10, lock(&s->b); lock(&s->a); note(s, 2); unlock(&s->b); note(s, 12));
    CHILD_OF(third, 20, lock(&s->c); lock(&s->b); note(s, 3); unlock(&s->c); note(s, 13));
    say_priority("first", first);
    CHILD_OF(fourth, 40, lock(&s->c); note(s, 4));
    say_priority("first", first);
    say_priority("second", second);
    say_priority("third", third);
    set_policy(fourth, SCHED_FIFO, 35);
    say_priority("first, lowered", first);
    set_policy(second, SCHED_FIFO, 37);
    say_priority("first, raised in the middle", first);
    say_priority("third", third);
    set_policy(second, SCHED_OTHER, 0);
    say_priority("first", first);
    say_priority("second", second);
    set_policy(second, SCHED_FIFO, 10);
    send_byte(go);
    wait_for_all();
    say_order(s);
}

CASE(who_gets_the_lock, "futex sched_setscheduler")
{
    ROOT_ONLY;
    struct shared *s = shared_memory();
    static const int priorities[] = {10, 30, 0, 20, 0, 30};
    pid_t children[6];
    one_processor();
    set_policy(0, SCHED_FIFO, 60);
    lock(&s->a);
    for (int i = 0; i < 6; i++) {
        CHILD_OF(child, priorities[i], lock(&s->a); note(s, priorities[i] * 10 + i); unlock(&s->a));
        children[i] = child;
    }
    set_policy(children[4], SCHED_RR, 25);
    set_policy(children[1], SCHED_FIFO, 5);
    unlock(&s->a);
    wait_for_all();
    say_order(s);
}

CASE(what_is_lent_is_not_inherited, "futex fork sched_setscheduler")
{
    ROOT_ONLY;
    struct shared *s = shared_memory();
    int go[2];
    MUST(pipe(go));
    pid_t owner = MUST(fork());
    if (!owner) {
        lock(&s->a);
        wait_for_byte(go);
        say_priority("owner", getpid());
        CHILD(say_priority("its child", getpid()));
        set_policy(0, SCHED_RR, 3);
        say_priority("owner", getpid());
        set_policy(0, SCHED_RR, 33);
        say_priority("owner", getpid());
        struct sched_param param;
        MUST(syscall(SYS_sched_getparam, 0, &param));
        N(param.sched_priority);
        unlock(&s->a);
        say_priority("owner no longer", getpid());
        _exit(0);
    }
    until_asleep(owner);
    CHILD_OF(waiter, 30, lock(&s->a); unlock(&s->a));
    send_byte(go);
    say_status("owner", wait_for(owner));
    say_status("waiter", wait_for(waiter));
}
