"""Which pages of guest memory have changed since the last time one asked.

Linux 6.7 and newer tell by PAGEMAP_SCAN over a mapping registered with userfaultfd(2) for
asynchronous write protection (Documentation/admin-guide/mm/pagemap.rst). Elsewhere, and where
that is not allowed, memory is compared with a copy of itself.
"""

import ctypes
import fcntl
import os
from collections.abc import Iterator
from struct import pack, unpack_from
from typing import Protocol

from nanvix.abi.layout import PAGE_SHIFT, PAGE_SIZE
from nanvix.machine.memory import GuestMemory

_SYS_USERFAULTFD = 323
_USER_MODE_ONLY = 1
_UFFDIO_API, _UFFDIO_REGISTER = 0xC018_AA3F, 0xC020_AA00
_API = 0xAA
_FEATURES = 1 << 12 | 1 << 13 | 1 << 15
"""WP_HUGETLBFS_SHMEM, WP_UNPOPULATED, WP_ASYNC (linux/userfaultfd.h)."""
_REGISTER_WP = 2

_PAGEMAP_SCAN = 0xC060_6610
_SCAN_SIZE = 96
_WRITTEN = 2
_WP_AND_CHECK = 3
"""PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC (linux/fs.h)."""
_REGIONS = 4096

_CHUNK = 64 << 10
_ZEROS = bytes(_CHUNK)


class Dirty(Protocol):
    """Tells the pages written since the last call, or since it was made."""

    def pages(self) -> set[int]:
        """Page numbers, a superset of those that differ; starts afresh."""

    def close(self) -> None:
        """Stop watching; idempotent."""


def watch(memory: GuestMemory) -> Dirty:
    """The best way there is here."""
    try:
        return ScannedPages(memory)
    except OSError:
        return ComparedPages(memory)


class ScannedPages:
    """By PAGEMAP_SCAN. Raises OSError where there is no such thing."""

    def __init__(self, memory: GuestMemory) -> None:
        self._start, self._end = memory.address, memory.address + memory.size
        self._regions = (ctypes.c_uint64 * (3 * _REGIONS))()
        self._pagemap = self._fault = -1
        libc = ctypes.CDLL(None, use_errno=True)
        flags = os.O_CLOEXEC | os.O_NONBLOCK | _USER_MODE_ONLY
        self._fault = libc.syscall(_SYS_USERFAULTFD, flags)
        if self._fault < 0:
            raise OSError(ctypes.get_errno(), "userfaultfd")
        try:
            fcntl.ioctl(self._fault, _UFFDIO_API, bytearray(pack("<3Q", _API, _FEATURES, 0)))
            wanted = pack("<4Q", self._start, memory.size, _REGISTER_WP, 0)
            fcntl.ioctl(self._fault, _UFFDIO_REGISTER, bytearray(wanted))
            self._pagemap = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
            self.pages()
        except BaseException:
            self.close()
            raise

    def pages(self) -> set[int]:
        """Page numbers written since the last call."""
        found: set[int] = set()
        at = self._start
        while at < self._end:
            request = bytearray(
                pack(
                    "<12Q", _SCAN_SIZE, _WP_AND_CHECK, at, self._end, 0,
                    ctypes.addressof(self._regions), _REGIONS, 0, 0, _WRITTEN, 0, _WRITTEN,
                )
            )  # fmt: skip
            count = fcntl.ioctl(self._pagemap, _PAGEMAP_SCAN, request)
            for index in range(0, 3 * count, 3):
                first = self._regions[index] - self._start >> PAGE_SHIFT
                found.update(range(first, self._regions[index + 1] - self._start >> PAGE_SHIFT))
            (at,) = unpack_from("<Q", request, 32)
        return found

    def close(self) -> None:
        """Stop watching; idempotent."""
        for fd in (self._pagemap, self._fault):
            if fd >= 0:
                os.close(fd)
        self._pagemap = self._fault = -1


class ComparedPages:
    """By comparing with a copy: works everywhere, costs memory and time."""

    def __init__(self, memory: GuestMemory) -> None:
        self._memory = memory
        self._copy: dict[int, bytes] = {}
        self.pages()

    def pages(self) -> set[int]:
        """Page numbers that differ from the last call's."""
        found: set[int] = set()
        view, copy = self._memory.view, self._copy
        fresh: dict[int, bytes] = {}
        for start, end in populated(self._memory):
            for at in range(start - start % _CHUNK, end, _CHUNK):
                now = bytes(view[at : at + _CHUNK])
                before = copy.get(at, _ZEROS)
                fresh[at] = now
                if now == before:
                    continue
                for page in range(0, len(now), PAGE_SIZE):
                    if now[page : page + PAGE_SIZE] != before[page : page + PAGE_SIZE]:
                        found.add(at + page >> PAGE_SHIFT)
        self._copy = fresh
        return found

    def close(self) -> None:
        """Let go of the copy."""
        self._copy.clear()


def populated(memory: GuestMemory) -> Iterator[tuple[int, int]]:
    """The ranges of memory that are not holes: everywhere else there are zeros (lseek(2))."""
    at = 0
    while at < memory.size:
        try:
            start = os.lseek(memory.fd, at, os.SEEK_DATA)
        except OSError:
            return
        at = os.lseek(memory.fd, start, os.SEEK_HOLE)
        yield start, min(at, memory.size)
