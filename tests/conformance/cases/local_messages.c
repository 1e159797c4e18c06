/* AF_UNIX: descriptors, credentials and many messages at once. */
#include "case.h"
#include <sys/socket.h>

CASE(descriptors_in_messages, "sendmsg recvmsg")
{
    int pair[2], fd = file_with("f", "passed");
    char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'x', text[8] = "";
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    T(sendmsg(pair[0], &message, 0));
    close(fd);
    memset(control, 0, sizeof control);
    T(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC));
    header = CMSG_FIRSTHDR(&message);
    IS(header && header->cmsg_type == SCM_RIGHTS);
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    N(fd);
    T(read(fd, text, 7));
    say("%s", text);
    T(fcntl(fd, F_GETFD));
    fd = 77;
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    T(sendmsg(pair[0], &message, 0));
    message.msg_control = 0, message.msg_controllen = 0;
    T(sendmsg(pair[0], &message, 0));
}

CASE(control_that_does_not_fit, "sendmsg recvmsg")
{
    int pair[2], fd = file_with("f", "x");
    char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    T(sendmsg(pair[0], &message, 0));
    message.msg_control = 0, message.msg_controllen = 0;
    T(recvmsg(pair[1], &message, 0));
    IS(message.msg_flags & MSG_CTRUNC);
    T(dup(fd));
}

CASE(credentials, "getsockopt setsockopt recvmsg")
{
    int pair[2], on = 1;
    struct { int pid, uid, gid; } peer = {0};
    socklen_t size = sizeof peer;
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    T(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &size));
    IS(peer.pid == getpid() && peer.uid == (int)getuid() && peer.gid == (int)getgid());
    T(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    char control[CMSG_SPACE(sizeof peer)], byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    T(write(pair[0], "x", 1));
    T(recvmsg(pair[1], &message, 0));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    IS(header && header->cmsg_type == SCM_CREDENTIALS);
    memcpy(&peer, CMSG_DATA(header), sizeof peer);
    IS(peer.pid == getpid());
}

CASE(many_messages, "sendmmsg recvmmsg")
{
    int pair[2];
    char texts[3][4] = {{0}};
    struct iovec out[2] = {{"one", 3}, {"two", 3}}, in[3] = {{texts[0], 3}, {texts[1], 3}, {texts[2], 3}};
    struct mmsghdr messages[3] = {{{.msg_iov = out, .msg_iovlen = 1}, 0}, {{.msg_iov = out + 1, .msg_iovlen = 1}, 0}};
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    T(sendmmsg(pair[0], messages, 2, 0));
    for (int i = 0; i < 3; i++)
        messages[i] = (struct mmsghdr){{.msg_iov = in + i, .msg_iovlen = 1}, 0};
    T(recvmmsg(pair[1], messages, 3, MSG_DONTWAIT, 0));
    say("%s %s %u", texts[0], texts[1], messages[1].msg_len);
    T(recvmmsg(pair[1], messages, 3, MSG_DONTWAIT, 0));
    T(sendmmsg(0, messages, 1, 0));
}

CASE(waiting_for_all, "recvfrom")
{
    char text[16] = "";
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    pid_t child = fork();
    if (!child) {
        (void)!write(pair[1], "abc", 3);
        sleep_ms(20);
        (void)!write(pair[1], "def", 3);
        _exit(0);
    }
    T(recv(pair[0], text, 6, MSG_WAITALL));
    say("%s", text);
    wait_for(child);
}
