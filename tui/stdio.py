"""The guest's terminal: a pseudo-terminal whose other end is the console pane."""

import os
import pty
import termios
from codecs import getincrementaldecoder


class GuestTerminal:
    """``guest``: the descriptors for the guest's standard streams."""

    AT_ONCE = 16

    def __init__(self) -> None:
        self._ours, theirs = pty.openpty()
        self.guest = (theirs, theirs, theirs)
        self._decoder = getincrementaldecoder("utf-8")("backslashreplace")
        os.set_blocking(self._ours, False)

    def resize(self, rows: int, columns: int) -> None:
        """Tell the guest how large the pane is."""
        termios.tcsetwinsize(self._ours, (max(rows, 1), max(columns, 1)))

    def drain(self) -> str:
        """What the guest has written since the last call; bounded, so that a flood cannot stop
        the screen."""
        pieces: list[bytes] = []
        try:
            while len(pieces) < self.AT_ONCE and (data := os.read(self._ours, 65536)):
                pieces.append(data)
        except OSError:
            pass
        return self._decoder.decode(b"".join(pieces))

    def type(self, text: str) -> None:
        """Input for the guest, as from a keyboard; what does not fit is dropped."""
        try:
            os.write(self._ours, text.encode())
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Release both ends; idempotent."""
        for fd in (self._ours, self.guest[0]):
            if fd >= 0:
                os.close(fd)
        self._ours, self.guest = -1, (-1, -1, -1)
