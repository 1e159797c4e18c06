/* Memory: the break, and stacks that grow. */
#include "faults.h"

CASE(the_break, "brk")
{
    char *start = (char *)syscall(SYS_brk, 0);
    IS(start != 0);
    IS((char *)syscall(SYS_brk, start + 3 * PAGE + 5) == start + 3 * PAGE + 5);
    start[3 * PAGE] = 1;
    N(start[0]);
    IS((char *)syscall(SYS_brk, start + PAGE) == start + PAGE);
    IS((char *)syscall(SYS_brk, 0) == start + PAGE);
    IS((char *)syscall(SYS_brk, start + 3 * PAGE + 5) == start + 3 * PAGE + 5);
    N(start[3 * PAGE]);
    char *end = (char *)syscall(SYS_brk, 0);
    IS((char *)syscall(SYS_brk, 16) == end);
    IS((char *)syscall(SYS_brk, 0xffff800000000000) == end);
    IS((char *)syscall(SYS_brk, start) == start);
    catch_faults();
    READ(start + 2 * PAGE);
}

static int deep(int depth)
{
    volatile char room[4000];
    room[0] = depth;
    return depth ? deep(depth - 1) + room[0] - (depth & 0xff) : 1;
}

CASE(stack_grows, "mmap")
{
    IS(deep(1500) != 0);
}

static void forever(volatile char *previous)
{
    volatile char room[8000];
    room[0] = previous ? *previous : 0;
    forever(room);
    room[1] = 0;
}

CASE(stack_ends, "sigaltstack rt_sigaction")
{
    catch_faults();
    CHILD(forever(0));
    CHILD(
        stack_t other = {.ss_sp = anonymous(16 * PAGE, PROT_READ | PROT_WRITE), .ss_size = 16 * PAGE};
        sigaltstack(&other, 0);
        struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigaction(SIGSEGV, &action, 0);
        if (!sigsetjmp(back, 1)) forever(0);
        N(fault_code));
}

/* This program again under a limit of its stack; it goes so many pages deep and maps a page. */
static void with_stack(const char *name, rlim_t limit, const char *pages)
{
    setenv("CASE_AGAIN", pages, 1);
    MUST(setrlimit(RLIMIT_STACK, &(struct rlimit){limit, RLIM_INFINITY}));
    execl("/proc/self/exe", "again", "--body", name, (char *)0);
    _exit(97);
}

CASE(stack_of_a_large_limit, "execve setrlimit mmap")
{
    const char *pages = getenv("CASE_AGAIN");
    if (pages) {
        volatile char here = 1, *deep = &here - atol(pages) * PAGE;
        IS((volatile char *)anonymous(PAGE, PROT_READ) < deep);
        catch_faults();
        WRITE(deep);
        IS((volatile char *)anonymous(PAGE, PROT_READ) < deep);
        return;
    }
    CHILD(with_stack("stack_of_a_large_limit", 64ul << 20, "12000"));
    CHILD(with_stack("stack_of_a_large_limit", 64ul << 20, "18000"));
    CHILD(with_stack("stack_of_a_large_limit", 1ul << 30, "250000"));
    CHILD(with_stack("stack_of_a_large_limit", RLIM_INFINITY, "1000000"));
}

CASE(grows_down, "mmap")
{
    char *at = MUST(mmap(0, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MUST(munmap(at, 64 * PAGE));
    char *top = at + 60 * PAGE;
    IS(mmap(top, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0) == top);
    catch_faults();
    WRITE(top);
    WRITE(top - PAGE);
    WRITE(top - 5 * PAGE);
    READ(top + PAGE);
}
