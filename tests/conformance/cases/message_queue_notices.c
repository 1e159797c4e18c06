/* POSIX message queues: who is told of a message, and how. */
#include "message_queues.h"
#include <linux/netlink.h>
#include <pthread.h>
#include <sys/socket.h>

static void ask(mqd_t queue, int how, int number)
{
    struct sigevent event = {.sigev_notify = how, .sigev_signo = number, .sigev_value.sival_int = 77};
    T(mq_notify(queue, &event));
}

CASE(queue_notify_signal, "mq_notify")
{
    mqd_t queue = made(O_RDWR, 4, 64);
    handle(SIGUSR1, 0);
    ask(queue, SIGEV_SIGNAL, SIGUSR1);
    CHILD(ask(queue, SIGEV_SIGNAL, SIGUSR1), T(mq_notify(queue, 0)));
    pid_t child = MUST(fork());
    if (!child)
        _exit(mq_send(queue, "one", 3, 0));
    wait_for(child);
    sleep_ms(1);
    say("caught %d", caught == SIGUSR1);
    say("code %d value %d sender %d", caught_info.si_code, caught_info.si_value.sival_int, caught_info.si_pid == child);
    caught = 0;
    T(mq_send(queue, "two", 3, 0));
    N(caught);
    ask(queue, SIGEV_SIGNAL, SIGUSR1);
    T(mq_send(queue, "three: not into an empty queue", 10, 0));
    N(caught);
    for (int i = 0; i < 3; i++)
        take(queue);
    T(mq_send(queue, "four", 4, 0));
    IS(caught == SIGUSR1);
    take(queue);
    ask(queue, SIGEV_NONE, 0);
    ask(queue, SIGEV_NONE, 0);
    T(mq_notify(queue, 0));
    T(mq_notify(queue, 0));
    ask(queue, SIGEV_SIGNAL, 65);
    ask(queue, 7, SIGUSR1);
    ask(queue, SIGEV_SIGNAL, 0);
    T(mq_send(queue, "five", 4, 0));
}

CASE(queue_notify_ends, "mq_notify close")
{
    mqd_t queue = made(O_RDWR, 4, 64);
    int other = MUST(dup(queue));
    ask(queue, SIGEV_NONE, 0);
    T(close(other));
    ask(queue, SIGEV_NONE, 0);
    T(mq_notify(queue, 0));
    CHILD(ask(queue, SIGEV_NONE, 0));
    ask(queue, SIGEV_NONE, 0);
    CHILD(T(close(queue)), T(mq_notify(queue, 0)));
    ask(queue, SIGEV_NONE, 0);
}

CASE(queue_notify_waiting, "mq_notify mq_timedreceive")
{
    mqd_t queue = made(O_RDWR, 4, 64);
    handle(SIGUSR1, 0);
    pid_t child = MUST(fork());
    if (!child) {
        take(queue);
        _exit(0);
    }
    until_asleep(child);
    ask(queue, SIGEV_SIGNAL, SIGUSR1);
    MUST(mq_send(queue, "for who waits", 13, 0));
    wait_for(child);
    N(caught);
    T(mq_send(queue, "for nobody", 10, 0));
    IS(caught == SIGUSR1);
}

CASE(queue_notify_cookie, "mq_notify")
{
    mqd_t queue = made(O_RDWR, 4, 64);
    char cookie[33] = "thirty-one bytes of any content", got[64];
    int sock = MUST(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_signo = sock, .sigev_value.sival_ptr = cookie};
    T(syscall(SYS_mq_notify, queue, &event));
    T(recv(sock, got, sizeof got, MSG_DONTWAIT));
    T(mq_send(queue, "x", 1, 0));
    T(recv(sock, got, sizeof got, MSG_DONTWAIT));
    say("%.31s %d", got, got[31]);
    T(syscall(SYS_mq_notify, queue, &event));
    T(mq_notify(queue, 0));
    T(recv(sock, got, sizeof got, MSG_DONTWAIT));
    say("%.31s %d", got, got[31]);
    event.sigev_signo = queue;
    T(syscall(SYS_mq_notify, queue, &event));
    event.sigev_signo = 99;
    T(syscall(SYS_mq_notify, queue, &event));
    event.sigev_signo = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    T(syscall(SYS_mq_notify, queue, &event));
    event.sigev_value.sival_ptr = (void *)8;
    T(syscall(SYS_mq_notify, queue, &event));
}

static pthread_barrier_t told;

/* The first time at the barrier is the sender's: what it says comes first. */
static void in_a_thread(union sigval value)
{
    pthread_barrier_wait(&told);
    say("told %d", value.sival_int);
    pthread_barrier_wait(&told);
}

CASE(queue_notify_thread, "mq_notify")
{
    mqd_t queue = made(O_RDWR, 4, 64);
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_a_thread, .sigev_value.sival_int = 42,
    };
    pthread_barrier_init(&told, 0, 2);
    T(mq_notify(queue, &event));
    T(mq_send(queue, "x", 1, 0));
    pthread_barrier_wait(&told);
    pthread_barrier_wait(&told);
}
