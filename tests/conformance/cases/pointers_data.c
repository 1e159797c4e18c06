/* Pointers that lead astray: data on its way to and from files, pipes and the like, and waiting for it. */
#include "pointers.h"
#include <linux/aio_abi.h>
#include <sys/epoll.h>

enum { FD = 100, READER = 101, WRITER = 102, EVENTS = 104, OTHER = 105 };

static char text[8 * PAGE];

static void file_as_before(void)
{
    (void)!ftruncate(FD, 10);
    (void)!pwrite(FD, "0123456789", 10, 0);
    lseek(FD, 0, SEEK_SET);
}

static void begin_file(void) { MUST(dup2(file_with("f", "0123456789"), FD)); }

static void empty_pipe(void)
{
    char waste[PAGE];
    while (read(READER, waste, sizeof waste) > 0)
        ;
}

static void pipe_as_before(void)
{
    empty_pipe();
    (void)!write(WRITER, "abcdefghijklmnop", 16);
}

static void both_as_before(void)
{
    file_as_before();
    empty_pipe();
}

static void begin_pipe(void)
{
    int ends[2];
    MUST(pipe2(ends, O_NONBLOCK));
    MUST(dup2(ends[0], READER));
    MUST(dup2(ends[1], WRITER));
}

#define FILE_CALL(call, ...) do { begin_file(); COUNT(file_as_before, call, __VA_ARGS__); } while (0)
#define PIPE_CALL(before, call, ...) do { begin_pipe(); COUNT(before, call, __VA_ARGS__); } while (0)

CASE(read, "read") { FILE_CALL(read, FD, BUF, 64); }
CASE(write, "write") { FILE_CALL(write, FD, BUF, 64); }
CASE(pread64, "pread64") { FILE_CALL(pread64, FD, BUF, 64, 2); }
CASE(pread64_at_the_end, "pread64") { FILE_CALL(pread64, FD, BUF, 64, 10); }
CASE(pwrite64, "pwrite64") { FILE_CALL(pwrite64, FD, BUF, 64, 5); }
CASE(readv, "readv") { FILE_CALL(readv, FD, VEC, 1); }
CASE(writev, "writev") { FILE_CALL(writev, FD, VEC, 1); }
CASE(preadv, "preadv") { FILE_CALL(preadv, FD, VEC, 1, 0, 0); }
CASE(pwritev, "pwritev") { FILE_CALL(pwritev, FD, VEC, 1, 0, 0); }
CASE(preadv2, "preadv2") { FILE_CALL(preadv2, FD, VEC, 1, 0, 0, 0); }
CASE(pwritev2, "pwritev2") { FILE_CALL(pwritev2, FD, VEC, 1, 0, 0, 0); }
CASE(read_of_nothing, "read") { FILE_CALL(read, FD, BUF, 0); }
CASE(write_of_nothing, "write") { FILE_CALL(write, FD, BUF, 0); }
CASE(too_many_vectors, "readv writev") { FILE_CALL(readv, FD, VEC, 1025); FILE_CALL(writev, FD, VEC, 1025); }
CASE(no_vectors, "readv writev") { FILE_CALL(readv, FD, VEC, 0); FILE_CALL(writev, FD, VEC, 0); }
CASE(vectors_at_a_bad_offset, "preadv pwritev") { FILE_CALL(preadv, FD, VEC, 1, -1, 0); FILE_CALL(pwritev, FD, VEC, 1, -1, 0); }

CASE(bad_descriptors, "read write readv writev pread64 preadv")
{
    COUNT(0, read, -1, BUF, 64);
    COUNT(0, write, -1, BUF, 64);
    COUNT(0, readv, -1, VEC, 1);
    COUNT(0, writev, -1, VEC, 1);
    COUNT(0, pread64, -1, BUF, 64, 0);
    COUNT(0, preadv, -1, VEC, 1, 0, 0);
}

