/* AF_UNIX datagrams, and descriptors and credentials that travel with messages. */
#include "net.h"
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static char bytes[300000];

static long send_to(int fd, const char *path, const char *text)
{
    struct sockaddr_un address = named(path);
    return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, sizeof(address));
}

static int bound(int type, const char *path)
{
    int fd = socket(AF_UNIX, type, 0);
    if (bind_named(fd, path))
        printf("bind %s: %s\n", path, strerror(errno));
    return fd;
}

static void receive_from(int fd, int flags)
{
    struct sockaddr_un from;
    socklen_t size = sizeof(from);
    memset(bytes, 0, 100);
    memset(&from, 0, sizeof(from));
    long got = recvfrom(fd, bytes, 8, flags, (struct sockaddr *)&from, &size);
    if (got < 0)
        printf("receive: %s\n", strerror(errno));
    else
        printf("receive %ld '%s' from %d bytes '%s'\n", got, bytes, (int)size, from.sun_path);
}

static void datagrams(void)
{
    printf("-- datagrams\n");
    int a = bound(SOCK_DGRAM, "a"), b = bound(SOCK_DGRAM, "b"), c = socket(AF_UNIX, SOCK_DGRAM, 0), waiting;
    SAY(send(c, "x", 1, 0));
    SAY(send_to(c, "missing", "x"));
    SAY(send_to(c, "a", "from c"));
    SAY(send_to(b, "a", "from b, long"));
    SAY(send_to(b, "a", ""));
    SAY(ioctl(a, FIONREAD, &waiting));
    printf("%d waiting\n", waiting);
    receive_from(a, 0);
    receive_from(a, MSG_PEEK | MSG_TRUNC);
    receive_from(a, MSG_TRUNC);
    receive_from(a, 0);
    receive_from(a, MSG_DONTWAIT);
    events(a, POLLIN | POLLOUT);
    SAY(listen(a, 1));
    SAY(accept(a, 0, 0));
    SAY(connect_named(c, "a"));
    SAY(send(c, "connected", 9, 0));
    SAY(connect_named(a, "b"));
    SAY(send(c, "more", 4, 0));
    SAY(connect_named(c, "a"));
    receive_from(a, MSG_DONTWAIT);
    struct sockaddr none = {AF_UNSPEC};
    SAY(connect(a, &none, sizeof(none)));
    SAY(send(c, "again", 5, 0));
    receive_from(a, MSG_DONTWAIT);
    fcntl(c, F_SETFL, O_NONBLOCK);
    int n = 0;
    while (send(c, "q", 1, 0) == 1)
        n++;
    printf("%d queued, then %s\n", n, strerror(errno));
    events(c, POLLOUT);
    receive_from(a, 0);
    events(c, POLLOUT);
    close(a);
    SAY(send(c, "gone", 4, 0));
    SAY(send(c, "gone", 4, 0));
    SAY(connect_named(c, "a"));
    SAY(send(b, bytes, sizeof(bytes), 0));
    close(b);
    close(c);
    unlink("a");
    unlink("b");
    int ends[2];
    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends);
    for (n = 0; send(ends[0], "x", 1, 0) == 1; n++)
        ;
    printf("%d in a pair, then %s\n", n, strerror(errno));
    SAY(send(ends[1], bytes, 200000, 0));
    SAY(send(ends[1], bytes, 250000, 0));
    SAY(recv(ends[0], bytes, sizeof(bytes), 0));
    SAY(shutdown(ends[1], SHUT_WR));
    SAY(send(ends[1], "x", 1, 0));
    events(ends[1], POLLIN | POLLOUT | POLLRDHUP);
    close(ends[1]);
    events(ends[0], POLLIN | POLLOUT | POLLRDHUP);
    SAY(send(ends[0], "x", 1, 0));
    close(ends[0]);
}

/* Send descriptors along with text; how sendmsg ended. */
static long send_fds(int fd, const char *text, const int *fds, int count)
{
    static char control[CMSG_SPACE(300 * sizeof(int))];
    struct iovec part = {(char *)text, strlen(text)};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
    struct cmsghdr *c = (struct cmsghdr *)control;
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof(int));
    m.msg_controllen = CMSG_SPACE(count * sizeof(int));
    memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    return sendmsg(fd, &m, 0);
}

