/* Interfaces of the network, and asking about them; IPv6. */
#include "loopback.h"
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

CASE(the_loopback_interface, "ioctl socket")
{
    int fd = MUST(socket(AF_INET, SOCK_DGRAM, 0));
    struct ifreq r = {.ifr_name = "lo"};
    T(ioctl(fd, SIOCGIFFLAGS, &r));
    say("%s%s%s", r.ifr_flags & IFF_UP ? "up " : "", r.ifr_flags & IFF_LOOPBACK ? "loopback " : "", r.ifr_flags & IFF_RUNNING ? "running" : "");
    T(ioctl(fd, SIOCGIFADDR, &r));
    say("%s", inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
    T(ioctl(fd, SIOCGIFNETMASK, &r));
    say("%s", inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
    T(ioctl(fd, SIOCGIFMTU, &r));
    N(r.ifr_mtu);
    T(ioctl(fd, SIOCGIFINDEX, &r));
    N(r.ifr_ifindex);
    T(ioctl(fd, SIOCGIFHWADDR, &r));
    N(r.ifr_hwaddr.sa_family);
    r.ifr_ifindex = 1;
    T(ioctl(fd, SIOCGIFNAME, &r));
    say("%s", r.ifr_name);
    r.ifr_ifindex = 4321;
    T(ioctl(fd, SIOCGIFNAME, &r));
    strcpy(r.ifr_name, "none");
    T(ioctl(fd, SIOCGIFFLAGS, &r));
    T(ioctl(fd, SIOCGIFTXQLEN, (strcpy(r.ifr_name, "lo"), &r)));
    char buffer[4096];
    struct ifconf all = {.ifc_len = sizeof buffer, .ifc_buf = buffer};
    T(ioctl(fd, SIOCGIFCONF, &all));
    say("first: %s", all.ifc_len ? all.ifc_req[0].ifr_name : "none");
    T(if_nametoindex("lo"));
    struct ifaddrs *list = 0;
    T(getifaddrs(&list));
    for (struct ifaddrs *at = list; at; at = at->ifa_next) {
        char text[64] = "";
        if (strcmp(at->ifa_name, "lo") || !at->ifa_addr)
            continue;
        if (at->ifa_addr->sa_family == AF_INET)
            inet_ntop(AF_INET, &((struct sockaddr_in *)at->ifa_addr)->sin_addr, text, sizeof text);
        if (at->ifa_addr->sa_family == AF_INET6)
            inet_ntop(AF_INET6, &((struct sockaddr_in6 *)at->ifa_addr)->sin6_addr, text, sizeof text);
        say("family %d %s, %s", at->ifa_addr->sa_family, text, at->ifa_flags & IFF_LOOPBACK ? "loopback" : "no loopback");
    }
}

static void ask(int fd, int type, int flags, void *body, int size)
{
    struct { struct nlmsghdr head; char body[64]; } request = {{NLMSG_LENGTH((unsigned)size), (uint16_t)type, (uint16_t)(NLM_F_REQUEST | flags), 7, 0}, {0}};
    memcpy(request.body, body, (size_t)size);
    T(send(fd, &request, request.head.nlmsg_len, 0));
}

CASE(asking_about_interfaces, "socket sendto recvfrom bind getsockname")
{
    int fd = MUST(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    struct sockaddr_nl name = {.nl_family = AF_NETLINK};
    char buffer[32768] __attribute__((aligned(8)));
    T(bind(fd, (void *)&name, sizeof name));
    socklen_t size = sizeof name;
    MUST(getsockname(fd, (void *)&name, &size));
    IS(name.nl_pid == (uint32_t)getpid());
    struct ifinfomsg one = {.ifi_index = 1};
    ask(fd, RTM_GETLINK, 0, &one, sizeof one);
    T(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0);
    struct nlmsghdr *h = (void *)buffer;
    say("%d, sequence %u", h->nlmsg_type, h->nlmsg_seq);
    if (h->nlmsg_type == RTM_NEWLINK) {
        struct ifinfomsg *info = NLMSG_DATA(h);
        say("index %d, type %d, %s", info->ifi_index, info->ifi_type, info->ifi_flags & IFF_UP ? "up" : "down");
        int left = (int)IFLA_PAYLOAD(h);
        for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
            if (a->rta_type == IFLA_IFNAME)
                say("name %s", (char *)RTA_DATA(a));
            if (a->rta_type == IFLA_MTU)
                say("mtu %u", *(unsigned *)RTA_DATA(a));
        }
    }
    one.ifi_index = 4321;
    ask(fd, RTM_GETLINK, 0, &one, sizeof one);
    MUST(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
    say("%d: %s", h->nlmsg_type, h->nlmsg_type == NLMSG_ERROR ? error_name(-((struct nlmsgerr *)NLMSG_DATA(h))->error) : "");
    struct rtmsg route = {.rtm_family = AF_INET};
    ask(fd, RTM_GETROUTE, NLM_F_DUMP, &route, sizeof route);
    int done = 0, routes = 0;
    while (!done) {
        int left = (int)MUST(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
        for (h = (void *)buffer; NLMSG_OK(h, (unsigned)left); h = NLMSG_NEXT(h, left)) {
            done |= h->nlmsg_type == NLMSG_DONE;
            routes += h->nlmsg_type == RTM_NEWROUTE;
        }
    }
    say("%s", routes >= 0 ? "all routes" : "");
    h = (void *)buffer;
    ask(fd, RTM_GETROUTE + 100, 0, &route, sizeof route);
    MUST(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
    say("%d: %s", h->nlmsg_type, h->nlmsg_type == NLMSG_ERROR ? error_name(-((struct nlmsgerr *)NLMSG_DATA(h))->error) : "");
    T(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT));
    T(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE));
    T(socket(AF_NETLINK, SOCK_RAW, 99));
}

CASE(of_version_six, "setsockopt getsockopt bind recvmsg")
{
    int fd = MUST(socket(AF_INET6, SOCK_DGRAM, 0)), tcp = MUST(socket(AF_INET6, SOCK_STREAM, 0));
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    N(number(fd, IPPROTO_IPV6, IPV6_V6ONLY));
    N(number(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
    T(set_number(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256));
    T(set_number(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1));
    T(set_number(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
    N(number(fd, IPPROTO_IPV6, IPV6_TCLASS));
    N(number(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS));
    N(number(fd, IPPROTO_IPV6, 199));
    T(bind(fd, (void *)&at, sizeof at));
    T(set_number(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    T(bind(tcp, (void *)&at, 20));
    socklen_t size = sizeof at;
    MUST(getsockname(fd, (void *)&at, &size));
    T(sendto(fd, "x", 1, 0, (void *)&at, sizeof at));
    char text[16], control[128];
    struct iovec v = {text, 16};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    T(recvmsg(fd, &m, 0));
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c)
        say("%d %d, %d bytes, interface %d", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len - 16, ((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex);
    int both = MUST(socket(AF_INET6, SOCK_STREAM, 0)), four = MUST(socket(AF_INET, SOCK_STREAM, 0));
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    MUST(bind(both, (void *)&any, sizeof any));
    size = sizeof any;
    MUST(getsockname(both, (void *)&any, &size));
    struct sockaddr_in same = {.sin_family = AF_INET, .sin_port = any.sin6_port};
    T(bind(four, (void *)&same, sizeof same));
    struct sockaddr_in6 far = {.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr.s6_addr = {0x20, 1, 0xd, 0xb8, [15] = 1}};
    T(bind(MUST(socket(AF_INET6, SOCK_DGRAM, 0)), (void *)&far, sizeof far));
    T(connect(MUST(socket(AF_INET, SOCK_DGRAM, 0)), (void *)&far, sizeof far));
}
