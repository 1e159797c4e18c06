/* Secure computing: the programs that judge, instruction by instruction. */
#include "secure_computing.h"

/* The low twelve bits of what the program makes of its arguments, as an error number. */
#define MAKES(...)                                                                      \
    CHILD(MUST(INSTALL(NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 1, 0),   \
                       SAYS(SECCOMP_RET_ALLOW), ARGUMENT(1), BPF_STMT(BPF_MISC | BPF_TAX, 0), ARGUMENT(0), \
                       __VA_ARGS__, BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),         \
                       BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), BPF_STMT(BPF_RET | BPF_A, 0))); \
          const long of_[][2] = {{0, 0}, {7, 3}, {3, 7}, {0x12345678, 32}, {-1, 33}, {0x80000001, 0xfffffff1}}; \
          for (unsigned i_ = 0; i_ < L(of_); i_++) {                                    \
              errno = 0;                                                                \
              syscall(SYS_getsid, of_[i_][0], of_[i_][1]);                              \
              say("%d", errno);                                                         \
          })

CASE(arithmetic, "seccomp")
{
    static const unsigned short operations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH};
    no_new_privileges();
    for (unsigned i = 0; i < L(operations); i++) {
        MAKES(BPF_STMT(BPF_ALU | operations[i] | BPF_X, 0));
        MAKES(BPF_STMT(BPF_ALU | operations[i] | BPF_K, 5));
    }
    MAKES(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 5));
    MAKES(BPF_STMT(BPF_ALU | BPF_NEG, 0));
    MAKES(BPF_STMT(BPF_MISC | BPF_TXA, 0));
    MAKES(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0));
    MAKES(BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0));
    MAKES(BPF_STMT(BPF_LD | BPF_IMM, 77));
    MAKES(BPF_STMT(BPF_LDX | BPF_IMM, 78), BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0));
    MAKES(BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_STX, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), BPF_STMT(BPF_LDX | BPF_MEM, 15),
          BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0));
}

CASE(division, "seccomp")
{
    struct sock_filter divide[] = {
        NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 1, 0), SAYS(SECCOMP_RET_ALLOW), ARGUMENT(1),
        BPF_STMT(BPF_MISC | BPF_TAX, 0), ARGUMENT(0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
        BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), BPF_STMT(BPF_RET | BPF_A, 0),
    };
    no_new_privileges();
    T(install(0, divide, L(divide)));
    T(syscall(SYS_getsid, 99, 3));
    CHILD(syscall(SYS_getsid, 99, 0));
}

CASE(jumps, "seccomp")
{
    static const unsigned short conditions[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
    no_new_privileges();
    for (unsigned i = 0; i < L(conditions); i++) {
        MAKES(BPF_JUMP(BPF_JMP | conditions[i] | BPF_X, 0, 1, 0), BPF_STMT(BPF_LD | BPF_IMM, 1000));
        MAKES(BPF_JUMP(BPF_JMP | conditions[i] | BPF_K, 3, 0, 1), BPF_STMT(BPF_LD | BPF_IMM, 1000));
    }
    MAKES(BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_IMM, 1000));
    MAKES(BPF_STMT(BPF_JMP | BPF_JA, 0));
}

/* Whether a program of these instructions may be one. */
#define MAY(...)                                                                        \
    do {                                                                                \
        struct sock_filter filter_[] = {__VA_ARGS__};                                   \
        CHILD(went(#__VA_ARGS__, install(0, filter_, L(filter_)), errno));              \
    } while (0)

CASE(programs_that_may_not_be, "seccomp")
{
    no_new_privileges();
    MAY(LAST);
    MAY(BPF_STMT(BPF_RET | BPF_A, 0));
    MAY(BPF_STMT(BPF_RET | BPF_X, 0));
    MAY(NUMBER);
    MAY(LAST, NUMBER);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 61), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0xfffff000), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), LAST);
    MAY(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_MOD | BPF_X, 0), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 31), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 32), LAST);
    MAY(BPF_STMT(BPF_ALU | BPF_NEG | BPF_X, 0), LAST);
    MAY(BPF_STMT(BPF_ALU | 0xb0, 0), LAST);
    MAY(BPF_STMT(BPF_ST, 15), LAST);
    MAY(BPF_STMT(BPF_ST, 16), LAST);
    MAY(BPF_STMT(BPF_STX, 16), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_MEM, 0), LAST);
    MAY(BPF_STMT(BPF_ST, 1), BPF_STMT(BPF_LD | BPF_MEM, 1), LAST);
    MAY(BPF_STMT(BPF_ST, 1), BPF_STMT(BPF_LDX | BPF_MEM, 0), LAST);
    MAY(BPF_STMT(BPF_LD | BPF_MEM, 16), LAST);
    MAY(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), LAST);
    MAY(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0), BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_JMP | BPF_JA, 1),
        BPF_STMT(BPF_STX, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), LAST);
    MAY(BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_MEM, 0), LAST);
    MAY(BPF_STMT(BPF_JMP | BPF_JA, 0), LAST);
    MAY(BPF_STMT(BPF_JMP | BPF_JA, 1), LAST);
    MAY(BPF_STMT(BPF_JMP | BPF_JA, -1), LAST);
    MAY(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), LAST);
    MAY(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 255), LAST);
    MAY(BPF_JUMP(BPF_JMP | 0x50 | BPF_K, 0, 0, 0), LAST);
    MAY({0x100, 0, 0, 0}, LAST);
    MAY({0xffff, 0, 0, 0}, LAST);
    MAY({BPF_MISC | 0x40, 0, 0, 0}, LAST);
}

CASE(how_long_programs_may_be, "seccomp")
{
    static struct sock_filter filter[5000];
    struct sock_filter last = LAST;
    no_new_privileges();
    for (unsigned i = 0; i < L(filter); i++)
        filter[i] = last;
    T(install(0, filter, 0));
    T(install(0, filter, 4097));
    T(install(0, 0, 1));
    T(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 0));
    T(install(0, filter, 4096));
    int more = 0;
    while (more < 9 && !install(0, filter, 4096))
        more++;
    IS(errno == ENOMEM && more < 9);
    while (more < 500 && !install(0, filter, 100))
        more++;
    IS(errno == ENOMEM && more < 500);
    IS(syscall(SYS_getpid) > 0);
}
