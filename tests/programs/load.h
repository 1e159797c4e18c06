/* What the programs of much at once share: their main, and descriptors without a limit. */
#pragma once
#include "case.h"
#include <sys/resource.h>
#include <sys/syscall.h>

static int many;

struct way {
    const char *name;
    void (*run)(void);
};

static inline void all_descriptors(void)
{
    struct rlimit limit;
    MUST(!getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    MUST(!setrlimit(RLIMIT_NOFILE, &limit));
}

/* WHAT HOW-MANY: runs the way of that name, with no descriptors but the standard ones. */
static inline int run_way(int argc, char **argv, const struct way *ways, size_t count)
{
    setvbuf(stdout, 0, _IONBF, 0);
    syscall(SYS_close_range, 3L, ~0UL >> 32, 0L);
    many = argc > 2 ? atoi(argv[2]) : 0;
    for (size_t i = 0; i < count; i++)
        if (argc > 1 && !strcmp(argv[1], ways[i].name))
            ways[i].run();
    return 0;
}
