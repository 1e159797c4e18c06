"""Which pages of guest memory have been written since we last asked.

Linux 6.7 tells by itself: PAGEMAP_SCAN over memory that userfaultfd write-protects without asking
anybody (ioctl_pagemap_scan(2), userfaultfd(2)); a first write to a page then costs 1 to 2 µs.
Elsewhere all pages in use are compared with what they were.
"""

import ctypes
import os
from collections.abc import Callable
from struct import Struct
from typing import Protocol

from nanvix.abi.layout import PAGE_SIZE
from nanvix.machine.memory import GuestMemory

_SYS_USERFAULTFD = 323
_USER_MODE_ONLY = 1
_UFFDIO_API, _UFFDIO_REGISTER = 0xC018AA3F, 0xC020AA00
_API = 0xAA
_FEATURES = 1 << 12 | 1 << 13 | 1 << 15
"""UFFD_FEATURE_WP_HUGETLBFS_SHMEM, WP_UNPOPULATED, WP_ASYNC."""
_MODE_WRITE_PROTECT = 2
_PAGEMAP_SCAN = 0xC0606610
_WRITE_PROTECT_MATCHING, _CHECK_ASYNC = 1, 2
_IS_WRITTEN = 1 << 1
_SCAN = Struct("<12Q")
_REGION = Struct("<3Q")
_REGIONS = 4096


class Dirty(Protocol):
    """``take()``: numbers of the pages written since the last call (or a few more)."""

    def take(self) -> set[int]:
        """Ask, and begin anew."""

    def close(self) -> None:
        """Release what it holds; idempotent."""


class Scanned:
    """By PAGEMAP_SCAN. Raises OSError where the kernel cannot do it."""

    def __init__(self, memory: GuestMemory) -> None:
        from fcntl import ioctl

        self._start, self._size = memory.address, memory.size
        libc = ctypes.CDLL(None, use_errno=True)
        flags = os.O_CLOEXEC | os.O_NONBLOCK | _USER_MODE_ONLY
        self._fds = []
        fault_fd = libc.syscall(_SYS_USERFAULTFD, flags)
        if fault_fd < 0:
            raise OSError(ctypes.get_errno(), "userfaultfd")
        self._fds.append(fault_fd)
        try:
            ioctl(fault_fd, _UFFDIO_API, bytearray(Struct("<3Q").pack(_API, _FEATURES, 0)))
            where = Struct("<4Q").pack(self._start, self._size, _MODE_WRITE_PROTECT, 0)
            ioctl(fault_fd, _UFFDIO_REGISTER, bytearray(where))
            self._pagemap = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
            self._fds.append(self._pagemap)
            self._regions = ctypes.create_string_buffer(_REGION.size * _REGIONS)
            self.take()
        except BaseException:
            self.close()
            raise

    def take(self) -> set[int]:
        """See :class:`Dirty`."""
        from fcntl import ioctl

        pages: set[int] = set()
        at, end = self._start, self._start + self._size
        while at < end:
            request = bytearray(
                _SCAN.pack(
                    _SCAN.size, _WRITE_PROTECT_MATCHING | _CHECK_ASYNC, at, end, 0,
                    ctypes.addressof(self._regions), _REGIONS, 0, 0, _IS_WRITTEN, 0, _IS_WRITTEN,
                )
            )  # fmt: skip
            count = ioctl(self._pagemap, _PAGEMAP_SCAN, request)
            for index in range(count):
                first, last, _ = _REGION.unpack_from(self._regions, index * _REGION.size)
                pages.update(
                    range((first - self._start) // PAGE_SIZE, (last - self._start) // PAGE_SIZE)
                )
            at = _SCAN.unpack(request)[4]
        return pages

    def close(self) -> None:
        """See :class:`Dirty`."""
        while self._fds:
            os.close(self._fds.pop())


class Compared:
    """By comparing. ``known(page)``: what the page held when :meth:`take` was last called."""

    def __init__(self, memory: GuestMemory, known: Callable[[int], bytes]) -> None:
        self._memory = memory
        self._known = known

    def take(self) -> set[int]:
        """See :class:`Dirty`."""
        known, view = self._known, self._memory.view
        return {
            page
            for page in present(self._memory)
            if bytes(view[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]) != known(page)
        }

    def close(self) -> None:
        """See :class:`Dirty`."""


def present(memory: GuestMemory) -> list[int]:
    """Numbers of all pages that memory has been given for; the others are zeros."""
    pages: list[int] = []
    at = 0
    while at < memory.size:
        try:
            at = os.lseek(memory.fd, at, os.SEEK_DATA)
        except OSError:
            break
        end = min(os.lseek(memory.fd, at, os.SEEK_HOLE), memory.size)
        pages += range(at // PAGE_SIZE, -(-end // PAGE_SIZE))
        at = end
    return pages


def track(memory: GuestMemory, known: Callable[[int], bytes]) -> Dirty:
    """The better of the two ways this host knows."""
    try:
        return Scanned(memory)
    except OSError:
        return Compared(memory, known)
