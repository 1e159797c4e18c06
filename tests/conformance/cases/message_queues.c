/* POSIX message queues: names, messages, limits, waiting. */
#include "message_queues.h"
#include <sys/epoll.h>

CASE(queue_basics, "mq_open mq_timedsend mq_timedreceive mq_unlink")
{
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 64};
    char text[64];
    mqd_t queue = MUST(mq_open(NAME, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes));
    IS(fcntl(queue, F_GETFD) == FD_CLOEXEC);
    T(mq_send(queue, "low", 3, 1));
    T(mq_send(queue, "high", 4, 9));
    T(mq_send(queue, "low again", 9, 1));
    T(mq_send(queue, "", 0, 32767));
    T(mq_send(queue, "too many", 8, 0));
    T(mq_send(queue, text, 65, 0));
    T(mq_send(queue, text, 1, 32768));
    T(mq_receive(queue, text, 63, 0));
    for (int i = 0; i < 5; i++)
        take(queue);
    mqd_t again = MUST(mq_open(NAME, O_WRONLY));
    T(mq_send(again, "by the name", 11, 0));
    T(mq_receive(again, text, 64, 0));
    T(mq_unlink(NAME));
    T(mq_unlink(NAME));
    T(mq_open(NAME, O_RDONLY));
    take(queue);
    T(mq_close(queue));
    T(mq_send(queue, "x", 1, 0));
    T(mq_send(again, "still there", 11, 0));
}

CASE(queue_names, "mq_open mq_unlink")
{
    char name[300];
    T(syscall(SYS_mq_open, "", O_CREAT | O_RDWR, 0600, 0));
    T(syscall(SYS_mq_open, ".", O_CREAT | O_RDWR, 0600, 0));
    T(syscall(SYS_mq_open, "..", O_RDONLY, 0, 0));
    T(syscall(SYS_mq_open, "/a", O_CREAT | O_RDWR, 0600, 0));
    T(syscall(SYS_mq_open, "a/b", O_RDONLY, 0, 0));
    memset(name, 'a', sizeof name);
    name[256] = 0;
    T(syscall(SYS_mq_open, name, O_CREAT | O_RDWR, 0600, 0));
    name[255] = 0;
    T(syscall(SYS_mq_open, name, O_RDONLY, 0, 0));
    T(syscall(SYS_mq_unlink, ""));
    T(syscall(SYS_mq_unlink, "/"));
    T(syscall(SYS_mq_unlink, "no-such-queue"));
    OK(mq_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0600, 0));
    T(mq_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0600, 0));
    OK(mq_open(NAME, O_CREAT | O_RDWR, 0600, 0));
    T(mq_open(NAME, O_ACCMODE));
    T(mq_unlink(NAME));
}

CASE(queue_attributes, "mq_open mq_getsetattr")
{
    struct mq_attr a, new = {.mq_flags = O_NONBLOCK, .mq_maxmsg = 99, .mq_msgsize = 99, .mq_curmsgs = 99};
    mqd_t queue = MUST(mq_open(NAME, O_CREAT | O_RDWR, 0600, 0));
    MUST(mq_unlink(NAME));
    T(mq_getattr(queue, &a));
    say("%ld %ld %ld %ld", a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs);
    T(mq_send(queue, "abc", 3, 0));
    T(mq_setattr(queue, &new, &a));
    say("%ld %ld %ld %ld", a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs);
    T(mq_getattr(queue, &a));
    say("%ld %ld %ld %ld", a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs);
    IS(fcntl(queue, F_GETFL) & O_NONBLOCK);
    new.mq_flags = O_NONBLOCK | O_APPEND;
    T(mq_setattr(queue, &new, 0));
    T(mq_getattr(0, &a));
    T(mq_getattr(-1, &a));
    T(fcntl(queue, F_SETFL, 0));
    T(mq_getattr(queue, &a));
    say("%ld", a.mq_flags);
}

CASE(queue_limits, "mq_open setrlimit")
{
    static const struct mq_attr bad[] = {
        {.mq_maxmsg = 0, .mq_msgsize = 8}, {.mq_maxmsg = 8, .mq_msgsize = 0}, {.mq_maxmsg = -1, .mq_msgsize = 8},
        {.mq_maxmsg = 8, .mq_msgsize = -8}, {.mq_maxmsg = 1 << 30, .mq_msgsize = 8}, {.mq_maxmsg = 8, .mq_msgsize = 1L << 40},
    };
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        T(mq_open(NAME, O_CREAT | O_RDWR, 0600, &bad[i]));
    struct rlimit limit;
    T(getrlimit(RLIMIT_MSGQUEUE, &limit));
    limit.rlim_cur = 2 * (10 * (1000 + 48) + 10 * 48);
    T(setrlimit(RLIMIT_MSGQUEUE, &limit));
    struct mq_attr a = {.mq_maxmsg = 10, .mq_msgsize = 1000};
    char name[48];
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s-%d", NAME, i);
        OK(mq_open(name, O_CREAT | O_RDWR, 0600, &a));
    }
    snprintf(name, sizeof name, "%s-1", NAME);
    MUST(mq_unlink(name));
    OK(mq_open(NAME, O_CREAT | O_RDWR, 0600, &a)); /* the other one is still open */
    snprintf(name, sizeof name, "%s-0", NAME);
    MUST(mq_unlink(name));
}

