"""The console service: the guest's three standard streams are three host descriptors.

The guest never blocks here and the host's descriptors stay as they are: O_NONBLOCK belongs to
the open file description, which other processes share, so readiness is asked with poll(2)
before every transfer instead.
"""

from __future__ import annotations

import os
import select
import stat
from errno import EAGAIN, EBADF, EINVAL, ENOSPC, ENOSYS

from nanvix.abi.call import Watch
from nanvix.abi.channel import OPS
from nanvix.errors import NanvixError
from nanvix.macro.terminal import TERMIOS_SIZE, TerminalSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nanvix.abi.call import Call, Handler, WatchTable
    from nanvix.macro.steady import WholeInput

PIECE = 4096
"""A pipe that polls as writable takes PIPE_BUF bytes without blocking (pipe(7))."""

FIONREAD = 0x541B
_POLL_BITS = 0xFFFF
_COOKIE_BITS = (1 << 64) - 1


class _Stream:
    """One host descriptor and what never changes about it."""

    __slots__ = ("access", "always_ready", "fd", "is_pipe", "readable", "whole", "writable")

    def __init__(self, fd: int) -> None:
        from fcntl import F_GETFL, fcntl

        self.fd = fd
        self.access = fcntl(fd, F_GETFL) & os.O_ACCMODE
        mode = os.fstat(fd).st_mode
        self.always_ready = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        self.is_pipe = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
        self.whole: WholeInput | None = None
        self.readable = _poller(fd, select.POLLIN)
        self.writable = _poller(fd, select.POLLOUT)


