/* AF_UNIX streams and packet streams: connecting, accepting, ending. */
#include "net.h"
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char bytes[1 << 20];

static void tell(const char *what, int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_un address;
    socklen_t size = sizeof(address);
    memset(&address, '!', sizeof(address));
    if (get(fd, (struct sockaddr *)&address, &size))
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: family %d, %d bytes, %s\n", what, address.sun_family, (int)size,
               size > 2 ? (address.sun_path[0] ? address.sun_path : "abstract") : "unnamed");
}

static void creating(void)
{
    SAY(socket(AF_UNIX, SOCK_STREAM, 99));
    SAY(socket(AF_UNIX, 4, 0));
    SAY(socket(AF_UNIX, 99, 0));
    SAY(socket(AF_UNIX, SOCK_STREAM | 0x1000000, 0));
    SAY(socket(77, SOCK_STREAM, 0));
    int ends[2];
    SAY(socketpair(AF_INET, SOCK_STREAM, 0, ends));
    SAY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
    printf("flags %x %x\n", fcntl(ends[0], F_GETFD), fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    struct stat st;
    fstat(ends[0], &st);
    printf("mode %o\n", st.st_mode);
    SAY(lseek(ends[0], 0, SEEK_CUR));
    SAY(pread(ends[0], bytes, 1, 0));
    SAY(ftruncate(ends[0], 0));
    SAY(send(0, "x", 1, 0));
    SAY(send(99, "x", 1, 0));
    SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8));
    close(ends[0]);
    close(ends[1]);
}

static void moving(int type)
{
    int ends[2], waiting;
    printf("-- moving, type %d\n", type);
    socketpair(AF_UNIX, type, 0, ends);
    tell("own", ends[0], getsockname);
    tell("peer", ends[0], getpeername);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(recv(ends[0], bytes, 10, MSG_DONTWAIT));
    SAY(recv(ends[0], bytes, 0, MSG_DONTWAIT));
    SAY(read(ends[0], bytes, 0));
    SAY(write(ends[1], "hello ", 6));
    SAY(send(ends[1], "world", 5, 0));
    SAY(ioctl(ends[0], FIONREAD, &waiting));
    printf("%d waiting\n", waiting);
    SAY(recv(ends[0], bytes, 3, MSG_PEEK));
    SAY(recv(ends[0], bytes, 100, MSG_PEEK));
    SAY(recv(ends[0], bytes, 4, 0));
    SAY(recv(ends[0], bytes, 4, MSG_TRUNC));
    events(ends[0], POLLIN | POLLOUT);
    SAY(recv(ends[0], bytes, 100, MSG_DONTWAIT));
    SAY(recv(ends[0], bytes, 100, MSG_DONTWAIT));
    SAY(send(ends[0], "", 0, 0));
    SAY(recv(ends[1], bytes, 100, MSG_DONTWAIT));
    struct sockaddr_un nowhere = named("/nowhere");
    SAY(sendto(ends[0], "to", 2, 0, (struct sockaddr *)&nowhere, sizeof(nowhere)));
    SAY(connect_named(ends[0], "/nowhere"));
    SAY(listen(ends[0], 1));
    SAY(accept(ends[0], 0, 0));
    SAY(recv(ends[1], bytes, 100, MSG_DONTWAIT));
    SAY(send(ends[0], (char *)8, 100, 0));
    SAY(send(ends[0], "abc", 3, 0));
    SAY(recv(ends[1], (char *)8, 100, MSG_DONTWAIT));
    SAY(recv(ends[1], bytes, 100, MSG_DONTWAIT));
    close(ends[0]);
    close(ends[1]);
}

