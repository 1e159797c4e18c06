/* Executes every file of a directory, each in a child with a second to live. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct dirent *entry;
    DIR *directory = opendir(argc > 1 ? argv[1] : ".");

    if (!directory || chdir(argv[1]))
        return 1;
    setvbuf(stdout, 0, _IONBF, 0);
    while ((entry = readdir(directory))) {
        int status;
        if (entry->d_name[0] == '.')
            continue;
        pid_t child = fork();
        if (child == 0) {
            close(1);
            close(2);
            alarm(1);
            execl(entry->d_name, entry->d_name, (char *)0);
            _exit(200 + (errno == ENOEXEC));
        }
        waitpid(child, &status, 0);
        printf("%s: %s %d\n", entry->d_name, WIFSIGNALED(status) ? "signal" : "exit",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    puts("all tried");
    return 0;
}
