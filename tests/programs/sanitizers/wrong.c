/* One error of the kind that is asked for. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *kind = argv[1];
    char *volatile heap = malloc(10);
    volatile int at = argc + 8;

    strcpy(heap, kind);
    if (!strcmp(kind, "leak"))
        heap = 0;
    if (!strcmp(kind, "behind"))
        heap[at] = 1;
    if (!strcmp(kind, "undefined"))
        at = INT_MAX - 1 + argc;
    free(heap);
    return 0;
}
