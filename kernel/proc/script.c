/* `#!` lines: what execve puts in front of the arguments, and the program it comes to. */
#include "exec.h"
#include "errno.h"
#include "file.h"
#include "lib.h"
#include "linux/fcntl.h"

#define SCRIPT_DEPTH 5 /* as Linux: ELOOP beyond */

/* The two words of a `#!` line, cut in place; false when there is no interpreter. */
static bool parse_line(char *line, char **interpreter, char **option) {
    char *end = line;
    while (*end && *end != '\n')
        end++;
    if (!*end)
        return false;
    while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    *end = 0;
    char *p = line + 2;
    while (*p == ' ' || *p == '\t')
        p++;
    *interpreter = p;
    while (*p && *p != ' ' && *p != '\t')
        p++;
    *option = NULL;
    if (*p) {
        *p++ = 0;
        while (*p == ' ' || *p == '\t')
            p++;
        if (*p)
            *option = p;
    }
    return **interpreter != 0;
}

/* Put interpreter, option and script in front of what was there, less its first string. */
static i64 extend_prefix(struct exec *e, const char *interpreter, const char *option, const char *script) {
    const char *front[3] = { interpreter, option ? option : script, option ? script : NULL };
    u32 skip = e->prefix_size ? (u32)strlen(e->prefix) + 1 : 0, kept = e->prefix_size - skip, size = 0;
    for (u32 i = 0; i < 3 && front[i]; i++)
        size += (u32)strlen(front[i]) + 1;
    if (size + kept > sizeof(e->prefix))
        return -E2BIG;
    memmove(e->prefix + size, e->prefix + skip, kept);
    for (u32 i = 0, at = 0; i < 3 && front[i]; i++) {
        u32 length = (u32)strlen(front[i]) + 1;
        memcpy(e->prefix + at, front[i], length);
        at += length;
    }
    e->prefix_size = size + kept;
    return 0;
}

i64 resolve_scripts(struct exec *e) {
    char *script = kmalloc(sizeof(e->path));
    if (!script)
        return -ENOMEM;
    memcpy(script, e->path, sizeof(e->path));
    i64 err = 0;
    for (u32 depth = 0;; depth++) {
        i64 got = file_read_kernel(e->file, 0, e->line, SCRIPT_LINE);
        err = got < 0 ? got : 0;
        if (got < 2 || e->line[0] != '#' || e->line[1] != '!')
            break;
        if (e->hidden && !depth) {
            err = -ENOENT;
            break;
        }
        e->line[got] = 0;
        char *interpreter, *option;
        err = depth == SCRIPT_DEPTH ? -ELOOP
              : parse_line(e->line, &interpreter, &option)
                  ? extend_prefix(e, interpreter, option, script) : -ENOEXEC;
        if (err)
            break;
        struct file *next = file_open_exec(AT_FDCWD, interpreter, 0);
        if (IS_ERR(next)) {
            err = PTR_ERR(next);
            break;
        }
        file_put(e->file);
        e->file = next;
        memcpy(script, interpreter, strlen(interpreter) + 1);
    }
    kfree(script);
    return err;
}
