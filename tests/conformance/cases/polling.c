/* poll and select. */
#include "case.h"
#include <sys/select.h>

CASE(poll_pipes, "poll")
{
    int ends[2];
    MUST(pipe(ends));
    struct pollfd both[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 9}};
    T(poll(both, 3, 0));
    say("%x %x %x", both[0].revents, both[1].revents, both[2].revents);
    T(write(ends[1], "x", 1));
    T(poll(both, 3, -1));
    say("%x %x", both[0].revents, both[1].revents);
    close(ends[1]);
    T(poll(both, 1, 0));
    say("%x", both[0].revents);
    char byte;
    T(read(ends[0], &byte, 1));
    T(poll(both, 1, 0));
    say("%x", both[0].revents);
    T(poll(both, 2, 0));
    say("%x", both[1].revents);
    T(poll(both, 0, 10));
    T(syscall(SYS_poll, (void *)8, 1, 0));
    T(syscall(SYS_poll, both, 1u << 31, 0));
}

CASE(poll_broken, "poll")
{
    int ends[2];
    MUST(pipe(ends));
    close(ends[0]);
    struct pollfd writer = {ends[1], 0, 0};
    T(poll(&writer, 1, 0));
    say("%x", writer.revents);
    writer.events = POLLOUT;
    T(poll(&writer, 1, 0));
    say("%x", writer.revents);
}

CASE(poll_files, "poll")
{
    struct pollfd file = {file_with("f", ""), POLLIN | POLLOUT | POLLPRI, 0};
    T(poll(&file, 1, 0));
    say("%x", file.revents);
    file.fd = open("/dev/null", O_RDWR);
    T(poll(&file, 1, 0));
    say("%x", file.revents);
    file.fd = open(".", O_RDONLY);
    T(poll(&file, 1, 0));
    say("%x", file.revents);
}

CASE(poll_waits, "poll")
{
    int ends[2];
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        struct pollfd reader = {ends[0], POLLIN, 0};
        int ready = poll(&reader, 1, 10000);
        _exit(ready == 1 && reader.revents == POLLIN ? 0 : 1);
    }
    until_asleep(child);
    T(write(ends[1], "x", 1));
    say_status("child", wait_for(child));
    long long start = now_ms();
    char byte;
    MUST(read(ends[0], &byte, 1));
    struct pollfd reader = {ends[0], POLLIN, 0};
    T(poll(&reader, 1, 30));
    IS(now_ms() - start >= 29);
}

CASE(ppoll_masks, "ppoll")
{
    sigset_t none;
    struct timespec brief = {0, 10000000}, wrong = {0, -1};
    sigemptyset(&none);
    hold_back(SIGUSR1);
    T(ppoll(0, 0, &brief, 0));
    T(ppoll(0, 0, &brief, &none));
    T(ppoll(0, 0, &brief, &none));
    T(ppoll(0, 0, &wrong, 0));
    T(syscall(SYS_ppoll, 0, 0, &brief, &none, 4));
    T(syscall(SYS_ppoll, 0, 0, (void *)8, 0, 8));
}

CASE(select_sets, "select")
{
    int ends[2];
    fd_set in, out;
    MUST(pipe(ends));
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(ends[0], &in);
    FD_SET(ends[1], &out);
    struct timeval none = {0, 0};
    T(select(ends[1] + 1, &in, &out, 0, &none));
    say("%d %d", !!FD_ISSET(ends[0], &in), !!FD_ISSET(ends[1], &out));
    T(write(ends[1], "x", 1));
    FD_SET(ends[0], &in);
    T(select(ends[1] + 1, &in, &out, 0, 0));
    say("%d %d", !!FD_ISSET(ends[0], &in), !!FD_ISSET(ends[1], &out));
    FD_SET(50, &in);
    T(select(51, &in, 0, 0, &none));
    T(select(-1, 0, 0, 0, &none));
    none.tv_usec = 20000;
    T(select(0, 0, 0, 0, &none));
    say("%ld %ld", (long)none.tv_sec, (long)none.tv_usec);
    none.tv_usec = -1;
    T(syscall(SYS_select, 0, 0, 0, 0, &none));
    T(syscall(SYS_select, 1, (void *)8, 0, 0, 0));
}

CASE(pselect_masks, "pselect6")
{
    struct timespec brief = {0, 10000000};
    sigset_t none;
    sigemptyset(&none);
    hold_back(SIGUSR1);
    struct { const sigset_t *set; size_t size; } mask = {&none, 8};
    T(syscall(SYS_pselect6, 0, 0, 0, 0, &brief, 0));
    T(syscall(SYS_pselect6, 0, 0, 0, 0, &brief, &mask));
    mask.size = 4;
    T(syscall(SYS_pselect6, 0, 0, 0, 0, &brief, &mask));
    T(syscall(SYS_pselect6, 0, 0, 0, 0, &brief, (void *)8));
}
