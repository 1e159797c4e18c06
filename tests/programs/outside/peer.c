/* TCP to a peer on another machine: connecting, waiting, ending, resets. The peer does what the first
   line it reads says (tests/support/peers.py). Run natively and in a guest, it prints the same. */
#include "../net/net.h"
#include "../shared/asleep.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

static char bytes[1 << 20], back[1 << 20];
static struct sockaddr_in peer;

static void on_alarm(int sig) {}

static int call(int flags)
{
    int fd = socket(AF_INET, SOCK_STREAM | flags, 0);
    int done = connect(fd, (void *)&peer, sizeof(peer));
    if (done < 0)
        say("connect", done);
    return fd;
}

/* A connection whose other end does as told. */
static int ask(const char *wish)
{
    int fd = call(0);
    dprintf(fd, "%s\n", wish);
    return fd;
}

static int ready(int fd, int events, int ms)
{
    struct pollfd p = {fd, events, 0};
    return poll(&p, 1, ms) ? p.revents : 0;
}

static int pending_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

static long read_all(int fd, char *to, long size)
{
    long done = 0, part;
    while (done < size && (part = read(fd, to + done, size - done)) > 0)
        done += part;
    return done;
}

static void connecting(void)
{
    int fd = call(SOCK_NONBLOCK);
    printf("writable: %x\n", ready(fd, POLLOUT, 5000) & (POLLOUT | POLLERR | POLLHUP));
    printf("error: %s\n", strerror(pending_error(fd)));
    SAY(connect(fd, (void *)&peer, sizeof(peer)));
    SAY(connect(fd, (void *)&peer, sizeof(peer)));
    struct sockaddr_in name;
    socklen_t size = sizeof(name);
    SAY(getpeername(fd, (void *)&name, &size));
    printf("the peer: %d, port %d\n", !memcmp(&name.sin_addr, &peer.sin_addr, 4), name.sin_port == peer.sin_port);
    SAY(getsockname(fd, (void *)&name, &size));
    printf("a port of its own: %d, an address: %d\n", ntohs(name.sin_port) > 1023, name.sin_addr.s_addr != 0);
    SAY(read(fd, back, 10));
    SAY(close(fd));
    SAY(fd = socket(AF_INET, SOCK_STREAM, 0) < 0);
}

