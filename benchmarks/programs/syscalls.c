/* syscalls OPERATION COUNT: does it COUNT times and prints how many nanoseconds that took. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEGABYTE (1 << 20)
static char buffer[MEGABYTE];
static int file, zero, null, ends[2], there[2], back[2], sockets[2];
static char name[] = "/tmp/nanvix-benchmark-XXXXXX";
static volatile int turn;
static pid_t partner;

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void make_file(void)
{
    must((file = mkstemp(name)) >= 0, name);
    memset(buffer, 1, sizeof(buffer));
    must(write(file, buffer, sizeof(buffer)) == sizeof(buffer), "write");
}

static void make_null(void)
{
    zero = open("/dev/zero", O_RDONLY);
    null = open("/dev/null", O_WRONLY);
}

static void make_pipe(void) { must(!pipe(ends), "pipe"); }
static void nothing(void) {}

/* A second process that sends every byte back. */
static void make_partner(void)
{
    must(!pipe(there) && !pipe(back), "pipe");
    if (!(partner = fork())) {
        close(there[1]);
        for (char c; read(there[0], &c, 1) == 1;)
            must(write(back[1], &c, 1) == 1, "write");
        _exit(0);
    }
}

static void connect_both(void)
{
    struct sockaddr_in a = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(a);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    must(!bind(listener, (void *)&a, size) && !listen(listener, 1), "listen");
    getsockname(listener, (void *)&a, &size);
    sockets[0] = socket(AF_INET, SOCK_STREAM, 0);
    must(!connect(sockets[0], (void *)&a, size), "connect");
    sockets[1] = accept(listener, NULL, NULL);
    for (int i = 0; i < 2; i++)
        setsockopt(sockets[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void make_tcp_partner(void)
{
    connect_both();
    if (!(partner = fork())) {
        close(sockets[0]);
        for (long n; (n = read(sockets[1], buffer, 1)) > 0;)
            must(write(sockets[1], buffer, n) == n, "write");
        _exit(0);
    }
    close(sockets[1]);
}

static void make_sink(void)
{
    connect_both();
    if (!(partner = fork())) {
        close(sockets[0]);
        while (read(sockets[1], buffer, sizeof(buffer)) > 0) {
        }
        _exit(0);
    }
    close(sockets[1]);
}

static void futex(int op, int value) { syscall(SYS_futex, &turn, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0); }

static void hand_over(int mine, int other)
{
    while (turn != mine)
        futex(FUTEX_WAIT, other);
    turn = other;
    futex(FUTEX_WAKE, 1);
}

static void *other_thread(void *unused)
{
    for (;;)
        hand_over(1, 0);
    return NULL;
}

static void make_thread(void)
{
    pthread_t thread;
    must(!pthread_create(&thread, NULL, other_thread, NULL), "pthread_create");
}

static void getpid_(void) { syscall(SYS_getpid); }

static void null1(void)
{
    must(read(zero, buffer, 1) == 1 && write(null, buffer, 1) == 1, "read and write");
}

static void pipe1(void) { must(write(ends[1], buffer, 1) == 1 && read(ends[0], buffer, 1) == 1, "pipe"); }
static void pread_(void) { must(pread(file, buffer, 64, 4096) == 64, "pread"); }
static void open_(void) { must(!close(open(name, O_RDONLY)), "open"); }

static void stat_(void)
{
    struct stat s;
    must(!stat(name, &s), "stat");
}

static void ping(void) { must(write(there[1], "x", 1) == 1 && read(back[0], buffer, 1) == 1, "ping"); }

static void fork_(void)
{
    char *argv[] = {"syscalls", "nothing", NULL};
    pid_t child = fork();
    if (!child) {
        execv("/proc/self/exe", argv);
        _exit(1);
    }
    int status;
    must(waitpid(child, &status, 0) == child && !status, "fork and exec");
}

static void *no_work(void *unused) { return NULL; }

static void thread_(void)
{
    pthread_t thread;
    must(!pthread_create(&thread, NULL, no_work, NULL) && !pthread_join(thread, NULL), "thread");
}

static void futex_(void) { hand_over(0, 1); }

static void fault(void)
{
    static char *at, *end;
    if (at == end) {
        if (at)
            munmap(at - MEGABYTE, MEGABYTE);
        at = mmap(NULL, MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        end = at + MEGABYTE;
    }
    *at = 1;
    at += 4096;
}

static void map(void)
{
    void *at = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(at != MAP_FAILED && !munmap(at, 65536), "mmap");
}

static void read1m(void) { must(pread(file, buffer, MEGABYTE, 0) == MEGABYTE, "pread"); }

static void tcp(void) { must(write(sockets[0], "x", 1) == 1 && read(sockets[0], buffer, 1) == 1, "tcp"); }
static void stream(void) { must(write(sockets[0], buffer, MEGABYTE) == MEGABYTE, "stream"); }

static const struct operation {
    const char *name;
    void (*prepare)(void), (*run)(void);
} operations[] = {
    {"getpid", nothing, getpid_}, {"null1", make_null, null1}, {"pipe1", make_pipe, pipe1},
    {"pread", make_file, pread_}, {"open", make_file, open_}, {"stat", make_file, stat_},
    {"ping", make_partner, ping}, {"fork", nothing, fork_}, {"thread", nothing, thread_},
    {"futex", make_thread, futex_}, {"fault", nothing, fault}, {"map", nothing, map},
    {"read1m", make_file, read1m}, {"tcp", make_tcp_partner, tcp}, {"stream", make_sink, stream},
};

static long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 0; /* "nothing": what is started by fork */
    for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(argv[1], operations[i].name))
            continue;
        operations[i].prepare();
        operations[i].run();
        long begin = now();
        for (long n = atol(argv[2]); n > 0; n--)
            operations[i].run();
        printf("%ld\n", now() - begin);
        if (partner)
            kill(partner, 9);
        if (file)
            unlink(name);
        return 0;
    }
    return 1;
}
