/* lookup PORT NAME...: the IPv4 addresses of each name, and what connecting to the first one says. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        struct addrinfo wish = {.ai_socktype = SOCK_STREAM}, *list;
        int error = getaddrinfo(argv[i], argv[1], &wish, &list);
        printf("%s:", argv[i]);
        if (error == EAI_NONAME || error == EAI_AGAIN) {
            printf(error == EAI_NONAME ? " no such name\n" : " try again\n");
            continue;
        }
        if (error) {
            printf(" %s\n", gai_strerror(error));
            continue;
        }
        for (struct addrinfo *a = list; a; a = a->ai_next) {
            char text[100];
            getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST);
            printf(" %s", text);
        }
        int fd = socket(list->ai_family, SOCK_STREAM, 0);
        printf(", %s\n", connect(fd, list->ai_addr, list->ai_addrlen) ? "not reached" : "reached");
        close(fd);
        freeaddrinfo(list);
    }
    return 0;
}
