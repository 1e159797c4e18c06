/* A log that overflows into what lies behind it. */
#include <stdio.h>
#include <string.h>

struct record {
    char log[32];
    char name[16];
} record = { "", "nanvix" };

__attribute__((noinline)) static void append(const char *word) {
    char *to = record.log + strlen(record.log);
    while (*word)
        *to++ = *word++;
}

__attribute__((noinline)) static void complain(void) { printf("my name is %s\n", record.name); }

int main(void) {
    for (int i = 0; i < 9; i++)
        append("step,");
    if (strcmp(record.name, "nanvix"))
        complain();
    return 0;
}