static void refused(int port)
{
    struct sockaddr_in nobody = peer;
    nobody.sin_port = htons(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    SAY(connect(fd, (void *)&nobody, sizeof(nobody)));
    SAY(connect(fd, (void *)&peer, sizeof(peer)));
    SAY(write(fd, "close\n", 6));
    SAY(read(fd, back, 10));
    close(fd);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SAY(connect(fd, (void *)&nobody, sizeof(nobody)));
    printf("events: %x\n", ready(fd, POLLIN | POLLOUT | POLLRDHUP, 5000));
    printf("error: %s\n", strerror(pending_error(fd)));
    printf("error again: %s\n", strerror(pending_error(fd)));
    SAY(write(fd, "x", 1));
    close(fd);
}

static void reading(void)
{
    int fd = ask("send 10"), n = -1;
    SAY(recv(fd, back, 4, MSG_PEEK));
    printf("waits: %d\n", ready(fd, POLLIN, 5000) & POLLIN);
    while (n < 10)
        ioctl(fd, FIONREAD, &n);
    printf("there: %d\n", n);
    SAY(recv(fd, back, 4, 0));
    SAY(recv(fd, back, 100, MSG_PEEK));
    SAY(recv(fd, back, 100, MSG_DONTWAIT));
    SAY(recv(fd, back, 100, MSG_DONTWAIT));
    printf("more: %x\n", ready(fd, POLLIN, 20));
    SAY(write(fd, "send 5\nsend 7\nclose\n", 20));
    SAY(recv(fd, back, 12, MSG_WAITALL));
    SAY(recv(fd, back, 12, MSG_WAITALL));
    printf("ended: %x\n", ready(fd, POLLIN | POLLRDHUP, 5000) & (POLLIN | POLLRDHUP));
    close(fd);
    fd = ask("send 3");
    struct timeval limit = {0, 30000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    SAY(recv(fd, back, 10, MSG_WAITALL));
    SAY(recv(fd, back, 10, 0));
    limit = (struct timeval){0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    fflush(stdout);
    pid_t child = poke(SIGALRM, 0);
    SAY(recv(fd, back, 10, 0));
    waitpid(child, NULL, 0);
    close(fd);
}

static void ending(void)
{
    int fd = ask("upper");
    SAY(write(fd, "all of this", 11));
    SAY(shutdown(fd, SHUT_WR));
    SAY(write(fd, "x", 1));
    printf("signals: %d\n", pipes);
    SAY(send(fd, "x", 1, MSG_NOSIGNAL));
    SAY(read_all(fd, back, 100));
    printf("%.11s\n", back);
    SAY(read(fd, back, 100));
    SAY(shutdown(fd, SHUT_RD));
    close(fd);
    fd = ask("reset");
    printf("events: %x\n", ready(fd, POLLIN | POLLRDHUP, 5000) & (POLLERR | POLLHUP));
    SAY(read(fd, back, 10));
    SAY(read(fd, back, 10));
    SAY(send(fd, "x", 1, MSG_NOSIGNAL));
    close(fd);
    fd = ask("reset");
    ready(fd, POLLIN, 5000);
    printf("error: %s\n", strerror(pending_error(fd)));
    printf("error again: %s\n", strerror(pending_error(fd)));
    close(fd);
    fd = ask("send 4\nreset");
    usleep(50000);
    SAY(read(fd, back, 10) >= 0 || errno == ECONNRESET);
    close(fd);
}

/* As much as the other side takes, which reads slowly; then everything arrives. */
static void pressure(void)
{
    int fd = ask("count 3000000"), small = 8192;
    long done = 0, part;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while ((part = write(fd, bytes, sizeof(bytes))) > 0)
        done += part;
    printf("full: %s, %d\n", strerror(errno), done > 0 && done < 3000000);
    while (done < 3000000) {
        if (!(ready(fd, POLLOUT, 10000) & POLLOUT))
            break;
        long left = 3000000 - done;
        part = write(fd, bytes, left < (long)sizeof(bytes) ? left : sizeof(bytes));
        done += part > 0 ? part : 0;
    }
    printf("sent: %ld\n", done);
    fcntl(fd, F_SETFL, 0);
    long got = read_all(fd, back, 100);
    printf("%.*s\n", (int)got, back);
    close(fd);
}

/* Both directions at once, edge-triggered, three connections: what comes back is what went out. */
static void edges(void)
{
    enum { COUNT = 3, SIZE = 600000 };
    static long sent[COUNT], got[COUNT];
    int epoll = epoll_create1(0), fd[COUNT], open = COUNT, wrong = 0;
    for (int i = 0; i < COUNT; i++) {
        fd[i] = ask("echo");
        fcntl(fd[i], F_SETFL, O_NONBLOCK);
        struct epoll_event e = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u32 = i}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd[i], &e);
    }
    while (open) {
        struct epoll_event e;
        if (epoll_wait(epoll, &e, 1, 10000) != 1) {
            printf("nothing happens\n");
            break;
        }
        int i = e.data.u32;
        long part;
        while (sent[i] < SIZE && (part = write(fd[i], bytes + sent[i], SIZE - sent[i])) > 0)
            if ((sent[i] += part) == SIZE)
                shutdown(fd[i], SHUT_WR);
        while ((part = read(fd[i], back, sizeof(back))) > 0) {
            wrong |= memcmp(back, bytes + got[i], part);
            got[i] += part;
        }
        if (!part) {
            epoll_ctl(epoll, EPOLL_CTL_DEL, fd[i], NULL);
            open--;
        }
    }
    for (int i = 0; i < COUNT; i++) {
        printf("%ld out, %ld back\n", sent[i], got[i]);
        close(fd[i]);
    }
    printf("wrong: %d\n", wrong);
    close(epoll);
}

static void from_files(void)
{
    int fd = ask("count 200000"), file = memfd_create("f", 0);
    SAY(write(file, bytes, 200000));
    off_t at = 0;
    SAY(sendfile(fd, file, &at, 200000));
    long got = read_all(fd, back, 100);
    printf("%.*s\n", (int)got, back);
    close(fd);
}

static void options(void)
{
    int fd = ask("hold"), on = 1, value = 0;
    socklen_t size = sizeof(value);
    SAY(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
    SAY(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size));
    printf("%d\n", value);
    SAY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)));
    SAY(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){30}, sizeof(on)));
    SAY(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){20000}, sizeof(on)));
    SAY(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &size));
    printf("%d\n", value);
    struct linger abort = {1, 0};
    SAY(setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)));
    SAY(connect(fd, (void *)&(struct sockaddr){AF_UNSPEC}, sizeof(struct sockaddr)));
    SAY(write(fd, "x", 1));
    SAY(connect(fd, (void *)&peer, sizeof(peer)));
    SAY(write(fd, "close\n", 6));
    SAY(read(fd, back, 5));
    close(fd);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, on_pipe);
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    peer.sin_family = AF_INET;
    inet_pton(AF_INET, argv[1], &peer.sin_addr);
    peer.sin_port = htons(atoi(argv[2]));
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = i * 2654435761u >> 24;
    connecting();
    refused(atoi(argv[3]));
    reading();
    ending();
    pressure();
    edges();
    from_files();
    options();
    return 0;
}
