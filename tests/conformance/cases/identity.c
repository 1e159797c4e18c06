/* Who a process is: numbers, users, groups, capabilities. */
#include "case.h"
#include <grp.h>
#include <linux/capability.h>

static void show_ids(void)
{
    uid_t a, b, c;
    gid_t d, e, f;
    syscall(SYS_getresuid, &a, &b, &c);
    syscall(SYS_getresgid, &d, &e, &f);
    say("uid %d %d %d gid %d %d %d", a, b, c, d, e, f);
}

CASE(process_numbers, "getpid getppid gettid")
{
    pid_t self = getpid();
    IS(self > 1 && getppid() > 0 && self != getppid());
    IS(syscall(SYS_gettid) == self);
    CHILD(IS(getppid() == self); IS(getpid() != self));
}

CASE(user_numbers, "getuid geteuid getgid getegid getresuid getresgid")
{
    IS(getuid() == geteuid() && getgid() == getegid());
    N(getuid());
    N(getgid());
    T(syscall(SYS_getresuid, (void *)8, (void *)8, (void *)8));
    T(syscall(SYS_getresgid, (void *)8, (void *)8, (void *)8));
}

CASE(setuid_of_root, "setuid setgid")
{
    if (!geteuid()) {
        T(syscall(SYS_setgid, 200));
        T(syscall(SYS_setuid, 100));
        show_ids();
    }
    T(syscall(SYS_setuid, 0));
    T(syscall(SYS_setuid, -1));
    T(syscall(SYS_setgid, -1));
    T(syscall(SYS_setuid, getuid()));
    show_ids();
}

CASE(setresuid_rules, "setresuid setresgid")
{
    if (!geteuid()) {
        T(syscall(SYS_setresgid, 10, 20, 30));
        T(syscall(SYS_setresuid, 1, 2, 3));
        show_ids();
        T(syscall(SYS_setresuid, 3, -1, -1));
        T(syscall(SYS_setresuid, -1, 1, -1));
        show_ids();
        T(syscall(SYS_setresuid, 4, -1, -1));
        T(syscall(SYS_setresgid, 30, 30, 30));
        T(syscall(SYS_setresgid, 10, 10, 10));
        show_ids();
    }
}

CASE(setreuid_rules, "setreuid setregid")
{
    if (!geteuid()) {
        T(syscall(SYS_setregid, 10, 20));
        T(syscall(SYS_setreuid, 1, 2));
        show_ids();
        T(syscall(SYS_setreuid, 2, 1));
        show_ids();
        T(syscall(SYS_setreuid, 5, -1));
        T(syscall(SYS_setreuid, -1, 2));
        T(syscall(SYS_setregid, 20, 10));
        show_ids();
    }
}

CASE(filesystem_ids, "setfsuid setfsgid")
{
    N(syscall(SYS_setfsuid, -1) == geteuid());
    N(syscall(SYS_setfsgid, -1) == getegid());
    if (!geteuid()) {
        struct stat info;
        T(chmod(".", 0777));
        T(syscall(SYS_setfsuid, 5));
        T(syscall(SYS_setfsuid, -1));
        T(syscall(SYS_setfsgid, 6));
        T(syscall(SYS_setfsgid, -1));
        close(file_with("f", ""));
        T(stat("f", &info));
        say("%d %d", info.st_uid, info.st_gid);
    }
}

CASE(supplementary_groups, "getgroups setgroups")
{
    gid_t groups[8] = {0};
    if (!geteuid()) {
        T(setgroups(3, (gid_t[]){30, 10, 20}));
        T(getgroups(0, 0));
        T(getgroups(8, groups));
        say("%d %d %d", groups[0], groups[1], groups[2]);
        T(getgroups(2, groups));
        T(syscall(SYS_getgroups, -1, groups));
        T(syscall(SYS_setgroups, -1, groups));
        T(syscall(SYS_setgroups, 2, (void *)8));
        T(syscall(SYS_getgroups, 8, (void *)8));
        T(setgroups(0, 0));
        T(getgroups(8, groups));
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(setgroups(1, (gid_t[]){1})));
    }
}

