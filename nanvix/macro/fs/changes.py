"""Changes of directories: create, mkdir, mknod, symlink, link, unlink, rmdir, rename.

Each acts on one checked name inside one held directory, so it can touch nothing else, and on a
read-only export each is EROFS before anything else is looked at. New files and directories get
exactly the permissions the guest asks for: it applies its own umask, the host's is undone.
"""

from __future__ import annotations

import os
from errno import EINVAL, ENOENT, EPERM, EXDEV
from stat import S_IFDIR, S_IFLNK, S_IFREG

from nanvix.abi.channel import ATTR
from nanvix.macro.fs import linux, names
from nanvix.macro.fs.answers import room
from nanvix.macro.fs.attributes import SPECIAL, Attributes, directory_mode, file_mode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.abi.call import Call
    from nanvix.macro.fs.descriptors import Descriptors
    from nanvix.macro.fs.nodes import Node, NodeTable
    from nanvix.macro.fs.stamps import Stamps

CREATE_UNNAMED = 2
RENAME_NOREPLACE = 1
RENAME_EXCHANGE = 2
_CREATE_TRIES = 8
_EXACT = 0o1777


class Changes:
    """Serves the ops that change directories."""

    __slots__ = ("_attributes", "_descriptors", "_nodes", "_stamps")

    def __init__(
        self, nodes: NodeTable, descriptors: Descriptors, attributes: Attributes, stamps: Stamps
    ) -> None:
        self._nodes = nodes
        self._descriptors = descriptors
        self._attributes = attributes
        self._stamps = stamps

    def create(self, call: Call) -> int:
        """FS_CREATE: whether a file was made. Without O_EXCL an entry that exists, of whatever
        kind, is the answer."""
        directory, view = self._prepare(call)
        mode = file_mode(call.arg[1])
        if call.arg[2] == CREATE_UNNAMED:
            node = self._open(directory, linux.create_unnamed(directory.fd, mode), mode)
            self._stamps.changed(node)
            self._attributes.write(node, os.fstat(node.fd), view, 0)
            return 1
        name = names.entry(call.inputs)
        # Between finding no entry and making one (or the reverse) the host may be faster.
        for _ in range(_CREATE_TRIES):
            try:
                self._finish(directory, self._create(directory, name, mode), view)
            except FileExistsError:
                if call.arg[2]:
                    raise
            else:
                return 1
            try:
                node, status = self._nodes.enter(directory, name)
            except FileNotFoundError:
                continue
            self._attributes.write(node, status, view, 0)
            return 0
        raise OSError(ENOENT, "comes and goes")

    def mkdir(self, call: Call) -> int:
        """FS_MKDIR."""
        directory, view = self._prepare(call)
        name, mode = names.entry(call.inputs), directory_mode(call.arg[1])
        os.mkdir(name, mode, dir_fd=directory.fd)
        self._finish(directory, self._made(directory, name, S_IFDIR, mode), view)
        return 0

    def mknod(self, call: Call) -> int:
        """FS_MKNOD: a FIFO or a socket, never a device."""
        directory, view = self._prepare(call)
        name, mode = names.entry(call.inputs), call.arg[1] & 0o777
        kind = call.arg[1] & ~0o7777
        if kind not in SPECIAL:
            raise OSError(EPERM, "only FIFOs and sockets can be made")
        os.mknod(name, kind | mode, dir_fd=directory.fd)
        self._finish(directory, self._made(directory, name, kind, mode), view)
        return 0

    def symlink(self, call: Call) -> int:
        """FS_SYMLINK; the target is stored as it is."""
        directory, view = self._prepare(call)
        name, target = names.entry_and_target(call.inputs)
        os.symlink(target, name, dir_fd=directory.fd)
        self._finish(directory, self._nodes.enter(directory, name, made=True)[0], view)
        return 0

    def link(self, call: Call) -> int:
        """FS_LINK, within one export: another one may grant other rights."""
        directory = self._nodes.changeable(call.arg[1])
        node = self._nodes.node(call.arg[0])
        view = room(call.outputs, ATTR.size)
        name = names.entry(call.inputs)
        if node.export != directory.export:
            raise OSError(EXDEV, "another export")
        if node.kind not in (S_IFREG, S_IFLNK, *SPECIAL):
            raise OSError(EPERM, "neither directories nor devices can be linked")
        os.link(
            str(node.fd), name, src_dir_fd=self._descriptors.by_number,
            dst_dir_fd=directory.fd, follow_symlinks=True,
        )  # fmt: skip
        self._stamps.changed(directory)
        self._attributes.write(node, os.fstat(node.fd), view, 0)
        return 0

    def unlink(self, call: Call) -> int:
        """FS_UNLINK."""
        directory = self._nodes.changeable(call.arg[0])
        os.unlink(names.entry(call.inputs), dir_fd=directory.fd)
        self._stamps.changed(directory)
        return 0

    def rmdir(self, call: Call) -> int:
        """FS_RMDIR."""
        directory = self._nodes.changeable(call.arg[0])
        os.rmdir(names.entry(call.inputs), dir_fd=directory.fd)
        self._stamps.changed(directory)
        return 0

    def rename(self, call: Call) -> int:
        """FS_RENAME, within one export."""
        source = self._nodes.changeable(call.arg[0])
        target = self._nodes.changeable(call.arg[1])
        flags = call.arg[2]
        old, new = names.two_entries(call.inputs)
        if flags not in (0, RENAME_NOREPLACE, RENAME_EXCHANGE):
            raise OSError(EINVAL, "unknown rename flags")
        if source.export != target.export:
            raise OSError(EXDEV, "another export")
        if flags:
            linux.rename(source.fd, old, target.fd, new, flags)
        else:
            os.rename(old, new, src_dir_fd=source.fd, dst_dir_fd=target.fd)
        self._stamps.changed(source, target)
        return 0

    def _prepare(self, call: Call) -> tuple[Node, memoryview]:
        """The directory for a new node and the view for its attributes; nothing is made when
        there could be no answer."""
        directory = self._nodes.changeable(call.arg[0])
        view = room(call.outputs, ATTR.size)
        self._nodes.require_room()
        return directory, view

    def _made(self, directory: Node, name: bytes, kind: int, mode: int) -> Node:
        """The node of what has just been made by name, with exactly these permissions."""
        node, status = self._nodes.enter(directory, name, made=True)
        # Should the host have replaced it meanwhile, that is nothing the guest has made.
        ours = node.kind == kind and status.st_uid == os.geteuid()
        if ours and (status.st_mode ^ mode) & _EXACT:
            mode |= status.st_mode & ~_EXACT & 0o7777
            os.chmod(str(node.fd), mode, dir_fd=self._descriptors.by_number)
        return node

    def _finish(self, directory: Node, node: Node, view: memoryview) -> None:
        """``node`` has just been made in ``directory``: both have the guest's time; answer."""
        self._stamps.changed(directory, node)
        self._attributes.write(node, os.fstat(node.fd), view, 0)

    def _create(self, directory: Node, name: bytes, mode: int) -> Node:
        return self._open(directory, linux.create(directory.fd, name, mode), mode)

    def _open(self, directory: Node, fd: int, mode: int) -> Node:
        """The node of a file that has just been made, by the descriptor that made it."""
        try:
            status = os.fstat(fd)
            if (status.st_mode ^ mode) & _EXACT:
                os.fchmod(fd, mode)
            node = self._nodes.adopt(directory, self._descriptors.hold(fd), made=True)[0]
        except BaseException:
            os.close(fd)
            raise
        self._descriptors.adopt_writer(node, fd)
        return node
