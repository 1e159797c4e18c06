"""Pipes around a run: bytes in, bytes out, as :func:`subprocess.run` does it."""

import os
from threading import Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from nanvix.assembly import Stdio

_CHUNK = 1 << 16


class Capture:
    """Replaces standard streams by pipes that threads of their own fill and drain."""

    def __init__(self, stdio: "Stdio", data: bytes | None, capture: bool) -> None:
        self._capture = capture
        self._buffers = (bytearray(), bytearray())
        self._threads: list[Thread] = []
        stdin, stdout, stderr = stdio
        self._guest_ends: list[int] = []
        if data is not None:
            stdin, end = os.pipe2(os.O_CLOEXEC)
            self._guest_ends.append(stdin)
            self._threads.append(Thread(target=_feed, args=(end, data), daemon=True))
        if capture:
            stdout, stderr = map(self._drained, self._buffers)
        self.stdio = (stdin, stdout, stderr)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> tuple[bytes | None, bytes | None]:
        """Close the guest's ends and return what it wrote to stdout and stderr; idempotent."""
        while self._guest_ends:
            os.close(self._guest_ends.pop())
        for thread in self._threads:
            thread.join()
        if not self._capture:
            return None, None
        return bytes(self._buffers[0]), bytes(self._buffers[1])

    def _drained(self, buffer: bytearray) -> int:
        end, guest_end = os.pipe2(os.O_CLOEXEC)
        self._guest_ends.append(guest_end)
        self._threads.append(Thread(target=_drain, args=(end, buffer), daemon=True))
        return guest_end


def _feed(fd: int, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view[:_CHUNK]) :]
    except BrokenPipeError:
        pass
    finally:
        os.close(fd)


def _drain(fd: int, buffer: bytearray) -> None:
    while chunk := os.read(fd, _CHUNK):
        buffer += chunk
    os.close(fd)
