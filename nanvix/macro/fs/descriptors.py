"""Open files: the few nodes whose content is being used, in order of last use.

A held O_PATH descriptor is opened for I/O through /proc/self/fd, which reaches exactly its
inode, whatever has become of the name. The node's kind was read from that inode, so what is
opened here is known to be a regular file or a directory: no FIFO can block us, no device driver
hears of us. While a file stays in the table for writing, the host cannot execute it (ETXTBSY).
"""

from __future__ import annotations

import os
import resource
from errno import EACCES, EINVAL, EISDIR, EMFILE, ENFILE, ENOTDIR
from stat import S_IFDIR, S_IFLNK, S_IFREG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nanvix.macro.fs.nodes import Node

MAX_OPEN = 256

_CONTENT = os.O_NOCTTY | os.O_NONBLOCK
_NO_CONTENT = {S_IFDIR: EISDIR, S_IFLNK: EINVAL}


class Descriptors:
    """Descriptors for I/O on nodes, each either for reading or for writing.

    ``by_number``: a directory descriptor whose entries, named by decimal descriptor numbers,
    lead to what the descriptors of this process hold; for ``*at`` calls on a node itself.
    """

    __slots__ = ("_limit", "_open", "by_number")

    def __init__(self) -> None:
        self.by_number = os.open("/proc/self/fd", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._limit = MAX_OPEN if soft < 0 else min(MAX_OPEN, max(soft // 8, 1))
        # Key: node number * 2, + 1 for writing.
        self._open: dict[int, int] = {}

    def reader(self, node: Node) -> int:
        """A descriptor to read a regular file; EISDIR, EINVAL (link) or EACCES for others."""
        fd = self._cached(node.id << 1)
        if fd is None:
            _require_content(node)
            fd = self._add(node.id << 1, self._through(node.fd, os.O_RDONLY | _CONTENT))
        return fd

    def writer(self, node: Node) -> int:
        """A descriptor to write a regular file; errors as for :meth:`reader`."""
        fd = self._cached(node.id << 1 | 1)
        if fd is None:
            _require_content(node)
            fd = self._add(node.id << 1 | 1, self._through(node.fd, os.O_WRONLY | _CONTENT))
        return fd

    def listing(self, node: Node) -> int:
        """A descriptor to list a directory; ENOTDIR for others."""
        fd = self._cached(node.id << 1)
        if fd is None:
            if node.kind != S_IFDIR:
                raise OSError(ENOTDIR, "not a directory")
            fd = self._add(node.id << 1, self._through(node.fd, os.O_RDONLY | os.O_DIRECTORY))
        return fd

    def adopt_writer(self, node: Node, fd: int) -> None:
        """Take over the descriptor by which a file was created: it may write whatever the mode."""
        self._drop(node.id << 1 | 1)
        self._add(node.id << 1 | 1, fd)

    def hold(self, fd: int) -> int:
        """A new O_PATH descriptor of what ``fd`` has open."""
        return self._through(fd, os.O_PATH)

    def forget(self, node: Node) -> None:
        """Close what is open of a node."""
        self._drop(node.id << 1)
        self._drop(node.id << 1 | 1)

    def close(self) -> None:
        """Close everything; idempotent."""
        self._close_files()
        if self.by_number >= 0:
            os.close(self.by_number)
            self.by_number = -1

    def _cached(self, key: int) -> int | None:
        fd = self._open.pop(key, None)
        if fd is not None:
            self._open[key] = fd  # behind the others: it is the last one used
        return fd

    def _through(self, fd: int, flags: int) -> int:
        while True:
            try:
                return os.open(str(fd), flags | os.O_CLOEXEC, dir_fd=self.by_number)
            except OSError as error:
                if error.errno != EMFILE:
                    raise
                if not self._open:
                    raise OSError(ENFILE, "no descriptor left") from None
            # Files in use can be opened again later; what the guest waits for cannot wait.
            self._close_files()

    def _add(self, key: int, fd: int) -> int:
        if len(self._open) >= self._limit:
            os.close(self._open.pop(next(iter(self._open))))
        self._open[key] = fd
        return fd

    def _drop(self, key: int) -> None:
        fd = self._open.pop(key, None)
        if fd is not None:
            os.close(fd)

    def _close_files(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])


def _require_content(node: Node) -> None:
    if node.kind != S_IFREG:
        raise OSError(_NO_CONTENT.get(node.kind, EACCES), "not a regular file")
