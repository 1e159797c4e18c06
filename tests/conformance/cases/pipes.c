/* Pipes and FIFOs. */
#include "case.h"
#include <sys/ioctl.h>

CASE(pipe_basics, "pipe pipe2 read write")
{
    char text[8] = "";
    int ends[2];
    T(pipe(ends));
    say("%d %d", ends[0], ends[1]);
    T(write(ends[1], "hello", 5));
    T(read(ends[0], text, 3));
    T(read(ends[0], text, 7));
    T(read(ends[1], text, 1));
    T(write(ends[0], text, 1));
    T(write(ends[1], text, 0));
    T(syscall(SYS_pipe2, ends, O_CLOEXEC | O_NONBLOCK));
    T(fcntl(ends[0], F_GETFD));
    IS(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    T(syscall(SYS_pipe2, ends, O_APPEND));
    T(syscall(SYS_pipe2, (void *)8, 0));
    T(syscall(SYS_pipe, (void *)8));
}

CASE(pipe_end_of_file, "read write")
{
    char byte;
    int ends[2];
    MUST(pipe(ends));
    T(write(ends[1], "x", 1));
    T(close(ends[1]));
    T(read(ends[0], &byte, 1));
    T(read(ends[0], &byte, 1));
    T(read(ends[0], &byte, 1));
}

CASE(broken_pipe, "write")
{
    int ends[2];
    MUST(pipe(ends));
    T(close(ends[0]));
    CHILD(T(write(ends[1], "x", 1)));
    signal(SIGPIPE, SIG_IGN);
    T(write(ends[1], "x", 1));
    T(write(ends[1], "x", 0));
}

CASE(pipe_nonblocking, "read write fcntl")
{
    static char data[70000];
    char byte;
    int ends[2];
    MUST(pipe2(ends, O_NONBLOCK));
    T(read(ends[0], &byte, 1));
    T(write(ends[1], data, sizeof data));
    T(write(ends[1], data, 1));
    T(read(ends[0], data, 100));
    T(write(ends[1], data, 200));
    T(read(ends[0], data, 4096));
    T(write(ends[1], data, 4096));
    T(write(ends[1], data, 4097));
}

CASE(pipe_sizes, "fcntl")
{
    static char data[70000];
    int ends[2];
    MUST(pipe2(ends, O_NONBLOCK));
    T(fcntl(ends[0], F_GETPIPE_SZ));
    T(fcntl(ends[0], F_SETPIPE_SZ, 5000));
    T(fcntl(ends[1], F_GETPIPE_SZ));
    T(write(ends[1], data, 10000));
    T(fcntl(ends[0], F_SETPIPE_SZ, 4096));
    T(fcntl(ends[0], F_SETPIPE_SZ, 100000));
    T(write(ends[1], data, sizeof data));
    T(fcntl(ends[0], F_SETPIPE_SZ, 0));
    T(fcntl(file_with("f", ""), F_GETPIPE_SZ));
}

CASE(pipe_blocks, "read write")
{
    static char data[100000];
    int ends[2], total = 0;
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        close(ends[0]);
        for (int i = 0; i < 100000; i++)
            data[i] = i / 100;
        T(write(ends[1], data, sizeof data));
        _exit(0);
    }
    close(ends[1]);
    until_asleep(child);
    int wrong = 0;
    for (ssize_t size; (size = read(ends[0], data, 7777)) > 0; total += size)
        for (int i = 0; i < size; i++)
            wrong += data[i] != (char)((total + i) / 100);
    say("%d bytes, %d wrong", total, wrong);
    say_status("child", wait_for(child));
}

CASE(pipe_reader_waits, "read")
{
    char text[8] = "";
    int ends[2];
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        close(ends[1]);
        T(read(ends[0], text, 8));
        T(read(ends[0], text, 8));
        _exit(0);
    }
    until_asleep(child);
    MUST(write(ends[1], "abc", 3));
    close(ends[1]);
    say_status("child", wait_for(child));
}

