"""Where a file has data and where holes: FS_ALLOCATE, FS_SEEK."""

from __future__ import annotations

import os
from errno import EINVAL, EOPNOTSUPP

from nanvix.abi.channel import ATTR
from nanvix.macro.fs import linux
from nanvix.macro.fs.answers import room
from nanvix.macro.fs.attributes import MAX_OFFSET, Attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.call import Call
    from nanvix.macro.fs.descriptors import Descriptors
    from nanvix.macro.fs.nodes import NodeTable
    from nanvix.macro.fs.stamps import Stamps

KEEP_SIZE, PUNCH_HOLE, COLLAPSE_RANGE, ZERO_RANGE, INSERT_RANGE = 1, 2, 8, 16, 32
"""fallocate(2) modes (linux/falloc.h)."""
_MODES = KEEP_SIZE | PUNCH_HOLE | COLLAPSE_RANGE | ZERO_RANGE | INSERT_RANGE


class Space:
    """Serves the two ops about the space of regular files."""

    __slots__ = ("_attributes", "_descriptors", "_nodes", "_stamps")

    def __init__(
        self, nodes: NodeTable, descriptors: Descriptors, attributes: Attributes, stamps: Stamps
    ) -> None:
        self._nodes = nodes
        self._descriptors = descriptors
        self._attributes = attributes
        self._stamps = stamps

    def allocate(self, call: Call) -> int:
        """FS_ALLOCATE; what the host's file system cannot do is its own EOPNOTSUPP."""
        number, mode, offset, size = call.arg[:4]
        node = self._nodes.changeable(number)
        view = room(call.outputs, ATTR.size)
        if mode & ~_MODES:
            raise OSError(EOPNOTSUPP, "unknown fallocate mode")
        if not size or max(offset, size) > MAX_OFFSET:
            raise OSError(EINVAL, "range out of range")
        linux.allocate(self._descriptors.writer(node), mode, offset, size)
        self._stamps.changed(node)
        self._attributes.write(node, os.fstat(node.fd), view, 0)
        return 0

    def seek(self, call: Call) -> int:
        """FS_SEEK; nothing else uses the position of a descriptor for reading."""
        number, offset, whence = call.arg[:3]
        if whence not in (os.SEEK_DATA, os.SEEK_HOLE) or offset > MAX_OFFSET:
            raise OSError(EINVAL, "impossible seek")
        return os.lseek(self._descriptors.reader(self._nodes.node(number)), offset, whence)
