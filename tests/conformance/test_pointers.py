"""Every pointer a system call takes leads astray in some case of the families ``pointers_*``."""

import re

from nanvix.conformance.kernel_table import implemented
from nanvix.conformance.suite import CASES

_FAMILIES = sorted(path.stem for path in CASES.glob("pointers_*.c"))

_POINTERS = {
    "0": """access acct adjtimex capget capset chdir chmod chown chroot clone3 creat execve fsopen
        futex futex_requeue futex_wait futex_waitv futex_wake get_mempolicy getcpu getcwd getrandom
        getresgid getresuid gettimeofday getxattr lchown lgetxattr link listxattr llistxattr
        lremovexattr lsetxattr lstat memfd_create mkdir mknod mount mq_open mq_unlink nanosleep
        open pipe pipe2 pivot_root poll ppoll readlink removexattr rename rmdir rseq rt_sigpending
        rt_sigsuspend rt_sigtimedwait set_robust_list set_tid_address setdomainname sethostname
        settimeofday setxattr sigaltstack stat statfs swapoff swapon symlink sysinfo time times
        truncate umount2 uname unlink utime utimes""",
    "1": """accept accept4 arch_prctl bind cachestat capget capset clock_adjtime clock_getres
        clock_gettime clock_settime connect copy_file_range epoll_pwait epoll_pwait2 epoll_wait
        execveat faccessat faccessat2 fchmodat fchmodat2 fchownat fgetxattr flistxattr fremovexattr
        fsetxattr fspick fstat fstatfs futimesat get_mempolicy get_robust_list getcpu getdents
        getdents64 getgroups getitimer getpeername getresgid getresuid getrlimit
        getrusage getsockname
        gettimeofday inotify_add_watch io_cancel io_setup linkat mkdirat mknodat mount_setattr
        move_mount mq_getsetattr mq_notify mq_timedreceive mq_timedsend msgrcv msgsnd
        name_to_handle_at newfstatat open_by_handle_at open_tree openat openat2 prctl pread64
        preadv preadv2 process_madvise process_vm_readv process_vm_writev pselect6 pwrite64 pwritev
        pwritev2 read readlinkat readv recvfrom recvmmsg recvmsg renameat renameat2 rt_sigaction
        rt_sigprocmask rt_sigtimedwait sched_getattr sched_getparam sched_rr_get_interval
        sched_setattr sched_setparam select semop semtimedop sendmmsg sendmsg sendto set_mempolicy
        setgroups setitimer setrlimit settimeofday signalfd signalfd4 splice statx timer_create
        timer_gettime timerfd_gettime unlinkat utimensat vmsplice wait4 write writev""",
    "2": """accept accept4 cachestat clock_nanosleep clone execve execveat fcntl fgetxattr
        fsetxattr futimesat get_robust_list getpeername getresgid getresuid getsockname getxattr
        io_submit ioctl lgetxattr lsetxattr migrate_pages mincore mount move_pages mq_getsetattr
        msgctl name_to_handle_at newfstatat openat2 pidfd_send_signal ppoll prlimit64 pselect6
        readlinkat rt_sigaction rt_sigprocmask rt_sigqueueinfo rt_sigtimedwait sched_getaffinity
        sched_setaffinity sched_setscheduler seccomp select sendfile setitimer setxattr shmctl
        symlinkat timer_create timer_settime timerfd_settime utimensat waitid""",
    "3": """clock_nanosleep clone copy_file_range epoll_ctl epoll_pwait2 execveat futex futex_waitv
        getsockopt io_getevents io_pgetevents linkat mbind migrate_pages mount_setattr move_mount
        move_pages mq_open mq_timedreceive name_to_handle_at ppoll prlimit64 process_vm_readv
        process_vm_writev pselect6 ptrace renameat renameat2 rt_tgsigqueueinfo select semctl
        semtimedop setsockopt socketpair splice timer_settime timerfd_settime wait4""",
    "4": """epoll_pwait epoll_pwait2 futex futex_wait getsockopt io_getevents io_pgetevents mount
        move_pages mq_timedreceive mq_timedsend pselect6 recvfrom recvmmsg select sendto statx
        waitid""",
    "5": "io_pgetevents pselect6 recvfrom",
}
"""Calls by the arguments that are pointers to memory which the kernel reads or writes."""

_WITHOUT = """
    alarm brk close close_range dup dup2 dup3 epoll_create epoll_create1 eventfd eventfd2 exit
    exit_group fadvise64 fallocate fchdir fchmod fchown fdatasync flock fork fsync ftruncate
    getegid geteuid getgid getpgid getpgrp getpid getppid getpriority getsid gettid getuid
    inotify_init inotify_init1 inotify_rm_watch io_destroy ioprio_get ioprio_set kcmp kill listen
    lseek madvise membarrier mlock mlock2 mlockall mmap mprotect mremap mseal msgget msync munlock
    munlockall munmap pause personality pidfd_getfd pidfd_open pkey_alloc pkey_free pkey_mprotect
    process_mrelease readahead restart_syscall rt_sigreturn sched_get_priority_max
    sched_get_priority_min sched_getscheduler sched_yield semget set_mempolicy_home_node setfsgid
    setfsuid setgid setpgid setpriority setregid setresgid setresuid setreuid setsid setuid shmat
    shmdt shmget shutdown socket sync sync_file_range syncfs tee tgkill timer_delete
    timer_getoverrun timerfd_create tkill umask unshare vfork
"""
"""Calls that are given numbers and addresses alone."""


_CALL_AT = {
    "BAD": 0, "FILES": 0, "COUNTED": 0, "DENIED": 0, "FILE_CALL": 0, "AFTER": 1, "COUNT": 1,
    "PIPE_CALL": 1, "IPC": 1,
}  # fmt: skip
"""The macros of the cases: behind how many other arguments the name of the call stands."""


def _pointers() -> dict[str, set[int]]:
    found: dict[str, set[int]] = {name: set() for name in _WITHOUT.split()}
    for position, names in _POINTERS.items():
        for name in names.split():
            found.setdefault(name, set()).add(int(position))
    return found


def _arguments(text: str) -> list[str]:
    """The arguments of a macro, from behind its opening parenthesis."""
    found, depth = [""], 0
    for letter in text:
        if letter == "," and not depth:
            found.append("")
            continue
        depth += (letter in "({") - (letter in ")}")
        if depth < 0:
            break
        found[-1] += letter
    return [argument.strip() for argument in found]


def _tried() -> dict[str, set[int]]:
    """The arguments of each call that are marked as pointers in the text of the cases."""
    marks = set(re.findall(r"#define (\w+) \(MARKS", (CASES / "pointers.h").read_text()))
    found: dict[str, set[int]] = {}
    for family in _FAMILIES:
        text = (CASES / f"{family}.c").read_text()
        for use in re.finditer(r"\b(\w+)\(", text):
            if use[1] == "CONTROLS":
                found.setdefault(_arguments(text[use.end() :])[0], set()).add(2)
            if use[1] in _CALL_AT:
                name, *given = _arguments(text[use.end() :])[_CALL_AT[use[1]] :]
                marked = {at for at, word in enumerate(given) if word in marks | {"argument"}}
                found.setdefault(name, set()).update(marked)
    return found


def test_every_call_is_known() -> None:
    assert sorted(implemented() - set(_pointers())) == [], "which arguments are pointers?"


def test_every_pointer_leads_astray_in_some_case() -> None:
    tried = _tried()
    left = {
        name: positions - tried.get(name, set())
        for name, positions in _pointers().items()
        if name in implemented()
    }
    assert {name: positions for name, positions in left.items() if positions} == {}
