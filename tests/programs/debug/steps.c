/* Something to step through: a function, a loop, memory that changes, output, input. */
#include <stdio.h>
#include <string.h>

static int total;
static char text[32];

static int square(int x) {
    int result = x * x;
    return result;
}

int main(int argc, char **argv) {
    for (int i = 0; i < 3; i++)
        total += square(i);
    snprintf(text, sizeof(text), "total %d", total);
    puts(text);
    fflush(stdout);
    char line[32];
    if (argc > 1 && fgets(line, sizeof(line), stdin))
        printf("read %s", line);
    return total;
}
