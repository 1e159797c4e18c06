/* UDP at its edges: errors, and what comes with datagrams. */
#include "loopback.h"
#include <sys/ioctl.h>

CASE(datagrams_at_their_edges, "sendto recvfrom recvmsg connect ioctl")
{
    int one = bound(SOCK_DGRAM), two = bound(SOCK_DGRAM), three = bound(SOCK_DGRAM), waiting = -1;
    struct sockaddr_in at = loopback(port_of(two)), zero = loopback(0), none = {.sin_family = AF_UNSPEC};
    static char big[70000];
    char text[16] = "";
    T(sendto(one, "", 0, 0, (void *)&at, sizeof at));
    T(recv(two, text, 16, 0));
    T(sendto(one, "0123456789", 10, 0, (void *)&at, sizeof at));
    T(sendto(one, "second", 6, 0, (void *)&at, sizeof at));
    T(ioctl(two, FIONREAD, &waiting));
    N(waiting);
    T(recv(two, text, 4, MSG_PEEK | MSG_TRUNC));
    T(recv(two, text, 4, 0));
    struct iovec v = {text, 3};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    T(recvmsg(two, &m, 0));
    N(m.msg_flags == MSG_TRUNC);
    T(sendto(one, big, 65507, 0, (void *)&at, sizeof at));
    T(sendto(one, big, 65508, 0, (void *)&at, sizeof at));
    T(recv(two, big, sizeof big, 0));
    T(sendto(one, "x", 1, 0, (void *)&zero, sizeof zero));
    T(send(one, "x", 1, 0));
    T(connect(two, (void *)&none, sizeof none));
    struct sockaddr_in first = loopback(port_of(one));
    T(connect(two, (void *)&first, sizeof first));
    T(sendto(three, "stray", 5, 0, (void *)&at, sizeof at));
    T(recv(two, text, 16, MSG_DONTWAIT));
    T(sendto(two, "elsewhere", 9, 0, (void *)&(struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port_of(three)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, sizeof at));
    T(recv(three, text, 16, 0));
    T(connect(two, (void *)&none, sizeof none));
    T(getpeername(two, (void *)&zero, &(socklen_t){sizeof zero}));
    T(listen(two, 1));
    T(send(three, "x", 1, MSG_OOB));
    T(shutdown(one, SHUT_WR));
    T(connect(one, (void *)&at, sizeof at));
    T(shutdown(one, SHUT_RD));
    T(recv(one, text, 1, 0));
}

CASE(what_comes_with_datagrams, "recvmsg setsockopt")
{
    int one = bound(SOCK_DGRAM), two = bound(SOCK_DGRAM);
    struct sockaddr_in at = loopback(port_of(two));
    char text[16], control[256];
    T(set_number(two, IPPROTO_IP, IP_PKTINFO, 1));
    T(set_number(two, IPPROTO_IP, IP_RECVTTL, 1));
    T(set_number(two, IPPROTO_IP, IP_RECVTOS, 1));
    MUST(sendto(one, "x", 1, 0, (void *)&at, sizeof at));
    struct iovec v = {text, 16};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    T(recvmsg(two, &m, 0));
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *info = (void *)CMSG_DATA(c);
            say("packet for %s on interface %d", inet_ntoa(info->ipi_addr), info->ipi_ifindex);
        } else {
            say("%d %d, %d bytes, first %d", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len - 16, c->cmsg_level == SOL_SOCKET ? -1 : CMSG_DATA(c)[0]);
        }
    }
}
