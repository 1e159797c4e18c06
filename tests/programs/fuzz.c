/*
 * Throws bad arguments at every system call, in children that may die of it.
 * "pointers": each argument in turn a bad address; "sizes": addresses fine, sizes absurd;
 * "random": dice, the same ones for the same second argument.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAST = 462, PAGE = 4096 };

static char *edge, *good, *read_only;

static uint64_t state = 88172645463325252u;

static uint64_t dice(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* Calls that by their nature would end or multiply the child, or end its parent. */
static int skipped(int number)
{
    switch (number) {
    case SYS_exit: case SYS_exit_group: case SYS_pause: case SYS_rt_sigreturn: case SYS_fork:
    case SYS_vfork: case SYS_clone: case SYS_clone3: case SYS_rt_sigsuspend: case SYS_kill:
    case SYS_tkill: case SYS_tgkill: case SYS_rt_sigqueueinfo: case SYS_rt_tgsigqueueinfo:
    case SYS_pidfd_send_signal:
        return 1;
    }
    return 0;
}

static long bad_address(int which)
{
    const long addresses[] = {
        0, 1, PAGE - 1, -1, -PAGE, (long)0xffffffff80100000, (long)0xffff800000001000,
        (long)0x8000000000000000, 0x7fffffffffff, 0x7ffffffff000, 0x800000000000,
        (long)(edge + PAGE - 1), (long)(edge + PAGE - 4), (long)(edge + PAGE), (long)read_only,
        (long)0xffffffff81000000,
    };
    return addresses[which % (int)(sizeof addresses / sizeof *addresses)];
}

/* Limits and memory of the parent are open to its child, which belongs to the same user: the parent
   would die of what is meant for the kernel. */
static void call(int number, long *a)
{
    if (number == SYS_prlimit64)
        a[0] = 0;
    if (number == SYS_process_vm_writev)
        a[0] = getpid();
    syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void pointers(int number)
{
    for (int position = 0; position < 6; position++)
        for (int which = 0; which < 16; which++) {
            long a[6] = {0, 64, 64, 0, 0, 0};
            if (position > 0)
                a[0] = (which & 1) ? 3 : (long)good;
            a[position] = bad_address(which);
            if (position < 5)
                a[position + 1] = (which & 2) ? 64 : (long)good;
            call(number, a);
        }
}

static void sizes(int number)
{
    const long values[] = {-1, 1L << 62, 1L << 47, 1L << 40, 0x7fffffffL, 0x80000000L, 0xffffffffL,
                           0x7fffffffffffffffL, 1L << 31, 3, PAGE + 1};
    for (int position = 0; position < 6; position++)
        for (size_t which = 0; which < sizeof values / sizeof *values; which++) {
            long a[6] = {3, (long)good, 16, 0, 0, 0};
            if (which & 1)
                a[0] = (long)good;
            a[position] = values[which];
            call(number, a);
        }
}

static void at_random(int number)
{
    for (int round = 0; round < 40; round++) {
        long a[6];
        for (int i = 0; i < 6; i++)
            switch (dice() % 5) {
            case 0: a[i] = (long)dice(); break;
            case 1: a[i] = (long)(dice() % 8); break;
            case 2: a[i] = bad_address((int)(dice() % 16)); break;
            case 3: a[i] = (long)(good + dice() % (4 * PAGE)); break;
            default: a[i] = (long)(1UL << dice() % 64) - (long)(dice() % 3); break;
            }
        call(number, a);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "pointers";
    int killed = 0;

    state += argc > 2 ? strtoul(argv[2], 0, 10) * 7919 : 0;
    edge = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(edge + PAGE, PAGE);
    memset(edge, 'e', PAGE);
    good = mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    read_only = mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mkdir("/tmp/fuzz", 0700);
    if (chdir("/tmp/fuzz"))
        return 1;
    for (int number = 0; number < LAST; number++) {
        int status;
        if (skipped(number))
            continue;
        pid_t child = fork();
        if (child == 0) {
            /* Whatever is sent, it goes to this child and its own group. */
            setsid();
            int null = open("/dev/null", O_RDWR);
            dup2(null, 0), dup2(null, 1), dup2(null, 2);
            open("file", O_RDWR | O_CREAT, 0600);
            alarm(2);
            if (!strcmp(what, "pointers"))
                pointers(number);
            else if (!strcmp(what, "sizes"))
                sizes(number);
            else
                at_random(number);
            _exit(0);
        }
        if (child < 0)
            return 2;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        killed += WIFSIGNALED(status);
        kill(-child, SIGKILL);
    }
    fprintf(stderr, "%d children were killed\n", killed);
    puts("survived");
    return 0;
}
