/* Who a process is: numbers, users, groups, capabilities. */
#include "case.h"
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>

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

/* A few capabilities that most hosts leave to root. */
#define SOME (1u << CAP_CHOWN | 1u << CAP_KILL | 1u << CAP_SETUID | 1u << CAP_NET_BIND_SERVICE)

static void get_capabilities(struct __user_cap_data_struct *data)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    MUST(syscall(SYS_capget, &header, data));
}

static long set_capabilities(unsigned effective, unsigned permitted, unsigned inheritable)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{effective, permitted, inheritable}};
    return syscall(SYS_capset, &header, data);
}

static void show_capabilities(void)
{
    struct __user_cap_data_struct data[2];
    get_capabilities(data);
    say("effective %x permitted %x inheritable %x", data->effective & SOME, data->permitted & SOME,
        data->inheritable & SOME);
}

CASE(giving_capabilities_up, "capset capget kill chown setresuid")
{
    if (!geteuid()) {
        close(file_with("f", ""));
        show_capabilities();
        T(set_capabilities(1 << CAP_CHOWN, SOME, 0));
        show_capabilities();
        T(chown("f", 3, 4));
        T(chmod("f", 0600));
        T(kill(getppid(), 0));
        T(syscall(SYS_setresuid, 7, -1, -1));
        T(open("f", O_RDONLY));
        T(set_capabilities(SOME, SOME, SOME));
        show_capabilities();
        T(set_capabilities(0, 1 << CAP_KILL, 0));
        T(chown("f", 5, 5));
        T(set_capabilities(1 << CAP_CHOWN, 1 << CAP_KILL, 0));
        T(set_capabilities(0, SOME, 0));
        T(set_capabilities(0, 1 << CAP_KILL, 1 << CAP_CHOWN));
        T(set_capabilities(0, 1 << CAP_KILL, 1 << CAP_KILL));
        show_capabilities();
    }
}

CASE(capability_versions, "capget capset")
{
    struct __user_cap_data_struct data[3] = {{0}, {0}, {9, 9, 9}};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_1, 0};
    data[1].effective = 77;
    T(syscall(SYS_capget, &header, data));
    N(data[1].effective);
    header.version = _LINUX_CAPABILITY_VERSION_2;
    T(syscall(SYS_capget, &header, data));
    IS(data[1].effective != 77);
    N(data[2].effective);
    header.pid = getppid();
    T(syscall(SYS_capget, &header, data));
    T(syscall(SYS_capset, &header, data));
    header.pid = getpid();
    T(syscall(SYS_capset, &header, data));
    T(syscall(SYS_capget, &header, (void *)8));
    header.version = 1;
    T(syscall(SYS_capset, &header, data));
    IS(header.version == _LINUX_CAPABILITY_VERSION_3);
}

CASE(keeping_and_regaining, "prctl setresuid capset chown")
{
    if (!geteuid()) {
        close(file_with("f", ""));
        T(prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0));
        T(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
        T(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
        T(syscall(SYS_setresuid, 5, 5, 5));
        show_capabilities();
        T(chown("f", 6, 6));
        T(set_capabilities(1 << CAP_CHOWN, 1 << CAP_CHOWN, 0));
        T(chown("f", 6, 6));
        show_capabilities();
        T(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    }
}

CASE(secure_bits, "prctl setresuid")
{
    if (!geteuid()) {
        T(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
        T(prctl(PR_SET_SECUREBITS, 1 << 20, 0, 0, 0));
        T(prctl(PR_SET_SECUREBITS, 4 | 8 /* NO_SETUID_FIXUP and its lock */, 0, 0, 0));
        T(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
        T(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0));
        T(prctl(PR_SET_SECUREBITS, 8, 0, 0, 0));
        T(prctl(PR_SET_SECUREBITS, 4 | 8 | 32 /* KEEP_CAPS is locked, too */, 0, 0, 0));
        T(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
        T(syscall(SYS_setresuid, 5, 5, 5));
        show_capabilities();
        T(set_capabilities(0, 0, 0));
        T(prctl(PR_SET_SECUREBITS, 4 | 8 | 32, 0, 0, 0));
    }
}

CASE(bounding_set, "prctl capset")
{
    if (!geteuid()) {
        T(prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0));
        T(prctl(PR_CAPBSET_READ, 99, 0, 0, 0));
        T(prctl(PR_CAPBSET_DROP, 99, 0, 0, 0));
        T(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0));
        T(prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0));
        show_capabilities();
        T(set_capabilities(SOME, SOME, 1 << CAP_KILL));
        T(set_capabilities(SOME, SOME, 1 << CAP_CHOWN));
        T(prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0));
    }
}

