/* AF_UNIX sockets at their edges: names, queues that are full, descriptors and credentials on the way. */
#include "case.h"
#include <linux/sockios.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t named(struct sockaddr_un *at, const char *name)
{
    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t size = strlen(name);
    memcpy(at->sun_path, name, size);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + 1);
}

static int bound(int type, const char *name)
{
    struct sockaddr_un at;
    socklen_t size = named(&at, name);
    int fd = MUST(socket(AF_UNIX, type, 0));
    MUST(bind(fd, (void *)&at, size));
    return fd;
}

static long connect_to(int fd, const char *name)
{
    struct sockaddr_un at;
    socklen_t size = named(&at, name);
    return connect(fd, (void *)&at, size);
}

static long bind_to(int fd, const char *name)
{
    struct sockaddr_un at;
    socklen_t size = named(&at, name);
    return bind(fd, (void *)&at, size);
}

CASE(names_given_by_the_kernel, "bind getsockname")
{
    int fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    socklen_t size = sizeof at;
    T(bind(fd, (void *)&at, sizeof(sa_family_t)));
    MUST(getsockname(fd, (void *)&at, &size));
    say("%d bytes, first %d", size, at.sun_path[0]);
    T(bind(fd, (void *)&at, sizeof(sa_family_t)));
    T(bind_to(fd, "other"));
    int one = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    char text[128];
    size = sizeof text;
    T(getsockname(one, (void *)text, &size));
    N(size);
    T(bind(one, (void *)&at, 1));
    struct sockaddr_un full = {.sun_family = AF_UNIX};
    memset(full.sun_path, 'n', sizeof full.sun_path);
    T(bind(one, (void *)&full, sizeof full));
    size = sizeof text;
    T(getsockname(one, (void *)text, &size));
    N(size);
    T(bind(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)text, sizeof text));
    at.sun_family = AF_INET;
    T(bind(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&at, sizeof at));
    T(bind_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "no/such"));
    T(bind_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "."));
}

CASE(whom_to_connect_to, "connect bind unlink rename")
{
    int listener = bound(SOCK_STREAM, "s"), packets = bound(SOCK_DGRAM, "d");
    file_with("f", "");
    T(connect_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "s"));
    MUST(listen(listener, 0));
    T(connect_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "nothing"));
    T(connect_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "f"));
    T(connect_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "d"));
    T(connect_to(MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), "s"));
    T(connect_to(MUST(socket(AF_UNIX, SOCK_SEQPACKET, 0)), "s"));
    T(connect_to(listener, "s"));
    MUST(rename("s", "t"));
    T(connect_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "t"));
    T(connect_to(MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)), "t"));
    T(bind_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "t"));
    MUST(unlink("t"));
    T(connect_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "t"));
    T(bind_to(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), "t"));
    struct sockaddr_un at;
    socklen_t size = sizeof at;
    MUST(getsockname(listener, (void *)&at, &size));
    say("%s", at.sun_path);
    T(open("t", O_RDWR));
    T(listen(packets, 1));
    if (geteuid() == 0) {
        MUST(chmod("d", 0600));
        CHILD(MUST(syscall(SYS_setresuid, 5, 5, 5)); T(connect_to(MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), "d")));
    }
    int one = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), two = bound(SOCK_DGRAM, "e");
    T(connect_to(one, "d"));
    MUST(connect_to(packets, "e"));
    T(send(one, "x", 1, 0));
    T(connect_to(MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), "d"));
    T(connect(one, (void *)&(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(sa_family_t)));
    T(send(one, "x", 1, 0));
    MUST(close(two));
    T(send(packets, "x", 1, 0));
    T(send(packets, "x", 1, 0));
}

CASE(full_queues, "sendto listen connect poll")
{
    int to = bound(SOCK_DGRAM, "d"), from = MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)), count = 0;
    MUST(connect_to(from, "d"));
    while (send(from, "x", 1, 0) == 1 && count < 1000)
        count++;
    say("%d, then %s", count, error_name(errno));
    N(poll(&(struct pollfd){from, POLLOUT, 0}, 1, 0));
    char byte;
    MUST(read(to, &byte, 1));
    N(poll(&(struct pollfd){from, POLLOUT, 0}, 1, 0));
    static char big[300000];
    T(send(from, big, sizeof big, 0));
    int listener = bound(SOCK_STREAM, "s");
    MUST(listen(listener, 2));
    for (count = 0; count < 10; count++)
        if (connect_to(MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)), "s"))
            break;
    say("%d, then %s", count, error_name(errno));
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair));
    T(send(pair[0], "", 0, 0));
    T(recv(pair[1], &byte, 1, 0));
    T(send(pair[0], big, sizeof big, 0));
    MUST(close(pair[0]));
    T(recv(pair[1], &byte, 1, 0));
    T(recv(pair[1], &byte, 1, 0));
}

static long send_descriptors(int socket, const int *fds, int count, int kind)
{
    char control[CMSG_SPACE(sizeof(int) * 300)];
    struct iovec v = {"x", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = kind, .cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count)};
    memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)count);
    return sendmsg(socket, &m, MSG_DONTWAIT);
}

