"""Extended attributes: FS_GETXATTR, FS_SETXATTR, FS_LISTXATTR, FS_REMOVEXATTR.

Only the ``user.`` name space is the guest's: what the host keeps in the others (capabilities,
labels, access lists) is nothing it should see or make.
"""

from __future__ import annotations

import os
from errno import EOPNOTSUPP, EPERM, ERANGE
from stat import S_IFDIR, S_IFREG

from nanvix.macro.fs.answers import scatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nanvix.abi.call import Call
    from nanvix.macro.fs.descriptors import Descriptors
    from nanvix.macro.fs.nodes import Node, NodeTable

_PREFIX = b"user."
_NAME_MAX = 255
_VALUE_MAX = 65_536
"""XATTR_SIZE_MAX (linux/limits.h)."""


class Extended:
    """Serves the ops on extended attributes of regular files and directories."""

    __slots__ = ("_descriptors", "_nodes")

    def __init__(self, nodes: NodeTable, descriptors: Descriptors) -> None:
        self._nodes = nodes
        self._descriptors = descriptors

    def get(self, call: Call) -> int:
        """FS_GETXATTR."""
        path = self._path(self._nodes.node(call.arg[0]))
        return _answer(call, os.getxattr(path, _name(call.inputs)))

    def set(self, call: Call) -> int:
        """FS_SETXATTR."""
        path = self._path(self._nodes.changeable(call.arg[0]))
        name, value = _name(call.inputs[:1]), b"".join(call.inputs[1:])
        if len(value) > _VALUE_MAX:
            raise OSError(ERANGE, "value too long")
        os.setxattr(path, name, value, call.arg[1] & 3)
        return 0

    def list(self, call: Call) -> int:
        """FS_LISTXATTR: names with a NUL behind each."""
        names = os.listxattr(self._path(self._nodes.node(call.arg[0])))
        found = (os.fsencode(name) for name in names)
        return _answer(call, b"".join(n + b"\0" for n in found if n.startswith(_PREFIX)))

    def remove(self, call: Call) -> int:
        """FS_REMOVEXATTR."""
        path = self._path(self._nodes.changeable(call.arg[0]))
        os.removexattr(path, _name(call.inputs))
        return 0

    def _path(self, node: Node) -> str:
        """A path that leads to exactly this inode, whatever has become of its name."""
        if node.kind not in (S_IFREG, S_IFDIR):
            raise OSError(EPERM, "only files and directories have attributes of users")
        return f"/proc/self/fd/{node.fd}"


def _name(inputs: Sequence[memoryview]) -> bytes:
    name = bytes(inputs[0]) if len(inputs) == 1 and len(inputs[0]) <= _NAME_MAX else b""
    if not name.startswith(_PREFIX) or len(name) == len(_PREFIX) or b"\0" in name:
        raise OSError(EOPNOTSUPP, "not an attribute of users")
    return name


def _answer(call: Call, data: bytes) -> int:
    """The size; with buffers also the data, all of it."""
    if not call.outputs:
        return len(data)
    if len(data) > sum(map(len, call.outputs)):
        raise OSError(ERANGE, "buffer too small")
    return scatter(data, call.outputs)
