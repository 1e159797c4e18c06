/* Prints what a program is given: arguments, environment, directory, ids, auxiliary vector. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;

static void quoted(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < 0x20 || *p >= 0x7f || *p == '\\')
            printf("\\x%02x", *p);
        else
            putchar(*p);
    }
    putchar('\n');
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    char path[4096];
    size_t count = 0;

    printf("argc %d\n", argc);
    for (int i = 0; i < argc; i++)
        quoted(argv[i]);
    while (environ[count])
        count++;
    qsort(environ, count, sizeof *environ, by_text);
    for (size_t i = 0; i < count; i++)
        quoted(environ[i]);
    printf("uid %d %d gid %d %d\n", getuid(), geteuid(), getgid(), getegid());
    printf("pagesz %lu phent %lu phnum ok %d entry %d secure %lu clktck %lu\n",
           getauxval(AT_PAGESZ), getauxval(AT_PHENT), getauxval(AT_PHNUM) > 0,
           getauxval(AT_ENTRY) != 0, getauxval(AT_SECURE), getauxval(AT_CLKTCK));
    const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
    int zero = 0;
    for (int i = 0; i < 16; i++)
        zero += random[i] == 0;
    printf("random ok %d platform %s execfn %s\n", zero < 8,
           (const char *)getauxval(AT_PLATFORM), (const char *)getauxval(AT_EXECFN));
    if (argc > 1 && !strcmp(argv[1], "cwd") && getcwd(path, sizeof path))
        printf("cwd %s\n", path);
    return 0;
}
