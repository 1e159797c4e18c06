/* What the cases about /proc share: what stands in a file. */
#pragma once
#include "case.h"

static inline char *text_of(const char *path)
{
    static char text[65536];
    int fd = open(path, O_RDONLY);
    ssize_t size = 0, more;
    if (fd < 0) {
        say("%s: %s", path, error_name(errno));
        return 0;
    }
    while ((more = read(fd, text + size, sizeof text - 1 - size)) > 0)
        size += more;
    close(fd);
    text[size] = 0;
    return text;
}

static inline int has(const char *path, const char *what)
{
    char *text = text_of(path);
    return text && strstr(text, what);
}

#define HAS(path, what) say("%s has %s: %s", path, what, has(path, what) ? "yes" : "no")
