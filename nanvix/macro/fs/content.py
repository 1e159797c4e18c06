"""The content of regular files: FS_READ, FS_WRITE, FS_FSYNC.

Data goes straight between the host's page cache and guest memory. A write that hits a limit of
the host (no space, quota, RLIMIT_FSIZE) is short or an errno; Python ignores SIGXFSZ.
"""

from __future__ import annotations

import os
from errno import EACCES, EINVAL
from stat import S_IFDIR

from nanvix.macro.fs.attributes import MAX_OFFSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.call import Call
    from nanvix.macro.fs.descriptors import Descriptors
    from nanvix.macro.fs.nodes import Node, NodeTable
    from nanvix.macro.fs.stamps import Stamps

_MASK64 = (1 << 64) - 1


class Content:
    """Reads, writes and flushes."""

    __slots__ = ("_descriptors", "_nodes", "_stamps")

    def __init__(self, nodes: NodeTable, descriptors: Descriptors, stamps: Stamps) -> None:
        self._nodes = nodes
        self._descriptors = descriptors
        self._stamps = stamps

    def read(self, call: Call) -> int:
        """FS_READ; short only at the end of the file."""
        number, offset = call.arg[:2]
        fd = self._descriptors.reader(self._nodes.node(number))
        if offset > MAX_OFFSET:
            raise OSError(EINVAL, "offset out of range")
        return os.preadv(fd, call.outputs, offset)

    def write(self, call: Call) -> int:
        """FS_WRITE. Appending is atomic against other writers on the host."""
        number, offset, append = call.arg[:3]
        node = self._nodes.changeable(number)
        fd = self._descriptors.writer(node)
        if append:
            # Offset -1 makes the kernel keep the position, which tells where the data went.
            count = os.pwritev(fd, call.inputs, -1, os.RWF_APPEND)
            offset = os.lseek(fd, 0, os.SEEK_CUR) - count if count else os.fstat(fd).st_size
        elif offset > MAX_OFFSET:
            raise OSError(EINVAL, "offset out of range")
        else:
            count = os.pwritev(fd, call.inputs, offset)
        self._stamps.changed(node)
        status = os.fstat(fd)
        call.out[0] = status.st_size
        call.out[1] = status.st_mtime_ns & _MASK64
        call.out[2] = offset
        return count

    def fsync(self, call: Call) -> int:
        """FS_FSYNC, of a directory too; nothing to do on a read-only export."""
        node = self._nodes.node(call.arg[0])
        if node.read_only:
            return 0
        flush = os.fdatasync if call.arg[1] else os.fsync
        flush(self._any_descriptor(node))
        return 0

    def _any_descriptor(self, node: Node) -> int:
        if node.kind == S_IFDIR:
            return self._descriptors.listing(node)
        try:
            return self._descriptors.reader(node)
        except OSError as error:
            if error.errno != EACCES:
                raise
            return self._descriptors.writer(node)
