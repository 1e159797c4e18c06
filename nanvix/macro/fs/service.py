"""The host-file service: the table of FS_* ops over exported host trees.

What it promises: the guest reaches what lies below its exports, by names it walks one by one,
and nothing else. Symbolic links are never followed on the host, ``..`` does not exist, FIFOs,
sockets and device nodes are never opened (FIFOs and sockets can be made, devices cannot), pseudo
file systems are not shown, and a read-only export is never changed.

What it does not: a hard link to a file elsewhere *is* that file; a directory the guest has
walked to stays in its reach when the host moves it out of the export; of two exports that
overlap each gives its own rights; a symbolic link the guest creates is followed by host programs
that come across it; a network or FUSE file system that hangs blocks the VM; and how much a
writable export can hold is for quotas of the host to limit.
"""

from __future__ import annotations

from nanvix.abi.channel import OPS
from nanvix.macro.fs.attributes import Attributes
from nanvix.macro.fs.changes import Changes
from nanvix.macro.fs.content import Content
from nanvix.macro.fs.descriptors import Descriptors
from nanvix.macro.fs.extended import Extended
from nanvix.macro.fs.listing import Listing
from nanvix.macro.fs.lookup import Lookup
from nanvix.macro.fs.nodes import NodeTable
from nanvix.macro.fs.numbers import Numbers
from nanvix.macro.fs.space import Space
from nanvix.macro.fs.stamps import Stamps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nanvix.abi.call import Handler
    from nanvix.macro.fs.exports import Export


class FileService:
    """Serves FS_*. Export ``n``, counted from 1, is node ``n``.

    Raises OSError, with the path, for an export that cannot be opened or is neither a directory
    nor a regular file. ``steady``: attributes and the order of listings follow from names and
    content as far as they can (see :class:`~nanvix.macro.fs.attributes.Attributes`). ``handlers``
    raise nothing but OSError. ``nodes``: what of it goes into a saved machine. ``now``: see
    :class:`~nanvix.macro.fs.stamps.Stamps`. Not thread-safe.
    """

    __slots__ = ("_closers", "handlers", "nodes")

    def __init__(
        self,
        exports: Sequence[Export],
        *,
        steady: bool = False,
        now: Callable[[], int] | None = None,
    ) -> None:
        self._closers: list[Callable[[], None]] = []
        self.nodes = nodes = NodeTable(exports, Numbers(steady))
        self._closers.append(nodes.close)
        try:
            descriptors = Descriptors()
        except BaseException:
            self.close()
            raise
        self._closers.append(descriptors.close)
        stamps = Stamps(descriptors, now)
        attributes = Attributes(nodes, descriptors, stamps, steady)
        lookup = Lookup(nodes, descriptors, attributes, steady)
        content = Content(nodes, descriptors, stamps)
        changes = Changes(nodes, descriptors, attributes, stamps)
        extended = Extended(nodes, descriptors)
        space = Space(nodes, descriptors, attributes, stamps)
        serve: dict[str, Handler] = {
            "FS_WALK": lookup.walk,
            "FS_GETATTR": attributes.get,
            "FS_SETATTR": attributes.set,
            "FS_READ": content.read,
            "FS_WRITE": content.write,
            "FS_READDIR": Listing(nodes, descriptors, steady).readdir,
            "FS_CREATE": changes.create,
            "FS_MKDIR": changes.mkdir,
            "FS_MKNOD": changes.mknod,
            "FS_SYMLINK": changes.symlink,
            "FS_LINK": changes.link,
            "FS_UNLINK": changes.unlink,
            "FS_RMDIR": changes.rmdir,
            "FS_RENAME": changes.rename,
            "FS_READLINK": lookup.readlink,
            "FS_STATFS": lookup.statfs,
            "FS_FSYNC": content.fsync,
            "FS_FORGET": lookup.forget,
            "FS_ALLOCATE": space.allocate,
            "FS_SEEK": space.seek,
            "FS_GETXATTR": extended.get,
            "FS_SETXATTR": extended.set,
            "FS_LISTXATTR": extended.list,
            "FS_REMOVEXATTR": extended.remove,
        }
        self.handlers = {OPS[name][0]: handler for name, handler in serve.items()}

    def close(self) -> None:
        """Close every descriptor, last one first; idempotent."""
        while self._closers:
            self._closers.pop()()
