/* splice, tee, vmsplice, sendfile, copy_file_range: data that moves inside the kernel. Directory: argument. */
#define _GNU_SOURCE
#include "../case.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char block[200000], got[200000];

static int file_of(const char *name, const char *text, size_t size)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    MUST(fd >= 0 && write(fd, text, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void show(const char *what, int fd)
{
    ssize_t n = read(fd, got, sizeof got - 1);
    got[n > 0 ? n : 0] = 0;
    printf("%s: %zd %s\n", what, n, n < 60 ? got : "...");
}

static void splices(void)
{
    int in = file_of("in", "0123456789", 10), out = file_of("out", "", 0), p[2], q[2];
    loff_t at = 3;
    MUST(!pipe(p) && !pipe(q));
    TRY(splice(in, 0, p[1], 0, 4, 0));
    TRY(splice(in, &at, p[1], 0, 100, SPLICE_F_MOVE));
    printf("offset %lld, position %lld\n", (long long)at, (long long)lseek(in, 0, SEEK_CUR));
    TRY(tee(p[0], q[1], 6, 0));
    show("teed", q[0]);
    TRY(splice(p[0], 0, q[1], 0, 5, 0));
    show("through two pipes", q[0]);
    at = 2;
    TRY(splice(p[0], 0, out, &at, 100, 0));
    TRY(splice(in, 0, p[1], 0, 2, 0));
    TRY(splice(p[0], 0, out, 0, 100, 0));
    lseek(out, 0, SEEK_SET);
    TRY(read(out, got, 100));
    printf("%d%d %.6s\n", got[0], got[1], got + 2);
    lseek(in, 0, SEEK_END);
    TRY(splice(in, 0, p[1], 0, 100, 0));
    TRY(splice(p[0], 0, out, 0, 100, SPLICE_F_NONBLOCK));
    TRY(tee(p[0], q[1], 100, SPLICE_F_NONBLOCK));
    TRY(splice(in, 0, out, 0, 10, 0));
    TRY(splice(p[0], 0, p[1], 0, 10, 0));
    TRY(splice(p[0], &at, out, 0, 10, 0));
    TRY(splice(in, 0, p[1], &at, 10, 0));
    TRY(splice(p[1], 0, out, 0, 10, 0));
    TRY(splice(in, 0, p[0], 0, 10, 0));
    TRY(splice(in, 0, p[1], 0, 0, 0));
    TRY(splice(in, 0, p[1], 0, 10, 64));
    TRY(splice(-1, 0, p[1], 0, 10, 0));
    TRY(tee(in, p[1], 10, 0));
    TRY(tee(p[0], p[1], 10, 0));
    TRY(tee(p[0], q[1], 0, 0));
    int append = open("out", O_WRONLY | O_APPEND);
    MUST(write(p[1], "x", 1) == 1);
    TRY(splice(p[0], 0, append, 0, 10, 0));
    TRY(read(p[0], got, 10));
    close(p[1]);
    TRY(splice(p[0], 0, out, 0, 10, 0));
    TRY(tee(p[0], q[1], 10, 0));
    close(p[0]), close(q[0]);
    signal(SIGPIPE, SIG_IGN);
    lseek(in, 0, SEEK_SET);
    TRY(splice(in, 0, q[1], 0, 10, 0));
    close(q[1]), close(in), close(out), close(append);
}

static void large(void)
{
    int p[2], q[2], in, out = file_of("out", "", 0);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 7 + i / 251);
    in = file_of("big", block, sizeof block);
    MUST(!pipe(p) && !pipe(q));
    TRY(splice(in, 0, p[1], 0, sizeof block, 0));
    TRY(splice(in, 0, p[1], 0, sizeof block, SPLICE_F_NONBLOCK));
    TRY(tee(p[0], q[1], sizeof block, 0));
    TRY(splice(p[0], 0, out, 0, 30000, 0));
    TRY(splice(p[0], 0, out, 0, sizeof block, 0));
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        /* The rest goes through while the other side takes it away. */
        ssize_t n;
        close(p[0]);
        while ((n = splice(in, 0, p[1], 0, sizeof block, 0)) > 0)
            ;
        _exit(n != 0);
    }
    close(p[1]);
    ssize_t n, total = 0;
    while ((n = splice(p[0], 0, out, 0, sizeof block, 0)) > 0)
        total += n;
    int status;
    waitpid(child, &status, 0);
    printf("moved %zd, end %zd, child %d\n", total, n, status);
    lseek(out, 0, SEEK_SET);
    TRY(read(out, got, sizeof got));
    printf("equal %d\n", !memcmp(block, got, sizeof block));
    TRY(read(q[0], got, sizeof got));
    printf("teed equal %d\n", !memcmp(block, got, 65536));
    close(in), close(out), close(p[0]), close(q[0]), close(q[1]);
}

static void sockets(void)
{
    int s[2], p[2], in = file_of("in", "over a socket", 13);
    MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, s) && !pipe(p));
    TRY(sendfile(s[0], in, 0, 100));
    TRY(splice(s[1], 0, p[1], 0, 100, 0));
    TRY(splice(p[0], 0, s[1], 0, 6, 0));
    TRY(splice(p[0], 0, s[1], 0, 100, 0));
    show("back", s[0]);
    TRY(splice(s[1], 0, p[1], 0, 100, SPLICE_F_NONBLOCK));
    close(s[0]), close(s[1]), close(p[0]), close(p[1]), close(in);
}