CASE(pipe_vectors, "readv writev")
{
    char a[3] = "", b[5] = "";
    int ends[2];
    MUST(pipe(ends));
    struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cde", 3}}, in[2] = {{a, 2}, {b, 4}};
    T(writev(ends[1], out, 3));
    T(readv(ends[0], in, 2));
    say("%s|%s", a, b);
    out[0].iov_base = (void *)8;
    T(writev(ends[1], out, 3));
    T(write(ends[1], (void *)8, 4));
    T(write(ends[1], "xyz", 3));
    T(read(ends[0], (void *)8, 4));
    T(read(ends[0], b, 4));
}

CASE(fifos, "mknod open read write")
{
    char text[8] = "";
    T(mkfifo("p", 0600));
    T(open("p", O_WRONLY | O_NONBLOCK));
    int reader = T(open("p", O_RDONLY | O_NONBLOCK));
    T(read(reader, text, 8));
    int writer = T(open("p", O_WRONLY | O_NONBLOCK));
    T(read(reader, text, 8));
    T(write(writer, "abc", 3));
    T(read(reader, text, 8));
    T(close(writer));
    T(read(reader, text, 8));
    int both = T(open("p", O_RDWR));
    T(write(both, "xy", 2));
    T(read(both, text, 8));
    T(lseek(both, 0, SEEK_SET));
    T(unlink("p"));
    T(write(both, "xy", 2));
    T(read(reader, text, 8));
}

CASE(fifos_wait_for_each_other, "open")
{
    char text[8] = "";
    T(mkfifo("p", 0600));
    pid_t child = fork();
    if (!child) {
        int writer = open("p", O_WRONLY);
        (void)!write(writer, "hello", 5);
        _exit(0);
    }
    until_asleep(child);
    int reader = T(open("p", O_RDONLY));
    T(read(reader, text, 5));
    say_status("child", wait_for(child));
    T(read(reader, text, 5));
}

CASE(splice_moves, "splice")
{
    char text[16] = "";
    loff_t offset = 2;
    int ends[2], fd = file_with("f", "0123456789"), out = file_with("out", "");
    MUST(pipe(ends));
    T(splice(fd, &offset, ends[1], 0, 4, 0));
    N(offset);
    T(splice(fd, 0, ends[1], 0, 3, 0));
    T(lseek(fd, 0, SEEK_CUR));
    T(splice(ends[0], 0, out, 0, 100, 0));
    T(pread(out, text, 15, 0));
    say("%s", text);
    T(splice(ends[0], 0, out, 0, 100, SPLICE_F_NONBLOCK));
    T(splice(fd, 0, out, 0, 3, 0));
    T(splice(ends[0], &offset, out, 0, 3, 0));
    T(splice(77, 0, ends[1], 0, 3, 0));
    T(splice(fd, 0, ends[1], 0, 3, 77));
    T(splice(fd, 0, ends[1], 0, 0, 0));
    close(ends[1]);
    T(splice(ends[0], 0, out, 0, 100, 0));
}

CASE(tee_copies, "tee")
{
    char text[16] = "";
    int a[2], b[2];
    MUST(pipe2(a, O_NONBLOCK));
    MUST(pipe2(b, O_NONBLOCK));
    T(write(a[1], "hello", 5));
    T(tee(a[0], b[1], 3, 0));
    T(read(b[0], text, 15));
    T(read(a[0], text, 15));
    say("%s", text);
    T(tee(a[0], b[1], 3, SPLICE_F_NONBLOCK));
    T(tee(a[0], a[1], 3, 0));
    T(tee(file_with("f", "x"), b[1], 3, 0));
}

CASE(vmsplice_takes, "vmsplice")
{
    char text[16] = "";
    int ends[2];
    struct iovec parts[2] = {{"abc", 3}, {"de", 2}};
    MUST(pipe2(ends, O_NONBLOCK));
    T(vmsplice(ends[1], parts, 2, 0));
    T(read(ends[0], text, 15));
    say("%s", text);
    T(vmsplice(file_with("f", "x"), parts, 2, 0));
}

CASE(signals_interrupt_pipes, "read write rt_sigaction")
{
    static char data[100000];
    int ends[2];
    MUST(pipe(ends));
    struct sigaction action = {.sa_handler = (void (*)(int))(uintptr_t)getpid};
    sigaction(SIGALRM, &action, 0);
    POKED(SIGALRM, read(ends[0], data, 1));
    POKED(SIGALRM, write(ends[1], data, sizeof data));
}
