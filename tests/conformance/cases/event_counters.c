/* eventfd. */
#include "case.h"
#include <sys/eventfd.h>
#include <sys/select.h>

CASE(eventfd_counts, "eventfd eventfd2 read write")
{
    uint64_t value = 5;
    int fd = T(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
    T(read(fd, &value, 8));
    N(value);
    T(read(fd, &value, 8));
    T(eventfd_write(fd, 2));
    T(eventfd_write(fd, 3));
    T(read(fd, &value, 16));
    N(value);
    T(read(fd, &value, 4));
    T(write(fd, &value, 4));
    T(eventfd_write(fd, 0));
    value = ~0ull;
    T(write(fd, &value, 8));
    value = ~0ull - 1;
    T(write(fd, &value, 8));
    T(eventfd_write(fd, 1));
    struct pollfd poller = {fd, POLLIN | POLLOUT, 0};
    T(poll(&poller, 1, 0));
    say("%x", poller.revents);
    T(syscall(SYS_eventfd, 1));
    T(syscall(SYS_eventfd2, 1, 2));
    T(lseek(fd, 0, SEEK_SET));
}

CASE(eventfd_semaphore, "eventfd2 read")
{
    uint64_t value = 0;
    int fd = T(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
    T(read(fd, &value, 8));
    N(value);
    T(read(fd, &value, 8));
    T(read(fd, &value, 8));
}

CASE(eventfd_wakes, "eventfd2 read")
{
    int fd = T(eventfd(0, 0));
    pid_t child = fork();
    if (!child) {
        uint64_t value = 0;
        _exit(read(fd, &value, 8) == 8 ? (int)value : 99);
    }
    until_asleep(child);
    T(eventfd_write(fd, 6));
    say_status("child", wait_for(child));
}
