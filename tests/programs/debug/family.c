/* For debuggers: a child that is forked, one that is vforked and executes this program again, and two
   signals of its own. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

volatile int caught;

static void handler(int signal) { caught += signal; }

__attribute__((noinline)) int child_work(int n) { return n + 1; }
__attribute__((noinline)) int parent_work(int n) { return n + 2; }
__attribute__((noinline)) int second_life(int n) { return n + 3; }

static int wait_for(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
    if (argc > 1)
        return second_life(20);
    signal(SIGUSR1, handler);
    signal(SIGUSR2, handler);
    pid_t child = fork();
    if (child == 0)
        _exit(child_work(10));
    int forked = wait_for(child);
    child = vfork();
    if (child == 0) {
        execl(argv[0], argv[0], "again", NULL);
        _exit(1);
    }
    int executed = wait_for(child);
    raise(SIGUSR1);
    raise(SIGUSR2);
    printf("%d %d %d %d\n", forked, executed, caught, parent_work(0));
    return 0;
}