static int receive_descriptors(int socket, int flags, int room)
{
    char control[CMSG_SPACE(sizeof(int) * 300)], byte;
    struct iovec v = {&byte, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room ? CMSG_SPACE(sizeof(int) * (size_t)room) : 0};
    long got = recvmsg(socket, &m, flags | MSG_DONTWAIT);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    say("%ld, flags %x, descriptors %d", got, m.msg_flags & ~MSG_CMSG_CLOEXEC, c ? (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0);
    return c ? *(int *)CMSG_DATA(c) : -1;
}

CASE(descriptors_on_the_way, "sendmsg recvmsg close")
{
    int pair[2], ends[2], many[300];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    MUST(pipe(ends));
    for (int i = 0; i < 300; i++)
        many[i] = ends[0];
    T(send_descriptors(pair[0], many, 253, SCM_RIGHTS));
    receive_descriptors(pair[1], 0, 253);
    T(send_descriptors(pair[0], many, 254, SCM_RIGHTS));
    T(send_descriptors(pair[0], (int[]){99}, 1, SCM_RIGHTS));
    T(send_descriptors(pair[0], many, 1, 99));
    T(send_descriptors(pair[0], (int[]){MUST(open(".", O_PATH))}, 1, SCM_RIGHTS));
    int got = receive_descriptors(pair[1], MSG_CMSG_CLOEXEC, 1);
    N(fcntl(got, F_GETFD));
    T(send_descriptors(pair[0], ends, 2, SCM_RIGHTS));
    receive_descriptors(pair[1], MSG_PEEK, 2);
    receive_descriptors(pair[1], 0, 1);
    T(send_descriptors(pair[0], ends, 2, SCM_RIGHTS));
    receive_descriptors(pair[1], 0, 0);
    T(send_descriptors(pair[0], pair, 2, SCM_RIGHTS)); /* into itself */
    MUST(close(pair[0]));
    got = receive_descriptors(pair[1], 0, 2);
    T(write(got, "y", 1));
    char byte;
    T(read(pair[1], &byte, 1));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    MUST(pipe(ends));
    MUST(send_descriptors(pair[0], &ends[1], 1, SCM_RIGHTS));
    MUST(close(ends[1]));
    N(poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 0));
    MUST(close(pair[0]));
    MUST(close(pair[1])); /* what was on the way is closed */
    N(poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 100));
}

CASE(circles_of_descriptors, "sendmsg close")
{
    int ends[2], pair[2];
    MUST(pipe(ends));
    for (int i = 0; i < 50; i++) { /* unreachable from any process: to be found and closed */
        MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
        MUST(send_descriptors(pair[0], (int[]){pair[0], pair[1], ends[1]}, 3, SCM_RIGHTS));
        MUST(close(pair[0]));
        MUST(close(pair[1]));
    }
    MUST(close(ends[1]));
    for (int i = 0; i < 100; i++) {
        MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
        MUST(close(pair[0]));
        MUST(close(pair[1]));
    }
    N(poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 2000));
}

CASE(credentials_on_the_way, "sendmsg recvmsg setsockopt")
{
    int pair[2], on = 1;
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    MUST(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    MUST(send(pair[0], "x", 1, 0));
    char control[128], byte;
    struct iovec v = {&byte, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    T(recvmsg(pair[1], &m, 0));
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    struct ucred *cred = (void *)CMSG_DATA(c);
    IS(c && c->cmsg_type == SCM_CREDENTIALS && cred->pid == getpid() && cred->uid == getuid());
    struct ucred given = {getppid(), getuid(), getgid()};
    m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof given)};
    c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){CMSG_LEN(sizeof given), SOL_SOCKET, SCM_CREDENTIALS};
    memcpy(CMSG_DATA(c), &given, sizeof given);
    OK(sendmsg(pair[0], &m, 0));
    CHILD(if (geteuid() == 0) MUST(syscall(SYS_setresuid, 5, 5, 5)); T(sendmsg(pair[0], &m, 0)));
    socklen_t size = sizeof given;
    T(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &given, &size));
    IS(given.pid == getpid());
    int lone = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    T(getsockopt(lone, SOL_SOCKET, SO_PEERCRED, &given, &size));
    say("%d %d", given.pid, (int)given.uid);
}

CASE(counting_bytes, "recvfrom ioctl")
{
    int pair[2], value;
    char text[16] = "";
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    MUST(write(pair[0], "012345", 6));
    T(recv(pair[1], text, 2, MSG_PEEK));
    T(recv(pair[1], text, 3, 0));
    T(recv(pair[1], text, 9, MSG_PEEK | MSG_DONTWAIT));
    T(ioctl(pair[1], FIONREAD, &value));
    N(value);
    T(ioctl(pair[0], SIOCOUTQ, &value));
    IS(value > 0);
    T(recv(pair[1], text, 16, MSG_DONTWAIT | MSG_WAITALL));
    T(send(pair[0], "x", 1, MSG_EOR));
}
