"""Guest RAM: one memfd, one mapping, one checked way in.

Everything on the host that touches guest memory goes through :class:`GuestMemory`; an address
the guest made up is an ordinary :class:`BadAddress`, never an index error or a crash.
"""

from __future__ import annotations

import ctypes
import mmap
import os

from nanvix.abi.layout import HUGE_SIZE, PAGE_SIZE

_PIECE = 1 << 20
_MADV_POPULATE_WRITE = 23


class BadAddress(ValueError):
    """A guest-physical range is not inside RAM."""


class GuestMemory:
    """``size`` bytes of guest-physical memory from address 0, backed by a memfd."""

    def __init__(self, size: int) -> None:
        fd = os.memfd_create("nanvix-ram", os.MFD_CLOEXEC)
        try:
            os.ftruncate(fd, size)
            self._take(fd, size, mmap.MAP_SHARED)
        except BaseException:
            os.close(fd)
            raise

    def _take(self, fd: int, size: int, flags: int) -> None:
        self.size, self.fd = size, fd
        self._map = mmap.mmap(fd, size, flags)
        self.view = memoryview(self._map)
        self._anchor = ctypes.c_char.from_buffer(self._map)
        self.address = ctypes.addressof(self._anchor)

    def twin(self) -> GuestMemory:
        """Another memory with the same content, for a short time: what is written there is not
        written here, but what is written here meanwhile may show there."""
        twin = GuestMemory.__new__(GuestMemory)
        fd = os.dup(self.fd)
        try:
            twin._take(fd, self.size, mmap.MAP_PRIVATE)
        except BaseException:
            os.close(fd)
            raise
        return twin

    def check(self, gpa: int, size: int) -> None:
        """Raise BadAddress unless [gpa, gpa+size) lies in RAM."""
        if gpa < 0 or size < 0 or gpa + size > self.size:
            raise BadAddress(f"guest-physical {gpa:#x}+{size:#x} is outside RAM")

    def read(self, gpa: int, size: int) -> bytes:
        """A copy of ``size`` bytes."""
        self.check(gpa, size)
        return bytes(self.view[gpa : gpa + size])

    def write(self, gpa: int, data: bytes | memoryview) -> None:
        """Store ``data`` at ``gpa``."""
        self.check(gpa, len(data))
        self.view[gpa : gpa + len(data)] = data

    def slice(self, gpa: int, size: int) -> memoryview:
        """The bytes themselves, for scatter I/O; release it before the VM closes."""
        self.check(gpa, size)
        return self.view[gpa : gpa + size]

    def populate(self, gpa: int, size: int) -> None:
        """Give whole pages their memory now, all at once: much cheaper than one by one.

        Only advice: what cannot be done (madvise(2), Linux 5.14) is left to the first use.
        """
        gpa, size = gpa & -PAGE_SIZE, size & -PAGE_SIZE
        if 0 < size <= HUGE_SIZE and 0 <= gpa <= self.size - size:
            try:
                self._map.madvise(_MADV_POPULATE_WRITE, gpa, size)
            except OSError:
                pass

    def sha256(self) -> str:
        """Checksum of all of RAM, in hex. Reads the file, so that holes stay holes."""
        from hashlib import sha256

        found = sha256()
        piece = bytearray(_PIECE)
        for at in range(0, self.size, _PIECE):
            found.update(memoryview(piece)[: os.preadv(self.fd, [piece], at)])
        return found.hexdigest()

    def close(self) -> None:
        """Unmap and close; idempotent."""
        if self.fd < 0:
            return
        self.view.release()
        del self._anchor
        try:
            self._map.close()
        except BufferError:
            pass  # a traceback still holds a view: the mapping goes with it
        os.close(self.fd)
        self.fd = -1