CASE(wrong_way, "read write readv writev")
{
    begin_pipe();
    COUNT(0, read, WRITER, BUF, 64);
    COUNT(0, write, READER, BUF, 64);
    COUNT(0, readv, WRITER, VEC, 1);
    COUNT(0, writev, READER, VEC, 1);
    COUNT(0, pread64, READER, BUF, 64, 0);
    COUNT(0, preadv, READER, VEC, 1, 0, 0);
}

CASE(read_of_a_pipe, "read readv")
{
    PIPE_CALL(pipe_as_before, read, READER, BUF, 64);
    PIPE_CALL(pipe_as_before, readv, READER, VEC, 1);
    PIPE_CALL(empty_pipe, read, READER, BUF, 64);
}

CASE(write_to_a_pipe, "write writev")
{
    PIPE_CALL(empty_pipe, write, WRITER, BUF, 64);
    PIPE_CALL(pipe_as_before, write, WRITER, BUF, 64);
    PIPE_CALL(empty_pipe, writev, WRITER, VEC, 1);
}

/* What is left behind by transfers over several pages of which the last is missing. */
CASE(long_transfers, "read write pread64 pwrite64 readv writev")
{
    char *room = MUST(mmap(0, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MUST(munmap(room + 4 * PAGE, PAGE));
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = 'a' + i % 26;
    begin_file();
    begin_pipe();
    MUST(fcntl(WRITER, F_SETPIPE_SZ, 16 * PAGE));
    static const int shorts[] = {1, 100, 300, PAGE, PAGE + 1, 2 * PAGE + 77, 4 * PAGE};
    for (unsigned i = 0; i < sizeof shorts / sizeof *shorts; i++) {
        char *at = room + 4 * PAGE - shorts[i];
        struct iovec two[2] = {{text, 33}, {at, 3 * PAGE}};
        say("the last %d bytes", shorts[i]);
        MUST(pwrite(FD, text, sizeof text, 0));
        MUST(lseek(FD, 7, SEEK_SET));
        T(read(FD, at, 5 * PAGE));
        IS(!memcmp(at, text + 7, shorts[i]));
        T(lseek(FD, 0, SEEK_CUR));
        T(readv(FD, two, 2));
        T(pread(FD, at, 5 * PAGE, 3 * PAGE));
        memset(room, '-', 4 * PAGE);
        T(pwrite(FD, at, 5 * PAGE, 100));
        T(lseek(FD, 0, SEEK_END));
        T(write(FD, at, 5 * PAGE));
        T(lseek(FD, 0, SEEK_END));
        T(writev(FD, two, 2));
        MUST(ftruncate(FD, 0));
        empty_pipe();
        T(write(WRITER, at, 5 * PAGE));
        T(write(WRITER, at, 5 * PAGE));
        T(writev(WRITER, two, 2));
        memset(room, '-', 4 * PAGE);
        empty_pipe();
        MUST(write(WRITER, text, 5000));
        MUST(write(WRITER, text, 100));
        T(read(READER, at, 5 * PAGE));
        T(read(READER, text, sizeof text));
    }
}

CASE(process_vm_readv, "process_vm_readv") { COUNT(0, process_vm_readv, getpid(), VEC, 1, VEC, 1, 0); }
CASE(process_vm_writev, "process_vm_writev") { COUNT(0, process_vm_writev, getpid(), VEC, 1, VEC, 1, 0); }

CASE(vmsplice, "vmsplice")
{
    PIPE_CALL(empty_pipe, vmsplice, WRITER, VEC, 1, 0);
    PIPE_CALL(pipe_as_before, vmsplice, READER, VEC, 1, 0);
}

CASE(splice, "splice")
{
    begin_file();
    PIPE_CALL(both_as_before, splice, FD, BUF, WRITER, 0, 4, 2);
    PIPE_CALL(pipe_as_before, splice, READER, 0, FD, BUF, 4, 2);
    PIPE_CALL(pipe_as_before, splice, READER, BUF, FD, BUF, 4, 2);
}

CASE(sendfile, "sendfile")
{
    begin_file();
    MUST(dup2(file_with("g", "0123456789"), OTHER));
    COUNT(file_as_before, sendfile, OTHER, FD, BUF, 4);
}

CASE(copy_file_range, "copy_file_range")
{
    begin_file();
    MUST(dup2(file_with("g", "0123456789"), OTHER));
    COUNT(file_as_before, copy_file_range, FD, BUF, OTHER, BUF, 4, 0);
}

CASE(pipe, "pipe") { BAD(pipe, BUF); }
CASE(pipe2, "pipe2") { BAD(pipe2, BUF, 0); }
CASE(pipe2_bad_flags, "pipe2") { BAD(pipe2, BUF, 1); }
CASE(poll, "poll") { COUNT(0, poll, BUF, 1, 0); }
CASE(poll_of_none, "poll") { COUNT(0, poll, BUF, 0, 0); }
CASE(ppoll, "ppoll") { COUNT(0, ppoll, BUF, 1, TIMEOUT, BUF, 8); }
CASE(ppoll_bad_set, "ppoll") { COUNT(0, ppoll, BUF, 1, TIMEOUT, BUF, 4); }
CASE(select, "select") { COUNT(0, select, 1, BUF, BUF, BUF, TIMEOUT); }
CASE(select_of_many, "select") { COUNT(0, select, 130, BUF, BUF, BUF, TIMEOUT); }
CASE(select_of_none, "select") { COUNT(0, select, 0, BUF, BUF, BUF, TIMEOUT); }
CASE(pselect6, "pselect6") { COUNT(0, pselect6, 1, BUF, BUF, BUF, TIMEOUT, MASK); }

static void begin_events(void)
{
    begin_pipe();
    MUST(dup2(MUST(epoll_create1(0)), EVENTS));
}

static void one_event(void)
{
    struct epoll_event event = {EPOLLIN, {.u64 = 1}};
    pipe_as_before();
    epoll_ctl(EVENTS, EPOLL_CTL_DEL, READER, 0);
    epoll_ctl(EVENTS, EPOLL_CTL_ADD, READER, &event);
}

static void unregistered(void) { epoll_ctl(EVENTS, EPOLL_CTL_DEL, READER, 0); }

CASE(epoll_ctl, "epoll_ctl")
{
    begin_events();
    AFTER(unregistered, epoll_ctl, EVENTS, EPOLL_CTL_ADD, READER, BUF);
    AFTER(one_event, epoll_ctl, EVENTS, EPOLL_CTL_MOD, READER, BUF);
    AFTER(one_event, epoll_ctl, EVENTS, EPOLL_CTL_DEL, READER, BUF);
    AFTER(0, epoll_ctl, -1, EPOLL_CTL_ADD, READER, BUF);
}

CASE(epoll_wait, "epoll_wait") { begin_events(); COUNT(one_event, epoll_wait, EVENTS, BUF, 4, 0); }
CASE(epoll_wait_in_vain, "epoll_wait") { begin_events(); COUNT(unregistered, epoll_wait, EVENTS, BUF, 4, 0); }
CASE(epoll_wait_for_none, "epoll_wait") { begin_events(); COUNT(one_event, epoll_wait, EVENTS, BUF, 0, 0); }
CASE(epoll_pwait, "epoll_pwait") { begin_events(); COUNT(one_event, epoll_pwait, EVENTS, BUF, 4, 0, BUF, 8); }
CASE(epoll_pwait2, "epoll_pwait2") { begin_events(); COUNT(one_event, epoll_pwait2, EVENTS, BUF, 4, TIMEOUT, BUF, 8); }

CASE(getrandom, "getrandom") { COUNT(0, getrandom, BUF, 64, 0); }

CASE(special_files, "read write")
{
    MUST(dup2(MUST(open("/dev/zero", O_RDWR)), FD));
    COUNT(0, read, FD, BUF, 64);
    COUNT(0, write, FD, BUF, 64);
    MUST(dup2(MUST(open("/dev/null", O_RDWR)), FD));
    COUNT(0, read, FD, BUF, 64);
    COUNT(0, write, FD, BUF, 64);
    MUST(dup2(MUST(open("/dev/full", O_RDWR)), FD));
    COUNT(0, read, FD, BUF, 64);
    COUNT(0, write, FD, BUF, 64);
    MUST(dup2(MUST(open("/dev/urandom", O_RDWR)), FD));
    COUNT(0, read, FD, BUF, 64);
    COUNT(0, write, FD, BUF, 64);
}

static void counted_up(void)
{
    uint64_t one = 1;
    (void)!write(FD, &one, sizeof one);
}

CASE(read_of_an_eventfd, "read write eventfd2")
{
    MUST(dup2(MUST(syscall(SYS_eventfd2, 0, O_NONBLOCK)), FD));
    COUNT(counted_up, read, FD, BUF, 64);
    COUNT(0, write, FD, BUF, 64);
    COUNT(counted_up, readv, FD, VEC, 1);
}

static void expired(void)
{
    struct itimerspec soon = {.it_value = {0, 1}};
    struct pollfd one = {FD, POLLIN, 0};
    syscall(SYS_timerfd_settime, FD, 0, &soon, 0);
    poll(&one, 1, 1000);
}

CASE(read_of_a_timerfd, "read timerfd_create")
{
    MUST(dup2(MUST(syscall(SYS_timerfd_create, 1, O_NONBLOCK)), FD));
    COUNT(expired, read, FD, BUF, 64);
}

static void signalled(void) { raise(SIGUSR1); }

CASE(read_of_a_signalfd, "read signalfd4")
{
    uint64_t set = 1UL << (SIGUSR1 - 1);
    MUST(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8));
    MUST(dup2(MUST(syscall(SYS_signalfd4, -1, &set, 8, O_NONBLOCK)), FD));
    COUNT(signalled, read, FD, BUF, 256);
}

static void touched(void)
{
    char waste[PAGE];
    while (read(FD, waste, sizeof waste) > 0)
        ;
    close(open("f", O_WRONLY));
}

CASE(read_of_an_inotify, "read inotify_init1")
{
    close(file_with("f", "0123456789"));
    MUST(dup2(MUST(syscall(SYS_inotify_init1, O_NONBLOCK)), FD));
    MUST(syscall(SYS_inotify_add_watch, FD, ".", 8)); /* IN_CLOSE_WRITE */
    COUNT(touched, read, FD, BUF, 256);
}

/* Where a context will be that a child makes; as its memory is now, both come to lie at one place. */
static long place_of_context(void)
{
    unsigned long at = 0;
    prepare();
    MUST(syscall(SYS_io_setup, 4, &at));
    MUST(syscall(SYS_io_destroy, at));
    return (long)at;
}

static unsigned long context;

static void without_events(void)
{
    static struct io_event old[8];
    if (!context)
        MUST(syscall(SYS_io_setup, 4, &context));
    MUST(syscall(SYS_io_getevents, context, 0L, 8L, old, 0));
}

static void with_event(void)
{
    static struct iocb request = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = FD}, *list = &request;
    without_events();
    MUST(syscall(SYS_io_submit, context, 1L, &list));
}

CASE(async_io, "io_setup io_submit io_getevents io_pgetevents io_cancel")
{
    begin_file();
    COUNT(0, io_setup, 1, BUF);
    long at = place_of_context();
    COUNT(without_events, io_submit, at, 1, REQUESTS);
    COUNT(with_event, io_getevents, at, 1, 1, BUF, TIMEOUT);
    COUNT(with_event, io_pgetevents, at, 1, 1, BUF, TIMEOUT, MASK);
    COUNT(without_events, io_cancel, at, BUF, 0);
}
