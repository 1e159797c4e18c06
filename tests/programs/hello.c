/* A line on each stream and an exit code. */
#include <stdio.h>

int main(void)
{
    puts("hello, world");
    fputs("to stderr\n", stderr);
    return 3;
}