static void ending(int type)
{
    int ends[2];
    printf("-- ending, type %d\n", type);
    socketpair(AF_UNIX, type, 0, ends);
    SAY(shutdown(ends[0], 3));
    write(ends[0], "last", 4);
    SAY(shutdown(ends[0], SHUT_WR));
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    events(ends[1], POLLIN | POLLOUT | POLLRDHUP);
    SAY(read(ends[1], bytes, 100));
    SAY(read(ends[1], bytes, 100));
    SAY(write(ends[0], "x", 1));
    printf("SIGPIPE %d\n", pipes);
    SAY(write(ends[1], "back", 4));
    SAY(read(ends[0], bytes, 100));
    SAY(shutdown(ends[0], SHUT_RD));
    SAY(write(ends[1], "x", 1));
    printf("SIGPIPE %d\n", pipes);
    SAY(send(ends[1], "x", 1, MSG_NOSIGNAL));
    printf("SIGPIPE %d\n", pipes);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    close(ends[0]);
    events(ends[1], POLLIN | POLLOUT | POLLRDHUP);
    SAY(read(ends[1], bytes, 1));
    tell("peer of closed", ends[1], getpeername);
    close(ends[1]);

    socketpair(AF_UNIX, type, 0, ends);
    write(ends[1], "unread", 6);
    write(ends[0], "for you", 7);
    close(ends[1]);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(write(ends[0], "x", 1));
    SAY(read(ends[0], bytes, 100));
    SAY(read(ends[0], bytes, 100));
    SAY(read(ends[0], bytes, 100));
    close(ends[0]);
    socketpair(AF_UNIX, type, 0, ends);
    write(ends[0], "unread", 6);
    close(ends[1]);
    int error = -1;
    socklen_t size = sizeof(error);
    events(ends[0], POLLIN);
    getsockopt(ends[0], SOL_SOCKET, SO_ERROR, &error, &size);
    printf("SO_ERROR %s\n", strerror(error));
    SAY(read(ends[0], bytes, 100));
    close(ends[0]);
}

static void names(int type)
{
    char path[] = "end.sock";
    printf("-- names, type %d\n", type);
    int a = socket(AF_UNIX, type, 0), b = socket(AF_UNIX, type, 0), c;
    struct sockaddr_un address = named(path);
    events(a, POLLIN | POLLOUT | POLLRDHUP);
    SAY(read(a, bytes, 1));
    SAY(write(a, "x", 1));
    tell("unbound", a, getsockname);
    tell("unconnected", a, getpeername);
    SAY(connect_named(b, path));
    SAY(connect_named(b, "/no/such/directory"));
    SAY(connect_named(b, "/"));
    SAY(listen(a, 1));
    SAY(bind(a, (struct sockaddr *)&address, 1));
    SAY(bind(a, (struct sockaddr *)&address, 300));
    address.sun_family = AF_INET;
    SAY(bind(a, (struct sockaddr *)&address, sizeof(address)));
    SAY(bind_named(a, "/no/such/directory"));
    SAY(bind_named(a, "/"));
    SAY(bind_named(a, path));
    SAY(bind_named(a, "other"));
    SAY(bind_named(b, path));
    tell("bound", a, getsockname);
    struct stat st;
    stat(path, &st);
    printf("mode %o\n", st.st_mode & S_IFMT);
    SAY(open(path, O_RDWR));
    SAY(connect_named(b, path));
    SAY(accept(a, 0, 0));
    SAY(listen(a, 1));
    events(a, POLLIN | POLLOUT);
    SAY(accept4(a, 0, 0, 1));
    fcntl(a, F_SETFL, O_NONBLOCK);
    SAY(accept(a, 0, 0));
    int other = socket(AF_UNIX, type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM, 0);
    SAY(connect_named(other, path));
    close(other);
    SAY(connect_named(b, path));
    SAY(connect_named(b, path));
    events(a, POLLIN | POLLOUT);
    write(b, "early", 5);
    struct sockaddr_un from;
    socklen_t size = sizeof(from);
    SAY((c = accept(a, (struct sockaddr *)&from, &size)) >= 0);
    printf("from %d bytes\n", (int)size);
    printf("inherits %x\n", fcntl(c, F_GETFL) & O_NONBLOCK);
    tell("accepted", c, getsockname);
    tell("its peer", c, getpeername);
    tell("client's peer", b, getpeername);
    SAY(read(c, bytes, 100));
    struct ucred creds;
    size = sizeof(creds);
    getsockopt(b, SOL_SOCKET, SO_PEERCRED, &creds, &size);
    printf("peer is me: %d %d\n", creds.pid == getpid(), creds.uid == getuid());
    close(c);
    SAY(read(b, bytes, 1));
    close(b);
    /* A full backlog: two more than it says. */
    int clients[4];
    for (int i = 0; i < 4; i++) {
        clients[i] = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
        SAY(connect_named(clients[i], path));
    }
    close(a);
    SAY(read(clients[0], bytes, 1));
    SAY(read(clients[0], bytes, 1));
    SAY(connect_named(clients[3], path));
    unlink(path);
    SAY(connect_named(clients[3], path));
    for (int i = 0; i < 4; i++)
        close(clients[i]);
}

