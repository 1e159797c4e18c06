"""Settings of the host's terminals: what a guest changes, and how they come back.

However a guest ends, and whenever its user stops it for a while, the terminal is again what it was.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TCGETS = 0x5401
TCSETS = 0x5402
"""TCSETSW and TCSETSF follow it (asm-generic/ioctls.h)."""
TERMIOS_SIZE = 36


class TerminalSettings:
    """struct termios of the kernel ABI by descriptor, and what it was before the first change.

    ``suspend``: stops this process until its user continues it, as Ctrl-Z does with a program;
    None where nobody could.
    """

    __slots__ = ("_original", "suspend")

    def __init__(self, suspend: Callable[[], None] | None = None) -> None:
        self._original: dict[int, bytes] = {}
        self.suspend = suspend

    @staticmethod
    def get(fd: int) -> bytes:
        """The settings now. Raises OSError where there is no terminal."""
        from fcntl import ioctl

        return ioctl(fd, TCGETS, bytes(TERMIOS_SIZE))

    def change(self, fd: int, settings: bytes, when: int) -> None:
        """``when``: 0 now, 1 after output has drained, 2 and input is dropped."""
        self._original.setdefault(fd, self.get(fd))
        _set(fd, settings, when)

    def restore(self) -> None:
        """Undo all changes, the last first; idempotent."""
        while self._original:
            fd, settings = self._original.popitem()
            try:
                _set(fd, settings)
            except OSError:
                # The terminal is gone, and with it what there was to restore.
                continue

    def stop(self) -> bool:
        """Let the user have the terminal as it was until he continues us; False: nobody would."""
        if self.suspend is None:
            return False
        changed = {fd: self.get(fd) for fd in self._original if os.isatty(fd)}
        self.restore()
        self.suspend()
        for fd, settings in changed.items():
            self.change(fd, settings, 1)
        return True


def _set(fd: int, settings: bytes, when: int = 0) -> None:
    from fcntl import ioctl

    ioctl(fd, TCSETS + when, settings)
