/* Memory without files: mapping, protecting, moving, advice, the break, faults. */
#include "case.h"
#include <setjmp.h>

static sigjmp_buf back;
static volatile int fault_code;
static void *volatile fault_at;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    fault_code = info->si_code;
    fault_at = info->si_addr;
    siglongjmp(back, signal);
}

static void catch_faults(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);
}

/* What happens on access: fine, or the signal with its code and whether its address is right. */
#define TOUCH(address, statement)                                                                   \
    do {                                                                                            \
        int signal_ = sigsetjmp(back, 1);                                                           \
        if (!signal_) {                                                                             \
            statement;                                                                              \
            say("%s: fine", #statement);                                                            \
        } else {                                                                                    \
            say("%s: signal %d code %d address %s", #statement, signal_, fault_code,                \
                fault_at == (void *)(address) ? "right" : "wrong");                                 \
        }                                                                                           \
    } while (0)
#define READ(address) TOUCH(address, (void)*(volatile char *)(address))
#define WRITE(address) TOUCH(address, *(volatile char *)(address) = 1)

static char *anonymous(size_t size, int protection)
{
    return MUST(mmap(0, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

CASE(mmap_errors, "mmap")
{
    int fd = file_with("f", "x");
    T(mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
    T(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, 77, 0));
    T(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 1));
    T(mmap((void *)1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    T(mmap((void *)0xffff800000000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    T(mmap((void *)0x7ffffffff000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    T(mmap(0, (size_t)-1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    T(mmap(0, 1ul << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap((void *)0xffff800000000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 77, 0));
}

CASE(mmap_zeros, "mmap munmap")
{
    char *at = anonymous(4 * PAGE, PROT_READ | PROT_WRITE);
    int set = 0;
    for (int i = 0; i < 4 * PAGE; i++)
        set += at[i] != 0;
    N(set);
    memset(at, 7, 4 * PAGE);
    T(munmap(at + PAGE, PAGE));
    catch_faults();
    READ(at);
    READ(at + PAGE);
    READ(at + 2 * PAGE);
    T(munmap(at, 4 * PAGE));
    READ(at);
    T(munmap(at, 4 * PAGE));
    T(munmap(at, 0));
    T(munmap(at + 1, PAGE));
    T(munmap((void *)0xffff800000000000, PAGE));
}

CASE(mmap_hint, "mmap")
{
    char *at = anonymous(4 * PAGE, PROT_READ);
    MUST(munmap(at, 4 * PAGE));
    IS(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at);
    IS(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != at);
    IS(mmap(at + PAGE + 5, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at + PAGE);
}

CASE(mmap_fixed, "mmap")
{
    char *at = anonymous(4 * PAGE, PROT_READ | PROT_WRITE);
    memset(at, 7, 4 * PAGE);
    IS(mmap(at + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at + PAGE);
    N(at[0]);
    N(at[PAGE]);
    N(at[2 * PAGE]);
    T(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    MUST(munmap(at, PAGE));
    IS(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at);
}

CASE(mmap_reserve, "mmap mprotect")
{
    char *at = MUST(mmap(0, 1ul << 36, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    catch_faults();
    READ(at + (1ul << 35));
    T(mprotect(at + (1ul << 35), PAGE, PROT_READ | PROT_WRITE));
    WRITE(at + (1ul << 35));
    READ(at + (1ul << 35) + PAGE);
    T(munmap(at, 1ul << 36));
}

CASE(mprotect_rights, "mprotect")
{
    char *at = anonymous(3 * PAGE, PROT_READ | PROT_WRITE);
    catch_faults();
    WRITE(at);
    T(mprotect(at, PAGE, PROT_READ));
    WRITE(at);
    READ(at);
    T(mprotect(at, PAGE, PROT_NONE));
    READ(at);
    T(mprotect(at, PAGE, PROT_WRITE));
    READ(at);
    N(*at);
    WRITE(at);
    T(mprotect(at + 1, PAGE, PROT_READ));
    T(mprotect(at, 0, PROT_READ));
    T(mprotect(at, PAGE, 0x100));
    T(mprotect(at, (size_t)-1, PROT_READ));
    T(munmap(at + PAGE, PAGE));
    T(mprotect(at, 3 * PAGE, PROT_READ));
    WRITE(at);
    WRITE(at + 2 * PAGE);
    T(mprotect((void *)0xffff800000000000, PAGE, PROT_READ));
}

CASE(execute_rights, "mprotect mmap")
{
    static const unsigned char give_42[] = {0xb8, 42, 0, 0, 0, 0xc3};
    char *at = anonymous(PAGE, PROT_READ | PROT_WRITE);
    memcpy(at, give_42, sizeof give_42);
    catch_faults();
    int (*call)(void) = (int (*)(void))at;
    TOUCH(at, call());
    T(mprotect(at, PAGE, PROT_READ | PROT_EXEC));
    N(call());
    T(mprotect(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
    at[1] = 43;
    N(call());
    T(mprotect(at, PAGE, PROT_READ));
    TOUCH(at, call());
}

CASE(fault_codes, "rt_sigaction mmap")
{
    catch_faults();
    READ((char *)16);
    WRITE((char *)16);
    READ((char *)0x7fff00000000);
    int (*call)(void) = (int (*)(void))0x10000;
    TOUCH(0x10000, call());
    /* The processor does not say which non-canonical address it was. */
    TOUCH(0, (void)*(volatile char *)0x8000000000000000);
    READ((char *)0xffffffff80000000);
}

CASE(faults_without_handler, "mmap")
{
    CHILD(*(volatile char *)8 = 1);
    CHILD(signal(SIGSEGV, SIG_IGN); *(volatile char *)8 = 1);
    CHILD(sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, 0); *(volatile char *)8 = 1);
}

CASE(fork_copies, "fork mmap")
{
    char *own = anonymous(2 * PAGE, PROT_READ | PROT_WRITE);
    char *shared = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    strcpy(own, "parent");
    strcpy(shared, "parent");
    CHILD(say("%s %s", own, shared); strcpy(own, "child"); strcpy(shared, "child"); own[PAGE] = 1);
    say("%s %s %d", own, shared, own[PAGE]);
    strcpy(own, "again");
    CHILD(say("%s", own); CHILD(strcpy(own, "grandchild"); strcpy(shared, "grandchild")); say("%s", own));
    say("%s %s", own, shared);
}

CASE(mremap_sizes, "mremap")
{
    char *at = anonymous(8 * PAGE, PROT_READ | PROT_WRITE);
    strcpy(at, "content");
    at[7 * PAGE] = 'e';
    IS(mremap(at, 8 * PAGE, 4 * PAGE, 0) == at);
    catch_faults();
    READ(at + 4 * PAGE);
    IS(mremap(at, 4 * PAGE, 6 * PAGE, 0) == at);
    N(at[5 * PAGE]);
    char *blocked = anonymous(3 * PAGE, PROT_READ | PROT_WRITE);
    T(mremap(blocked, PAGE, 2 * PAGE, 0));
    char *moved = mremap(blocked, PAGE, 20 * PAGE, MREMAP_MAYMOVE);
    IS(moved != MAP_FAILED && moved != blocked);
    T(mremap(at + 1, PAGE, PAGE, 0));
    T(mremap(at, PAGE, 0, 0));
    T(mremap(at, PAGE, PAGE, 77));
    T(mremap((void *)16, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
}

CASE(mremap_moves, "mremap")
{
    char *at = anonymous(2 * PAGE, PROT_READ | PROT_WRITE), *target = anonymous(4 * PAGE, PROT_READ);
    strcpy(at, "first");
    strcpy(at + PAGE, "second");
    IS(mremap(at, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    say("%s %s %d", target, target + PAGE, target[2 * PAGE]);
    catch_faults();
    READ(at);
    T(mremap(target, 2 * PAGE, PAGE, MREMAP_FIXED, at));
    T(mremap(target, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE));
    T(mremap(target, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 1));
}

CASE(mremap_shared_twice, "mremap")
{
    char *at = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    char *own = anonymous(PAGE, PROT_READ | PROT_WRITE);
    strcpy(at, "shared");
    char *twin = mremap(at, 0, PAGE, MREMAP_MAYMOVE);
    IS(twin != MAP_FAILED && twin != at);
    if (twin != MAP_FAILED) {
        say("%s", twin);
        strcpy(twin, "changed");
        say("%s", at);
    }
    T(mremap(own, 0, PAGE, MREMAP_MAYMOVE));
}

CASE(madvise_dontneed, "madvise")
{
    char *at = anonymous(4 * PAGE, PROT_READ | PROT_WRITE);
    memset(at, 7, 4 * PAGE);
    T(madvise(at + PAGE, 2 * PAGE, MADV_DONTNEED));
    say("%d %d %d %d", at[0], at[PAGE], at[2 * PAGE], at[3 * PAGE]);
    at[PAGE] = 8;
    N(at[PAGE]);
    T(madvise(at + 1, PAGE, MADV_DONTNEED));
    T(madvise(at, 0, MADV_DONTNEED));
    T(madvise(at, PAGE, 9999));
    T(madvise(at, PAGE, MADV_WILLNEED));
    T(madvise(at, PAGE, MADV_SEQUENTIAL));
    T(madvise(at, PAGE, MADV_NORMAL));
    T(madvise(at, PAGE, MADV_FREE));
    T(madvise(at, PAGE, MADV_HUGEPAGE));
    T(munmap(at + PAGE, PAGE));
    T(madvise(at, 3 * PAGE, MADV_DONTNEED));
    N(at[0]);
    N(at[2 * PAGE]);
    T(madvise((void *)0xffff800000000000, PAGE, MADV_DONTNEED));
}

CASE(madvise_fork, "madvise fork")
{
    char *at = anonymous(2 * PAGE, PROT_READ | PROT_WRITE);
    memset(at, 7, 2 * PAGE);
    T(madvise(at, PAGE, MADV_WIPEONFORK));
    CHILD(say("%d %d", at[0], at[PAGE]));
    T(madvise(at, PAGE, MADV_KEEPONFORK));
    CHILD(say("%d %d", at[0], at[PAGE]));
    T(madvise(at + PAGE, PAGE, MADV_DONTFORK));
    CHILD(N(at[0]); N(at[PAGE]));
}

CASE(mincore_pages, "mincore")
{
    unsigned char map[4] = {0};
    char *at = anonymous(4 * PAGE, PROT_READ | PROT_WRITE);
    at[0] = at[2 * PAGE] = 1;
    T(mincore(at, 4 * PAGE, map));
    say("%d%d%d%d", map[0] & 1, map[1] & 1, map[2] & 1, map[3] & 1);
    T(mincore(at + 1, PAGE, map));
    T(mincore(at, 0, map));
    T(mincore(at, PAGE, (void *)8));
    T(munmap(at + PAGE, PAGE));
    T(mincore(at, 4 * PAGE, map));
}

static void say_pages(void *at, int pages)
{
    unsigned char map[64];
    char text[80] = "";
    MUST(mincore(at, pages * PAGE, map));
    for (int i = 0; i < pages; i++)
        strcat(text, map[i] & 1 ? "x" : "-");
    say("%s", text);
}

CASE(pages_that_are_there, "mincore mmap mlock madvise")
{
    char *at = anonymous(24 * PAGE, PROT_READ | PROT_WRITE);
    say_pages(at, 24);
    at[7 * PAGE + 5] = at[8 * PAGE + 4095] = at[20 * PAGE] = 1;
    say_pages(at, 24);
    CHILD(say_pages(at, 24); at[9 * PAGE] = 1; say_pages(at, 24));
    say_pages(at, 24);
    MUST(madvise(at + 8 * PAGE, PAGE, MADV_DONTNEED));
    MUST(mprotect(at + 2 * PAGE, 2 * PAGE, PROT_READ));
    say_pages(at, 24);
    MUST(mlock(at + 12 * PAGE, 3 * PAGE));
    say_pages(at, 24);
    MUST(read(MUST(open("/proc/self/stat", O_RDONLY)), at + 16 * PAGE, 10));
    say_pages(at, 24);
    say_pages(MUST(mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)), 8);
    char *shared = MUST(mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    shared[2 * PAGE] = shared[5 * PAGE] = 1;
    say_pages(shared, 8);
}

CASE(locking, "mlock munlock")
{
    char *at = anonymous(3 * PAGE, PROT_READ | PROT_WRITE);
    T(mlock(at, 2 * PAGE));
    T(mlock(at + 5, 10));
    T(munlock(at, PAGE));
    T(munmap(at + PAGE, PAGE));
    T(mlock(at, 3 * PAGE));
    T(munlock(at, 3 * PAGE));
    T(mlock(at, 0));
    T(munlock(at, 0));
}

CASE(locking_everything, "mlockall munlockall mlock2")
{
    char *at = anonymous(2 * PAGE, PROT_READ | PROT_WRITE);
    T(syscall(SYS_mlockall, 0));
    T(syscall(SYS_mlockall, 8));
    T(syscall(SYS_mlockall, MCL_ONFAULT));
    T(syscall(SYS_mlockall, MCL_CURRENT));
    T(syscall(SYS_munlockall));
    T(syscall(SYS_mlock2, at, PAGE, 1 /* MLOCK_ONFAULT */));
    T(syscall(SYS_mlock2, at, PAGE, 0));
    T(syscall(SYS_mlock2, at, PAGE, 2));
    T(syscall(SYS_munlockall));
}

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

CASE(small_pieces, "mmap munmap mprotect")
{
    enum { COUNT = 200 };
    char *at = anonymous(COUNT * PAGE, PROT_READ | PROT_WRITE);
    int wrong = 0;
    memset(at, 1, COUNT * PAGE);
    for (int i = 0; i < COUNT; i += 2)
        MUST(mprotect(at + i * PAGE, PAGE, PROT_READ));
    for (int i = 1; i < COUNT; i += 4)
        MUST(munmap(at + i * PAGE, PAGE));
    for (int i = 0; i < COUNT; i += 2)
        MUST(mprotect(at + i * PAGE, PAGE, PROT_READ | PROT_WRITE));
    for (int i = 0; i < COUNT; i++)
        if (i % 4 != 1)
            wrong += at[i * PAGE + 5] != 1;
    N(wrong);
}

CASE(vectors_of_other_processes, "process_vm_readv process_vm_writev")
{
    char mine[16] = "hello", other[16] = "";
    struct iovec local = {other, 5}, remote = {mine, 5};
    T(syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0));
    say("%s", other);
    local.iov_base = "HELLO";
    T(syscall(SYS_process_vm_writev, getpid(), &local, 1, &remote, 1, 0));
    say("%s", mine);
    local.iov_base = other;
    T(syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 1));
    T(syscall(SYS_process_vm_readv, 0x7ffffff, &local, 1, &remote, 1, 0));
    remote.iov_base = (void *)8;
    T(syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0));
}

CASE(numa_policies, "mbind get_mempolicy set_mempolicy")
{
    int mode = -1;
    unsigned long nodes = 1;
    char *at = anonymous(PAGE, PROT_READ | PROT_WRITE);
    T(syscall(SYS_get_mempolicy, &mode, 0, 0, 0, 0));
    N(mode);
    T(syscall(SYS_mbind, at, PAGE, 0, 0, 0, 0));
    T(syscall(SYS_mbind, at, PAGE, 2, &nodes, 64, 0));
    T(syscall(SYS_mbind, at, PAGE, 99, &nodes, 64, 0));
    T(syscall(SYS_set_mempolicy, 0, 0, 0));
    T(syscall(SYS_set_mempolicy, 99, 0, 0));
}

enum { STATIC_NODES = 0x8000, RELATIVE_NODES = 0x4000, BALANCING = 0x2000, THE_NODE = 1, NO_NODE = 2, BOTH_NODES = 3 };

static void say_policy(void *at, int flags)
{
    int mode = -1;
    unsigned long nodes[2] = {-1, -1};
    T(syscall(SYS_get_mempolicy, &mode, nodes, 128, at, flags));
    say("%x for %lx %lx", mode, nodes[0], nodes[1]);
}

CASE(numa_modes, "set_mempolicy get_mempolicy")
{
    static const int flags[] = {0, STATIC_NODES, RELATIVE_NODES, BALANCING, STATIC_NODES | RELATIVE_NODES, STATIC_NODES | BALANCING};
    for (int mode = 0; mode < 8; mode++)
        for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++)
            for (unsigned long nodes = 0; nodes < 4; nodes++) {
                say("%d %x %lx", mode, flags[i], nodes);
                if (!T(syscall(SYS_set_mempolicy, mode | flags[i], &nodes, 33)))
                    say_policy(0, 0);
            }
    CHILD(say_policy(0, 0));
}

CASE(numa_masks, "set_mempolicy get_mempolicy")
{
    unsigned long nodes[80] = {THE_NODE}, got[80];
    static const int counts[] = {-1, 0, 1, 2, 64, 65, 66, 1024, 1025, 1026, 1089, 2049, 32769, 32770};
    int mode;
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++) {
        N(counts[i]);
        if (counts[i] < 4000 || counts[i] > 32769)
            T(syscall(SYS_set_mempolicy, 2, nodes, counts[i]));
        T(syscall(SYS_set_mempolicy, 0, 0, counts[i]));
        if (counts[i] <= 1026)
            T(syscall(SYS_get_mempolicy, &mode, got, counts[i], 0, 0));
    }
    nodes[16] = 1;
    T(syscall(SYS_set_mempolicy, 2, nodes, 1025));
    T(syscall(SYS_set_mempolicy, 2, nodes, 1026));
    nodes[16] = 0;
    nodes[15] = 1UL << 63;
    T(syscall(SYS_set_mempolicy, 2, nodes, 1025));
    say_policy(0, 0);
}

CASE(numa_areas, "mbind get_mempolicy set_mempolicy_home_node")
{
    unsigned long nodes = THE_NODE, none = NO_NODE;
    char *at = anonymous(4 * PAGE, PROT_READ | PROT_WRITE);
    at[0] = 1;
    T(syscall(SYS_set_mempolicy, 3, &nodes, 2));
    say_policy(at, 2);
    say_policy(0, 1);
    say_policy(at, 3);
    say_policy(at, 0);
    say_policy(0, 4);
    say_policy(0, 6);
    say_policy(0, 8);
    say_policy((void *)8, 2);
    T(syscall(450 /* set_mempolicy_home_node */, at, PAGE, 0, 0));
    T(syscall(SYS_mbind, at + PAGE, 2 * PAGE, 2, &nodes, 2, 0));
    say_policy(at + PAGE, 2);
    say_policy(at + 3 * PAGE, 2);
    T(syscall(450, at, 4 * PAGE, 0, 0));
    T(syscall(450, at + PAGE, PAGE, 1, 0));
    T(syscall(450, at + PAGE, PAGE, 0, 1));
    T(syscall(450, at + 1, PAGE, 0, 0));
    T(syscall(450, at, 0, 0, 0));
    T(syscall(SYS_mbind, at, PAGE, 1, &nodes, 2, 7));
    T(syscall(450, at, 2 * PAGE, 0, 0));
    CHILD(say_policy(at + PAGE, 2));
    T(syscall(SYS_mbind, at + PAGE, 2 * PAGE, 0, 0, 0, 1));
    say_policy(at + PAGE, 2);
    T(syscall(SYS_mbind, at + 1, PAGE, 2, &nodes, 2, 0));
    T(syscall(SYS_mbind, at, PAGE, 2, &nodes, 2, 8));
    T(syscall(SYS_mbind, at, PAGE, 2, &none, 3, 0));
    T(syscall(SYS_mbind, at, 0, 2, &none, 3, 0));
    T(syscall(SYS_mbind, at, -PAGE, 2, &nodes, 2, 0));
    MUST(munmap(at + 2 * PAGE, PAGE));
    T(syscall(SYS_mbind, at, 4 * PAGE, 2, &nodes, 2, 0));
    T(syscall(SYS_mbind, at + 2 * PAGE, PAGE, 2, &nodes, 2, 0));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_mbind, at, PAGE, 2, &nodes, 2, 4));
            T(syscall(SYS_mbind, at, PAGE, 2, &nodes, 2, 2)));
}

CASE(numa_pages, "move_pages migrate_pages")
{
    char *at = anonymous(2 * PAGE, PROT_READ | PROT_WRITE);
    memset(at, 1, 2 * PAGE);
    void *pages[3] = {at, at + PAGE + 5, (void *)8};
    int nodes[3] = {0, 0, 0}, status[3] = {9, 9, 9};
    unsigned long mask = THE_NODE, other = NO_NODE;
    T(syscall(SYS_move_pages, 0, 3, pages, 0, status, 0));
    say("%d %d %d", status[0], status[1], status[2]);
    T(syscall(SYS_move_pages, 0, 3, pages, nodes, status, 2));
    say("%d %d %d", status[0], status[1], status[2]);
    nodes[1] = 1;
    T(syscall(SYS_move_pages, getpid(), 2, pages, nodes, status, 2));
    nodes[1] = -1;
    T(syscall(SYS_move_pages, 0, 2, pages, nodes, status, 2));
    T(syscall(SYS_move_pages, 0, 2, pages, 0, status, 1));
    T(syscall(SYS_move_pages, 0x7ffffff, 2, pages, 0, status, 0));
    T(syscall(SYS_move_pages, 0, 0, pages, 0, status, 0));
    T(syscall(SYS_migrate_pages, 0, 2, &mask, &mask));
    T(syscall(SYS_migrate_pages, 0, 3, &mask, &other));
    T(syscall(SYS_migrate_pages, 0, 2, &mask, 0));
    T(syscall(SYS_migrate_pages, getpid(), 2, 0, &mask));
    T(syscall(SYS_migrate_pages, 0x7ffffff, 2, &mask, &mask));
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(syscall(SYS_migrate_pages, getppid(), 2, &mask, &mask));
            T(syscall(SYS_migrate_pages, 0, 3, &mask, &other));
            T(syscall(SYS_move_pages, getppid(), 2, pages, 0, status, 0));
            T(syscall(SYS_move_pages, 0, 2, pages, 0, status, 4)));
}

CASE(protection_keys, "pkey_alloc pkey_free pkey_mprotect")
{
    char *at = anonymous(PAGE, PROT_READ | PROT_WRITE);
    T(syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ, -1));
    T(syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ | PROT_WRITE, 99));
    T(syscall(SYS_pkey_free, 99));
    T(syscall(SYS_pkey_alloc, 1, 0));
}

/* What is called [heap] or [stack] is a place: what is moved away from there is memory like any other. */
CASE(moved_out_of_the_heap, "mremap brk")
{
    char *heap = sbrk(0), *end = (char *)(((uintptr_t)heap + PAGE - 1) & -PAGE);
    MUST(brk(end + 4 * PAGE));
    memset(end, 'x', 4 * PAGE);
    char *room = MUST(mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MUST(munmap(room + PAGE, PAGE));
    IS(mremap(end + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + PAGE) == room + PAGE);
    N(room[PAGE]);
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    for (unsigned long from, to; fgets(line, sizeof line, maps) && sscanf(line, "%lx-%lx", &from, &to) == 2;) {
        if (from <= (uintptr_t)room + PAGE && to > (uintptr_t)room + PAGE)
            say("moved: %s", strstr(line, "[heap]") ? "heap" : "no heap");
        if (from <= (uintptr_t)end && to > (uintptr_t)end)
            say("left: %s", strstr(line, "[heap]") ? "heap" : "no heap");
    }
    fclose(maps);
}