CASE(ambient_set, "prctl capset setresuid")
{
    if (!geteuid()) {
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
        T(set_capabilities(SOME, SOME, SOME));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_CHOWN, 0, 0));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 99, 0, 0));
        T(prctl(PR_CAP_AMBIENT, 9, 1, 0, 0));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 1, 0));
        T(set_capabilities(SOME, SOME, 0));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
        T(set_capabilities(SOME, SOME, SOME));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
        T(syscall(SYS_setresuid, 5, 5, 5));
        T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
    }
}

/* Starts this program again, as the case of this name and with a word for it. */
static void again(const char *program, const char *name, const char *word)
{
    setenv("CASE_AGAIN", word, 1);
    execl(program, "again", "--body", name, (char *)0);
    say("exec: %s", error_name(errno));
    _exit(97);
}

CASE(capabilities_of_programs, "execve capset prctl setresuid")
{
    static const char *const name = "capabilities_of_programs", *const self = "/proc/self/exe";
    const char *word = getenv("CASE_AGAIN");
    if (word) {
        say("%s", word);
        show_capabilities();
        T(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
        T(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    } else if (!geteuid()) {
        CHILD(set_capabilities(0, 0, 0); again(self, name, "root has them again"));
        CHILD(
            prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0);
            again(self, name, "without what is out of bounds"));
        CHILD(
            prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            again(self, name, "kept, but not for others"));
        CHILD(
            prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
            if (syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
            set_capabilities(SOME, SOME, 1 << CAP_KILL);
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
            again(self, name, "ambient"));
        CHILD(
            prctl(PR_SET_SECUREBITS, 1 /* NOROOT */, 0, 0, 0);
            again(self, name, "root is nobody special"));
    }
}

CASE(programs_of_other_users, "execve chown chmod prctl")
{
    static const char *const name = "programs_of_other_users";
    const char *word = getenv("CASE_AGAIN");
    struct statvfs where;
    if (word) {
        say("%s", word);
        show_ids();
        say("for files %ld %ld", syscall(SYS_setfsuid, -1), syscall(SYS_setfsgid, -1));
        N(getauxval(AT_SECURE));
        say("%ld %ld %ld", getauxval(AT_UID), getauxval(AT_EUID), getauxval(AT_EGID));
        T(access("mine", R_OK));
        T(faccessat(AT_FDCWD, "mine", R_OK, AT_EACCESS));
        T(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
        return;
    }
    if (geteuid() || statvfs(".", &where) || where.f_flag & ST_NOSUID)
        return;
    char copy[8192];
    ssize_t size;
    int from = MUST(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), to = MUST(open("copy", O_CREAT | O_WRONLY, 0755));
    while ((size = read(from, copy, sizeof copy)) > 0)
        MUST(write(to, copy, size));
    close(to);
    close(file_with("mine", ""));
    T(chmod(".", 0755));
    T(chown("mine", 6, 6));
    T(chmod("mine", 0600));
    T(chown("copy", 6, 8));
    T(chmod("copy", 06755));
    CHILD(
        if (syscall(SYS_setresgid, 5, 5, 5) || syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
        again("copy", name, "with the rights of another"));
    CHILD(
        if (syscall(SYS_setresgid, 5, 5, 5) || syscall(SYS_setresuid, 5, 5, 5)) _exit(1);
        T(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        again("copy", name, "with no new rights"));
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
