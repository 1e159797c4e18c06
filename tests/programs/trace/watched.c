/* Something of everything a tracer shows: a child, a thread, signals, a new program, files, an error. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void handle(int sig) { (void)sig; }

static void *thread_body(void *unused)
{
    (void)!chdir("/nowhere");
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int status, ends[2];
    if (argc > 1) {
        printf("%s again\n", argv[1]);
        return 7;
    }
    sigset_t ends_of_children;
    sigemptyset(&ends_of_children);
    sigaddset(&ends_of_children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ends_of_children, 0);
    signal(SIGUSR1, handle);
    raise(SIGUSR1);
    pthread_create(&thread, 0, thread_body, 0);
    pthread_join(thread, 0);
    (void)!pipe(ends);
    pid_t child = fork();
    if (!child) {
        close(ends[0]);
        (void)!write(ends[1], "from the child", 14);
        execl(argv[0], argv[0], "here", (char *)0);
        _exit(1);
    }
    close(ends[1]);
    char text[32];
    while (read(ends[0], text, sizeof text) > 0)
        ;
    sigwait(&ends_of_children, &status);
    waitpid(child, &status, 0);
    int fd = open("note", O_CREAT | O_WRONLY, 0600);
    (void)!write(fd, text, 4);
    close(fd);
    unlink("note");
    child = fork();
    if (!child)
        *(volatile int *)8 = 1;
    sigwait(&ends_of_children, &status);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
