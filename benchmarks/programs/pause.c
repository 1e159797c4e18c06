/* A hello that stays: its memory is looked at while it waits. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    puts("hello");
    fflush(stdout);
    pause();
    return 0;
}
