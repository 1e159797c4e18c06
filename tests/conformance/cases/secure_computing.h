/* What the cases about secure computing share: making filters and putting them in. */
#pragma once
#include "case.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define L(count) (sizeof(count) / sizeof *(count))
#define NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define SAYS(verdict) BPF_STMT(BPF_RET | BPF_K, verdict)
/* This verdict about one call, ALLOW about all others. */
#define ABOUT(call, verdict) \
    NUMBER, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), SAYS(verdict), SAYS(SECCOMP_RET_ALLOW)

static inline long install(long flags, struct sock_filter *filter, size_t length)
{
    struct sock_fprog program = {length, filter};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

#define INSTALL(...)                                                                    \
    ({                                                                                  \
        struct sock_filter filter_[] = {__VA_ARGS__};                                   \
        install(0, filter_, L(filter_));                                                \
    })

static inline void no_new_privileges(void) { MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

#define LAST SAYS(SECCOMP_RET_ALLOW)
