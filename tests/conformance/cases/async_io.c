/* Asynchronous input and output: io_setup and what follows. */
#include "case.h"
#include <linux/aio_abi.h>
#include <sys/eventfd.h>

static aio_context_t context;
static struct iocb request[8], *list[8];
static struct io_event event[8];

static long setup(unsigned n, aio_context_t *at) { return syscall(SYS_io_setup, n, at); }
static long destroy(aio_context_t at) { return syscall(SYS_io_destroy, at); }
static long submit(long n) { return syscall(SYS_io_submit, context, n, list); }
static long gather(long least, long n, int ms)
{
    struct timespec limit = {ms / 1000, ms % 1000 * 1000000L};
    memset(event, 0, sizeof event);
    return syscall(SYS_io_getevents, context, least, n, event, ms < 0 ? 0 : &limit);
}

static void begin(unsigned n)
{
    context = 0;
    MUST(setup(n, &context));
    for (int i = 0; i < 8; i++)
        list[i] = &request[i];
}

static void fill(int i, int opcode, int fd, void *buffer, size_t size, long offset)
{
    request[i] = (struct iocb){
        .aio_data = 100 + (unsigned)i, .aio_lio_opcode = (uint16_t)opcode, .aio_fildes = (uint32_t)fd,
        .aio_buf = (uint64_t)(uintptr_t)buffer, .aio_nbytes = size, .aio_offset = offset,
    };
}

static void show_events(long n)
{
    for (long i = 0; i < n; i++)
        say("%llu of request %d: %lld %lld", (long long)event[i].data,
            (int)((struct iocb *)(uintptr_t)event[i].obj - request), (long long)event[i].res, (long long)event[i].res2);
}

CASE(requests_on_a_file, "io_setup io_submit io_getevents io_destroy")
{
    char text[16] = "";
    struct iovec parts[2] = {{text + 8, 2}, {text + 12, 3}};
    int fd = MUST(open("f", O_RDWR | O_CREAT, 0644));
    begin(4);
    fill(0, IOCB_CMD_PWRITE, fd, "hello world", 11, 0);
    T(submit(1));
    T(gather(1, 8, -1));
    show_events(1);
    fill(0, IOCB_CMD_PREAD, fd, text, 5, 6);
    fill(1, IOCB_CMD_PREADV, fd, parts, 2, 0);
    fill(2, IOCB_CMD_PREAD, fd, text, 5, 100);
    T(submit(3));
    T(gather(3, 8, 1000));
    show_events(3);
    say("'%.5s' '%.2s' '%.3s'", text, text + 8, text + 12);
    parts[0] = (struct iovec){"HE", 2};
    parts[1] = (struct iovec){"LLO", 3};
    fill(0, IOCB_CMD_PWRITEV, fd, parts, 2, 0);
    T(submit(1));
    T(gather(1, 1, -1));
    show_events(1);
    fill(0, IOCB_CMD_FSYNC, fd, 0, 0, 0);
    fill(1, IOCB_CMD_FDSYNC, fd, 0, 0, 0);
    T(submit(2));
    long n = 0;
    while (n < 2)
        n += MUST(gather(1, 2, -1));
    say("%ld, %lld", n, (long long)event[0].res);
    T(lseek(fd, 0, SEEK_CUR));
    T(pread(fd, text, 11, 0));
    say("'%.11s'", text);
    T(gather(0, 8, -1));
    T(gather(1, 8, 20));
    T(gather(1, 8, 0));
    T(destroy(context));
    T(destroy(context));
    T(gather(0, 8, 0));
    T(submit(0));
}

