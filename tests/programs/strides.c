/* Touches 32 MiB of fresh memory: "order", page after page; "far", one page in every 256 KiB, from the
   end; "fork", half of it in a child that shares the address space's past. Checks that all is zero. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (32UL << 20)
#define PAGE 4096UL
#define FAR (256UL << 10)

static int touch(unsigned char *from, unsigned char *to, long step)
{
    int dirty = 0;
    for (unsigned char *at = from; step > 0 ? at < to : at > to; at += step) {
        dirty |= *at;
        *at = 1;
    }
    return dirty;
}

int main(int argc, char **argv)
{
    unsigned char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || argc < 2)
        return 2;
    int dirty;
    if (!strcmp(argv[1], "far")) {
        dirty = touch(memory + SIZE - FAR, memory - 1, -(long)FAR);
    } else if (!strcmp(argv[1], "fork")) {
        dirty = touch(memory, memory + SIZE / 2, PAGE);
        int status = 0;
        pid_t child = fork();
        if (!child)
            _exit(touch(memory + SIZE / 2, memory + SIZE, PAGE));
        waitpid(child, &status, 0);
        dirty |= status | touch(memory + SIZE / 2, memory + SIZE, PAGE);
    } else {
        dirty = touch(memory, memory + SIZE, PAGE);
    }
    printf("%s\n", dirty ? "not zero" : "zero");
    return dirty != 0;
}