CASE(groups_grant_access, "setgroups access")
{
    close(file_with("f", "x"));
    T(chmod(".", 0755));
    if (!geteuid()) {
        T(chown("f", 0, 77));
        T(chmod("f", 0640));
        CHILD(
            if (setgroups(1, (gid_t[]){77}) || syscall(SYS_setresgid, 5, 5, 5) || syscall(SYS_setresuid, 5, 5, 5))
                _exit(1);
            T(open("f", O_RDONLY));
            T(open("f", O_WRONLY)));
        CHILD(
            if (setgroups(0, 0) || syscall(SYS_setresgid, 5, 5, 5) || syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(open("f", O_RDONLY)));
    }
}

CASE(capabilities_follow_ids, "capget setresuid")
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    if (!geteuid()) {
        T(syscall(SYS_capget, &header, data));
        IS(data[0].effective & 1 << CAP_CHOWN);
        T(syscall(SYS_setresuid, 0, 5, 0));
        T(syscall(SYS_capget, &header, data));
        IS(data[0].effective == 0);
        IS(data[0].permitted & 1 << CAP_CHOWN);
        T(syscall(SYS_setresuid, 0, 0, 0));
        T(syscall(SYS_capget, &header, data));
        IS(data[0].effective & 1 << CAP_CHOWN);
        T(syscall(SYS_setresuid, 5, 5, 5));
        T(syscall(SYS_capget, &header, data));
        IS(data[0].effective == 0 && data[0].permitted == 0);
    }
}

CASE(capability_calls, "capget capset")
{
    struct __user_cap_header_struct header = {0, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    T(syscall(SYS_capget, &header, 0));
    IS(header.version == _LINUX_CAPABILITY_VERSION_3);
    header.version = 7;
    T(syscall(SYS_capget, &header, data));
    header.version = _LINUX_CAPABILITY_VERSION_3;
    header.pid = -1;
    T(syscall(SYS_capget, &header, data));
    header.pid = 0x7ffffff;
    T(syscall(SYS_capget, &header, data));
    header.pid = 0;
    T(syscall(SYS_capset, &header, data));
    T(syscall(SYS_capget, &header, data));
    IS(data[0].effective == 0 && data[0].permitted == 0);
    data[0].permitted = data[0].effective = 1;
    T(syscall(SYS_capset, &header, data));
    T(syscall(SYS_capget, (void *)8, data));
}

CASE(keep_capabilities, "prctl setresuid")
{
    if (!geteuid()) {
        T(syscall(SYS_prctl, 7 /* PR_GET_KEEPCAPS */, 0, 0, 0, 0));
        T(syscall(SYS_prctl, 8 /* PR_SET_KEEPCAPS */, 1, 0, 0, 0));
        T(syscall(SYS_setresuid, 5, 5, 5));
        struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
        struct __user_cap_data_struct data[2] = {{0}};
        T(syscall(SYS_capget, &header, data));
        IS(data[0].effective == 0);
        IS(data[0].permitted != 0);
    }
}

CASE(groups_and_sessions, "getpgrp getpgid getsid setpgid setsid")
{
    pid_t self = getpid();
    IS(getpgrp() == self && getpgid(0) == self && getpgid(self) == self);
    T(syscall(SYS_setsid));
    CHILD(
        IS(getpgrp() == self);
        T(setpgid(0, 0));
        IS(getpgrp() == getpid());
        IS(getsid(0) != getpid()));
    CHILD(
        IS(setsid() == getpid());
        IS(getsid(0) == getpid() && getpgrp() == getpid());
        T(setpgid(0, 0)));
    T(getpgid(0x7ffffff));
    T(getsid(0x7ffffff));
    T(getpgid(-1));
    T(setpgid(0, -1));
    T(setpgid(0x7ffffff, 0));
    T(setpgid(getppid(), 0));
}

CASE(setpgid_of_children, "setpgid kill")
{
    int ends[2];
    MUST(pipe(ends));
    pid_t child = fork();
    if (!child) {
        char byte;
        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        _exit(0);
    }
    T(setpgid(child, child));
    IS(getpgid(child) == child);
    T(setpgid(child, getpgrp()));
    IS(getpgid(child) == getpgrp());
    T(setpgid(child, 0x7ffffff));
    close(ends[1]);
    say_status("child", wait_for(child));
    T(setpgid(child, child));
}

CASE(kill_permission, "kill setresuid")
{
    pid_t self = getpid();
    if (!geteuid())
        CHILD(
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            T(kill(self, 0));
            T(kill(self, SIGTERM));
            T(kill(0x7ffffff, 0)));
    T(kill(self, 0));
    T(kill(self, 65));
    T(kill(self, -1));
    T(kill(-0x7ffffff, 0));
}
