/* What the programs about memory share: touching what may not be there. */
#pragma once
#define _GNU_SOURCE
#include "../case.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PAGE = 4096 };
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static sigjmp_buf back;
static inline void on_fault(int number) { siglongjmp(back, number); }

static inline char *map(size_t pages, int prot, int flags, int fd, off_t offset)
{
    return mmap(0, pages * PAGE, prot, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, offset);
}

#define RW (PROT_READ | PROT_WRITE)
#define MAPS(call) say(#call, (call) == MAP_FAILED ? -1 : 0)

/* Does it in a process of its own. */
static inline void child(void (*run)(void))
{
    int status;
    fflush(stdout);
    if (!fork()) {
        run();
        fflush(stdout);
        _exit(0);
    }
    wait(&status);
    if (status)
        printf("child: %x\n", status);
}
