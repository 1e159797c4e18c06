"""The node table: what the guest's node numbers stand for.

A node holds an O_PATH descriptor, which pins the host's inode: it can be unlinked, renamed or
moved and is still the same file, and its (device, inode) pair cannot be given to another one.
So a node is known by that pair, and hard links and repeated walks lead to the same number.
Numbers are never used twice. The same inode reached through two exports is two nodes: rights
belong to the export by which the guest came.
"""

from __future__ import annotations

import os
import resource
from errno import ENFILE, EROFS, ESTALE
from stat import S_IFDIR, S_IFMT

from nanvix.errors import NanvixError
from nanvix.macro.fs import identity, linux
from nanvix.macro.fs.exports import Export, open_root, require_storage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nanvix.macro.fs.numbers import Numbers

MAX_NODES = 65_536
RESERVED_DESCRIPTORS = 512
"""Left for open files (descriptors.py) and the rest of the process."""
_WANTED_DESCRIPTORS = MAX_NODES + RESERVED_DESCRIPTORS


class Node:
    """A host inode the guest knows. ``kind``: its S_IF* type, which an inode never changes.
    ``dev``, ``ino``: the guest's numbers, where ``key`` has the host's."""

    __slots__ = (
        "access", "dev", "export", "fd", "id", "ino", "key", "kind", "read_only", "seen_ctime",
        "seen_mode",
    )  # fmt: skip

    def __init__(
        self, number: int, fd: int, export: int, read_only: bool, status: os.stat_result
    ) -> None:
        self.id = number
        self.fd = fd
        self.export = export
        self.read_only = read_only
        self.dev = self.ino = 0
        self.kind = S_IFMT(status.st_mode)
        self.key = (export, status.st_dev, status.st_ino)
        self.access = 0
        self.seen_ctime = self.seen_mode = -1


class NodeTable:
    """The nodes of one VM: its exports' roots, numbered from 1, and what was walked to.
    ``numbers``: of their inodes and devices."""

    __slots__ = ("_by_id", "_by_key", "_limit", "_next", "_roots", "numbers")

    def __init__(self, exports: Sequence[Export], numbers: Numbers) -> None:
        self.numbers = numbers
        self._by_id: dict[int, Node] = {}
        self._by_key: dict[tuple[int, int, int], Node] = {}
        self._roots = len(exports)
        self._next = self._roots + 1
        self._limit = self._roots + node_limit()
        try:
            for number, export in enumerate(exports, 1):
                root = _root(number, export)
                self._insert(root)
                self._number(root, root)
        except BaseException:
            self.close()
            raise

    def node(self, number: int) -> Node:
        """The node of this number; ESTALE when there is none."""
        try:
            return self._by_id[number]
        except KeyError:
            raise OSError(ESTALE, "no such node") from None

    def changeable(self, number: int) -> Node:
        """The same for an operation that changes something: EROFS on a read-only export."""
        node = self.node(number)
        if node.read_only:
            raise OSError(EROFS, "read-only export")
        return node

    def enter(
        self, directory: Node, name: bytes, *, made: bool = False
    ) -> tuple[Node, os.stat_result]:
        """The node of a directory entry and its status. ``made``: the guest has just made it.

        ENFILE means that the guest must forget nodes first, EACCES also that the entry is the
        root of a pseudo file system.
        """
        return self.adopt(directory, linux.look(directory.fd, name), made=made)

    def adopt(self, directory: Node, fd: int, *, made: bool = False) -> tuple[Node, os.stat_result]:
        """The node of an O_PATH descriptor found in ``directory``; takes the descriptor over."""
        kept = False
        try:
            status = os.fstat(fd)
            node = self._by_key.get((directory.export, status.st_dev, status.st_ino))
            if node is None:
                # Equal device numbers mean the same file system: the directory pins its own.
                if status.st_dev != directory.key[1]:
                    require_storage(fd)
                self.require_room()
                node = Node(self._next, fd, directory.export, directory.read_only, status)
                self._next += 1
                self._insert(node)
                self._number(node, directory, made)
                kept = True
        finally:
            if not kept:
                os.close(fd)
        return node, status

    def require_room(self) -> None:
        """ENFILE when not one more node fits: ask before making what needs one."""
        if len(self._by_id) >= self._limit:
            raise OSError(ENFILE, "too many nodes")

    def forget(self, number: int) -> Node | None:
        """Drop a node; the roots stay (None)."""
        node = self.node(number)
        if number <= self._roots:
            return None
        del self._by_id[number]
        del self._by_key[node.key]
        if not os.fstat(node.fd).st_nlink:
            self.numbers.gone(*node.key[1:])
        os.close(node.fd)
        return node

    def save(self) -> dict[str, Any]:
        """Which number is which file. Raises NanvixError for a file that has no name any more."""
        roots = [identity.describe(self._by_id[n].fd) for n in range(1, self._roots + 1)]
        nodes = []
        for node in self._by_id.values():
            if node.id > self._roots:
                path = identity.way(node.fd, self._by_id[node.export].fd)
                nodes.append([node.id, node.export, path, identity.describe(node.fd)])
        return {
            "next": self._next, "roots": roots, "nodes": nodes, "numbers": self.numbers.save(),
        }  # fmt: skip

    def load(self, saved: dict[str, Any]) -> None:
        """Have the same files under the same numbers. Raises NanvixError where one of them is
        gone, or is not what it was."""
        self.numbers.load(saved["numbers"])
        for number, known in enumerate(saved["roots"], 1):
            identity.require_same(self.node(number).fd, known)
        for number, export, path, known in saved["nodes"]:
            try:
                self.require_room()
            except OSError as error:
                raise NanvixError(f"the machine has too many files: {error.strerror}") from None
            root = self.node(export)
            fd = identity.follow(root.fd, path, known)
            try:
                require_storage(fd)
            except OSError as error:
                os.close(fd)
                raise NanvixError(f"{path} is no file for a guest: {error.strerror}") from None
            node = Node(number, fd, export, root.read_only, os.fstat(fd))
            self._insert(node)
            self._number(node, node)
        self._next = saved["next"]

    def close(self) -> None:
        """Drop every node; idempotent."""
        self._by_key.clear()
        while self._by_id:
            os.close(self._by_id.popitem()[1].fd)

    def _number(self, node: Node, directory: Node, made: bool = False) -> None:
        """Give a node its numbers; a file that has been seen in a listing has them already."""
        numbers, (_, device, inode) = self.numbers, node.key
        node.dev = numbers.device(device)
        if made:
            node.ino = numbers.made(device, inode)
        elif device == directory.key[1] or node.kind == S_IFDIR:
            node.ino = numbers.inode(device, inode)
        else:
            node.ino = numbers.across(directory.key[1], device, inode)

    def _insert(self, node: Node) -> None:
        self._by_id[node.id] = node
        self._by_key[node.key] = node


def node_limit() -> int:
    """How many nodes a VM may have, roots aside, after raising RLIMIT_NOFILE as far as useful."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_NODES
    wanted = _WANTED_DESCRIPTORS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return min(MAX_NODES, max(soft - RESERVED_DESCRIPTORS, soft // 4))


def _root(number: int, export: Export) -> Node:
    fd = open_root(export)
    return Node(number, fd, number, export.read_only, os.fstat(fd))