static void abstract(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX}, own;
    socklen_t size = sizeof(own);
    int length = snprintf(address.sun_path + 1, 100, "nanvix-test-%d", getpid());
    socklen_t whole = offsetof(struct sockaddr_un, sun_path) + 1 + length;
    printf("-- abstract\n");
    int a = socket(AF_UNIX, SOCK_STREAM, 0), b = socket(AF_UNIX, SOCK_STREAM, 0);
    SAY(connect(b, (struct sockaddr *)&address, whole));
    SAY(bind(a, (struct sockaddr *)&address, whole));
    SAY(bind(b, (struct sockaddr *)&address, whole));
    listen(a, 5);
    SAY(connect(b, (struct sockaddr *)&address, whole + 1));
    SAY(connect(b, (struct sockaddr *)&address, whole));
    getpeername(b, (struct sockaddr *)&own, &size);
    printf("peer's name %d\n", size == whole && !memcmp(&own, &address, whole));
    close(a);
    close(b);
    a = socket(AF_UNIX, SOCK_STREAM, 0);
    SAY(bind(a, (struct sockaddr *)&address, 2));
    tell("autobound", a, getsockname);
    close(a);
}

static void amounts(int type)
{
    int ends[2], sent = 0;
    printf("-- amounts, type %d\n", type);
    socketpair(AF_UNIX, type, 0, ends);
    pid_t child = fork();
    if (!child) {
        long got, all = 0;
        close(ends[0]);
        while ((got = read(ends[1], bytes, sizeof(bytes))) > 0)
            for (long i = 0; i < got; i++, all++)
                if (bytes[i] != (char)(all * 7))
                    _exit(2);
        _exit(all != 3000000);
    }
    close(ends[1]);
    while (sent < 3000000) {
        int part = sent + 100000 > 3000000 ? 3000000 - sent : 100000;
        for (int i = 0; i < part; i++)
            bytes[i] = (sent + i) * 7;
        if (write(ends[0], bytes, part) != part)
            exit(1);
        sent += part;
    }
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    printf("child says %d\n", WEXITSTATUS(status));
    /* A full socket blocks, and says so. */
    socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends);
    while (send(ends[0], bytes, 1000, 0) > 0)
        ;
    printf("full: %s\n", strerror(errno));
    events(ends[0], POLLOUT);
    events(ends[1], POLLIN);
    while (recv(ends[1], bytes, 1000, 0) > 0)
        ;
    events(ends[0], POLLOUT);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    close(0);
    open("/dev/null", O_RDWR);
    signal(SIGPIPE, on_pipe);
    chdir("/tmp");
    creating();
    for (int i = 0; i < 2; i++) {
        int type = i ? SOCK_SEQPACKET : SOCK_STREAM;
        moving(type);
        ending(type);
        names(type);
        amounts(type);
    }
    abstract();
    return 0;
}
