/* SHA-256 (FIPS 180-4) over and over a buffer: MEGABYTES of it, then digest and seconds taken. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint32_t state[8], constants[64];

static uint32_t rotate(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

/* The first 32 fractional bits of the roots of the first primes, in integers alone. */
static uint32_t fraction(uint64_t prime, int cube)
{
    unsigned __int128 target = (unsigned __int128)prime << (cube ? 96 : 64);
    uint64_t root = 0;
    for (int bit = 35; bit >= 0; bit--) {
        uint64_t next = root | 1ull << bit;
        unsigned __int128 square = (unsigned __int128)next * next;
        if (cube ? square <= target / next : square <= target)
            root = next;
    }
    return (uint32_t)root;
}

static void prepare(void)
{
    int found = 0;
    for (uint64_t n = 2; found < 64; n++) {
        int prime = 1;
        for (uint64_t d = 2; d * d <= n; d++)
            prime &= n % d != 0;
        if (!prime)
            continue;
        if (found < 8)
            state[found] = fraction(n, 0);
        constants[found++] = fraction(n, 1);
    }
}

static void block(const unsigned char *data)
{
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)data[4 * i] << 24 | data[4 * i + 1] << 16 | data[4 * i + 2] << 8 | data[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    for (int i = 0; i < 8; i++)
        s[i] = state[i];
    for (int i = 0; i < 64; i++) {
        uint32_t a = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
        uint32_t one = s[7] + a + ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + w[i];
        uint32_t b = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
        uint32_t two = b + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        for (int k = 7; k > 0; k--)
            s[k] = s[k - 1];
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

int main(int argc, char **argv)
{
    static unsigned char data[64 << 10];
    long rounds = (argc > 1 ? atol(argv[1]) : 64) * 16;
    struct timespec start, end;

    prepare();
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 31);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long round = 0; round < rounds; round++)
        for (size_t at = 0; at < sizeof data; at += 64)
            block(data + at);
    clock_gettime(CLOCK_MONOTONIC, &end);
    for (int i = 0; i < 8; i++)
        printf("%08x", state[i]);
    printf(" %.6f\n", end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9);
    return 0;
}
