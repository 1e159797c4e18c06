/* The only ways to user memory: every address is walked in the page tables of current->mm, faulted
   in where its area allows, and reached through the direct map. Nothing here can fault in ring 0. */
#pragma once
#include "bulk.h"

/* Whether all of a range belongs to programs, mapped or not: what Linux asks before it moves bulk data. */
static inline bool in_user_space(u64 addr, u64 n) { return addr <= NV_USER_END && n <= NV_USER_END - addr; }
/* 0 or -EFAULT. Partial copies may have happened on failure. */
i64 copy_from_user(void *dst, u64 src, u64 n);
i64 copy_to_user(u64 dst, const void *src, u64 n);
i64 zero_user(u64 dst, u64 n);
/* The same as far as the memory goes: how many bytes. */
u64 copy_some_from_user(void *dst, u64 src, u64 n);
u64 copy_some_to_user(u64 dst, const void *src, u64 n);
/* How many bytes of a range are there, up to the first that is not. */
u64 user_reach(u64 addr, u64 n, bool write);
/* Length without the NUL, -EFAULT, or -ENAMETOOLONG when there is no NUL in max bytes. */
i64 copy_string_from_user(char *dst, u64 src, u64 max);
/* Append the physical runs of [addr, addr+n); `write` asks for write rights (and breaks CoW).
   Returns how many bytes were covered: fewer at the first bad page or full table; -EFAULT when none. */
i64 user_segments(struct segments *out, u64 addr, u64 n, bool write);

#define get_user(value, addr) copy_from_user(&(value), (addr), sizeof(value))
#define put_user(value, addr) copy_to_user((addr), &(value), sizeof(value))
