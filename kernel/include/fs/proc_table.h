/* Rows of /proc's tables. */
#pragma once
#include "fs/proc.h"

#define DIR_MODE (S_IFDIR | 0555)
#define FILE_ENTRY(n, w) {.name = n, .mode = S_IFREG | 0444, .write = w}
#define DIR_ENTRY(n, e) {.name = n, .mode = DIR_MODE, .entries = e}

/* What writes a file of one number. */
#define NUMBER(function, value) \
    static void function(struct text *text, struct process *p) { text_add(text, "%u\n", (u32)(value)); }
