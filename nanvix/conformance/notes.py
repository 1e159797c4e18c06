"""What is known to be missing: calls that are there in part, and cases that differ.

Everything here is printed in ``docs/syscalls.md``; a case that is in neither table and whose calls
the kernel has must say in a guest what it says natively.
"""

_OF_THE_HOST = "always EPERM: the name space of a guest is the host's to make"

PARTIAL: dict[str, str] = {
    "acct": "always EPERM",
    "fsopen": _OF_THE_HOST,
    "fspick": _OF_THE_HOST,
    "mount": _OF_THE_HOST,
    "mount_setattr": _OF_THE_HOST,
    "mq_open": "messages of at most 208 KiB, for root too",
    "move_mount": _OF_THE_HOST,
    "name_to_handle_at": "always EOPNOTSUPP: no file system gives out handles",
    "open_by_handle_at": "always EPERM",
    "open_tree": _OF_THE_HOST,
    "pivot_root": _OF_THE_HOST,
    "pkey_alloc": "always ENOSPC: the virtual CPU has no protection keys",
    "swapoff": "always EPERM",
    "swapon": "always EPERM",
    "umount2": _OF_THE_HOST,
    "rseq": "the table has an entry that answers ENOSYS; C libraries then do without",
}
"""What a call that the kernel has cannot do."""

DIFFERENCES: dict[str, str] = {
    "attributes/times_follow_use": "reading does not change the time of the last access",
    "futexes/wake_nobody": "waking at an address that is not mapped finds nobody",
    "identity/capabilities_follow_ids": "capabilities follow the effective user alone",
    "identity/capability_calls": "capabilities cannot be given up",
    "identity/filesystem_ids": "the ids for files are always the effective ones",
    "identity/keep_capabilities": "capabilities cannot be kept over a change of user",
    "identity/supplementary_groups": "groups are listed in the order in which they were set",
    "memory/mincore_pages": "a fault brings in the pages around it, and they count as resident",
    "pointers/read_pointers": "reading into memory that ends is EFAULT, not short",
    "pointers/pread64_pointers": "reading into memory that ends is EFAULT, not short",
    "pointers/write_pointers": "writing from memory that ends is EFAULT, not short",
    "pointers/pwrite64_pointers": "writing from memory that ends is EFAULT, not short",
    "pointers/utimes_pointers": "no path at all is EBADF",
    "pointers/futimesat_pointers": "no path at all is EBADF",
    "pointers/setxattr_pointers": "the name space is looked at before the value",
    "pointers/sendto_pointers": "the address is looked at before the data",
    "pointers/recvfrom_pointers": "the buffer is looked at only when there is data",
    "pointers/waitid_pointers": "the usage is looked at only when there is a child",
    "pointers/getgroups_pointers": "the list is looked at also when there is nothing to write",
    "pointers/sigaltstack_pointers": "a stack of no size is ENOMEM",
    "pointers/futex_pointers": "waking at an address that is not mapped finds nobody",
    "pointers/sched_setaffinity_pointers": "a set that is only half readable is read in part",
    "processes/clone_memory": "CLONE_FS with CLONE_NEWNS is EPERM instead of EINVAL",
    "limits/processes_of_a_user": "the limit of processes counts one too many",
    "local_sockets/names_in_the_file_system": "bound twice, it is EINVAL instead of EADDRINUSE",
    "polling/pselect_masks": "pselect of no descriptors does not look at signals it lets through",
    "programs/exec_text_busy": "a program that is open for writing can be executed",
    "pseudo_files/command_and_environment": "/proc/self/comm cannot be written",
    "pseudo_files/memory_through_a_file": "there is no /proc/self/mem",
    "pseudo_files/proc_is_read_only": "making names in /proc is EPERM instead of ENOENT",
    "pseudo_files/settings": "there is no /proc/sys/kernel/random/uuid",
    "system/policies": "SCHED_BATCH is accepted, but shows as SCHED_OTHER",
    "system/processor_features": "arch_prctl cannot tell whether CPUID faults",
    "threads/leader_leaves_first": "a leader that left before its threads is no zombie",
    "threads/sequences": "rseq answers ENOSYS",
}
"""Cases, as ``family/name``, that may say something else in a guest, and why."""
