"""``--save FILE`` of the verbs that run a guest: when its machine is saved, and the run ends."""

import argparse
import signal
from types import FrameType
from typing import Any, Self

from nanvix.errors import UsageError
from nanvix.sandbox import Sandbox


class Saving:
    """While active, SIGUSR2 and the end of the time given save the sandbox's machine. Without
    ``--save`` nothing does. Raises UsageError for what cannot be saved."""

    def __init__(self, sandbox: Sandbox, options: argparse.Namespace) -> None:
        self._sandbox = sandbox
        self._path: str | None = options.save
        self._after: float | None = options.save_after
        self._previous: Any = None
        self._timer: Any = None
        if self._path is not None:
            sandbox.require_savable()
        elif self._after is not None:
            raise UsageError("--save-after needs --save FILE")

    def __enter__(self) -> Self:
        if self._path is not None:
            self._previous = signal.signal(signal.SIGUSR2, self._received)
            if self._after is not None:
                from threading import Timer

                self._timer = Timer(self._after, self._sandbox.save, [self._path])
                self._timer.daemon = True
                self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._path is not None:
            signal.signal(signal.SIGUSR2, self._previous)
            if self._timer is not None:
                self._timer.cancel()

    def _received(self, number: int, frame: FrameType | None) -> None:
        assert self._path is not None
        self._sandbox.save(self._path)
