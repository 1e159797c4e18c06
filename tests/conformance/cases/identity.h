/* What the cases about identity and capabilities share: showing some of them. */
#pragma once
#include "case.h"
#include <linux/capability.h>

static inline void show_ids(void)
{
    uid_t a, b, c;
    gid_t d, e, f;
    syscall(SYS_getresuid, &a, &b, &c);
    syscall(SYS_getresgid, &d, &e, &f);
    say("uid %d %d %d gid %d %d %d", a, b, c, d, e, f);
}

/* A few capabilities that most hosts leave to root. */
#define SOME (1u << CAP_CHOWN | 1u << CAP_KILL | 1u << CAP_SETUID | 1u << CAP_NET_BIND_SERVICE)

static inline void get_capabilities(struct __user_cap_data_struct *data)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    MUST(syscall(SYS_capget, &header, data));
}

static inline void show_capabilities(void)
{
    struct __user_cap_data_struct data[2];
    get_capabilities(data);
    say("effective %x permitted %x inheritable %x", data->effective & SOME, data->permitted & SOME,
        data->inheritable & SOME);
}
