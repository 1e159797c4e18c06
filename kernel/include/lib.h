/* Strings, formatting, panic. */
#pragma once
#include "types.h"

void *memcpy(void *dst, const void *src, u64 n);
void *memmove(void *dst, const void *src, u64 n);
void *memset(void *dst, int c, u64 n);
int memcmp(const void *a, const void *b, u64 n);
u64 strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, u64 n);
u32 hash_bytes(const void *data, u64 n);

/* Format into buf (always terminated when size > 0); %s %c %d %u %x %o %p %%, `l`, width, `0`, `-`
   and `.*s`. Returns the length the whole text has, as snprintf. */
u64 format(char *buf, u64 size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
u64 vformat(char *buf, u64 size, const char *fmt, __builtin_va_list args);

/* A whole number with spaces around it, decimal, 0 octal or 0x hexadecimal: 0, -EINVAL or -ERANGE. */
i64 parse_i32(const char *text, i32 *number);

/* One line for `nanvix run --verbose`. */
void klog(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The kernel is wrong: report and stop the VM. Never for anything a program can cause. */
noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define assert(cond) ((cond) ? (void)0 : panic("%s:%d: %s", __FILE__, __LINE__, #cond))

/* Pseudo-random numbers from the host's seed (kernel/lib/random.c). */
void random_init(void);
u64 random_u64(void);
