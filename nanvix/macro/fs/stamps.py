"""When the guest changed something, by the guest's clock.

The host's kernel stamps changes with its own clock. Where that is another one than the guest's
(the emulator's counts instructions; a fixed date is nobody's) a file would seem to come from the
future, and make, for one, would not believe it. Times of status change stay the host's: nobody
can set them.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nanvix.macro.fs.descriptors import Descriptors
    from nanvix.macro.fs.nodes import Node


class Stamps:
    """Sets modification times to ``now``, the guest's in ns since the epoch; None: the host's."""

    __slots__ = ("_descriptors", "_now")

    def __init__(self, descriptors: Descriptors, now: Callable[[], int] | None = None) -> None:
        self._descriptors = descriptors
        self._now = now

    def changed(self, *nodes: Node) -> None:
        """The content of files, or the entries of directories, have just been changed."""
        if self._now is None:
            return
        for node in nodes:
            accessed = os.fstat(node.fd).st_atime_ns
            try:
                os.utime(
                    str(node.fd), ns=(accessed, self._now()), dir_fd=self._descriptors.by_number
                )
            except PermissionError:
                pass  # who may write a file need not own it
