/* Kernel stacks: 16 KiB each, with an unmapped guard below. */
#pragma once
#include "types.h"

#define KSTACK_BASE 0xffffffffc0000000UL
#define KSTACK_SIZE 16384
#define KSTACK_STRIDE (2 * KSTACK_SIZE)

u64 kstack_alloc(void); /* lowest address, or 0 */
void kstack_free(u64 stack);
