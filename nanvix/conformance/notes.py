"""What is known to be missing: calls that are there in part, and cases that differ.

Everything here is printed in ``docs/syscalls.md``; a case that is in neither table and whose calls
the kernel has must say in a guest what it says natively.
"""

PARTIAL: dict[str, str] = {
    "rseq": "the table has an entry that answers ENOSYS; C libraries then do without",
}
"""What a call that the kernel has cannot do."""

DIFFERENCES: dict[str, str] = {}
"""Cases, as ``family/name``, that may say something else in a guest, and why."""
