/* Listings of directories by the calls themselves: in pieces, in the older form, of what is gone. */
#include "case.h"
#include <dirent.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

CASE(listing_in_pieces, "getdents64 lseek")
{
    char name[16], buffer[256];
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "name%02d", i);
        close(MUST(open(name, O_CREAT | O_WRONLY, 0600)));
    }
    int dir = T(open(".", O_RDONLY | O_DIRECTORY)), total = 0;
    long size;
    uint64_t seen = 0;
    while ((size = syscall(SYS_getdents64, dir, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < size; total++) {
            struct dirent *entry = (void *)(buffer + at);
            if (!strncmp(entry->d_name, "name", 4))
                seen |= 1ull << atoi(entry->d_name + 4);
            at += entry->d_reclen;
        }
    N(size);
    N(total);
    IS(seen == (1ull << 60) - 1);
    T(syscall(SYS_getdents64, dir, buffer, sizeof buffer));
    T(lseek(dir, 0, SEEK_SET));
    IS(syscall(SYS_getdents64, dir, buffer, sizeof buffer) > 0);
    T(lseek(dir, 0, SEEK_SET));
    T(syscall(SYS_getdents64, dir, buffer, 8));
    T(syscall(SYS_getdents64, dir, buffer, 0));
    T(syscall(SYS_getdents64, 0, buffer, sizeof buffer));
    T(syscall(SYS_getdents64, 77, buffer, sizeof buffer));
    T(syscall(SYS_getdents64, dir, (void *)8, sizeof buffer));
}

/* An entry for getdents(2), whose type is its last byte. */
struct old_entry {
    unsigned long number, next;
    unsigned short size;
    char name[];
};

CASE(listing_in_the_old_form, "getdents lseek rmdir")
{
    char buffer[256] __attribute__((aligned(8))), *lines[8], text[64];
    struct stat info;
    close(file_with("f", ""));
    T(mkdir("a longer name", 0755));
    T(symlink("f", "l"));
    T(mkfifo("p", 0600));
    int dir = T(open(".", O_RDONLY | O_DIRECTORY)), count = 0;
    long size;
    while ((size = syscall(SYS_getdents, dir, buffer, 80)) > 0)
        for (struct old_entry *at = (void *)buffer; (char *)at < buffer + size; at = (void *)((char *)at + at->size)) {
            int same = !stat(at->name, &info) && (at->name[0] == 'l' || at->name[0] == '.' || info.st_ino == at->number);
            snprintf(text, sizeof text, "%s(%d) %d %s", at->name, ((char *)at)[at->size - 1], at->size, same ? "right" : "wrong");
            lines[count++] = strdup(text);
        }
    N(size);
    qsort(lines, count, sizeof *lines, by_name);
    for (int i = 0; i < count; i++)
        say("%s", lines[i]);
    T(syscall(SYS_getdents, dir, buffer, sizeof buffer));
    T(lseek(dir, 0, SEEK_SET));
    T(syscall(SYS_getdents, dir, buffer, 23));
    T(syscall(SYS_getdents, dir, buffer, 24));
    T(syscall(SYS_getdents, 0, buffer, sizeof buffer));
    T(syscall(SYS_getdents, 77, buffer, sizeof buffer));
    T(syscall(SYS_getdents, dir, (void *)8, sizeof buffer));
    T(mkdir("gone", 0755));
    dir = T(open("gone", O_RDONLY | O_DIRECTORY));
    T(rmdir("gone"));
    T(syscall(SYS_getdents, dir, buffer, sizeof buffer));
}

CASE(listing_a_removed_directory, "getdents64 rmdir")
{
    char buffer[256];
    T(mkdir("d", 0755));
    int dir = T(open("d", O_RDONLY));
    T(rmdir("d"));
    T(syscall(SYS_getdents64, dir, buffer, sizeof buffer));
    struct stat info;
    T(fstat(dir, &info));
    N(info.st_nlink);
}
