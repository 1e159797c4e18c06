/* Basic types and the handful of macros every file uses. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long i64;
typedef u64 paddr; /* guest-physical address; 0 is never handed out and means "none" */

#define NULL ((void *)0)
#define bool _Bool
#define true 1
#define false 0

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define ROUND_UP(x, to) (((x) + (to) - 1) & ~((u64)(to) - 1))
#define ROUND_DOWN(x, to) ((x) & ~((u64)(to) - 1))
#define offsetof(type, member) __builtin_offsetof(type, member)
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noreturn _Noreturn
#define packed __attribute__((packed))

/* Pointers that carry a negative errno instead of an address. */
#define ERR_PTR(err) ((void *)(i64)(err))
#define PTR_ERR(ptr) ((i64)(ptr))
#define IS_ERR(ptr) ((u64)(ptr) >= (u64)-4095)
