/* hoard ADDRESS PORT: as many connections as there can be, in two processes; and one when they are gone. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in to = {AF_INET};

static int try_one(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    return connect(fd, (void *)&to, sizeof(to)) && errno != EINPROGRESS ? -1 : fd;
}

int main(int argc, char **argv)
{
    int ends[2], count = 0;
    inet_pton(AF_INET, argv[1], &to.sin_addr);
    to.sin_port = htons(atoi(argv[2]));
    pipe(ends);
    pid_t child = fork();
    if (child)
        read(ends[0], &count, sizeof(count)); /* the child first */
    for (count = 0; count < 600 && try_one() >= 0;)
        count++;
    if (!child) {
        printf("%d\n", count);
        fflush(stdout);
        write(ends[1], &count, sizeof(count));
        pause();
    }
    printf("%d, then %s\n", count, strerror(errno));
    kill(child, SIGKILL);
    wait(NULL);
    printf("%s\n", try_one() >= 0 ? "and one more" : strerror(errno));
    return 0;
}
