/* Writes a function, calls it, writes another in its place and calls that. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

unsigned char *page;

static int call(int value) {
    unsigned char code[] = { 0xb8, 0, 0, 0, 0, 0xc3 }; /* mov $value, %eax; ret */
    memcpy(code + 1, &value, sizeof(value));
    memcpy(page, code, sizeof(code));
    int result = ((int (*)(void))page)();
    getppid();
    return result;
}

int main(void) {
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int one = call(1);
    printf("%d %d\n", one, call(2));
    return 0;
}
