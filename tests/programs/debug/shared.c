/* Parent and child share pages; a debugger changes what the parent has in them. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int value = 7;
const char greeting[] = "hello";
int *common;

__attribute__((noinline)) int answer(void) { return 1; }
__attribute__((noinline)) void here(void) { __asm__ volatile(""); }

static void tell(const char *who) {
    printf("%s %d %s %d %d\n", who, value, greeting, answer(), common ? *common : 0);
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        tell("again");
        return 0;
    }
    common = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int go[2];
    if (pipe(go))
        return 1;
    if (!fork()) {
        char c;
        if (read(go[0], &c, 1) != 1)
            return 1;
        tell("child");
        execl("/proc/self/exe", argv[0], "again", NULL);
        return 1;
    }
    here();
    if (write(go[1], "x", 1) != 1)
        return 1;
    wait(NULL);
    tell("parent");
    return 0;
}