static void users(void)
{
    int p[2];
    char a[] = "abc", b[] = "defgh", out[20] = "";
    struct iovec in[2] = {{a, 3}, {b, 5}}, to[2] = {{out, 2}, {out + 4, 4}};
    MUST(!pipe2(p, O_NONBLOCK));
    TRY(vmsplice(p[1], in, 2, 0));
    TRY(vmsplice(p[0], to, 2, 0));
    printf("%.2s %.4s\n", out, out + 4);
    TRY(vmsplice(p[1], in, 0, 0));
    TRY(vmsplice(p[1], in, 2, 1024));
    show("rest", p[0]);
    TRY(vmsplice(p[0], to, 2, SPLICE_F_NONBLOCK));
    TRY(vmsplice(0, to, 2, SPLICE_F_NONBLOCK));
    TRY(vmsplice(p[1], (struct iovec *)8, 2, 0));
    close(p[0]), close(p[1]);
}

static void files(void)
{
    int in = file_of("in", "0123456789", 10), out = file_of("out", "", 0), p[2];
    off_t at = 4;
    loff_t a = 1, b = 2;
    MUST(!pipe(p));
    TRY(sendfile(out, in, &at, 3));
    TRY(sendfile(out, in, 0, 100));
    printf("offset %lld position %lld\n", (long long)at, (long long)lseek(in, 0, SEEK_CUR));
    TRY(sendfile(p[1], in, &at, 100));
    show("pipe", p[0]);
    TRY(sendfile(out, p[0], 0, 10));
    at = -1;
    TRY(sendfile(out, in, &at, 10));
    TRY(sendfile(in, 77, 0, 10));
    TRY(copy_file_range(in, &a, out, &b, 4, 0));
    lseek(in, 8, SEEK_SET), lseek(out, 0, SEEK_END);
    TRY(copy_file_range(in, 0, out, 0, 100, 0));
    TRY(copy_file_range(in, 0, out, 0, 100, 0));
    a = 0, b = 2;
    TRY(copy_file_range(in, &a, in, &b, 5, 0));
    b = 100;
    TRY(copy_file_range(in, &a, in, &b, 5, 0));
    TRY(copy_file_range(in, &a, out, &b, 5, 1));
    TRY(copy_file_range(in, 0, p[1], 0, 5, 0));
    TRY(copy_file_range(in, 0, open(".", O_RDONLY), 0, 5, 0));
    int only = open("in", O_RDONLY), append = open("out", O_WRONLY | O_APPEND);
    TRY(copy_file_range(in, 0, only, 0, 5, 0));
    TRY(copy_file_range(in, 0, append, 0, 5, 0));
    TRY(sendfile(append, in, 0, 5));
    lseek(out, 0, SEEK_SET);
    show("out", out);
}

static long pv2(int nr, int fd, const struct iovec *v, int n, long pos, int flags)
{
    return syscall(nr, fd, v, n, pos, 0, flags);
}

static void flags(void)
{
    int fd = file_of("in", "0123456789", 10), p[2];
    char text[20] = "";
    struct iovec one = {text, 4}, put = {"ab", 2};
    TRY(pv2(SYS_preadv2, fd, &one, 1, 2, 0));
    printf("%s\n", text);
    TRY(pv2(SYS_preadv2, fd, &one, 1, -1, 0));
    printf("%s at %ld\n", text, (long)lseek(fd, 0, SEEK_CUR));
    TRY(pv2(SYS_preadv2, fd, &one, 1, -2, 0));
    TRY(pv2(SYS_preadv2, fd, &one, 1, 0, 1 << 20));
    TRY(pv2(SYS_pwritev2, fd, &put, 1, 1, 2));
    TRY(pv2(SYS_pwritev2, fd, &put, 1, 1, 4));
    TRY(pv2(SYS_pwritev2, fd, &put, 1, 1, 16));
    TRY(pv2(SYS_pwritev2, fd, &put, 1, -1, 16));
    int append = open("in", O_RDWR | O_APPEND);
    TRY(pv2(SYS_pwritev2, append, &put, 1, 0, 0));
    TRY(pv2(SYS_pwritev2, append, &put, 1, 4, 32));
    lseek(fd, 0, SEEK_SET);
    show("written", fd);
    MUST(!pipe(p));
    TRY(pv2(SYS_preadv2, p[0], &one, 1, -1, 8));
    TRY(pv2(SYS_preadv2, p[0], &one, 1, 0, 0));
    TRY(pv2(SYS_pwritev2, p[1], &put, 1, -1, 8));
    TRY(pv2(SYS_preadv2, p[0], &one, 1, -1, 8));
    TRY(syscall(SYS_sync_file_range, fd, 0L, 0L, 7));
    TRY(syscall(SYS_sync_file_range, fd, 4L, -1L, 7));
    TRY(syscall(SYS_sync_file_range, fd, 0L, 0L, 8));
    TRY(syscall(SYS_sync_file_range, p[0], 0L, 0L, 2));
    TRY(syscall(SYS_readahead, fd, 0L, 100L));
    TRY(syscall(SYS_readahead, p[0], 0L, 100L));
}

int main(int argc, char **argv)
{
    enter(argc, argv);
    splices();
    large();
    sockets();
    users();
    files();
    flags();
    return 0;
}