CASE(requests_that_are_refused, "io_submit io_cancel")
{
    char text[8];
    int reads, writes, ends[2];
    close(file_with("f", "abc"));
    reads = MUST(open("f", O_RDONLY));
    writes = MUST(open("f", O_WRONLY));
    MUST(pipe(ends));
    begin(8);
    T(submit(-1));
    T(submit(0));
    fill(0, 99, reads, text, 1, 0);
    T(submit(1));
    fill(0, IOCB_CMD_PREAD, -1, text, 1, 0);
    T(submit(1));
    fill(0, IOCB_CMD_PREAD, writes, text, 1, 0);
    T(submit(1));
    fill(0, IOCB_CMD_PWRITE, reads, text, 1, 0);
    T(submit(1));
    fill(0, IOCB_CMD_PREAD, reads, text, 1, -1);
    T(submit(1));
    fill(0, IOCB_CMD_PREAD, reads, text, (size_t)-1, 0);
    T(submit(1));
    fill(0, IOCB_CMD_PREAD, reads, text, 1, 0);
    request[0].aio_reserved2 = 1;
    T(submit(1));
    fill(0, IOCB_CMD_PREAD, reads, text, 1, 0);
    request[0].aio_rw_flags = 0x8000;
    T(submit(1));
    fill(0, IOCB_CMD_PREADV, reads, text, 5000, 0);
    T(submit(1));
    fill(0, IOCB_CMD_FSYNC, writes, 0, 1, 0);
    T(submit(1));
    fill(0, IOCB_CMD_FSYNC, ends[1], 0, 0, 0);
    T(submit(1));
    fill(0, IOCB_CMD_POLL, reads, (void *)0x10001, 0, 0);
    T(submit(1));
    fill(0, IOCB_CMD_PREAD, reads, text, 1, 0);
    request[0].aio_flags = IOCB_FLAG_RESFD;
    request[0].aio_resfd = (uint32_t)-1;
    T(submit(1));
    request[0].aio_resfd = (uint32_t)reads;
    T(submit(1));
    fill(0, IOCB_CMD_PREAD, reads, (void *)8, 1, 0);
    T(submit(1));
    T(gather(0, 8, 0));
    show_events(1);
    fill(0, IOCB_CMD_PREAD, reads, text, 1, 0);
    fill(1, 99, reads, text, 1, 0);
    T(submit(2));
    T(gather(1, 8, 0));
    list[1] = (void *)8;
    T(submit(2));
    T(gather(0, 8, 0));
    T(syscall(SYS_io_cancel, context, &request[0], event));
    T(syscall(SYS_io_cancel, context, 8, event));
    T(syscall(SYS_io_cancel, context + 1, &request[0], event));
    T(gather(-1, 8, 0));
    T(gather(2, 1, 0));
}

CASE(contexts_and_their_limits, "io_setup io_submit io_getevents")
{
    aio_context_t other = 0;
    char text[4];
    int fd = file_with("f", "abc");
    T(setup(0, &other));
    T(setup(10000000, &other));
    T(setup(1, (void *)8));
    other = 5;
    T(setup(1, &other));
    begin(2);
    other = 0;
    T(setup(1, &other));
    IS(other && other != context);
    for (int i = 0; i < 8; i++)
        fill(i, IOCB_CMD_PREAD, fd, text, 1, 0);
    T(submit(2));
    T(gather(0, 1, 0));
    T(gather(0, 8, 0));
    T(submit(2));
    CHILD({
        T(gather(0, 8, 0));
        T(submit(1));
        T(destroy(context));
    });
    T(gather(0, 8, 0));
    T(syscall(SYS_io_getevents, context, 0L, 1L, 8, 0));
    T(submit(1));
    T(syscall(SYS_io_getevents, context, 1L, 1L, 8, 0));
    T(gather(0, 8, 0));
    T(syscall(SYS_io_getevents, context, 1L, 1L, event, 8));
}

/* As libaio looks for events. */
struct ring {
    unsigned id, slots, head, tail, magic, compatible, incompatible, header;
    struct io_event events[];
};

CASE(ring_of_events, "io_setup io_submit io_getevents")
{
    char text[4];
    int fd = file_with("f", "abc");
    begin(3);
    struct ring *ring = (void *)(uintptr_t)context;
    say("%#x %u %u %u", ring->magic, ring->compatible, ring->incompatible, ring->header);
    IS(ring->slots > 3);
    say("%u %u", ring->head, ring->tail);
    fill(0, IOCB_CMD_PREAD, fd, text, 2, 0);
    T(submit(1));
    say("%u %u", ring->head, ring->tail);
    say("%llu %lld", (long long)ring->events[0].data, (long long)ring->events[0].res);
    T(gather(1, 1, 0));
    say("%u %u", ring->head, ring->tail);
    T(submit(1));
    ring->head = ring->tail;
    T(gather(0, 8, 0));
    for (unsigned i = 0; i < 1000; i++) {
        MUST(submit(1));
        MUST(gather(1, 1, 0));
    }
    IS(ring->head == ring->tail);
}

