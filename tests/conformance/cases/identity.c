/* Who a process is: numbers, users, groups, sessions. */
#include "identity.h"
#include <grp.h>
#include <pthread.h>

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

static void *become_another(void *unused)
{
    (void)unused;
    T(syscall(SYS_setresuid, 5, 5, 5));
    show_ids();
    show_capabilities();
    return 0;
}

CASE(identity_of_a_thread, "setresuid capset clone")
{
    if (!geteuid()) {
        pthread_t thread;
        pthread_create(&thread, 0, become_another, 0);
        pthread_join(thread, 0);
        show_ids();
        show_capabilities();
    }
}

CASE(files_by_their_own_ids, "setfsuid setfsgid open chown capget")
{
    if (!geteuid()) {
        close(file_with("f", ""));
        T(chown("f", 5, 6));
        T(chmod("f", 0640));
        T(chmod(".", 0755));
        T(syscall(SYS_setfsuid, 7));
        show_capabilities();
        T(open("f", O_RDONLY));
        T(syscall(SYS_setfsgid, 6));
        T(open("f", O_RDONLY));
        T(open("f", O_WRONLY));
        T(access("f", W_OK));
        T(chown("f", 5, 6));
        T(kill(getppid(), 0));
        T(syscall(SYS_setfsuid, 0));
        show_capabilities();
        T(open("f", O_WRONLY));
        T(syscall(SYS_setresuid, 9, 8, 7));
        T(syscall(SYS_setfsuid, -1));
        T(syscall(SYS_setfsuid, 6));
        T(syscall(SYS_setfsuid, 9));
        T(syscall(SYS_setfsuid, -1));
    }
}

CASE(many_groups, "setgroups getgroups")
{
    if (!geteuid()) {
        static gid_t groups[200], found[200];
        int ascending = 1;
        for (int i = 0; i < 200; i++)
            groups[i] = (i * 77 + 13) % 1009;
        T(setgroups(200, groups));
        T(getgroups(200, found));
        for (int i = 1; i < 200; i++)
            ascending &= found[i - 1] <= found[i];
        N(ascending);
        N(found[0]);
        N(found[199]);
        T(syscall(SYS_setgroups, 65537, groups));
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
