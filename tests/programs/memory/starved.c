/* Takes all memory in a child that does not touch it itself: "calls", which are given more and more of it
   to write to; "tables", of pages that are only read and lie far apart. The parent has its own and keeps it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT (8UL << 20)
#define PIECE (1UL << 20)
#define RESERVED (1UL << 40)
#define FAR (2UL << 20)

static char *reserve(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* The number of bytes that a call said it had moved: it never says that an address is bad. */
static int calls(void)
{
    char *at = reserve(RESERVED);
    int zeros = open("/dev/zero", O_RDONLY);
    for (size_t done = 0; done < RESERVED;) {
        ssize_t got = read(zeros, at + done, PIECE);
        if (got <= 0)
            return 1;
        done += got;
    }
    return 2;
}

static int tables(void)
{
    const volatile char *at = reserve(RESERVED);
    int seen = 0;
    for (size_t i = 0; i < RESERVED; i += FAR)
        seen |= at[i];
    return seen;
}

int main(int argc, char **argv)
{
    char *kept = reserve(KEPT);
    int status = 0;
    if (argc < 2)
        return 2;
    memset(kept, 'k', KEPT);
    pid_t child = fork();
    if (!child)
        _exit(strcmp(argv[1], "tables") ? calls() : tables());
    waitpid(child, &status, 0);
    printf("child ended by %d, code %d\n", WTERMSIG(status), WEXITSTATUS(status));
    int same = 1;
    for (size_t i = 0; i < KEPT; i++)
        same &= kept[i] == 'k';
    printf("kept: %d\n", same);
    return 0;
}
