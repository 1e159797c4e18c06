/* Program start. */
#pragma once
#include "mm.h"
#include "task.h"

noreturn void exec_first(void);

/* Where a loaded ELF starts and what auxv says of it. */
struct elf_image {
    u64 entry;       /* where the CPU starts: the interpreter's entry if there is one */
    u64 program_entry, phdr, phnum, base;
};
/* Map a program and its interpreter into mm; 0 or a negative errno (ENOEXEC, ...). */
i64 elf_load(struct mm *mm, struct file *file, struct elf_image *out);

/* Strings of execve, gathered into kernel memory before the old address space goes. */
struct exec_strings {
    u64 argc, envc;
    u64 size;        /* bytes used, NULs included */
    paddr pages[512];
    u64 page_count;
};
/* The new stack: strings, auxv, vectors. Returns the stack pointer or a negative errno. */
i64 stack_build(struct mm *mm, const struct exec_strings *strings, const struct elf_image *image,
                const char *path);
