/* What the test programs share: a call, and what came of it, as a line. */
#pragma once
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline long say(const char *what, long result)
{
    if (result == -1)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: %ld\n", what, result);
    return result;
}

#define TRY(call) say(#call, (long)(call))
/* The same where the number itself is nobody's business: descriptors, addresses, times. */
#define WORKS(call) say(#call, (long)(call) == -1 ? -1 : 0)

/* Things that must be so for the rest to mean anything. */
#define MUST(condition) \
    do { \
        if (!(condition)) { \
            printf("line %d: %s: %s\n", __LINE__, #condition, strerror(errno)); \
            exit(99); \
        } \
    } while (0)

/* Work in the directory named by the argument, made if need be. */
static inline void enter(int argc, char **argv)
{
    setvbuf(stdout, 0, _IONBF, 0);
    umask(022);
    if (argc > 1)
        mkdir(argv[1], 0755);
    MUST(argc > 1 && !chdir(argv[1]));
}
