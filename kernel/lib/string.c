/* Memory and string functions: eight bytes at a time, and `rep` for what is long enough to be worth its
   start-up on a CPU. An emulator counts an iteration of `rep` as one instruction. */
#include "lib.h"

#define LONG 128 /* bytes */

typedef u64 __attribute__((may_alias, aligned(1))) word;

void *memcpy(void *dst, const void *src, u64 n) {
    u8 *d = dst;
    const u8 *s = src;
    if (n >= LONG) {
        u64 words = n / 8;
        n %= 8;
        __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words)::"memory");
    }
    for (; n >= 8; n -= 8, d += 8, s += 8)
        *(word *)d = *(const word *)s;
    while (n--)
        *d++ = *s++;
    return dst;
}

void *memmove(void *dst, const void *src, u64 n) {
    u8 *d = dst;
    const u8 *s = src;
    if (d <= s || d >= s + n)
        return memcpy(dst, src, n);
    for (; n >= 8; n -= 8)
        *(word *)(d + n - 8) = *(const word *)(s + n - 8);
    while (n--)
        d[n] = s[n];
    return dst;
}

void *memset(void *dst, int c, u64 n) {
    u8 *d = dst;
    u64 pattern = 0x0101010101010101UL * (u8)c;
    if (n >= LONG) {
        u64 words = n / 8;
        n %= 8;
        __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
    }
    for (; n >= 8; n -= 8, d += 8)
        *(word *)d = pattern;
    while (n--)
        *d++ = (u8)c;
    return dst;
}

int memcmp(const void *a, const void *b, u64 n) {
    const u8 *x = a, *y = b;
    for (; n >= 8 && *(const word *)x == *(const word *)y; n -= 8, x += 8, y += 8)
        ;
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

u64 strlen(const char *s) {
    const char *p = s;
    while (*p)
        p++;
    return (u64)(p - s);
}

int strcmp(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, u64 n) {
    for (; n && *a && *a == *b; n--)
        a++, b++;
    return n ? (u8)*a - (u8)*b : 0;
}

/* FNV-1a over words, then the tail: names are short and this is on the path of every lookup. */
u32 hash_bytes(const void *data, u64 n) {
    const u8 *p = data;
    u64 h = 0xcbf29ce484222325UL ^ n;
    for (; n >= 8; n -= 8, p += 8)
        h = (h ^ *(const word *)p) * 0x9e3779b97f4a7c15UL;
    for (; n; n--)
        h = (h ^ *p++) * 0x100000001b3UL;
    return (u32)(h ^ h >> 32);
}