class Console:
    """Serves CON_*. ``stdio``: a descriptor, or None for a closed one, per stream.

    The descriptors stay the caller's; :meth:`close` gives terminals their old settings back.
    ``steady``: how fast the other ends of pipes and sockets are does not show. Input is there as
    a whole, once the other end has closed it, and output always finds room; the host waits, and
    no time passes for the guest. ``suspend``: see :class:`~nanvix.macro.terminal.TerminalSettings`.
    """

    def __init__(
        self,
        watches: WatchTable,
        stdio: tuple[int | None, int | None, int | None] = (0, 1, 2),
        *,
        steady: bool = False,
        suspend: Callable[[], None] | None = None,
    ) -> None:
        self._watches = watches
        self._streams = [_open(fd) for fd in stdio]
        self._steady = steady
        self._settings = TerminalSettings(suspend)
        serve: dict[str, Handler] = {
            "CON_INFO": self._info,
            "CON_READ": self._read,
            "CON_WRITE": self._write,
            "CON_WATCH": self._watch,
            "CON_GETATTR": self._getattr,
            "CON_SETATTR": self._setattr,
            "CON_SEEK": self._seek,
            "CON_POLL": self._poll,
            "CON_SUSPEND": self._suspend,
            "CON_UNREAD": self._unread,
        }
        self.handlers = {OPS[name][0]: handler for name, handler in serve.items()}

    def close(self) -> None:
        """Restore what the guest has done to terminals; idempotent."""
        self._settings.restore()

    def save(self) -> dict[str, Any]:
        """Where the streams are, what was read ahead of the guest, and what it waits for.

        Input from a regular file goes on where it was, if it is the same file (device and inode).
        """
        places = [None if s is None else _place(s) for s in self._streams]
        whole = [None if s is None or s.whole is None else s.whole.save() for s in self._streams]
        numbers = {s.fd: number for number, s in enumerate(self._streams) if s is not None}
        watches = [
            (numbers[watch.fd], watch.events, watch.cookie)
            for watch in self._watches.pending.values()
            if watch.fd in numbers
        ]
        there = [stream is not None for stream in self._streams]
        return {"open": there, "places": places, "whole": whole, "watches": watches}

    def load(self, saved: dict[str, Any]) -> None:
        """Take over what :meth:`save` gave, with the streams there are now.

        Raises NanvixError where one of them is closed that was open.
        """
        for number, stream in enumerate(self._streams):
            place, whole = saved["places"][number], saved["whole"][number]
            if stream is None:
                if saved["open"][number]:
                    raise NanvixError(f"standard stream {number} is closed; the guest has it open")
                continue
            here = _place(stream)
            if place is not None and here is not None and here[:2] == place[:2]:
                os.lseek(stream.fd, place[2], os.SEEK_SET)
            if whole is not None:
                self._whole(stream).load(whole)
        for number, events, cookie in saved["watches"]:
            waited_for = self._streams[number]
            if waited_for is not None:
                watch = Watch(waited_for.fd, events & _POLL_BITS, cookie & _COOKIE_BITS)
                self._watches.add(watch)

    def _stream(self, call: Call) -> _Stream:
        index = call.arg[0]
        stream = self._streams[index] if index < len(self._streams) else None
        if stream is None:
            raise OSError(EBADF, "no such stream")
        return stream

    def _info(self, call: Call) -> int:
        stream = self._stream(call)
        terminal = os.isatty(stream.fd)
        columns, rows = os.get_terminal_size(stream.fd) if terminal else (0, 0)
        call.out[0] = os.fstat(stream.fd).st_mode
        call.out[1] = int(terminal)
        call.out[2] = rows
        call.out[3] = columns
        call.out[4] = stream.access
        call.out[5] = int(terminal and self._settings.suspend is not None)
        return 0

    def _read(self, call: Call) -> int:
        stream = self._stream(call)
        buffers = call.outputs
        # poll(2) would wait for ever for what the descriptor was not opened for.
        if stream.access == os.O_WRONLY:
            return -EBADF
        if not any(map(len, buffers)):
            return 0
        if self._steady and stream.is_pipe:
            return self._whole(stream).read(buffers)
        if not stream.always_ready and not stream.readable(0):
            return -EAGAIN
        return os.readv(stream.fd, buffers)

    def _write(self, call: Call) -> int:
        stream = self._stream(call)
        buffers = call.inputs
        if stream.access == os.O_RDONLY:
            return -EBADF
        size = sum(map(len, buffers))
        if size == 0:
            return 0
        if stream.always_ready:
            return os.writev(stream.fd, buffers)
        if self._steady:
            from nanvix.macro.steady import write_all

            return write_all(stream.fd, buffers, self._watches)
        if not stream.writable(0):
            return -EAGAIN
        if size <= PIECE:
            return os.writev(stream.fd, buffers)
        return _write_pieces(stream, buffers)

    def _watch(self, call: Call) -> int:
        fd = self._stream(call).fd
        added = self._watches.add(Watch(fd, call.arg[1] & _POLL_BITS, call.cookie))
        return 0 if added else -ENOSPC

    def _getattr(self, call: Call) -> int:
        stream = self._stream(call)
        if len(call.outputs) != 1 or len(call.outputs[0]) != TERMIOS_SIZE:
            return -EINVAL
        call.outputs[0][:] = self._settings.get(stream.fd)
        return 0

    def _setattr(self, call: Call) -> int:
        fd = self._stream(call).fd
        when = call.arg[1]
        if when > 2 or len(call.inputs) != 1 or len(call.inputs[0]) != TERMIOS_SIZE:
            return -EINVAL
        self._settings.change(fd, bytes(call.inputs[0]), when)
        return 0

    def _suspend(self, call: Call) -> int:
        return 0 if self._settings.stop() else -ENOSYS

    def _seek(self, call: Call) -> int:
        offset = call.arg[1] - ((call.arg[1] >> 63) << 64)
        whence = call.arg[2]
        if whence > os.SEEK_HOLE:
            return -EINVAL
        return os.lseek(self._stream(call).fd, offset, whence)

    def _poll(self, call: Call) -> int:
        stream, wanted = self._stream(call), call.arg[1] & _POLL_BITS
        if self._steady and stream.is_pipe and wanted & select.POLLIN:
            return self._whole(stream).poll() | wanted & select.POLLOUT
        poller = select.poll()
        poller.register(stream.fd, wanted)
        ready = poller.poll(0)
        shown = ready[0][1] if ready else 0
        return shown | wanted & select.POLLOUT if self._steady else shown

    def _unread(self, call: Call) -> int:
        from fcntl import ioctl

        stream = self._stream(call)
        if self._steady and stream.is_pipe:
            return self._whole(stream).unread()
        return int.from_bytes(ioctl(stream.fd, FIONREAD, bytes(4)), "little")

    def _whole(self, stream: _Stream) -> WholeInput:
        from nanvix.macro.steady import WholeInput

        if stream.whole is None:
            stream.whole = WholeInput(stream.fd, self._watches)
        return stream.whole


def _poller(fd: int, bits: int) -> Callable[[int], list[tuple[int, int]]]:
    poller = select.poll()
    poller.register(fd, bits)
    return poller.poll


def _place(stream: _Stream) -> list[int] | None:
    """Device, inode and position of a regular file that is only read."""
    status = os.fstat(stream.fd)
    if not stat.S_ISREG(status.st_mode) or stream.access != os.O_RDONLY:
        return None
    return [status.st_dev, status.st_ino, os.lseek(stream.fd, 0, os.SEEK_CUR)]


def _open(fd: int | None) -> _Stream | None:
    try:
        return None if fd is None else _Stream(fd)
    except OSError:
        # A descriptor that is closed on the host is closed in the guest.
        return None


def _write_pieces(stream: _Stream, buffers: list[memoryview]) -> int:
    """Write as much as goes without blocking; at least one piece is known to fit."""
    done = 0
    for buffer in buffers:
        for start in range(0, len(buffer), PIECE):
            piece = buffer[start : start + PIECE]
            if done and not stream.writable(0):
                return done
            try:
                count = os.write(stream.fd, piece)
            except OSError:
                if done:
                    return done
                raise
            done += count
            if count < len(piece):
                return done
    return done
