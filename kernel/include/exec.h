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

/* Strings of execve, gathered into frames of their own before the old address space goes; the frames
   then become the top of the new stack. Lengths include the NULs. */
#define STRING_PAGES 420
#define LENGTH_PAGES 64
struct exec_strings {
    u32 argc, envc;
    u64 size;
    u32 page_count, length_page_count;
    paddr pages[STRING_PAGES];
    paddr length_pages[LENGTH_PAGES]; /* one u32 per string */
};
void strings_free(struct exec_strings *s);
/* 0, -E2BIG, -ENOMEM, -EFAULT. */
i64 strings_add(struct exec_strings *s, const char *string);
i64 strings_add_user(struct exec_strings *s, u64 string);
u32 strings_length(const struct exec_strings *s, u32 index);

/* The new stack: strings, auxv, vectors. Takes over the string frames. Stack pointer or -errno. */
i64 stack_build(struct mm *mm, struct exec_strings *strings, const struct elf_image *image,
                const char *path, const struct cred *cred);
/* Map the clock page and the vDSO image; 0 or -ENOMEM. */
i64 vdso_map(struct mm *mm);

#define SCRIPT_LINE 256
/* One program start; lives in a heap page of its own, kernel stacks are small. */
struct exec {
    struct file *file;
    struct mm *mm;
    struct cred *cred;
    struct elf_image image;
    struct exec_strings *strings;
    bool by_descriptor;   /* it has no other name */
    bool hidden;          /* the name goes with the old program: no interpreter could open it */
    char path[1024];      /* of the program named, for AT_EXECFN and /proc */
    char line[SCRIPT_LINE + 1];
    char prefix[2048];    /* argv in front of the caller's: interpreter, option, script */
    u32 prefix_size;
};
/* Follow `#!` lines until e->file is a program. */
i64 resolve_scripts(struct exec *e);
