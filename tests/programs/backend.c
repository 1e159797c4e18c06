/* Behaves differently where the processor's clock runs differently: the two backends' do. */
#include <stdio.h>
#include <x86intrin.h>
#include <unistd.h>

int main(void)
{
    unsigned long long start = __rdtsc();
    for (volatile int i = 0; i < 100000; i++)
        ;
    unsigned long long cycles = __rdtsc() - start;

    /* The emulator's clock is its instruction counter: a round of this loop takes a few ticks. */
    puts(cycles % 1000 ? "took a while" : "took a round number");
    printf("%llu\n", cycles);
    getppid();
    return 0;
}
