/* One error of the kind that is asked for. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *kind = argv[1];
    char *volatile heap = malloc(10);
    volatile char stack[8] = {0};
    volatile int at = argc + 8;

    strcpy(heap, kind);
    if (!strcmp(kind, "leak"))
        heap = 0;
    if (!strcmp(kind, "behind"))
        heap[at] = 1;
    if (!strcmp(kind, "freed") || !strcmp(kind, "twice"))
        free(heap);
    if (!strcmp(kind, "freed"))
        printf("%d\n", heap[2]);
    if (!strcmp(kind, "stack"))
        stack[at] = 1;
    if (!strcmp(kind, "undefined"))
        at = INT_MAX - 1 + argc;
    if (!strcmp(kind, "null"))
        heap = 0, *heap = 1;
    free(heap);
    return 0;
}
