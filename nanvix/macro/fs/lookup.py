"""Finding nodes: FS_WALK, FS_READLINK, FS_STATFS, FS_FORGET."""

from __future__ import annotations

import os
from errno import EINVAL, EIO
from stat import S_IFLNK, S_IFREG

from nanvix.abi.channel import ATTR, STATFS
from nanvix.macro.fs import names
from nanvix.macro.fs.answers import room, scatter
from nanvix.macro.fs.attributes import READ, Attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.call import Call
    from nanvix.macro.fs.descriptors import Descriptors
    from nanvix.macro.fs.nodes import Node, NodeTable

_EXECUTABLE = 0o111
_HALF_FULL = (1 << 26, 1 << 25, 1 << 25)
"""Blocks, free ones, those not reserved: 256 GiB in blocks of 4 KiB."""


class Lookup:
    """Turns names into nodes and lets go of them again. ``steady``: every file system is half
    full, and always as large."""

    __slots__ = ("_attributes", "_descriptors", "_nodes", "_steady")

    def __init__(
        self,
        nodes: NodeTable,
        descriptors: Descriptors,
        attributes: Attributes,
        steady: bool = False,
    ) -> None:
        self._nodes = nodes
        self._descriptors = descriptors
        self._attributes = attributes
        self._steady = steady

    def walk(self, call: Call) -> int:
        """FS_WALK. Also ends, without an error, at a symbolic link (which the guest resolves in
        its own name space) and where the first output has no room for another record."""
        nodes, attributes = self._nodes, self._attributes
        node = nodes.node(call.arg[0])
        path = names.components(call.inputs)
        records = room(call.outputs, ATTR.size)
        most = len(records) // ATTR.size
        reached = 0
        for name in path[:most]:
            try:
                node, status = nodes.enter(node, name)
            except OSError as error:
                call.out[0] = error.errno or EIO
                return reached
            attributes.write(node, status, records, reached * ATTR.size)
            reached += 1
            if node.kind == S_IFLNK:
                call.out[1] = _target(node, call.outputs[1:])
                return reached
        if node.kind != S_IFREG or reached < len(path) or len(call.outputs) < 2:
            return reached
        if not call.arg[1] or status.st_mode & _EXECUTABLE:
            call.out[1] = self._prefetch(node, call.outputs[1:])
        return reached

    def readlink(self, call: Call) -> int:
        """FS_READLINK; a target that does not fit is cut, as by readlink(2)."""
        node = self._nodes.node(call.arg[0])
        if node.kind != S_IFLNK:
            raise OSError(EINVAL, "not a symbolic link")
        return scatter(os.readlink(b"", dir_fd=node.fd), call.outputs)

    def statfs(self, call: Call) -> int:
        """FS_STATFS; blocks are counted in ``bsize``."""
        node = self._nodes.node(call.arg[0])
        view = room(call.outputs, STATFS.size)
        found = os.statvfs(node.fd)
        if self._steady:
            numbers = (*_HALF_FULL, *_HALF_FULL[:2], 4096)
        else:
            numbers = (
                found.f_blocks, found.f_bfree, found.f_bavail, found.f_files, found.f_ffree,
                found.f_frsize,
            )  # fmt: skip
        STATFS.codec.pack_into(view, 0, *numbers, found.f_namemax)
        return 0

    def forget(self, call: Call) -> int:
        """FS_FORGET; forgetting a root changes nothing."""
        node = self._nodes.forget(call.arg[0])
        if node is not None:
            self._descriptors.forget(node)
        return 0

    def _prefetch(self, node: Node, views: list[memoryview]) -> int:
        if not node.access & READ:
            return 0
        try:
            return os.preadv(self._descriptors.reader(node), views, 0)
        except OSError:
            # The walk has succeeded all the same; FS_READ will meet the error and report it.
            return 0


def _target(node: Node, views: list[memoryview]) -> int:
    """The target of a link into the first view, or nothing where it does not fit or is gone."""
    try:
        text = os.readlink(b"", dir_fd=node.fd)
    except OSError:
        return 0
    return scatter(text, views[:1]) if views and len(text) <= len(views[0]) else 0
