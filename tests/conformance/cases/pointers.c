/*
 * Bad addresses for every pointer argument: nothing, not mapped, the kernel's half, not canonical, without
 * access, read only, and good up to the end of a page. The answers are the native kernel's.
 */
#include "case.h"
#include <sys/socket.h>

enum { BAD_KINDS = 7 };

static char *bad_address[BAD_KINDS];
static char *good, *pages;
static int FD, SOCKET;

#define CWD AT_FDCWD
/* Arguments are numbers, or one of these: memory of zeros, the name of a file, a vector, a length. */
enum { MARK = 0x5a5a0000 };
#define BUF (MARK + 0)
#define NAME (MARK + 1)
#define VEC (MARK + 2)
#define LENGTH (MARK + 3)
#define PAGES (MARK + 4)
/* Memory of zeros as well; without it the call would wait for ever. */
#define TIMEOUT (MARK + 5)

static void prepare(void)
{
    char *three = MUST(mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MUST(munmap(three + PAGE, PAGE));
    bad_address[0] = 0;
    bad_address[1] = (char *)8;
    bad_address[2] = (char *)0xffff888000001000;
    bad_address[3] = (char *)0x8000000000001000;
    bad_address[4] = MUST(mmap(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    bad_address[5] = MUST(mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    bad_address[6] = three + PAGE - 2;
    good = MUST(mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    pages = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FD = file_with("f", "0123456789");
    SOCKET = MUST(socket(AF_INET, SOCK_DGRAM, 0));
}

/* A good value for a marked argument, in a piece of memory of its own. */
static long good_value(long mark, int position)
{
    char *at = good + position * PAGE;
    memset(at, 0, PAGE);
    switch (mark) {
    case NAME:
        return (long)strcpy(at, "f");
    case VEC:
        *(struct iovec *)at = (struct iovec){at + 64, 4};
        return (long)at;
    case LENGTH:
        *(int *)at = 16;
        return (long)at;
    case PAGES:
        return (long)pages;
    }
    return (long)at;
}

static int marked(long argument)
{
    return argument >= BUF && argument <= TIMEOUT;
}

/* Each pointer in turn bad in every way; each call in a child, so that none can spoil the next. */
static void bad(long number, const long given[6])
{
    for (int bad_one = 0; bad_one < 6; bad_one++) {
        char line[256] = "";
        if (!marked(given[bad_one]))
            continue;
        int ends[2];
        MUST(pipe(ends));
        pid_t child = MUST(fork());
        if (!child) {
            for (int kind = 0; kind < BAD_KINDS; kind++) {
                long a[6];
                for (int i = 0; i < 6; i++)
                    a[i] = marked(given[i]) ? good_value(given[i], i) : given[i];
                if (given[bad_one] == TIMEOUT && !bad_address[kind])
                    continue;
                a[bad_one] = (long)bad_address[kind];
                memset(bad_address[6], 'e', 2);
                errno = 0;
                long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
                if (number == SYS_clone3 && !result)
                    _exit(0); /* the new process of a call that went well */
                strcat(strcat(line, " "), result == -1 ? error_name(errno) : "ok");
            }
            (void)!write(ends[1], line, strlen(line));
            _exit(0);
        }
        close(ends[1]);
        int status = wait_for(child);
        ssize_t size = read(ends[0], line, sizeof line - 1);
        close(ends[0]);
        line[size > 0 ? size : 0] = 0;
        say("argument %d:%s", bad_one, line);
        if (status)
            say_status("child", status);
    }
}

#define BAD(call, ...)                                                                  \
    do {                                                                                \
        prepare();                                                                      \
        bad(SYS_##call, (const long[6]){__VA_ARGS__});                                  \
    } while (0)

CASE(read_pointers, "read")
{
    BAD(read, FD, BUF, 64);
}

CASE(write_pointers, "write")
{
    BAD(write, FD, BUF, 64);
}

CASE(pread64_pointers, "pread64")
{
    BAD(pread64, FD, BUF, 64, 0);
}

CASE(pwrite64_pointers, "pwrite64")
{
    BAD(pwrite64, FD, BUF, 64, 0);
}

CASE(readv_pointers, "readv")
{
    BAD(readv, FD, VEC, 1);
}

CASE(writev_pointers, "writev")
{
    BAD(writev, FD, VEC, 1);
}

CASE(preadv_pointers, "preadv")
{
    BAD(preadv, FD, VEC, 1, 0, 0);
}

CASE(pwritev_pointers, "pwritev")
{
    BAD(pwritev, FD, VEC, 1, 0, 0);
}

CASE(open_pointers, "open")
{
    BAD(open, NAME, 0, 0);
}

CASE(openat_pointers, "openat")
{
    BAD(openat, CWD, NAME, 0, 0);
}

CASE(openat2_pointers, "openat2")
{
    BAD(openat2, CWD, NAME, BUF, 24);
}

CASE(creat_pointers, "creat")
{
    BAD(creat, NAME, 0600);
}

CASE(stat_pointers, "stat")
{
    BAD(stat, NAME, BUF);
}

CASE(lstat_pointers, "lstat")
{
    BAD(lstat, NAME, BUF);
}

CASE(fstat_pointers, "fstat")
{
    BAD(fstat, FD, BUF);
}

CASE(newfstatat_pointers, "newfstatat")
{
    BAD(newfstatat, CWD, NAME, BUF, 0);
}

CASE(statx_pointers, "statx")
{
    BAD(statx, CWD, NAME, 0, 0x7ff, BUF);
}

CASE(access_pointers, "access")
{
    BAD(access, NAME, 0);
}

CASE(faccessat_pointers, "faccessat")
{
    BAD(faccessat, CWD, NAME, 0);
}

CASE(faccessat2_pointers, "faccessat2")
{
    BAD(faccessat2, CWD, NAME, 0, 0);
}

CASE(chdir_pointers, "chdir")
{
    BAD(chdir, NAME);
}

CASE(chroot_pointers, "chroot")
{
    BAD(chroot, NAME);
}

CASE(getcwd_pointers, "getcwd")
{
    BAD(getcwd, BUF, 512);
}

CASE(mkdir_pointers, "mkdir")
{
    BAD(mkdir, NAME, 0755);
}

CASE(mkdirat_pointers, "mkdirat")
{
    BAD(mkdirat, CWD, NAME, 0755);
}

CASE(rmdir_pointers, "rmdir")
{
    BAD(rmdir, NAME);
}

CASE(unlink_pointers, "unlink")
{
    BAD(unlink, NAME);
}

CASE(unlinkat_pointers, "unlinkat")
{
    BAD(unlinkat, CWD, NAME, 0);
}

CASE(rename_pointers, "rename")
{
    BAD(rename, NAME, NAME);
}

CASE(renameat_pointers, "renameat")
{
    BAD(renameat, CWD, NAME, CWD, NAME);
}

CASE(renameat2_pointers, "renameat2")
{
    BAD(renameat2, CWD, NAME, CWD, NAME, 0);
}

CASE(link_pointers, "link")
{
    BAD(link, NAME, NAME);
}

CASE(linkat_pointers, "linkat")
{
    BAD(linkat, CWD, NAME, CWD, NAME, 0);
}

CASE(symlink_pointers, "symlink")
{
    BAD(symlink, NAME, NAME);
}

CASE(symlinkat_pointers, "symlinkat")
{
    BAD(symlinkat, NAME, CWD, NAME);
}

CASE(readlink_pointers, "readlink")
{
    BAD(readlink, NAME, BUF, 64);
}

CASE(readlinkat_pointers, "readlinkat")
{
    BAD(readlinkat, CWD, NAME, BUF, 64);
}

CASE(chmod_pointers, "chmod")
{
    BAD(chmod, NAME, 0644);
}

CASE(fchmodat_pointers, "fchmodat")
{
    BAD(fchmodat, CWD, NAME, 0644);
}

CASE(chown_pointers, "chown")
{
    BAD(chown, NAME, -1, -1);
}

CASE(lchown_pointers, "lchown")
{
    BAD(lchown, NAME, -1, -1);
}

CASE(fchownat_pointers, "fchownat")
{
    BAD(fchownat, CWD, NAME, -1, -1, 0);
}

CASE(utimensat_pointers, "utimensat")
{
    BAD(utimensat, CWD, NAME, BUF, 0);
}

CASE(utimes_pointers, "utimes")
{
    BAD(utimes, NAME, BUF);
}

CASE(futimesat_pointers, "futimesat")
{
    BAD(futimesat, CWD, NAME, BUF);
}

CASE(truncate_pointers, "truncate")
{
    BAD(truncate, NAME, 5);
}

CASE(statfs_pointers, "statfs")
{
    BAD(statfs, NAME, BUF);
}

CASE(fstatfs_pointers, "fstatfs")
{
    BAD(fstatfs, FD, BUF);
}

CASE(getdents64_pointers, "getdents64")
{
    BAD(getdents64, FD, BUF, 512);
}

CASE(pipe_pointers, "pipe")
{
    BAD(pipe, BUF);
}

CASE(pipe2_pointers, "pipe2")
{
    BAD(pipe2, BUF, 0);
}

CASE(poll_pointers, "poll")
{
    BAD(poll, BUF, 1, 0);
}

CASE(ppoll_pointers, "ppoll")
{
    BAD(ppoll, BUF, 1, TIMEOUT, 0, 0);
}

CASE(select_pointers, "select")
{
    BAD(select, 1, BUF, BUF, BUF, TIMEOUT);
}

CASE(pselect6_pointers, "pselect6")
{
    BAD(pselect6, 1, BUF, BUF, BUF, TIMEOUT, 0);
}

CASE(sendfile_pointers, "sendfile")
{
    BAD(sendfile, FD, FD, BUF, 1);
}

CASE(copy_file_range_pointers, "copy_file_range")
{
    BAD(copy_file_range, FD, BUF, FD, BUF, 1, 0);
}

CASE(memfd_create_pointers, "memfd_create")
{
    BAD(memfd_create, NAME, 0);
}

CASE(epoll_ctl_pointers, "epoll_ctl")
{
    BAD(epoll_ctl, FD, 1, FD, BUF);
}

CASE(mknod_pointers, "mknod")
{
    BAD(mknod, NAME, 0600, 0);
}

CASE(mknodat_pointers, "mknodat")
{
    BAD(mknodat, CWD, NAME, 0600, 0);
}

CASE(getxattr_pointers, "getxattr")
{
    BAD(getxattr, NAME, NAME, BUF, 64);
}

CASE(lgetxattr_pointers, "lgetxattr")
{
    BAD(lgetxattr, NAME, NAME, BUF, 64);
}

CASE(fgetxattr_pointers, "fgetxattr")
{
    BAD(fgetxattr, FD, NAME, BUF, 64);
}

CASE(listxattr_pointers, "listxattr")
{
    BAD(listxattr, NAME, BUF, 64);
}

CASE(flistxattr_pointers, "flistxattr")
{
    BAD(flistxattr, FD, BUF, 64);
}

CASE(setxattr_pointers, "setxattr")
{
    BAD(setxattr, NAME, NAME, BUF, 4, 0);
}

CASE(removexattr_pointers, "removexattr")
{
    BAD(removexattr, NAME, NAME);
}

CASE(execve_pointers, "execve")
{
    BAD(execve, NAME, BUF, BUF);
}

CASE(mincore_pointers, "mincore")
{
    BAD(mincore, PAGES, 4096, BUF);
}

CASE(socketpair_pointers, "socketpair")
{
    BAD(socketpair, 1, 1, 0, BUF);
}

CASE(bind_pointers, "bind")
{
    BAD(bind, SOCKET, BUF, 16);
}

CASE(connect_pointers, "connect")
{
    BAD(connect, SOCKET, BUF, 16);
}

CASE(getsockname_pointers, "getsockname")
{
    BAD(getsockname, SOCKET, BUF, LENGTH);
}

CASE(getsockopt_pointers, "getsockopt")
{
    BAD(getsockopt, SOCKET, 1, 3, BUF, LENGTH);
}

CASE(setsockopt_pointers, "setsockopt")
{
    BAD(setsockopt, SOCKET, 1, 2, BUF, 4);
}

CASE(sendto_pointers, "sendto")
{
    BAD(sendto, SOCKET, BUF, 4, 0x40, BUF, 16);
}

CASE(recvfrom_pointers, "recvfrom")
{
    BAD(recvfrom, SOCKET, BUF, 4, 0x40, BUF, LENGTH);
}

CASE(sendmsg_pointers, "sendmsg")
{
    BAD(sendmsg, SOCKET, BUF, 0x40);
}

CASE(recvmsg_pointers, "recvmsg")
{
    BAD(recvmsg, SOCKET, BUF, 0x40);
}

CASE(wait4_pointers, "wait4")
{
    BAD(wait4, -1, BUF, 1, BUF);
}

CASE(waitid_pointers, "waitid")
{
    BAD(waitid, 0, 0, BUF, 5, BUF);
}

CASE(getresuid_pointers, "getresuid")
{
    BAD(getresuid, BUF, BUF, BUF);
}

CASE(getresgid_pointers, "getresgid")
{
    BAD(getresgid, BUF, BUF, BUF);
}

CASE(getgroups_pointers, "getgroups")
{
    BAD(getgroups, 8, BUF);
}

CASE(capget_pointers, "capget")
{
    BAD(capget, BUF, BUF);
}

CASE(rt_sigaction_pointers, "rt_sigaction")
{
    BAD(rt_sigaction, 10, BUF, BUF, 8);
}

CASE(rt_sigprocmask_pointers, "rt_sigprocmask")
{
    BAD(rt_sigprocmask, 0, BUF, BUF, 8);
}

CASE(rt_sigpending_pointers, "rt_sigpending")
{
    BAD(rt_sigpending, BUF, 8);
}

CASE(rt_sigtimedwait_pointers, "rt_sigtimedwait")
{
    BAD(rt_sigtimedwait, BUF, BUF, TIMEOUT, 8);
}

CASE(sigaltstack_pointers, "sigaltstack")
{
    BAD(sigaltstack, BUF, BUF);
}

CASE(getitimer_pointers, "getitimer")
{
    BAD(getitimer, 0, BUF);
}

CASE(setitimer_pointers, "setitimer")
{
    BAD(setitimer, 0, BUF, BUF);
}

CASE(timer_create_pointers, "timer_create")
{
    BAD(timer_create, 1, BUF, BUF);
}

CASE(nanosleep_pointers, "nanosleep")
{
    BAD(nanosleep, BUF, BUF);
}

CASE(clock_nanosleep_pointers, "clock_nanosleep")
{
    BAD(clock_nanosleep, 1, 0, BUF, BUF);
}

CASE(clock_gettime_pointers, "clock_gettime")
{
    BAD(clock_gettime, 1, BUF);
}

CASE(clock_getres_pointers, "clock_getres")
{
    BAD(clock_getres, 1, BUF);
}

CASE(gettimeofday_pointers, "gettimeofday")
{
    BAD(gettimeofday, BUF, BUF);
}

CASE(time_pointers, "time")
{
    BAD(time, BUF);
}

CASE(times_pointers, "times")
{
    BAD(times, BUF);
}

CASE(futex_pointers, "futex")
{
    BAD(futex, BUF, 1, 1, 0, 0, 0);
}

CASE(get_robust_list_pointers, "get_robust_list")
{
    BAD(get_robust_list, 0, BUF, BUF);
}

CASE(sched_getaffinity_pointers, "sched_getaffinity")
{
    BAD(sched_getaffinity, 0, 128, BUF);
}

CASE(sched_setaffinity_pointers, "sched_setaffinity")
{
    BAD(sched_setaffinity, 0, 128, BUF);
}

CASE(sched_getparam_pointers, "sched_getparam")
{
    BAD(sched_getparam, 0, BUF);
}

CASE(sched_rr_get_interval_pointers, "sched_rr_get_interval")
{
    BAD(sched_rr_get_interval, 0, BUF);
}

CASE(getrlimit_pointers, "getrlimit")
{
    BAD(getrlimit, 4, BUF);
}

CASE(prlimit64_pointers, "prlimit64")
{
    BAD(prlimit64, 0, 4, 0, BUF);
}

CASE(getrusage_pointers, "getrusage")
{
    BAD(getrusage, 0, BUF);
}

CASE(sysinfo_pointers, "sysinfo")
{
    BAD(sysinfo, BUF);
}

CASE(uname_pointers, "uname")
{
    BAD(uname, BUF);
}

CASE(getrandom_pointers, "getrandom")
{
    BAD(getrandom, BUF, 64, 0);
}

CASE(getcpu_pointers, "getcpu")
{
    BAD(getcpu, BUF, BUF, 0);
}

CASE(prctl_pointers, "prctl")
{
    BAD(prctl, 16, BUF, 0, 0, 0);
}

CASE(arch_prctl_pointers, "arch_prctl")
{
    BAD(arch_prctl, 0x1003, BUF);
}

/* A queue with one message, and room for another. */
static void prepare_queue(void)
{
    struct { long flags, capacity, size, count, reserved[4]; } attributes = {.capacity = 9, .size = 64};
    char name[32];
    prepare();
    snprintf(name, sizeof name, "pointers-%d", getpid());
    FD = MUST(syscall(SYS_mq_open, name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes));
    MUST(syscall(SYS_mq_unlink, name));
    MUST(syscall(SYS_mq_timedsend, FD, "text", 4, 0, 0));
}

CASE(mq_open_pointers, "mq_open")
{
    BAD(mq_open, NAME, O_RDONLY, 0, BUF);
}

CASE(mq_unlink_pointers, "mq_unlink")
{
    BAD(mq_unlink, NAME);
}

CASE(mq_timedsend_pointers, "mq_timedsend")
{
    prepare_queue();
    bad(SYS_mq_timedsend, (const long[6]){FD, BUF, 4, 0, BUF});
}

CASE(mq_timedreceive_pointers, "mq_timedreceive")
{
    prepare_queue();
    bad(SYS_mq_timedreceive, (const long[6]){FD, BUF, 64, BUF, BUF});
}

CASE(mq_notify_pointers, "mq_notify")
{
    prepare_queue();
    bad(SYS_mq_notify, (const long[6]){FD, BUF});
}

CASE(mq_getsetattr_pointers, "mq_getsetattr")
{
    prepare_queue();
    bad(SYS_mq_getsetattr, (const long[6]){FD, BUF, BUF});
}
