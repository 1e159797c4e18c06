"""A guest on a terminal: a pseudo-terminal whose other end the test holds."""

import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path
from typing import Self

from support.host import PATIENCE

Argument = str | bytes | Path


class Terminal:
    """Runs a command as the foreground of a terminal of ``rows`` x ``columns``.

    A context manager: at its end the command is killed if it has not ended.
    """

    def __init__(
        self, command: Sequence[Argument], env: Mapping[str, str], rows: int = 24, columns: int = 80
    ) -> None:
        self.output = b""
        self._seen = 0
        self.fd, other = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(other)
        self._other = other
        self.process = subprocess.Popen(
            list(command), stdin=other, stdout=other, stderr=other, env=dict(env),
            start_new_session=True, preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does; idempotent."""
        if self.fd >= 0:
            os.close(self._other)
            os.close(self.fd)
            self.fd = -1

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of the window."""
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        """What a person at the keyboard does; ``b"\\x03"`` is Ctrl-C."""
        os.write(self.fd, keys)

    def expect(self, text: bytes, limit: float = 60.0) -> None:
        """Wait until ``text`` appears behind what was expected before."""
        end = time.monotonic() + limit * PATIENCE
        while (at := self.output.find(text, self._seen)) < 0:
            assert self._read(end - time.monotonic()), f"{text!r} not in {self.output!r}"
        self._seen = at + len(text)

    def ended(self, limit: float) -> bool:
        """Whether the command ends within ``limit`` seconds."""
        end = time.monotonic() + limit * PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            self._read(0.05)
        return self.process.poll() is not None

    def ends(self, limit: float = 60.0) -> int:
        """Wait for the end of the command: its exit code, as a shell reports it."""
        assert self.ended(limit), f"still running: {self.output!r}"
        while self._read(0.0):
            pass
        code = self.process.returncode
        return 128 - code if code < 0 else code

    def restored(self) -> bool:
        """Whether the terminal's settings are what they were before the command."""
        return termios.tcgetattr(self._other) == self.before

    def interrupt(self) -> None:
        """Ctrl-C, as the terminal's line discipline delivers it to the foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def _read(self, limit: float) -> bool:
        if limit < 0 or not select.select([self.fd], [], [], limit)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            # EIO: nobody has the other end any more.
            return False
        self.output += data
        return bool(data)
