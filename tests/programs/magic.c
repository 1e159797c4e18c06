/* Dies of one word in its input, at an address that depends on the input. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static int table[8];
__attribute__((noinline)) static int look(const char *text, long n) {
    int sum = 0;
    for (long i = 0; i < n; i++) sum += text[i] * table[i & 7];
    if (sum == 0 && strstr(text, "magic")) sum = *(volatile int *)(text[0] * 0x1000L);
    return sum;
}
int main(void) {
    char line[100];
    while (fgets(line, sizeof line, stdin)) printf("%d\n", look(line, (long)strlen(line)));
    return 0;
}