/* Receive into a control buffer of this size; the last descriptor. */
static int receive_fds(int fd, int room, int flags, int size)
{
    char control[512];
    struct iovec part = {bytes, size};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room ? control : 0, .msg_controllen = room};
    long got = recvmsg(fd, &m, flags);
    int last = -1;
    if (got < 0) {
        printf("recvmsg: %s\n", strerror(errno));
        return -1;
    }
    printf("recvmsg %ld, flags %#x, control %d", got, m.msg_flags, (int)m.msg_controllen);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        printf("; type %d, %d bytes", c->cmsg_type, (int)c->cmsg_len);
        if (c->cmsg_type == SCM_RIGHTS) {
            for (int *f = (int *)CMSG_DATA(c); (char *)f < (char *)c + c->cmsg_len; f++) {
                if (last >= 0)
                    close(last);
                last = *f;
            }
            printf(", cloexec %d", fcntl(last, F_GETFD));
        } else {
            struct ucred *who = (struct ucred *)CMSG_DATA(c);
            printf(", me %d %d", who->pid == getpid(), who->uid == getuid());
        }
    }
    printf("\n");
    return last;
}

static void rights(int type)
{
    int ends[2], pipe_ends[2], got;
    printf("-- rights, type %d\n", type);
    socketpair(AF_UNIX, type, 0, ends);
    pipe(pipe_ends);
    int two[2] = {pipe_ends[0], pipe_ends[1]}, bad[1] = {77};
    SAY(send_fds(ends[0], "bad", bad, 1));
    SAY(send_fds(ends[0], "one", &pipe_ends[1], 1));
    close(pipe_ends[1]);
    got = receive_fds(ends[1], 64, 0, 10);
    SAY(write(got, "through", 7));
    close(got);
    SAY(read(pipe_ends[0], bytes, 10));
    SAY(read(pipe_ends[0], bytes, 10));
    two[1] = pipe_ends[0];
    SAY(send_fds(ends[0], "two", two, 2));
    close(receive_fds(ends[1], 64, MSG_CMSG_CLOEXEC, 10));
    SAY(send_fds(ends[0], "cut", two, 2));
    close(receive_fds(ends[1], CMSG_LEN(sizeof(int)), 0, 10));
    SAY(send_fds(ends[0], "none", two, 2));
    receive_fds(ends[1], 0, 0, 10);
    SAY(send_fds(ends[0], "small", two, 2));
    receive_fds(ends[1], 8, 0, 10);
    SAY(send_fds(ends[0], "read", two, 2));
    SAY(read(ends[1], bytes, 10));
    write(ends[0], "before", 6);
    SAY(send_fds(ends[0], "with", two, 1));
    write(ends[0], "after", 5);
    close(receive_fds(ends[1], 64, MSG_PEEK, 100));
    close(receive_fds(ends[1], 64, 0, 100));
    receive_fds(ends[1], 64, MSG_DONTWAIT, 100);
    receive_fds(ends[1], 64, MSG_DONTWAIT, 100);
    SAY(send_fds(ends[0], "part", two, 1));
    close(receive_fds(ends[1], 64, MSG_DONTWAIT, 2));
    receive_fds(ends[1], 64, MSG_DONTWAIT, 100);
    int many[254];
    for (int i = 0; i < 254; i++)
        many[i] = pipe_ends[0];
    SAY(send_fds(ends[0], "many", many, 254));
    SAY(send_fds(ends[0], "most", many, 253));
    SAY(read(ends[1], bytes, 10));
    /* A socket within itself, and two within each other: nobody can get at them again. */
    for (int i = 0; i < 2000; i++) {
        int x[2], y[2];
        if (socketpair(AF_UNIX, type, 0, x) || socketpair(AF_UNIX, type, 0, y)) {
            printf("pair %d: %s\n", i, strerror(errno));
            break;
        }
        if (send_fds(x[0], "self", &x[1], 1) < 0 || send_fds(x[0], "y", &y[1], 1) < 0 ||
            send_fds(y[0], "x", &x[1], 1) < 0) {
            printf("sending %d: %s\n", i, strerror(errno));
            break;
        }
        close(x[0]);
        close(x[1]);
        close(y[0]);
        close(y[1]);
    }
    /* A chain of sockets within sockets. */
    int inner[2];
    socketpair(AF_UNIX, type, 0, inner);
    for (int i = 0; i < 400; i++) {
        int outer[2];
        if (socketpair(AF_UNIX, type, 0, outer) || send_fds(outer[0], "in", inner, 2) < 0)
            break;
        close(inner[0]);
        close(inner[1]);
        inner[0] = outer[0];
        inner[1] = outer[1];
    }
    close(inner[0]);
    close(inner[1]);
    close(pipe_ends[0]);
    close(ends[0]);
    close(ends[1]);
}