CASE(queue_access, "mq_open mq_timedsend mq_timedreceive")
{
    char text[64];
    mqd_t queue = MUST(mq_open(NAME, O_CREAT | O_WRONLY, 0640, &(struct mq_attr){.mq_maxmsg = 1, .mq_msgsize = 64}));
    mqd_t reader = MUST(mq_open(NAME, O_RDONLY));
    MUST(mq_unlink(NAME));
    T(mq_receive(queue, text, 64, 0));
    T(mq_send(reader, text, 1, 0));
    T(mq_send(0, text, 1, 0));
    T(mq_receive(1, text, 64, 0));
    T(mq_notify(0, 0));
    struct stat st;
    T(fstat(queue, &st));
    say("mode %o size %ld links %ld", st.st_mode, (long)st.st_size, (long)st.st_nlink);
}

CASE(queue_timeouts, "mq_timedsend mq_timedreceive")
{
    char text[64];
    mqd_t queue = made(O_RDWR, 1, 64);
    struct timespec at = in_ms(CLOCK_REALTIME, 30), wrong = {0, 1000000000}, before = {-1, 0};
    T(mq_timedreceive(queue, text, 64, 0, &at));
    T(mq_timedreceive(queue, text, 64, 0, &wrong));
    T(mq_timedreceive(queue, text, 64, 0, &before));
    T(mq_timedsend(queue, "x", 1, 0, &wrong));
    T(mq_timedsend(queue, "x", 1, 0, &at));
    long long start = now_ms();
    at = in_ms(CLOCK_REALTIME, 30);
    T(mq_timedsend(queue, "y", 1, 0, &at));
    IS(now_ms() - start >= 29);
    T(mq_timedreceive(queue, text, 64, 0, &at));
}

CASE(queue_handed_over, "mq_timedsend mq_timedreceive")
{
    mqd_t queue = made(O_RDWR, 1, 64);
    pid_t child = MUST(fork());
    if (!child) {
        take(queue);
        take(queue);
        _exit(0);
    }
    until_asleep(child);
    /* Nobody but the child says anything until it has ended. */
    MUST(mq_send(queue, "one", 3, 1));
    MUST(mq_send(queue, "two", 3, 2));
    say_status("child", wait_for(child));
    MUST(mq_send(queue, "full", 4, 0));
    child = MUST(fork());
    if (!child)
        _exit(mq_send(queue, "late", 4, 5));
    until_asleep(child);
    struct mq_attr a;
    MUST(mq_getattr(queue, &a));
    N(a.mq_curmsgs);
    take(queue);
    say_status("child", wait_for(child));
    MUST(mq_getattr(queue, &a));
    N(a.mq_curmsgs);
    take(queue);
}

CASE(queue_interrupted, "mq_timedsend mq_timedreceive")
{
    char text[64];
    mqd_t queue = made(O_RDWR, 1, 64);
    for (int restart = 0; restart < 2; restart++) {
        handle(SIGUSR1, restart ? SA_RESTART : 0);
        pid_t parent = getpid(), child = MUST(fork());
        if (!child) {
            until_asleep(parent);
            kill(parent, SIGUSR1);
            sleep_ms(20);
            until_asleep(parent);
            if (restart)
                mq_send(queue, "after all", 9, 0);
            _exit(0);
        }
        T(mq_receive(queue, text, 64, 0));
        N(caught);
        wait_for(child);
    }
}

CASE(queue_polled, "poll epoll_wait mq_timedsend mq_timedreceive")
{
    mqd_t queue = made(O_RDWR, 1, 64);
    struct pollfd entry = {queue, POLLIN | POLLOUT, 0};
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    int epoll = MUST(epoll_create1(0));
    T(poll(&entry, 1, 0));
    N(entry.revents);
    T(epoll_ctl(epoll, EPOLL_CTL_ADD, queue, &event));
    T(epoll_wait(epoll, &event, 1, 0));
    T(mq_send(queue, "x", 1, 0));
    T(poll(&entry, 1, 0));
    N(entry.revents);
    T(epoll_wait(epoll, &event, 1, 0));
    T(epoll_wait(epoll, &event, 1, 0));
    take(queue);
    pid_t parent = getpid(), child = MUST(fork());
    if (!child) {
        until_asleep(parent);
        _exit(mq_send(queue, "y", 1, 0));
    }
    T(epoll_wait(epoll, &event, 1, 5000));
    N(event.events);
    wait_for(child);
}

CASE(queue_as_a_file, "read write lseek mmap")
{
    char text[100] = "";
    mqd_t queue = made(O_RDWR, 4, 64);
    MUST(mq_send(queue, "abcdefg", 7, 0));
    T(read(queue, text, sizeof text));
    say("%s", text);
    T(read(queue, text, sizeof text));
    T(lseek(queue, 6, SEEK_SET));
    T(read(queue, text, 1));
    say("%c", text[0]);
    T(pread(queue, text, 5, 0));
    T(write(queue, "x", 1));
    IS(mmap(0, PAGE, PROT_READ, MAP_SHARED, queue, 0) == MAP_FAILED);
    T(fallocate(queue, 0, 0, 100));
    T(syscall(SYS_mq_timedsend, queue, text, -1L, 0, 0));
}

CASE(queue_inherited, "mq_open fork")
{
    mqd_t queue = made(O_RDWR, 8, 64);
    CHILD(T(mq_send(queue, "from the child", 14, 3)));
    take(queue);
    T(fcntl(queue, F_SETFD, 0));
    T(fcntl(queue, F_GETFD));
}
