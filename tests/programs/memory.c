/* Memory as programs use it: mapping, protection, copy-on-write, growth, reservations. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static sigjmp_buf back;
static volatile uintptr_t fault_address;
static volatile int fault_code;

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    fault_address = (uintptr_t)info->si_addr;
    fault_code = info->si_code;
    siglongjmp(back, 1);
}

/* Whether touching the address faults, and with which si_code. */
static void touch(const char *what, volatile char *address, int write)
{
    fault_code = 0;
    if (!sigsetjmp(back, 1)) {
        if (write)
            *address = 1;
        else
            (void)*address;
        printf("%s: fine\n", what);
    } else {
        printf("%s: code %d, address %s\n", what, fault_code,
               fault_address == (uintptr_t)address ? "right" : "wrong");
    }
}

static char *map(size_t size, int protection, int flags)
{
    char *area = mmap(0, size, protection, flags | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) {
        printf("mmap of %zu: %s\n", size, strerror(errno));
        exit(1);
    }
    return area;
}

static void protections(void)
{
    char *area = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(area, 'a', 4 * PAGE);
    mprotect(area + PAGE, PAGE, PROT_READ);
    mprotect(area + 2 * PAGE, PAGE, PROT_NONE);
    touch("read-only read", area + PAGE, 0);
    touch("read-only write", area + PAGE + 5, 1);
    touch("none read", area + 2 * PAGE + 7, 0);
    touch("last page", area + 3 * PAGE, 1);
    munmap(area + 3 * PAGE, PAGE);
    touch("unmapped", area + 3 * PAGE + 9, 0);
    mprotect(area, 3 * PAGE, PROT_READ | PROT_WRITE);
    touch("writable again", area + 2 * PAGE, 1);
    printf("kept %c%c%c\n", area[1], area[PAGE + 1], area[2 * PAGE + 1]);
    madvise(area, 2 * PAGE, MADV_DONTNEED);
    printf("after DONTNEED %d %d %c\n", area[1], area[PAGE + 1], area[2 * PAGE + 1]);
    printf("mprotect of nothing: %s\n",
           mprotect(area + 3 * PAGE, PAGE, PROT_READ) ? strerror(errno) : "fine");
    printf("unaligned: %s\n", munmap(area + 1, PAGE) ? strerror(errno) : "fine");
    munmap(area, 3 * PAGE);
}

static void code(void)
{
    static const unsigned char seven[] = {0xb8, 7, 0, 0, 0, 0xc3};
    unsigned char *area = (unsigned char *)map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    memcpy(area, seven, sizeof seven);
    mprotect(area, PAGE, PROT_READ | PROT_EXEC);
    int first = ((int (*)(void))area)();
    mprotect(area, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    area[1] = 9;
    printf("generated code returns %d, then %d\n", first, ((int (*)(void))area)());
    munmap(area, PAGE);
}

static void reservations(void)
{
    size_t huge = (size_t)64 << 30;
    char *area = mmap(0, huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    printf("64 GiB reserved: %s\n", area == MAP_FAILED ? strerror(errno) : "yes");
    char *middle = area + (huge >> 1);
    printf("carved: %s\n", mprotect(middle, 16 * PAGE, PROT_READ | PROT_WRITE) ? strerror(errno) : "yes");
    middle[3 * PAGE] = 'x';
    char *fixed = mmap(middle + 8 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    printf("fixed at place: %d, %c, %d\n", fixed == middle + 8 * PAGE, middle[3 * PAGE], *fixed);
    printf("absurd size: %s\n",
           mmap(0, (size_t)1 << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? strerror(errno) : "mapped");
    printf("zero size: %s\n",
           mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? strerror(errno) : "mapped");
    printf("no replace: %s\n",
           mmap(fixed, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)
               == MAP_FAILED ? strerror(errno) : "mapped");
    munmap(area, huge);
    touch("reservation gone", middle + 3 * PAGE, 0);
}

static void growth(void)
{
    char *old = (char *)syscall(SYS_brk, 0);
    char *top = (char *)syscall(SYS_brk, old + 5 * PAGE);
    printf("brk grows: %d\n", top == old + 5 * PAGE);
    memset(old, 'b', 5 * PAGE);
    syscall(SYS_brk, old);
    touch("brk shrunk", (char *)(((uintptr_t)old + PAGE - 1) & -PAGE) + PAGE, 0);
    char *area = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    strcpy(area, "moved");
    area = mremap(area, 2 * PAGE, 700 * PAGE, MREMAP_MAYMOVE);
    area[699 * PAGE] = 1;
    printf("mremap: %s\n", area);
    area = mremap(area, 700 * PAGE, PAGE, 0);
    touch("shrunk", area + PAGE, 0);
    munmap(area, PAGE);
    volatile char *frame = __builtin_alloca(3 << 20);
    for (size_t at = 3 << 20; at; at -= PAGE)
        frame[at - PAGE] = 1;
    puts("stack grew by 3 MiB");
}

static void forked(void)
{
    char *private = map(64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    char *shared = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    memset(private, 'p', 64 * PAGE);
    strcpy(shared, "from the parent");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 64; i += 2)
            private[i * PAGE] = 'c';
        int ok = private[PAGE] == 'p' && private[0] == 'c';
        strcpy(shared, ok ? "from the child" : "child sees wrong memory");
        _exit(0);
    }
    waitpid(child, 0, 0);
    int kept = 0;
    for (int i = 0; i < 64; i++)
        kept += private[i * PAGE] == 'p';
    printf("after fork: %d pages kept, shared says %s\n", kept, shared);
    munmap(private, 64 * PAGE);
    munmap(shared, 2 * PAGE);
}

static void files(void)
{
    int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 3 * PAGE; i++)
        if (write(fd, &"0123456789"[i % 10], 1) != 1)
            exit(2);
    char *private = mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *shared = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
    private[5] = 'X';
    shared[6] = 'Y';
    char byte[2] = "";
    if (pread(fd, byte, 1, PAGE + 6) != 1)
        exit(3);
    printf("file sees shared write: %s, private: %c\n", byte, private[5]);
    if (pwrite(fd, "Z", 1, 2 * PAGE) != 1)
        exit(4);
    printf("mapping sees file write: %c\n", shared[PAGE]);
    msync(shared, 2 * PAGE, MS_SYNC);
    char *beyond = mmap(0, 8 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    touch("inside", beyond + 3 * PAGE - 1, 0);
    signal(SIGBUS, SIG_DFL);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGBUS, &action, 0);
    touch("beyond the end of the file", beyond + 5 * PAGE, 0);
    munmap(private, 3 * PAGE);
    munmap(shared, 2 * PAGE);
    munmap(beyond, 8 * PAGE);
    close(fd);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    protections();
    code();
    reservations();
    growth();
    forked();
    files();
    return 0;
}
