"""Attributes: from the host's stat to nv_attr, and back for what the guest may change."""

from __future__ import annotations

import os
import struct
from errno import EACCES, EINVAL, EISDIR
from stat import S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK

from nanvix.abi.channel import (
    ATTR,
    SET_ATIME,
    SET_MODE,
    SET_MTIME,
    SET_OWNER,
    SET_SIZE,
)
from nanvix.macro.fs.answers import room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.call import Call
    from nanvix.macro.fs.descriptors import Descriptors
    from nanvix.macro.fs.nodes import Node, NodeTable
    from nanvix.macro.fs.stamps import Stamps

READ, WRITE, EXECUTE = 4, 2, 1

SPECIAL = (S_IFIFO, S_IFSOCK)
"""On the host only names and attributes: the guest has pipes and sockets of its own behind them."""

MAX_OFFSET = (1 << 63) - 1
_MOST = 64
"""Nodes one FS_GETATTR tells about at most."""

_pack_into = ATTR.codec.pack_into
_TIME_MIN, _TIME_MAX = -(1 << 63), (1 << 63) - 1
_MASK32 = (1 << 32) - 1
_UNIT = 4096
"""Block size of steady files, and size of steady directories."""
_SETTABLE = SET_MODE | SET_OWNER | SET_SIZE | SET_ATIME | SET_MTIME
# A guest must not be able to leave a program on the host that runs with our rights.
_MODE_BITS = {S_IFREG: 0o1777, S_IFDIR: 0o3777}


class Attributes:
    """Serves FS_GETATTR and FS_SETATTR, and writes the records other ops answer with.

    ``steady``: what others can change without changing a file's content is not shown. Times of
    last access and of status change are that of the last modification, space in use is at most
    what the size needs, a read-only file has one name, directories are all of the same size.
    """

    __slots__ = ("_descriptors", "_nodes", "_stamps", "_steady")

    def __init__(
        self, nodes: NodeTable, descriptors: Descriptors, stamps: Stamps, steady: bool = False
    ) -> None:
        self._nodes = nodes
        self._descriptors = descriptors
        self._stamps = stamps
        self._steady = steady

    def get(self, call: Call) -> int:
        """FS_GETATTR."""
        first = call.arg[0]
        records = room(call.outputs, ATTR.size)
        count = 0
        for at in range(0, min(len(records) // ATTR.size, _MOST) * ATTR.size, ATTR.size):
            try:
                node = self._nodes.node(first + count)
            except OSError:
                if not count:
                    raise
                break
            self.write(node, os.fstat(node.fd), records, at)
            count += 1
        return count

    def set(self, call: Call) -> int:
        """FS_SETATTR: size, owner, mode, times, in this order; what fails ends it."""
        number, mask, mode_owner, size_gid, atime, mtime = call.arg
        node = self._nodes.changeable(number)
        view = room(call.outputs, ATTR.size)
        if mask & ~_SETTABLE or (mask & SET_OWNER and mask & SET_SIZE):
            raise OSError(EINVAL, "impossible set of attributes")
        if node.kind not in (S_IFREG, S_IFDIR, S_IFLNK, *SPECIAL):
            raise OSError(EACCES, "a device")
        if mask & SET_SIZE:
            self._truncate(node, size_gid)
            self._stamps.changed(node)
        entry, root = str(node.fd), self._descriptors.by_number
        if mask & SET_OWNER:
            os.chown(entry, _owner(mode_owner >> 32), _owner(size_gid), dir_fd=root)
        if mask & SET_MODE:
            mode = mode_owner & _MODE_BITS.get(node.kind, 0o777)
            os.chmod(entry, mode, dir_fd=root)
        if mask & (SET_ATIME | SET_MTIME):
            status = os.fstat(node.fd)
            times = (
                _signed(atime) if mask & SET_ATIME else status.st_atime_ns,
                _signed(mtime) if mask & SET_MTIME else status.st_mtime_ns,
            )
            os.utime(entry, ns=times, dir_fd=root)
        node.seen_ctime = -1
        self.write(node, os.fstat(node.fd), view, 0)
        return 0

    def write(self, node: Node, status: os.stat_result, view: memoryview, offset: int) -> None:
        """Store a node's nv_attr at ``offset`` of a view with room for it."""
        mode, ctime = status.st_mode, status.st_ctime_ns
        if ctime != node.seen_ctime or mode != node.seen_mode:
            node.access = self._access(node, mode)
            node.seen_ctime, node.seen_mode = ctime, mode
        mtime, size, blocks = status.st_mtime_ns, status.st_size, status.st_blocks
        atime, links, unit = status.st_atime_ns, status.st_nlink, status.st_blksize
        if self._steady:
            atime = ctime = mtime
            unit = _UNIT
            if node.kind == S_IFDIR:
                size = _UNIT
            elif node.kind == S_IFREG and node.read_only:
                links = 1
            needed = -(-size // _UNIT) * (_UNIT // 512)
            # Some file systems take more in advance; holes are the file's own.
            blocks = needed if node.kind == S_IFDIR else min(blocks, needed)
        try:
            _pack_into(
                view, offset, node.id, node.ino, size, blocks, atime, mtime, ctime,
                status.st_rdev, mode, links, status.st_uid, status.st_gid, unit, node.access,
                node.dev,
            )  # fmt: skip
        except struct.error:
            # A file system may have times beyond 2262 or block sizes beyond u32.
            _pack_into(
                view, offset, node.id, node.ino, size, blocks, _time(atime), _time(mtime),
                _time(ctime), status.st_rdev, mode, min(links, _MASK32), status.st_uid,
                status.st_gid, min(unit, _MASK32), node.access, node.dev,
            )  # fmt: skip

    def _access(self, node: Node, mode: int) -> int:
        """READ | WRITE | EXECUTE bits as the host's kernel judges this process.

        Asked anew only when the inode has changed, for it costs a system call per bit.
        """
        if node.kind == S_IFLNK:
            return READ | EXECUTE if node.read_only else READ | WRITE | EXECUTE
        if node.kind not in (S_IFREG, S_IFDIR, *SPECIAL):
            return 0
        # Writing into a FIFO changes no file, so it is allowed on what is mounted read-only.
        bits = READ if node.read_only and node.kind not in SPECIAL else READ | WRITE
        if node.kind == S_IFDIR or (node.kind == S_IFREG and mode & 0o111):
            bits |= EXECUTE
        entry, root = str(node.fd), self._descriptors.by_number
        granted = 0
        for bit in (READ, WRITE, EXECUTE):
            if bits & bit and os.access(entry, bit, dir_fd=root, effective_ids=True):
                granted |= bit
        return granted

    def _truncate(self, node: Node, size: int) -> None:
        if node.kind == S_IFDIR:
            raise OSError(EISDIR, "a directory has no size")
        if size > MAX_OFFSET:
            raise OSError(EINVAL, "size out of range")
        os.ftruncate(self._descriptors.writer(node), size)


def file_mode(mode: int) -> int:
    """The permissions a guest may give a new file."""
    return mode & _MODE_BITS[S_IFREG]


def directory_mode(mode: int) -> int:
    """The permissions a guest may give a new directory."""
    return mode & _MODE_BITS[S_IFDIR]


def _owner(number: int) -> int:
    """A u32 id, where all ones mean "leave it"."""
    number &= _MASK32
    return -1 if number == _MASK32 else number


def _signed(value: int) -> int:
    return value - ((value >> 63) << 64)


def _time(value: int) -> int:
    return min(max(value, _TIME_MIN), _TIME_MAX)
