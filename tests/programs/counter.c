// Everything a program can tell the time by, read in a loop that also computes.
#include <stdint.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static uint64_t rdtsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

int main(void) {
    uint64_t sum = 0, last = 0;
    for (int i = 0; i < 300; i++) {
        struct timespec a, b;
        struct timeval c;
        clock_gettime(CLOCK_REALTIME, &a);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        gettimeofday(&c, 0);
        uint64_t now = rdtsc();
        if (now < last)
            return 1;
        last = now;
        sum = sum * 31 + now + (uint64_t)a.tv_nsec * 3 + (uint64_t)b.tv_nsec * 5 + (uint64_t)c.tv_usec;
        if (i % 100 == 0)
            usleep(1000);
    }
    printf("%016llx %llu %lld\n", (unsigned long long)sum, (unsigned long long)last, (long long)time(0));
    return 0;
}
