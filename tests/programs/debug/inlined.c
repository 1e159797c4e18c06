/* Functions that are put into others: one into the other, and that into main. */
#include <stdio.h>

volatile int seen;

static inline __attribute__((always_inline)) int innermost(int number) {
    int doubled = number * 2;
    seen = doubled;
    return doubled + seen;
}

static inline __attribute__((always_inline)) int middle(int value) {
    int more = value + seen;
    return innermost(more) + value;
}

__attribute__((noinline)) int outermost(int argument) {
    int start = argument + seen;
    return middle(start) + argument;
}

int main(void) {
    seen = 3;
    printf("%d\n", outermost(4));
    return 0;
}
