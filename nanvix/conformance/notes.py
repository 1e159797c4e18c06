"""What is known to be missing: calls that are there in part, and cases that differ.

Everything here is printed in ``docs/syscalls.md``; a case that is in neither table and whose calls
the kernel has must say in a guest what it says natively.
"""

PARTIAL: dict[str, str] = {
    "rseq": "the table has an entry that answers ENOSYS; C libraries then do without",
}
"""What a call that the kernel has cannot do."""

DIFFERENCES: dict[str, str] = {
    "attributes/times_follow_use": "reading does not change the time of the last access",
    "descriptors/record_locks_deadlock": "two processes that wait for each other wait for ever",
    "directories/listing_a_removed_directory": "it lists . and .. instead of ENOENT",
    "directories/renameat2_flags": "names cannot be exchanged",
    "files/sendfile_copies": "sendfile of nothing fails with ENOMEM",
    "futexes/wake_nobody": "waking at an address that is not mapped finds nobody",
    "identity/capabilities_follow_ids": "capabilities follow the effective user alone",
    "identity/capability_calls": "capabilities cannot be given up",
    "identity/filesystem_ids": "the ids for files are always the effective ones",
    "identity/keep_capabilities": "capabilities cannot be kept over a change of user",
    "identity/supplementary_groups": "groups are listed in the order in which they were set",
    "links/symlinks_at": "readlinkat of a directory by its descriptor is EINVAL instead of ENOENT",
    "mapping/advice_on_shared": "MADV_REMOVE is not supported",
    "memory/grows_down": "MAP_GROWSDOWN does not grow",
    "memory/locking": "munlock does not notice holes",
    "memory/madvise_fork": "MADV_WIPEONFORK and MADV_DONTFORK have no effect",
    "memory/mincore_pages": "every mapped page counts as resident",
    "memory/mmap_errors": "a fixed address outside user space is EINVAL instead of ENOMEM",
    "memory/mremap_shared_twice": "mremap cannot map shared memory a second time",
    "processes/clone_memory": "CLONE_FS with CLONE_NEWNS is EPERM instead of EINVAL",
    "processes/dumpable_and_friends": "the timer slack cannot be changed",
    "threads/leader_leaves_first": "a leader that left before its threads is no zombie",
    "threads/sequences": "rseq answers ENOSYS",
}
"""Cases, as ``family/name``, that may say something else in a guest, and why."""
