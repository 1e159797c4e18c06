/* /proc/<pid>/maps and mem: memory seen, read and written as files. */
#include "pseudo_files.h"

CASE(memory_maps, "open read mmap")
{
    char line[32];
    void *at = MUST(mmap(0, 3 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    snprintf(line, sizeof line, "%lx-", (unsigned long)at);
    IS(has("/proc/self/maps", line));
    HAS("/proc/self/maps", "[stack]");
    HAS("/proc/self/maps", "[vdso]");
    HAS("/proc/self/maps", " r-xp ");
    HAS("/proc/self/smaps", "Rss:");
    HAS("/proc/self/auxv", "");
    HAS("/proc/self/limits", "Max open files");
}

CASE(memory_through_a_file, "open pread64 pwrite64")
{
    char text[8] = "";
    static char here[8] = "content";
    int fd = T(open("/proc/self/mem", O_RDWR));
    T(pread(fd, text, 7, (off_t)(uintptr_t)here));
    say("%s", text);
    T(pwrite(fd, "CON", 3, (off_t)(uintptr_t)here));
    say("%s", here);
    T(pread(fd, text, 7, 8));
    T(pwrite(fd, text, 7, 8));
    T(pread(fd, (void *)8, 7, (off_t)(uintptr_t)here));
    T(lseek(fd, 0, SEEK_END));
    T(lseek(fd, 8, SEEK_SET));
    char *at = MUST(mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    memset(at, 'x', 3 * PAGE);
    T(mprotect(at, PAGE, PROT_READ));
    T(munmap(at + 2 * PAGE, PAGE));
    T(mprotect(at + PAGE, PAGE, PROT_NONE));
    T(pwrite(fd, "read-only", 10, (off_t)(uintptr_t)at));
    say("%s", at);
    T(pwrite(fd, "hidden", 7, (off_t)(uintptr_t)at + PAGE));
    memset(text, 0, sizeof text);
    T(pread(fd, text, 7, (off_t)(uintptr_t)at + PAGE));
    say("%s", text);
    static char big[3 * PAGE];
    T(pread(fd, big, sizeof big, (off_t)(uintptr_t)at));
    IS(big[100] == 'x' && big[2 * PAGE - 1] == 'x' && !big[2 * PAGE]);
    T(mprotect(at + PAGE, PAGE, PROT_READ));
    say("%s", at + PAGE);
    CHILD(*(volatile char *)at = 1);
}

/* Of another process, of a program's code, and of memory that is shared. */
CASE(memory_of_others_through_a_file, "open pread64 pwrite64 execve")
{
    char path[32], text[8] = "";
    static volatile int value = 5;
    int ends[2];
    MUST(pipe(ends));
    int *shared = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    *shared = 6;
    T(mprotect(shared, PAGE, PROT_READ));
    pid_t child = MUST(fork());
    if (!child) {
        char byte;
        (void)!read(ends[0], &byte, 1);
        _exit(value);
    }
    snprintf(path, sizeof path, "/proc/%d/mem", child);
    int fd = T(open(path, O_RDWR)), found = 0, put = 9;
    T(pread(fd, &found, 4, (off_t)(uintptr_t)&value));
    N(found);
    T(pwrite(fd, &put, 4, (off_t)(uintptr_t)&value));
    N(value);
    T(pwrite(fd, &put, 4, (off_t)(uintptr_t)shared));
    T(pread(fd, &found, 4, (off_t)(uintptr_t)shared));
    N(found);
    unsigned char code[2] = {0};
    T(pread(fd, code, 2, (off_t)(uintptr_t)has));
    T(pwrite(fd, "\xcc\xcc", 2, (off_t)(uintptr_t)has));
    IS(!memcmp(code, (void *)(uintptr_t)has, 2));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(open(path, O_RDONLY));
            T(open("/proc/self/mem", O_RDONLY)));
    MUST(write(ends[1], text, 1));
    say_status("child", wait_for(child));
    T(pread(fd, &found, 4, (off_t)(uintptr_t)&value));
    T(open(path, O_RDONLY));
}
