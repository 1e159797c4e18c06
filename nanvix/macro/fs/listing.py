"""Directory listing: FS_READDIR.

A cookie is the host file system's own position in the directory (``d_off``), which stays valid
while entries come and go, so nothing has to be kept between two calls.
"""

import os
from errno import EINVAL
from stat import S_IFMT
from struct import Struct

from nanvix.abi.call import Call
from nanvix.abi.channel import DIRENT
from nanvix.macro.fs import linux
from nanvix.macro.fs.answers import scatter
from nanvix.macro.fs.attributes import MAX_OFFSET
from nanvix.macro.fs.descriptors import Descriptors
from nanvix.macro.fs.nodes import NodeTable

MAX_LISTING = 256 << 10
"""Most bytes of entries one call returns."""

_PIECE = 32 << 10
_HOST_ENTRY = Struct("=QQHB")
"""struct linux_dirent64 up to its name: d_ino, d_off, d_reclen, d_type (getdents(2))."""
_DOTS = (b".", b"..")
_DT_UNKNOWN = 0


class Listing:
    """Lists directories in pieces."""

    __slots__ = ("_descriptors", "_nodes")

    def __init__(self, nodes: NodeTable, descriptors: Descriptors) -> None:
        self._nodes = nodes
        self._descriptors = descriptors

    def readdir(self, call: Call) -> int:
        """FS_READDIR; EINVAL when not even one entry fits."""
        number, cookie = call.arg[:2]
        fd = self._descriptors.listing(self._nodes.node(number))
        if cookie > MAX_OFFSET:
            raise OSError(EINVAL, "cookie out of range")
        os.lseek(fd, cookie, os.SEEK_SET)
        room = min(sum(map(len, call.outputs)), MAX_LISTING)
        entries, complete = _entries(fd, room)
        call.out[0] = complete
        return scatter(b"".join(entries), call.outputs)


def _entries(fd: int, room: int) -> tuple[list[bytes], bool]:
    """Whole nv_dirent entries of at most ``room`` bytes together; whether they are the last."""
    entries: list[bytes] = []
    while piece := linux.list_directory(fd, _PIECE):
        at = 0
        while at < len(piece):
            ino, cookie, length, kind = _HOST_ENTRY.unpack_from(piece, at)
            start = at + _HOST_ENTRY.size
            name = piece[start : piece.index(0, start)]
            at += length
            if name in _DOTS:
                continue
            padded = (len(name) + 7) & ~7
            size = DIRENT.size + padded
            if size > room:
                if not entries:
                    raise OSError(EINVAL, "no room for an entry")
                return entries, False
            room -= size
            if kind == _DT_UNKNOWN:
                kind = _type(fd, name)
            entries.append(
                DIRENT.codec.pack(ino, cookie, kind, len(name), size) + name.ljust(padded, b"\0")
            )
    return entries, True


def _type(fd: int, name: bytes) -> int:
    """The DT_* of an entry where the file system does not tell; 0 when it is gone already."""
    try:
        mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
    except OSError:
        return _DT_UNKNOWN
    return S_IFMT(mode) >> 12
