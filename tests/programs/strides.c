/* Touches 32 MiB of fresh memory: "order", page after page; "late", each page read before it is written;
   "far", one page in every 256 KiB, from the end; "fork", half of it in a child that shares the address
   space's past. "look" only reads, 960 MiB. Checks that all is zero. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (32UL << 20)
#define PAGE 4096UL
#define FAR (256UL << 10)
#define LOOKED_AT (960UL << 20)

static int touch(volatile unsigned char *from, volatile unsigned char *to, long step)
{
    int dirty = 0;
    for (volatile unsigned char *at = from; step > 0 ? at < to : at > to; at += step) {
        at[1] = 1;
        dirty |= *at;
    }
    return dirty;
}

static int look_and_touch(volatile unsigned char *from, volatile unsigned char *to)
{
    int dirty = 0;
    for (volatile unsigned char *at = from; at < to; at += PAGE) {
        dirty |= *at;
        *at = 1;
    }
    return dirty;
}

static int look(const volatile unsigned char *from)
{
    int dirty = 0;
    for (unsigned long at = 0; at < LOOKED_AT; at += PAGE)
        dirty |= from[at];
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
    } else if (!strcmp(argv[1], "late")) {
        dirty = look_and_touch(memory, memory + SIZE);
    } else if (!strcmp(argv[1], "look")) {
        dirty = look(mmap(NULL, LOOKED_AT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    } else {
        dirty = touch(memory, memory + SIZE, PAGE);
    }
    printf("%s\n", dirty ? "not zero" : "zero");
    return dirty != 0;
}
