/* Capabilities: what they follow, how they are given up and kept; programs of other users. */
#include "identity.h"
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>

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

static long set_capabilities(unsigned effective, unsigned permitted, unsigned inheritable)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{effective, permitted, inheritable}};
    return syscall(SYS_capset, &header, data);
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
