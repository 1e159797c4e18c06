"""What is known to be missing: calls that are there in part, and cases that differ.

Everything here is printed in ``docs/syscalls.md``; a case that is in neither table and whose calls
the kernel has must say in a guest what it says natively.
"""

_OF_THE_HOST = "always EPERM: the name space of a guest is the host's to make"

PARTIAL: dict[str, str] = {
    "acct": "always EPERM",
    "fsopen": _OF_THE_HOST,
    "fspick": _OF_THE_HOST,
    "getsockopt": "no SO_PEERGROUPS and SO_PEERPIDFD",
    "mincore": "of the pages next to one that was touched, those only read since count as absent",
    "mount": _OF_THE_HOST,
    "mount_setattr": _OF_THE_HOST,
    "mq_open": "messages of at most 208 KiB, for root too",
    "move_mount": _OF_THE_HOST,
    "name_to_handle_at": "only of files in memory, and no AT_HANDLE_CONNECTABLE",
    "open_by_handle_at": "only files in memory that have a name",
    "open_tree": _OF_THE_HOST,
    "pivot_root": _OF_THE_HOST,
    "pkey_alloc": "always ENOSPC: the virtual CPU has no protection keys",
    "prctl": "no PR_SET_MM and PR_TSC_SIGSEGV",
    "sched_setattr": "no SCHED_DEADLINE",
    "semget": "sets of at most 250 semaphores",
    "ptrace": "no breakpoints in debug registers: they are all in use, says ENOSPC",
    "swapoff": "always EPERM",
    "swapon": "always EPERM",
    "setsockopt": "no multicast groups and devices",
    "settimeofday": "always EPERM for a new time: it is the host's",
    "umount2": _OF_THE_HOST,
    "unshare": "no new name spaces (EPERM)",
}
"""What a call that the kernel has cannot do."""

DIFFERENCES: dict[str, str] = {}
"""Cases, as ``family/name``, that may say something else in a guest, and why."""
