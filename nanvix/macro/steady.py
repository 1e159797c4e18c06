"""Streams whose other end's pace does not show: for runs that are to be the same twice."""

import os
import select
from collections.abc import Sequence
from errno import EAGAIN

from nanvix.abi.call import WatchTable
from nanvix.macro.fs.answers import scatter

_PIECE = 1 << 16
_PATIENCE_MS = 50
"""How long the host waits before it looks whether the VM is to end."""


def await_ready(fd: int, bits: int, watches: WatchTable) -> bool:
    """Wait until ``fd`` shows one of ``bits`` or an error; False when the VM is to end."""
    poller = select.poll()
    poller.register(fd, bits)
    while not watches.ending:
        if poller.poll(_PATIENCE_MS):
            return True
    return False


class WholeInput:
    """A pipe or socket that is read to its end before anybody sees the first byte of it."""

    def __init__(self, fd: int, watches: WatchTable) -> None:
        self._fd = fd
        self._watches = watches
        self._data = bytearray()
        self._at = 0
        self._ended = False

    def save(self) -> tuple[str, bool]:
        """What has been read from the host and not by the guest, in hex; whether that is all."""
        return self._data[self._at :].hex(), self._ended

    def load(self, saved: tuple[str, bool]) -> None:
        """Take over what :meth:`save` gave."""
        self._data, self._at = bytearray.fromhex(saved[0]), 0
        self._ended = saved[1]

    def read(self, buffers: Sequence[memoryview]) -> int:
        """As much as fits; 0 at the end."""
        if not self._collect():
            return -EAGAIN
        end = self._at + sum(map(len, buffers))
        done = scatter(bytes(self._data[self._at : end]), buffers)
        self._at += done
        return done

    def poll(self) -> int:
        """What poll(2) says of input whose other end is closed."""
        if not self._collect():
            return 0
        return select.POLLHUP | (select.POLLIN if self._at < len(self._data) else 0)

    def unread(self) -> int:
        """Bytes that the guest has not read."""
        return len(self._data) - self._at if self._collect() else 0

    def _collect(self) -> bool:
        while not self._ended:
            if not await_ready(self._fd, select.POLLIN, self._watches):
                return False
            piece = os.read(self._fd, _PIECE)
            self._data += piece
            self._ended = not piece
        return True


def write_all(fd: int, buffers: Sequence[memoryview], watches: WatchTable) -> int:
    """Write everything, however long it takes; less only when the VM is to end, or by an error
    that comes after some of it."""
    done = 0
    for buffer in buffers:
        left = buffer
        while left:
            if not await_ready(fd, select.POLLOUT, watches):
                return done or -EAGAIN
            try:
                count = os.write(fd, left[: select.PIPE_BUF])
            except OSError:
                if done:
                    return done
                raise
            done += count
            left = left[count:]
    return done
