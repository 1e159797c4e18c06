/* Moving bytes between the caller's buffers and another address space (mm/remote.c). */
#pragma once
#include "fs/io.h"

struct mm;

/* The most one call moves: nothing interrupts the kernel, and callers must expect short counts. */
#define REMOTE_MAX (64UL << 20)

/* Bytes moved: fewer at the first page that is not there, or that its process may not read or write;
   `force`: where it may not, but the page can be had or a private copy be made (mm_resolve_forced). */
u64 remote_move(struct mm *mm, u64 at, u64 size, struct io *io, bool write, bool force);
