"""Signals of the terminal on their way to the guest."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from types import FrameType
    from typing import Any, Self

    from nanvix.sandbox import Sandbox
else:
    import _signal as signal  # which makes no enums of its numbers

_TWICE_S = 2.0
"""A second Ctrl-C within this time ends the guest instead of reaching it."""
_RELAYED = (signal.SIGQUIT, signal.SIGWINCH)
_STOPPING = (signal.SIGTSTP,)
_ENDING: dict[int, str] = {signal.SIGTERM: "terminate", signal.SIGHUP: "hangup"}


class Relay:
    """While active: Ctrl-C goes to the guest, twice ends it; SIGTERM and SIGHUP end it.

    On a terminal Ctrl-Z goes to the guest as well. If it stops the guest's first process, as it
    does unless a shell in the guest has jobs of its own, nanvix stops with it and goes on with it.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._interrupted = -_TWICE_S
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        on_terminal = any(map(os.isatty, range(3)))
        for signo in (signal.SIGINT, *_RELAYED, *_STOPPING * on_terminal, *_ENDING):
            # What our parent has ignored (nohup, a background job) stays ignored.
            if signal.getsignal(signo) is not signal.SIG_IGN:
                self._previous[signo] = signal.signal(signo, self._received)
        if signal.SIGTSTP in self._previous:
            self._sandbox.suspend = self._suspend
        return self

    def __exit__(self, *_: object) -> None:
        while self._previous:
            signal.signal(*self._previous.popitem())

    def _received(self, number: int, frame: FrameType | None) -> None:
        if number in _ENDING:
            self._sandbox.stop(_ENDING[number])
        elif number == signal.SIGQUIT and not self._sandbox.running:
            self._sandbox.stop("quit")  # there is no guest yet that could hear of it
        elif number != signal.SIGINT:
            self._sandbox.signal(number)
        elif not self._sandbox.running:
            raise KeyboardInterrupt
        elif time.monotonic() - self._interrupted < _TWICE_S:
            self._sandbox.stop("interrupt")
        else:
            self._interrupted = time.monotonic()
            self._sandbox.signal(number)

    def _suspend(self) -> None:
        """Stop by Ctrl-Z as any program does, until somebody continues us; then the guest, too."""
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._received)
        self._sandbox.signal(signal.SIGCONT)
