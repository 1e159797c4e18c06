"""Directory listing: FS_READDIR.

A cookie is the host file system's own position in the directory (``d_off``), which stays valid
while entries come and go, so nothing has to be kept between two calls. That order is made of when
entries were made, or of a key of the file system: a steady listing has another one (ordered.py).
"""

from __future__ import annotations

import os
from errno import EINVAL
from stat import S_IFMT
from struct import Struct

from nanvix.abi.channel import DIRENT
from nanvix.macro.fs import linux
from nanvix.macro.fs.answers import scatter
from nanvix.macro.fs.attributes import MAX_OFFSET
from nanvix.named import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nanvix.abi.call import Call
    from nanvix.macro.fs.descriptors import Descriptors
    from nanvix.macro.fs.nodes import NodeTable

MAX_LISTING = 256 << 10
"""Most bytes of entries one call returns."""

_PIECE = 32 << 10
_HOST_ENTRY = Struct("=QQHB")
"""struct linux_dirent64 up to its name: d_ino, d_off, d_reclen, d_type (getdents(2))."""
_DOTS = (b".", b"..")
_DT_UNKNOWN = 0


class Found(NamedTuple):
    """A directory entry: position behind it, name, the host's inode, DT_*."""

    cookie: int
    name: bytes
    inode: int
    kind: int


class Listing:
    """Lists directories in pieces. ``steady``: in an order that follows from the names."""

    __slots__ = ("_descriptors", "_nodes", "_ordered")

    def __init__(self, nodes: NodeTable, descriptors: Descriptors, steady: bool = False) -> None:
        self._nodes = nodes
        self._descriptors = descriptors
        self._ordered = None
        if steady:
            from nanvix.macro.fs.ordered import Ordered

            self._ordered = Ordered()

    def readdir(self, call: Call) -> int:
        """FS_READDIR; EINVAL when not even one entry fits."""
        number, cookie = call.arg[:2]
        node = self._nodes.node(number)
        fd = self._descriptors.listing(node)
        if cookie > MAX_OFFSET:
            raise OSError(EINVAL, "cookie out of range")
        if self._ordered is None:
            found = from_host(fd, cookie)
        else:
            found = self._ordered.after(number, fd, cookie)
        device, numbers = node.key[1], self._nodes.numbers
        room = min(sum(map(len, call.outputs)), MAX_LISTING)
        entries, complete = _entries(found, room, lambda inode: numbers.inode(device, inode))
        call.out[0] = complete
        return scatter(b"".join(entries), call.outputs)


def from_host(fd: int, cookie: int) -> Iterator[Found]:
    """The entries behind a position of the host's, in its order, but the dots."""
    os.lseek(fd, cookie, os.SEEK_SET)
    while piece := linux.list_directory(fd, _PIECE):
        at = 0
        while at < len(piece):
            inode, cookie, length, kind = _HOST_ENTRY.unpack_from(piece, at)
            start = at + _HOST_ENTRY.size
            name = piece[start : piece.index(0, start)]
            at += length
            if name not in _DOTS:
                yield Found(cookie, name, inode, kind or _type(fd, name))


def _entries(
    found: Iterator[Found], room: int, number: Callable[[int], int]
) -> tuple[list[bytes], bool]:
    """Whole nv_dirent entries of at most ``room`` bytes together; whether they are the last."""
    entries: list[bytes] = []
    for cookie, name, inode, kind in found:
        padded = (len(name) + 7) & ~7
        size = DIRENT.size + padded
        if size > room:
            if not entries:
                raise OSError(EINVAL, "no room for an entry")
            return entries, False
        room -= size
        head = DIRENT.codec.pack(number(inode), cookie, kind, len(name), size)
        entries.append(head + name.ljust(padded, b"\0"))
    return entries, True


def _type(fd: int, name: bytes) -> int:
    """The DT_* of an entry where the file system does not tell; 0 when it is gone already."""
    try:
        mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
    except OSError:
        return _DT_UNKNOWN
    return S_IFMT(mode) >> 12