static void credentials(int type)
{
    int ends[2], on = 1;
    printf("-- credentials, type %d\n", type);
    socketpair(AF_UNIX, type, 0, ends);
    write(ends[0], "early", 5);
    SAY(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
    receive_fds(ends[1], 64, 0, 100);
    write(ends[0], "one", 3);
    write(ends[0], "two", 3);
    receive_fds(ends[1], 64, 0, 100);
    receive_fds(ends[1], 64, MSG_DONTWAIT, 100);
    fflush(stdout);
    if (!fork()) {
        write(ends[0], "child", 5);
        _exit(0);
    }
    wait(0);
    write(ends[0], "parent", 6);
    receive_fds(ends[1], 64, 0, 100);
    receive_fds(ends[1], 64, MSG_DONTWAIT, 100);
    SAY(send_fds(ends[0], "both", &ends[0], 1));
    close(receive_fds(ends[1], 128, 0, 100));
    char control[CMSG_SPACE(sizeof(struct ucred))] = {0};
    struct iovec part = {"said", 4};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    struct ucred me = {getpid(), getuid(), getgid()};
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_CREDENTIALS;
    c->cmsg_len = CMSG_LEN(sizeof(me));
    memcpy(CMSG_DATA(c), &me, sizeof(me));
    SAY(sendmsg(ends[0], &m, 0));
    receive_fds(ends[1], 64, 0, 100);
    c->cmsg_len = CMSG_LEN(sizeof(me) - 4);
    SAY(sendmsg(ends[0], &m, 0));
    c->cmsg_len = 4;
    SAY(sendmsg(ends[0], &m, 0));
    c->cmsg_len = 400;
    SAY(sendmsg(ends[0], &m, 0));
    c->cmsg_len = CMSG_LEN(sizeof(me));
    c->cmsg_type = 9;
    SAY(sendmsg(ends[0], &m, 0));
    close(ends[0]);
    close(ends[1]);
}

static void many_messages(void)
{
    int ends[2];
    printf("-- many messages\n");
    socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
    struct iovec parts[4] = {{"a", 1}, {"bb", 2}, {"ccc", 3}, {"dddd", 4}};
    struct mmsghdr out[4] = {0}, in[6] = {0};
    static char buffers[6][8];
    struct iovec into[6];
    for (int i = 0; i < 4; i++)
        out[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    for (int i = 0; i < 6; i++) {
        into[i] = (struct iovec){buffers[i], 3};
        in[i].msg_hdr = (struct msghdr){.msg_iov = &into[i], .msg_iovlen = 1};
    }
    SAY(sendmmsg(ends[0], out, 4, 0));
    printf("sizes %d %d %d %d\n", out[0].msg_len, out[1].msg_len, out[2].msg_len, out[3].msg_len);
    SAY(recvmmsg(ends[1], in, 6, MSG_WAITFORONE, 0));
    for (int i = 0; i < 4; i++)
        printf("%d %#x %s\n", in[i].msg_len, in[i].msg_hdr.msg_flags, buffers[i]);
    SAY(recvmmsg(ends[1], in, 6, MSG_DONTWAIT, 0));
    SAY(sendmmsg(ends[0], out, 0, 0));
    out[1].msg_hdr.msg_iovlen = 5000;
    SAY(sendmmsg(ends[0], out, 4, 0));
    SAY(sendmmsg(ends[0], out + 1, 1, 0));
    SAY(syscall(SYS_recvmsg, ends[1], 8, 0));
    SAY(syscall(SYS_sendmsg, ends[1], 8, 0));
    struct timeval short_time = {0, 30000}, read_back;
    socklen_t size = sizeof(read_back);
    SAY(recv(ends[1], bytes, 10, 0));
    SAY(setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof(short_time)));
    SAY(getsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &read_back, &size));
    SAY(recv(ends[1], bytes, 10, 0));
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    setvbuf(stdout, 0, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    chdir("/tmp");
    mkdtemp(strcpy(bytes, "/tmp/packets-XXXXXX"));
    chdir(bytes);
    datagrams();
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (int i = 0; i < 3; i++) {
        rights(types[i]);
        credentials(types[i]);
    }
    many_messages();
    return 0;
}