CASE(events_by_descriptor, "io_submit io_getevents eventfd2 poll")
{
    char text[4];
    uint64_t count = 0;
    int fd = file_with("f", "abc"), notice = MUST(eventfd(0, EFD_NONBLOCK));
    begin(8);
    for (int i = 0; i < 3; i++) {
        fill(i, IOCB_CMD_PREAD, fd, text, 1, i);
        request[i].aio_flags = IOCB_FLAG_RESFD;
        request[i].aio_resfd = (uint32_t)notice;
    }
    T(submit(3));
    struct pollfd at = {.fd = notice, .events = POLLIN};
    T(poll(&at, 1, 1000));
    T(read(notice, &count, sizeof count));
    N(count);
    T(gather(0, 8, 0));
}

CASE(requests_that_wait, "io_submit io_getevents io_cancel io_destroy")
{
    int ends[2], fd = file_with("f", "abc"), notice = MUST(eventfd(0, EFD_NONBLOCK));
    uint64_t count = 0;
    MUST(pipe(ends));
    begin(8);
    fill(0, IOCB_CMD_POLL, ends[0], (void *)POLLIN, 0, 0);
    fill(1, IOCB_CMD_POLL, ends[1], (void *)POLLOUT, 0, 0);
    fill(2, IOCB_CMD_POLL, fd, (void *)POLLIN, 0, 0);
    request[0].aio_flags = IOCB_FLAG_RESFD;
    request[0].aio_resfd = (uint32_t)notice;
    T(submit(3));
    T(gather(2, 8, 1000));
    show_events(2);
    T(gather(1, 8, 10));
    T(read(notice, &count, sizeof count));
    MUST(write(ends[1], "x", 1));
    struct pollfd at = {.fd = notice, .events = POLLIN};
    T(poll(&at, 1, 1000));
    T(read(notice, &count, sizeof count));
    T(gather(1, 8, 1000));
    show_events(1);
    char byte;
    MUST(read(ends[0], &byte, 1));
    T(submit(1));
    T(syscall(SYS_io_cancel, context, &request[1], event));
    T(syscall(SYS_io_cancel, context, &request[0], event));
    T(gather(1, 8, 1000));
    show_events(1);
    T(submit(1));
    pid_t writer = MUST(fork());
    if (!writer) {
        sleep_ms(20);
        close(ends[0]);
        MUST(write(ends[1], "y", 1));
        _exit(0);
    }
    T(gather(1, 8, -1));
    show_events(1);
    wait_for(writer);
    MUST(read(ends[0], &byte, 1));
    close(ends[1]);
    T(submit(1));
    T(gather(1, 8, 1000));
    show_events(1);
    MUST(pipe(ends));
    fill(0, IOCB_CMD_POLL, ends[0], (void *)POLLIN, 0, 0);
    T(submit(1));
    T(destroy(context));
}

CASE(signals_while_waiting_for_events, "io_getevents io_pgetevents")
{
    sigset_t all, before;
    struct {
        sigset_t *mask;
        size_t size;
    } with = {&all, 8};
    struct timespec limit = {0, 20000000};
    begin(1);
    MUST(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = nothing, .sa_flags = SA_RESTART}, 0));
    POKED(SIGUSR1, gather(1, 1, -1));
    sigfillset(&all);
    T(syscall(SYS_io_pgetevents, context, 1L, 1L, event, &limit, &with));
    hold_back(SIGUSR2);
    sigemptyset(&all);
    T(syscall(SYS_io_pgetevents, context, 1L, 1L, event, 0, &with));
    MUST(sigprocmask(SIG_BLOCK, 0, &before));
    N(sigismember(&before, SIGUSR2));
    T(syscall(SYS_io_pgetevents, context, 0L, 1L, event, 0, 0));
    with.size = 7;
    T(syscall(SYS_io_pgetevents, context, 0L, 1L, event, 0, &with));
    T(syscall(SYS_io_pgetevents, context, 0L, 1L, event, 0, 8));
}
