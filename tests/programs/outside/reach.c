/* reach PORT ADDRESS...: what connecting to each address by TCP says, and sending by UDP. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        struct sockaddr_in v4 = {AF_INET, htons(atoi(argv[1]))};
        struct sockaddr_in6 v6 = {AF_INET6, htons(atoi(argv[1]))};
        int is_v6 = strchr(argv[i], ':') != NULL;
        inet_pton(is_v6 ? AF_INET6 : AF_INET, argv[i], is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr);
        struct sockaddr *to = is_v6 ? (void *)&v6 : (void *)&v4;
        socklen_t size = is_v6 ? sizeof(v6) : sizeof(v4);
        int tcp = socket(to->sa_family, SOCK_STREAM, 0), udp = socket(to->sa_family, SOCK_DGRAM, 0);
        int on = 1;
        setsockopt(udp, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
        printf("%s: %s", argv[i], connect(tcp, to, size) ? strerror(errno) : "connected");
        printf(", %s", sendto(udp, "x", 1, 0, to, size) < 0 ? strerror(errno) : "sent");
        printf(", %s\n", connect(udp, to, size) ? strerror(errno) : "connected");
        close(tcp);
        close(udp);
    }
    return 0;
}
