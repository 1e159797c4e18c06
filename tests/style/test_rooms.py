"""One concept per file: none is longer than what can be read at a sitting."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = {".py", ".c", ".h", ".S"}
LINES, KERNEL_LINES = 350, 300

TABLES = {"nanvix/abi/syscalls.py": "a line for each system call of the architecture"}
"""Files that may be longer, and why: there is nothing to split in a table."""


def sources() -> list[str]:
    """Names of the project's own files of code, from the checkout's root."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout: nothing says which files are the project's own")
    return [name for name in done.stdout.split("\0") if Path(name).suffix in SUFFIXES]


def test_no_file_is_too_long() -> None:
    long = {}
    for name in sources():
        path = ROOT / name
        lines = path.read_bytes().count(b"\n") if path.exists() else 0
        if lines > (KERNEL_LINES if name.startswith("kernel/") else LINES):
            long[name] = lines
    assert set(long) == set(TABLES), long
