/* Memory: policies of nodes, on a machine with one. */
#include "faults.h"

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
