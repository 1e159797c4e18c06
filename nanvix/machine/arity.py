"""How many arguments each system call has; the registers behind them hold leftovers."""

from __future__ import annotations

from nanvix.abi.syscalls import SYSCALLS

_BY_COUNT = {
    0: """sched_yield pause getpid fork vfork getuid getgid geteuid getegid getppid getpgrp
        setsid gettid sync munlockall rt_sigreturn inotify_init restart_syscall vhangup""",
    1: """close brk alarm dup pipe exit exit_group uname chdir fchdir rmdir unlink umask times
        sysinfo setuid setgid getpgid getsid time set_tid_address epoll_create epoll_create1
        eventfd inotify_init1 fsync fdatasync syncfs unshare personality setfsuid setfsgid chroot
        timer_getoverrun timer_delete mlockall acct
        io_destroy swapoff shmdt pkey_free mq_unlink""",
    2: """stat fstat lstat access nanosleep gettimeofday settimeofday getrlimit setrlimit
        getrusage munmap dup2 kill truncate ftruncate getcwd rename mkdir creat link
        symlink chmod fchmod utime statfs fstatfs setpgid getpriority sigaltstack rt_sigpending
        rt_sigsuspend setreuid setregid getgroups setgroups capget capset arch_prctl tkill
        clock_gettime clock_getres clock_settime timer_gettime getitimer pipe2 memfd_create
        eventfd2 timerfd_create timerfd_gettime set_robust_list mlock munlock flock listen
        shutdown inotify_rm_watch clone3 sethostname setdomainname utimes removexattr pkey_alloc
        pidfd_open io_setup
        umount2 pivot_root swapon msgget mq_notify""",
    3: """read write open poll lseek mprotect ioctl readv writev mincore madvise msync socket
        connect accept bind getsockname getpeername sendmsg recvmsg execve fcntl getdents getdents64
        chown fchown lchown readlink mkdirat unlinkat symlinkat fchmodat faccessat futimesat
        setresuid getresuid setresgid getresgid setpriority tgkill sched_setaffinity
        sched_getaffinity getcpu timer_create setitimer dup3 getrandom inotify_add_watch mknod
        close_range get_robust_list membarrier seccomp sched_setscheduler rt_sigqueueinfo
        signalfd ioprio_set listxattr flistxattr llistxattr mlock2 finit_module
        io_submit io_cancel readahead semget semop shmget shmat shmctl msgctl fspick
        mq_getsetattr""",
    4: """pread64 pwrite64 rt_sigaction rt_sigprocmask wait4 rt_sigtimedwait newfstatat openat
        openat2 mknodat readlinkat renameat fallocate utimensat sendfile epoll_ctl epoll_wait
        timer_settime timerfd_settime clock_nanosleep socketpair accept4 prlimit64 fadvise64
        getxattr lgetxattr fgetxattr faccessat2 ptrace rseq tee signalfd4 sendmmsg
        pkey_mprotect
        vmsplice sync_file_range semctl semtimedop msgsnd futex_wake futex_requeue fchmodat2
        mq_open""",
    5: """select mremap clone prctl getsockopt setsockopt ppoll fchownat linkat renameat2 waitid
        statx preadv pwritev execveat recvmmsg setxattr lsetxattr fsetxattr mount
        futex_waitv io_getevents
        msgrcv mq_timedsend mq_timedreceive name_to_handle_at move_mount mount_setattr""",
}

_NUMBERS = {name: number for number, name in SYSCALLS.items()}
_ARITY = {
    _NUMBERS[name]: count
    for count, names in _BY_COUNT.items()
    for name in names.split()
    if name in _NUMBERS
}


def arguments(number: int) -> int:
    """0 to 6; 6 for a call that is not in the table."""
    return _ARITY.get(number, 6)
