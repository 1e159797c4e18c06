/* Copying between open files inside the kernel (fs/copy.c). */
#pragma once
#include "fs/open.h"

/* The most one call moves: nothing interrupts the kernel, and callers must expect short counts. */
#define COPY_MAX (16UL << 20)

/* Copy up to n bytes; *in and *out move with what was written. `once`: by a single read, for what is a
   stream and would wait for more. Bytes or negative errno. */
i64 file_copy(struct file *from, u64 *in, struct file *to, u64 *out, u64 n, bool once);
